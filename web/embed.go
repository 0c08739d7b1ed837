// Package web holds the files that the pages need in a browser (style sheet, scripts, icon), embedded, and serves them
// under names that carry a hash of their content, compressed. The pages themselves are in web/views.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed static
var files embed.FS

// Prefix is the path under which Assets must be mounted.
const Prefix = "/static/"

// Assets are the embedded files. Its methods are safe for concurrent use.
type Assets struct {
	byName  map[string]*asset
	version string
}

type asset struct {
	name, hash, contentType string
	plain                   []byte
	brotli, gzip            func() []byte // compressed at first use, then kept
}

// NewAssets reads and hashes the embedded files.
func NewAssets() (*Assets, error) {
	a := &Assets{byName: map[string]*asset{}}
	all := sha256.New()
	err := fs.WalkDir(files, "static", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read asset %s: %w", file, err)
		}
		name := strings.TrimPrefix(file, "static/")
		sum := sha256.Sum256(content)
		all.Write(sum[:])
		a.byName[name] = &asset{
			name: name, hash: hex.EncodeToString(sum[:5]), contentType: contentType(name), plain: content,
			brotli: sync.OnceValue(func() []byte { return compressBrotli(content) }),
			gzip:   sync.OnceValue(func() []byte { return compressGzip(content) }),
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.version = hex.EncodeToString(all.Sum(nil)[:6])
	return a, nil
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return mime.TypeByExtension(path.Ext(name))
	}
}

// Version names the state of all files together; it changes with every one of them.
func (a *Assets) Version() string { return a.version }

// Path returns the address of a file, such as "/static/app.0a1b2c3d4e.css" for "app.css". A name that does not exist
// gives an address that answers 404.
func (a *Assets) Path(name string) string {
	file, ok := a.byName[name]
	if !ok {
		return Prefix + name
	}
	ext := path.Ext(name)
	return Prefix + strings.TrimSuffix(name, ext) + "." + file.hash + ext
}

// ServeHTTP serves a file by its hashed path, for a year. A path with another version's hash answers with the present
// content and is not cached: two versions may serve side by side during an upgrade.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	file, exact := a.find(strings.TrimPrefix(r.URL.Path, Prefix))
	if file == nil {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.contentType)
	header.Set("Vary", "Accept-Encoding")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache")
	if exact {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	content, encoding := file.encoded(r.Header.Get("Accept-Encoding"))
	tag := `"` + file.hash + `-` + encoding + `"`
	header.Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	header.Set("Content-Length", fmt.Sprint(len(content)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(content) // the client has gone; nothing to do about it
	}
}

// find resolves "app.HASH.css" or "app.css"; exact says that the hash is the present one.
func (a *Assets) find(name string) (file *asset, exact bool) {
	if file, ok := a.byName[name]; ok {
		return file, false
	}
	ext := path.Ext(name)
	stem, hash, ok := cutLast(strings.TrimSuffix(name, ext), ".")
	if !ok {
		return nil, false
	}
	file = a.byName[stem+ext]
	return file, file != nil && file.hash == hash
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func (f *asset) encoded(accept string) (content []byte, encoding string) {
	switch {
	case strings.Contains(accept, "br"):
		return f.brotli(), "br"
	case strings.Contains(accept, "gzip"):
		return f.gzip(), "gzip"
	default:
		return f.plain, ""
	}
}

func compressBrotli(content []byte) []byte {
	var buf bytes.Buffer
	w := brotli.NewWriterLevel(&buf, brotli.BestCompression)
	_, _ = w.Write(content) // a bytes.Buffer takes everything
	_ = w.Close()
	return buf.Bytes()
}

func compressGzip(content []byte) []byte {
	var buf bytes.Buffer
	w, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression) // the level is valid
	_, _ = w.Write(content)
	_ = w.Close()
	return buf.Bytes()
}
