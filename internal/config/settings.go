package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/auth"
)

// Setting is one row of the table of settings.
type Setting struct {
	Name    string // flag name, "data-dir"
	Default string
	Help    string // one sentence
	Allowed string // what is allowed, for the message about a bad value
	Secret  bool   // masked in logs; also read from the file that NAME_FILE names

	set func(c *Config, value string) error
	get func(c *Config) string
}

// Env is the setting's environment variable, "SLUICE_DATA_DIR".
func (s Setting) Env() string { return "SLUICE_" + strings.ToUpper(s.key()) }

// key is the setting's name in the YAML file and in logs, "data_dir".
func (s Setting) key() string { return strings.ReplaceAll(s.Name, "-", "_") }

// Settings returns the table, in the order of the documentation.
func Settings() []Setting {
	return []Setting{
		text("listen", "127.0.0.1:8080", "Address of the web server; port 0 picks a free one.", "HOST:PORT", checkListen,
			func(c *Config) *string { return &c.Listen }),
		text("data-dir", "./data", "Everything the program keeps on disk.", "a folder", checkNotEmpty,
			func(c *Config) *string { return &c.DataDir }),
		secret(text("database-url", "", "PostgreSQL >= 15 with pgvector >= 0.7. Empty: a private server under the data directory, started and stopped by the program.",
			"a URL such as postgres://user:password@host/database, or host=… dbname=…", checkDatabaseURL, func(c *Config) *string { return &c.DatabaseURL })),
		secret(text("database-read-url", "", "A read replica that answers searches. Empty: the primary does.",
			"a URL such as postgres://user:password@replica/database, or host=… dbname=…", checkDatabaseURL, func(c *Config) *string { return &c.DatabaseReadURL })),
		text("base-url", "", "Public URL, for links and secure cookies. Empty: derived from the request.", "an http or https URL", checkURL,
			func(c *Config) *string { return &c.BaseURL }),
		secret(text("secret-key", "", "Encrypts stored credentials. Empty: generated into the data directory (mode 0600).", "at least 16 characters", checkSecretKey,
			func(c *Config) *string { return &c.SecretKey })),
		text("admin-email", "", "With the password: creates the first admin at start if there is no account.", "an e-mail address", checkEmail,
			func(c *Config) *string { return &c.AdminEmail }),
		secret(text("admin-password", "", "Password of the first admin.", fmt.Sprintf("at least %d characters", auth.MinPassword), checkPassword,
			func(c *Config) *string { return &c.AdminPassword })),
		choice("embedder", EmbedderBuiltin, "The embedding model: the built-in one, or any OpenAI-compatible /v1/embeddings.",
			[]string{EmbedderBuiltin, EmbedderOpenAI}, func(c *Config) *string { return &c.Embedder }),
		text("embedder-url", "", "Address of the embeddings endpoint (for openai).", "an http or https URL", checkURL,
			func(c *Config) *string { return &c.EmbedderURL }),
		secret(text("embedder-api-key", "", "Key for the embeddings endpoint.", "any text", nil, func(c *Config) *string { return &c.EmbedderAPIKey })),
		text("embedder-model", "", "Model name at the embeddings endpoint.", "any text", nil, func(c *Config) *string { return &c.EmbedderModel }),
		number("embedder-dimensions", 0, 0, 4000, "Length of the endpoint's vectors; 0: whatever it answers.", func(c *Config) *int { return &c.EmbedderDimensions }),
		number("sync-concurrency", 5, 1, 50, "Simultaneous requests to one Confluence site.", func(c *Config) *int { return &c.SyncConcurrency }),
		flag("allow-private-addresses", "Whether a connection's address may be loopback, link-local or private (a Data Center site inside the network needs it).",
			func(c *Config) *bool { return &c.AllowPrivateAddresses }),
		text("ca-file", "", "PEM file with certificate authorities to trust besides the system's, for Confluence and the embedder.", "a file", nil,
			func(c *Config) *string { return &c.CAFile }),
		flag("render-macros", "Fetch the rendered body of pages whose macros exist only when Confluence renders them (one more call for each such page).",
			func(c *Config) *bool { return &c.RenderMacros }),
		choice("role", RoleAll, "all; web: serves, runs no sync; worker: runs syncs, serves only health and metrics.",
			[]string{RoleAll, RoleWeb, RoleWorker}, func(c *Config) *string { return &c.Role }),
		seconds("drain-delay", 5, 60, "How long a process that stops goes on answering, in seconds, after /readyz has turned false, so that a balancer notices. Nobody who asks /readyz: not at all.",
			func(c *Config) *time.Duration { return &c.DrainDelay }),
		flag("public-search", "Search and pages without sign-in.", func(c *Config) *bool { return &c.PublicSearch }),
		list("trusted-proxies", "Addresses or networks of reverse proxies whose X-Forwarded-* headers are believed.", "addresses or CIDR networks, separated by commas", checkNetworks,
			func(c *Config) *[]string { return &c.TrustedProxies }),
		list("allowed-hosts", "Host names that requests may carry. Empty: the base URL's, or any.", "host names, separated by commas", nil,
			func(c *Config) *[]string { return &c.AllowedHosts }),
		days("run-retention", 90, "How long finished sync runs and their logs are kept, in days.", func(c *Config) *time.Duration { return &c.RunRetention }),
		days("deleted-retention", 30, "How long the record of a deleted page is kept, in days.", func(c *Config) *time.Duration { return &c.DeletedRetention }),
		text("pprof-listen", "", "Address for Go's profiler. Empty: off.", "HOST:PORT on loopback", checkLoopback, func(c *Config) *string { return &c.PprofListen }),
		text("pg-bindir", "", "Folder of the PostgreSQL programs for the private server. Empty: the newest installed one that has pgvector.", "a folder", nil,
			func(c *Config) *string { return &c.PGBinDir }),
		level("log-level", "info", "Least level that is logged.", func(c *Config) *slog.Level { return &c.LogLevel }),
		choice("log-format", "", "text or json. Empty: text on a terminal, json otherwise.", []string{"", "text", "json"},
			func(c *Config) *string { return &c.LogFormat }),
	}
}

