package app

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/secret"
	"github.com/sluicehq/sluice/internal/wiki"
)

func TestTheDemonstrationTouchesNoOtherFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	first, err := PrepareDemo(config.Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	again, err := PrepareDemo(config.Config{DataDir: dir})
	if err != nil || first.AdminPassword == "" || first.AdminPassword != again.AdminPassword || again.AdminEmail != DemoEmail || !again.AllowPrivateAddresses {
		t.Errorf("a second start: %+v, %v", again, err)
	}
	other, err := PrepareDemo(config.Config{DataDir: filepath.Join(t.TempDir(), "other")})
	if err != nil || other.AdminPassword == first.AdminPassword {
		t.Errorf("two demonstrations have one password: %v", err)
	}
	own, err := PrepareDemo(config.Config{DataDir: dir, AdminEmail: "ada@example.org", AdminPassword: "her own password"})
	if err != nil || own.AdminEmail != "ada@example.org" || own.AdminPassword != "her own password" {
		t.Errorf("an account of the settings: %+v, %v", own, err)
	}
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, "precious"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := PrepareDemo(config.Config{DataDir: used}); !errors.Is(err, wiki.ErrInvalid) {
		t.Errorf("a folder with something in it: %v", err)
	}
	if entries, err := os.ReadDir(used); err != nil || len(entries) != 1 {
		t.Errorf("the folder was changed: %v, %v", entries, err)
	}
}

func TestTheAddressThatPeopleAreTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ base, listen, want string }{
		{"", "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"", "0.0.0.0:8080", "http://localhost:8080"},
		{"", "[::]:8080", "http://localhost:8080"},
		{"", "[2001:db8::1]:80", "http://[2001:db8::1]:80"},
		{"https://search.example.org/", "0.0.0.0:8080", "https://search.example.org"},
	} {
		addr, err := net.ResolveTCPAddr("tcp", c.listen)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&App{Config: config.Config{BaseURL: c.base}}).URL(addr); got != c.want {
			t.Errorf("base %q at %s: %s, want %s", c.base, c.listen, got, c.want)
		}
	}
}

// TestSealedTokensFollowTheKey is a server that runs while a command makes a new key.
func TestSealedTokensFollowTheKey(t *testing.T) {
	t.Parallel()
	cfg := config.Config{DataDir: t.TempDir()}
	if _, err := loadKeys(cfg); err != nil {
		t.Fatal(err)
	}
	running := sealer{cfg}
	old, err := running.Seal([]byte("token"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := secret.AddKey(cfg.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := running.Open(old); err != nil || string(plain) != "token" {
		t.Errorf("between the keys: %q, %v", plain, err)
	}
	fresh, err := keys.Reseal(old, tokenContext)
	if err != nil {
		t.Fatal(err)
	}
	if err := secret.DropOldKeys(cfg.DataDir); err != nil {
		t.Fatal(err)
	}
	if plain, err := running.Open(fresh); err != nil || string(plain) != "token" {
		t.Errorf("under the new key: %q, %v", plain, err)
	}
	if _, err := running.Open(old); err == nil {
		t.Error("what the old key sealed still opens")
	}
	if _, err := (sealer{config.Config{DataDir: cfg.DataDir, SecretKey: "another secret key, long enough to be one"}}).Open(fresh); err == nil {
		t.Error("another installation's key opens it")
	}
}
