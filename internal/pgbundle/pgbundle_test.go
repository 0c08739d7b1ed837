package pgbundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// pack makes an archive as build.sh does.
func pack(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	w := tar.NewWriter(packed)
	for _, h := range headers {
		content := ""
		if h.Typeflag == tar.TypeReg {
			content = "content of " + h.Name
			h.Size = int64(len(content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func bundle(t *testing.T) Bundle {
	t.Helper()
	return Bundle{version: "17.11", archive: pack(
		t,
		tar.Header{Typeflag: tar.TypeDir, Name: "./", Mode: 0o755},
		tar.Header{Typeflag: tar.TypeDir, Name: "./bin/", Mode: 0o755},
		tar.Header{Typeflag: tar.TypeReg, Name: "./bin/postgres", Mode: 0o755},
		tar.Header{Typeflag: tar.TypeDir, Name: "./lib/", Mode: 0o755},
		tar.Header{Typeflag: tar.TypeReg, Name: "./lib/libpq.so.5.17", Mode: 0o644},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "./lib/libpq.so.5", Linkname: "libpq.so.5.17", Mode: 0o777},
		tar.Header{Typeflag: tar.TypeLink, Name: "./lib/other.so", Linkname: "./lib/libpq.so.5.17", Mode: 0o644},
	)}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	b := bundle(t)
	var racers sync.WaitGroup
	for range 4 {
		racers.Go(func() {
			bin, err := b.Unpack(parent)
			if err != nil || bin != filepath.Join(parent, b.Name(), "bin") {
				t.Errorf("Unpack = %s, %v", bin, err)
			}
		})
	}
	racers.Wait()
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 1 || !strings.HasPrefix(entries[0].Name(), "17.11-") {
		t.Fatalf("unpacked %v, %v, want one folder", entries, err)
	}
	for name, mode := range map[string]os.FileMode{".": 0o755, "bin": 0o755, "bin/postgres": 0o755, "lib/libpq.so.5": 0o644} {
		info, err := os.Stat(filepath.Join(parent, b.Name(), name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, want mode %v", name, err, mode)
		}
	}
	for _, name := range []string{"lib/libpq.so.5", "lib/other.so"} {
		raw, err := os.ReadFile(filepath.Join(parent, b.Name(), name))
		if err != nil || string(raw) != "content of ./lib/libpq.so.5.17" {
			t.Errorf("%s: content = %q, %v", name, raw, err)
		}
	}
}

// A damaged archive must not leave something that a later start takes for whole.
func TestUnpackLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	whole := bundle(t)
	for name, archive := range map[string][]byte{
		"cut short": whole.archive[:len(whole.archive)-20],
		"outside":   pack(t, tar.Header{Typeflag: tar.TypeReg, Name: "../outside", Mode: 0o644}),
		"link out":  pack(t, tar.Header{Typeflag: tar.TypeLink, Name: "./hosts", Linkname: "../../../../../../etc/hosts", Mode: 0o644}),
		"device":    pack(t, tar.Header{Typeflag: tar.TypeFifo, Name: "./pipe", Mode: 0o644}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			if _, err := (Bundle{version: "17.11", archive: archive}).Unpack(parent); err == nil {
				t.Error("Unpack takes a damaged archive")
			}
			if entries, err := os.ReadDir(parent); err != nil || len(entries) != 0 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}
