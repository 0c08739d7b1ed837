// Package config turns flags, environment, an optional YAML file and defaults into one checked Config. One table of
// settings gives each its flag, variable, file key, default, check, help text and row in docs/configuration.md.
package config

import (
	"log/slog"
	"time"
)

// Config is every setting, checked. The zero value is not usable; see Load.
type Config struct {
	Listen      string
	DataDir     string
	DatabaseURL string
	// DatabaseReadURL is a read replica for searches; empty: the primary answers them.
	DatabaseReadURL string
	BaseURL         string
	SecretKey       string
	AdminEmail      string
	AdminPassword   string

	Embedder           string
	EmbedderURL        string
	EmbedderAPIKey     string
	EmbedderModel      string
	EmbedderDimensions int

	SyncConcurrency       int
	AllowPrivateAddresses bool
	CAFile                string
	RenderMacros          bool

	Role           string
	DrainDelay     time.Duration
	PublicSearch   bool
	TrustedProxies []string
	AllowedHosts   []string

	RunRetention     time.Duration
	DeletedRetention time.Duration

	PprofListen string
	PGBinDir    string

	LogLevel  slog.Level
	LogFormat string
}

// The roles of a process.
const (
	RoleAll    = "all"
	RoleWeb    = "web"
	RoleWorker = "worker"
)

// The embedders.
const (
	EmbedderBuiltin = "builtin"
	EmbedderOpenAI  = "openai"
)

// Serves reports whether this process serves pages, API and MCP.
func (c Config) Serves() bool { return c.Role != RoleWorker }

// Works reports whether this process runs syncs.
func (c Config) Works() bool { return c.Role != RoleWeb }

// LogValue shows every setting that differs from its default, secrets masked.
func (c Config) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, s := range Settings() {
		v := s.get(&c)
		if v == s.Default {
			continue
		}
		if s.Secret {
			v = "(set)"
		}
		attrs = append(attrs, slog.String(s.key(), v))
	}
	return slog.GroupValue(attrs...)
}

// Value is a setting in effect.
type Value struct{ Name, Value string }

// Values returns every setting in the order of the documentation, by its environment variable, secrets masked.
func Values(c Config) []Value {
	var list []Value
	for _, s := range Settings() {
		v := s.get(&c)
		if s.Secret && v != "" {
			v = "(set)"
		}
		list = append(list, Value{Name: s.Env(), Value: v})
	}
	return list
}
