package convert

import (
	"strings"
	"testing"

	htmltomarkdown "github.com/JohannesKaufmann/html-to-markdown/v2"
)

// benchBodies are the bodies of the corpus, or the golden inputs repeated to pages of 20 kB.
func benchBodies(b *testing.B) (bodies []string, size int) {
	b.Helper()
	if *corpusFolder != "" {
		for _, p := range corpus(b) {
			bodies = append(bodies, p.Body)
		}
	} else {
		all := strings.Repeat(goldenBodies(b), 4)
		for range 50 {
			bodies = append(bodies, all)
		}
	}
	for _, body := range bodies {
		size += len(body)
	}
	return bodies, size
}

// BenchmarkConvert converts every body: parsing, Markdown, plain text and record.
func BenchmarkConvert(b *testing.B) {
	bodies, size := benchBodies(b)
	ctx := referenceContext()
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, body := range bodies {
			Convert(body, ctx)
		}
	}
}

// BenchmarkHTMLToMarkdown is what html-to-markdown alone needs for the same bodies; it makes nothing of macros.
func BenchmarkHTMLToMarkdown(b *testing.B) {
	bodies, size := benchBodies(b)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, body := range bodies {
			// Some bodies nest deeper than its parser takes; it fails on those at once, which only flatters it.
			_, _ = htmltomarkdown.ConvertString(body)
		}
	}
}
