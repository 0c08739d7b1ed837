package convert

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// corpusPage is a page of a corpus of storage bodies: a line of pages-*.jsonl.gz.
type corpusPage struct {
	ID    string `json:"id"`
	Space string `json:"spaceKey"`
	Title string `json:"title"`
	Body  string `json:"body_storage"`
}

// corpus reads the pages of the directory that SLUICE_CORPUS names; without it the test is skipped.
func corpus(tb testing.TB) []corpusPage {
	tb.Helper()
	dir := os.Getenv("SLUICE_CORPUS")
	if dir == "" {
		tb.Skip("SLUICE_CORPUS names no directory with pages-*.jsonl.gz")
	}
	files, err := filepath.Glob(filepath.Join(dir, "pages-*.jsonl.gz"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no pages in %s: %v", dir, err)
	}
	var pages []corpusPage
	for _, name := range files {
		pages = append(pages, readPages(tb, name)...)
	}
	return pages
}

func readPages(tb testing.TB, name string) []corpusPage {
	tb.Helper()
	f, err := os.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	var pages []corpusPage
	dec := json.NewDecoder(bufio.NewReaderSize(z, 1<<20))
	for dec.More() {
		var p corpusPage
		if err := dec.Decode(&p); err != nil {
			tb.Fatal(err)
		}
		pages = append(pages, p)
	}
	return pages
}
