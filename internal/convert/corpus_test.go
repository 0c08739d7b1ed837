package convert

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

// The benchmarks run on the golden pairs, or on a corpus of real pages where one is at hand:
//
//	go test ./internal/convert -run '^$' -bench . -corpus FOLDER
var corpusFolder = flag.String("corpus", "", "folder with pages-*.jsonl.gz and spaces.json for the benchmarks")

// corpusPage is a page of a corpus of storage bodies: a line of pages-*.jsonl.gz.
type corpusPage struct {
	ID    string `json:"id"`
	Space string `json:"spaceKey"`
	Title string `json:"title"`
	Body  string `json:"body_storage"`
}

// corpus reads the pages of the corpus.
func corpus(b *testing.B) []corpusPage {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(*corpusFolder, "pages-*.jsonl.gz"))
	if err != nil || len(files) == 0 {
		b.Fatalf("no pages in %s: %v", *corpusFolder, err)
	}
	var pages []corpusPage
	for _, name := range files {
		pages = append(pages, readPages(b, name)...)
	}
	return pages
}

func readPages(b *testing.B, name string) []corpusPage {
	b.Helper()
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	var pages []corpusPage
	dec := json.NewDecoder(bufio.NewReaderSize(z, 1<<20))
	for dec.More() {
		var p corpusPage
		if err := dec.Decode(&p); err != nil {
			b.Fatal(err)
		}
		pages = append(pages, p)
	}
	return pages
}

// corpusProjects are the project keys of the corpus's spaces.
func corpusProjects(b *testing.B) []string {
	b.Helper()
	data, err := os.ReadFile(filepath.Join(*corpusFolder, "spaces.json"))
	if err != nil {
		b.Fatal(err)
	}
	var spaces []struct {
		JiraProject string `json:"jiraProject"`
	}
	if err := json.Unmarshal(data, &spaces); err != nil {
		b.Fatal(err)
	}
	var projects []string
	for _, s := range spaces {
		projects = append(projects, s.JiraProject)
	}
	return projects
}
