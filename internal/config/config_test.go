package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	got, err := Load(Source{Getenv: env(nil)})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Listen: "127.0.0.1:8080", DataDir: "./data", Embedder: EmbedderBuiltin, SyncConcurrency: 5, Role: RoleAll, DrainDelay: 5 * time.Second,
		RunRetention: 90 * 24 * time.Hour, DeletedRetention: 30 * 24 * time.Hour, LogLevel: slog.LevelInfo,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestFlagBeatsEnvironmentBeatsFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sluice.yaml")
	content := "listen: 127.0.0.1:1\ndata_dir: /from/file\nsync_concurrency: 7\ntrusted_proxies: [10.0.0.1, 10.1.0.0/16]\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Load(Source{
		Flags:  map[string]string{"listen": "127.0.0.1:3"},
		Getenv: env(map[string]string{"SLUICE_CONFIG": file, "SLUICE_LISTEN": "127.0.0.1:2", "SLUICE_DATA_DIR": "/from/env"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Listen != "127.0.0.1:3" || got.DataDir != "/from/env" || got.SyncConcurrency != 7 {
		t.Errorf("listen %q, data dir %q, concurrency %d", got.Listen, got.DataDir, got.SyncConcurrency)
	}
	if diff := cmp.Diff([]string{"10.0.0.1", "10.1.0.0/16"}, got.TrustedProxies); diff != "" {
		t.Errorf("trusted proxies (-want +got):\n%s", diff)
	}
}

func TestBadValuesNameSettingValueAndWhatIsAllowed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		env  map[string]string
		want []string
	}{
		{"port", map[string]string{"SLUICE_LISTEN": "8080"}, []string{"SLUICE_LISTEN", `"8080"`, "HOST:PORT"}},
		{"number", map[string]string{"SLUICE_SYNC_CONCURRENCY": "many"}, []string{"SLUICE_SYNC_CONCURRENCY", `"many"`, "1 to 50"}},
		{"range", map[string]string{"SLUICE_SYNC_CONCURRENCY": "0"}, []string{"out of range", "1 to 50"}},
		{"role", map[string]string{"SLUICE_ROLE": "boss"}, []string{"SLUICE_ROLE", `"boss"`, "all, web, worker"}},
		{"bool", map[string]string{"SLUICE_ALLOW_PRIVATE_ADDRESSES": "perhaps"}, []string{"true or false"}},
		{"level", map[string]string{"SLUICE_LOG_LEVEL": "loud"}, []string{"SLUICE_LOG_LEVEL", `"loud"`, "debug, info, warn or error"}},
		{"database", map[string]string{"SLUICE_DATABASE_URL": "mysql://x"}, []string{"SLUICE_DATABASE_URL", "postgres://"}},
		{"embedder", map[string]string{"SLUICE_EMBEDDER": "openai"}, []string{"SLUICE_EMBEDDER_URL", "SLUICE_EMBEDDER_MODEL"}},
		{"admin", map[string]string{"SLUICE_ADMIN_EMAIL": "a@b.example"}, []string{"SLUICE_ADMIN_PASSWORD", "go together"}},
		{"pprof", map[string]string{"SLUICE_PPROF_LISTEN": "0.0.0.0:6060"}, []string{"SLUICE_PPROF_LISTEN", "loopback"}},
		{"all at once", map[string]string{"SLUICE_LISTEN": "x", "SLUICE_ROLE": "y"}, []string{"SLUICE_LISTEN", "SLUICE_ROLE"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(Source{Getenv: env(tt.env)})
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	const token = "s3cret-value-that-must-not-leak"
	cfg, err := Load(Source{Getenv: env(map[string]string{"SLUICE_SECRET_KEY": token, "SLUICE_EMBEDDER_API_KEY": token})})
	if err != nil {
		t.Fatal(err)
	}
	if shown := cfg.LogValue().String(); strings.Contains(shown, token) || !strings.Contains(shown, "(set)") {
		t.Errorf("log value %q", shown)
	}
	_, err = Load(Source{Getenv: env(map[string]string{"SLUICE_DATABASE_URL": "mysql://u:" + token + "@h"})})
	if err == nil || strings.Contains(err.Error(), token) {
		t.Errorf("error %q", err)
	}
}

func TestSecretFromFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(Source{Getenv: env(map[string]string{"SLUICE_SECRET_KEY_FILE": path})})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.SecretKey != "0123456789abcdef" {
		t.Errorf("secret key %q", cfg.SecretKey)
	}
}

func TestUnknownKeyInFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sluice.yaml")
	if err := os.WriteFile(path, []byte("listne: 127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(Source{Getenv: env(nil), File: path}); err == nil || !strings.Contains(err.Error(), "listne") {
		t.Errorf("error %v", err)
	}
}
