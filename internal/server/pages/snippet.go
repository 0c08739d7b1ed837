package pages

import (
	"strings"

	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/web/views"
)

// snippetView splits a snippet into paragraphs and listings, and those into runs of equal looks.
func snippetView(text string, code []search.CodeSpan) []views.SnippetPart {
	s := splitter{}
	var run strings.Builder
	look := views.TextRun{}
	listing := false
	flush := func() {
		if run.Len() > 0 {
			look.Text = run.String()
			s.add(listing, look)
			run.Reset()
		}
	}
	i := 0
	for _, r := range text {
		for len(code) > 0 && i >= code[0].End {
			flush()
			look.Code, listing, code = false, false, code[1:]
		}
		if len(code) > 0 && i == code[0].Start {
			flush()
			listing = code[0].Block
			look.Code = !listing
		}
		switch i++; r {
		case search.MarkStart, search.MarkEnd:
			flush()
			look.Marked = r == search.MarkStart
		default:
			run.WriteRune(r)
		}
	}
	flush()
	return s.parts()
}

// splitter gathers runs to parts.
type splitter struct{ list []views.SnippetPart }

func (s *splitter) add(listing bool, run views.TextRun) {
	if n := len(s.list); n == 0 || s.list[n-1].Listing != listing {
		s.list = append(s.list, views.SnippetPart{Listing: listing})
	}
	last := &s.list[len(s.list)-1]
	last.Runs = append(last.Runs, run)
}

// gap stands for what was left out.
const gap = "…"

// parts returns the parts that show something. The sign for what was left out of a listing stands in it.
func (s *splitter) parts() []views.SnippetPart {
	var parts []views.SnippetPart
	var before []views.TextRun
	for i, part := range s.list {
		if part.Listing {
			part.Runs = append(before, part.Runs...)
			before = nil
			parts = append(parts, part)
			continue
		}
		switch text := strings.TrimSpace(part.Runs[0].Text); {
		case len(part.Runs) > 1, len(s.list) == 1, text != "" && text != gap:
			parts = append(parts, part)
		case text == "":
		case i+1 < len(s.list):
			before = part.Runs
		default:
			last := &parts[len(parts)-1]
			last.Runs = append(last.Runs, part.Runs...)
		}
	}
	return parts
}
