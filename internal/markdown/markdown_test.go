package markdown_test

import (
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/markdown"
)

// TestRenderIsSafe renders what an attacker would write into a page: none of it may survive as markup.
func TestRenderIsSafe(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `[x](javascript:alert(1))`, `<a href="JaVaScRiPt:alert(1)">x</a>`, `<p style="position:fixed">x</p>`,
		`<form action="https://evil.example"><input name=p></form>`, `<iframe src="https://evil.example"></iframe>`, `![x](data:text/html,<script>alert(1)</script>)`, `<h2 id="main" onclick="x">y</h2>`,
	} {
		doc, err := markdown.New().Render(source, markdown.Options{Title: `"><script>`, Words: []string{"x"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<script", "onerror", "javascript:", "style=", "<form", "<input", "<iframe", "<img", "onclick", `id="main"`, `href="data:`} {
			if strings.Contains(strings.ToLower(doc.HTML), bad) {
				t.Errorf("Render(%q) holds %q:\n%s", source, bad, doc.HTML)
			}
		}
	}
}

func TestRenderHeadingsAndMarks(t *testing.T) {
	t.Parallel()
	doc, err := markdown.New().Render("## Scrape interval\n\nScraping often.\n\n#### Limits\n\n## Scrape interval\n", markdown.Options{Title: "A page", Words: []string{"scrape"}, Sections: []string{"Limits"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`id="s-Scrape-interval"`, `id="s-Scrape-interval.1"`, `id="s-Apage-Scrapeinterval"`, `<mark>Scraping</mark>`, `<h3 class="matched" id="s-Limits"`} {
		if !strings.Contains(doc.HTML, want) {
			t.Errorf("no %s in\n%s", want, doc.HTML)
		}
	}
	if len(doc.TOC) != 3 || doc.TOC[1].Level != 2 {
		t.Errorf("TOC = %+v", doc.TOC)
	}
}
