package secret_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sluicehq/sluice/internal/secret"
)

func ring(t *testing.T, secrets ...string) *secret.Keyring {
	t.Helper()
	var all [][]byte
	for _, s := range secrets {
		all = append(all, []byte(s))
	}
	r, err := secret.NewKeyring(all...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const (
	first  = "the first secret key"
	second = "the second secret key"
)

func TestSealedValueOpensOnlyWithKeyAndContext(t *testing.T) {
	t.Parallel()
	r := ring(t, first)
	sealed := r.Seal([]byte("ATATT3x"), "connection/c1")
	if bytes.Contains(sealed, []byte("ATATT3x")) {
		t.Error("the plain text shows in the sealed value")
	}
	if again := r.Seal([]byte("ATATT3x"), "connection/c1"); bytes.Equal(sealed, again) {
		t.Error("two seals of one value are equal")
	}
	plain, err := r.Open(sealed, "connection/c1")
	if err != nil || string(plain) != "ATATT3x" {
		t.Fatalf("Open = %q, %v", plain, err)
	}
	if _, err := r.Open(sealed, "connection/c2"); !errors.Is(err, secret.ErrDamaged) {
		t.Errorf("other context: err = %v, want ErrDamaged", err)
	}
	if _, err := ring(t, second).Open(sealed, "connection/c1"); !errors.Is(err, secret.ErrKey) {
		t.Errorf("other key: err = %v, want ErrKey", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := r.Open(changed, "connection/c1"); err == nil {
			t.Errorf("a value changed at byte %d opens", i)
		}
	}
	for n := range sealed {
		if _, err := r.Open(sealed[:n], "connection/c1"); err == nil {
			t.Errorf("a value cut to %d bytes opens", n)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	old := ring(t, first).Seal([]byte("x"), "c")
	both := ring(t, second, first)
	if !both.Outdated(old) {
		t.Error("a value under the old key does not count as outdated")
	}
	renewed, err := both.Reseal(old, "c")
	if err != nil || both.Outdated(renewed) {
		t.Fatalf("Reseal: err = %v", err)
	}
	if plain, err := ring(t, second).Open(renewed, "c"); err != nil || string(plain) != "x" {
		t.Errorf("Open with the new key alone = %q, %v", plain, err)
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() {
			r, err := secret.Load(dir, "")
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = r.CurrentID()
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("starts at the same time made different keys: %v", ids)
		}
	}
	path := filepath.Join(dir, secret.FileName)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file: mode %v, err %v; want 0600", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files are left, want the key file alone", len(entries))
	}

	before, err := secret.Load(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	sealed := before.Seal([]byte("x"), "c")
	after, err := secret.AddKey(dir)
	if err != nil || after.CurrentID() == before.CurrentID() {
		t.Fatalf("AddKey: same key, or err = %v", err)
	}
	if _, err := after.Open(sealed, "c"); err != nil {
		t.Errorf("the old key is gone too early: %v", err)
	}
	if err := secret.DropOldKeys(dir); err != nil {
		t.Fatal(err)
	}
	last, err := secret.Load(dir, "")
	if err != nil || last.CurrentID() != after.CurrentID() {
		t.Fatalf("after DropOldKeys: another key, or err = %v", err)
	}
	if _, err := last.Open(sealed, "c"); !errors.Is(err, secret.ErrKey) {
		t.Errorf("the old key still opens: %v", err)
	}

	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Load(dir, ""); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key file that others can read: err = %v, want one that says chmod 600", err)
	}
}

func TestSetting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, err := secret.Load(dir, second+", "+first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Open(ring(t, first).Seal([]byte("x"), "c"), "c"); err != nil {
		t.Errorf("the second key of the setting does not open: %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Error("a key file was made although the setting has the key")
	}
	if _, err := secret.Load(dir, "short"); err == nil {
		t.Error("a short key is accepted")
	}
	if printed := fmt.Sprint(r) + fmt.Sprintf("%+v", r); strings.Contains(printed, first) {
		t.Errorf("printing a keyring shows a key: %s", printed)
	}
	if bytes.Equal(r.Derive("a"), r.Derive("b")) || len(r.Derive("a")) != 32 {
		t.Error("Derive does not tell purposes apart")
	}
}

func FuzzOpen(f *testing.F) {
	r, err := secret.NewKeyring([]byte(first))
	if err != nil {
		f.Fatal(err)
	}
	good := r.Seal([]byte("x"), "c")
	f.Add(good)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if plain, err := r.Open(sealed, "c"); err == nil && !bytes.Equal(sealed, good) && string(plain) != "x" {
			t.Errorf("a made-up value opens: %q", plain)
		}
		r.Outdated(sealed)
	})
}