func text(name, def, help, allowed string, check func(string) error, field func(*Config) *string) Setting {
	return Setting{
		Name: name, Default: def, Help: help, Allowed: allowed,
		set: func(c *Config, v string) error {
			if check != nil && v != "" {
				if err := check(v); err != nil {
					return err
				}
			}
			*field(c) = v
			return nil
		},
		get: func(c *Config) string { return *field(c) },
	}
}

func secret(s Setting) Setting {
	s.Secret = true
	return s
}

func choice(name, def, help string, values []string, field func(*Config) *string) Setting {
	return Setting{
		Name: name, Default: def, Help: help, Allowed: "one of " + strings.Join(quoted(values), ", "),
		set: func(c *Config, v string) error {
			if slices.Contains(values, v) {
				*field(c) = v
				return nil
			}
			return fmt.Errorf("unknown value")
		},
		get: func(c *Config) string { return *field(c) },
	}
}

func quoted(values []string) []string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}

func number(name string, def, minimum, maximum int, help string, field func(*Config) *int) Setting {
	return Setting{
		Name: name, Default: strconv.Itoa(def), Help: help, Allowed: fmt.Sprintf("a whole number from %d to %d", minimum, maximum),
		set: func(c *Config, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil {
				return fmt.Errorf("not a whole number")
			}
			if n < minimum || n > maximum {
				return fmt.Errorf("out of range")
			}
			*field(c) = n
			return nil
		},
		get: func(c *Config) string { return strconv.Itoa(*field(c)) },
	}
}

func days(name string, def int, help string, field func(*Config) *time.Duration) Setting {
	const day = 24 * time.Hour
	return Setting{
		Name: name, Default: strconv.Itoa(def), Help: help, Allowed: "a number of days, 1 to 3650",
		set: func(c *Config, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 || n > 3650 {
				return fmt.Errorf("not such a number")
			}
			*field(c) = time.Duration(n) * day
			return nil
		},
		get: func(c *Config) string { return strconv.Itoa(int(*field(c) / day)) },
	}
}

func seconds(name string, def, most int, help string, field func(*Config) *time.Duration) Setting {
	return Setting{
		Name: name, Default: strconv.Itoa(def), Help: help, Allowed: fmt.Sprintf("a number of seconds, 0 to %d", most),
		set: func(c *Config, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < 0 || n > most {
				return fmt.Errorf("not such a number")
			}
			*field(c) = time.Duration(n) * time.Second
			return nil
		},
		get: func(c *Config) string { return strconv.Itoa(int(*field(c) / time.Second)) },
	}
}

func flag(name, help string, field func(*Config) *bool) Setting {
	return Setting{
		Name: name, Default: "false", Help: help, Allowed: "true or false",
		set: func(c *Config, v string) error {
			b, err := strconv.ParseBool(v)
			if err != nil {
				return fmt.Errorf("neither true nor false")
			}
			*field(c) = b
			return nil
		},
		get: func(c *Config) string { return strconv.FormatBool(*field(c)) },
	}
}

func list(name, help, allowed string, check func(string) error, field func(*Config) *[]string) Setting {
	return Setting{
		Name: name, Help: help, Allowed: allowed,
		set: func(c *Config, v string) error {
			var values []string
			for part := range strings.SplitSeq(v, ",") {
				part = strings.TrimSpace(part)
				if part == "" {
					continue
				}
				if check != nil {
					if err := check(part); err != nil {
						return err
					}
				}
				values = append(values, part)
			}
			*field(c) = values
			return nil
		},
		get: func(c *Config) string { return strings.Join(*field(c), ",") },
	}
}

func level(name, def, help string, field func(*Config) *slog.Level) Setting {
	return Setting{
		Name: name, Default: def, Help: help, Allowed: "debug, info, warn or error",
		set: func(c *Config, v string) error { return field(c).UnmarshalText([]byte(v)) },
		get: func(c *Config) string { return strings.ToLower(field(c).String()) },
	}
}

func checkNotEmpty(v string) error {
	if strings.TrimSpace(v) == "" {
		return fmt.Errorf("empty")
	}
	return nil
}

func checkListen(v string) error {
	_, port, err := net.SplitHostPort(v)
	if err != nil {
		return fmt.Errorf("not HOST:PORT")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("the port is not a number from 0 to 65535")
	}
	return nil
}

func checkLoopback(v string) error {
	if err := checkListen(v); err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(v)
	if addr, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !addr.IsLoopback()) {
		return fmt.Errorf("not a loopback address")
	}
	return nil
}

// checkDatabaseURL takes both forms of a connection string that PostgreSQL's own programs take.
func checkDatabaseURL(v string) error {
	if !strings.Contains(v, "://") && strings.Contains(v, "=") {
		return nil // host=/run/postgresql dbname=sluice
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return fmt.Errorf("not a postgres:// URL")
	}
	return nil
}

func checkURL(v string) error {
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("not an http or https URL")
	}
	return nil
}

func checkSecretKey(v string) error {
	if len(v) < 16 {
		return fmt.Errorf("too short")
	}
	return nil
}

func checkEmail(v string) error {
	if at := strings.IndexByte(v, '@'); at < 1 || at == len(v)-1 || strings.ContainsAny(v, " \t\r\n") {
		return fmt.Errorf("not an e-mail address")
	}
	return nil
}

func checkPassword(v string) error {
	if utf8.RuneCountInString(v) < auth.MinPassword {
		return fmt.Errorf("too short")
	}
	return nil
}

func checkNetworks(v string) error {
	if _, err := netip.ParseAddr(v); err == nil {
		return nil
	}
	if _, err := netip.ParsePrefix(v); err != nil {
		return fmt.Errorf("%q is neither an address nor a network", v)
	}
	return nil
}
