package search

import (
	"math/bits"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/search/analysis"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

func TestParse(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		query    string
		words    string
		phrases  string
		excluded string
		filters  Filters
		notes    int
	}{
		{query: "restart the ingress", words: "restart the ingress"},
		{query: `"too many clients" postgres`, words: "postgres", phrases: "too many clients"},
		{query: "restart -ingress", words: "restart", excluded: "ingress"},
		{query: `restart -"node pool"`, words: "restart", excluded: "node pool"},
		{query: "-only", words: "-only"[1:], notes: 1},
		{query: "--max-old-space-size", words: "--max-old-space-size"},
		{query: "well-known - minus", words: "well-known - minus"},
		{query: "space:OPS label:runbook oom", words: "oom", filters: Filters{Spaces: []string{"OPS"}, Labels: []string{"runbook"}}},
		{query: `author:"Grace Hopper" x`, words: "x", filters: Filters{Authors: []string{"Grace Hopper"}}},
		{query: "jira:ops-12 has:jira", filters: Filters{Jira: []string{"OPS-12"}, HasJira: true}},
		{query: "before:2026-01-01 x", words: "x", filters: Filters{UpdatedBefore: &day}},
		{query: "after:2026 x", words: "x", filters: Filters{UpdatedAfter: &day}},
		{query: "after:soon x", words: "after:soon x", notes: 1},
		{query: "type:blog x", words: "x", filters: Filters{Types: []string{"blogpost"}}},
		{query: "type:wiki", words: "type:wiki", notes: 1},
		{query: "has:pictures", words: "has:pictures", notes: 1},
		{query: "space: OPS", words: "space: OPS"},
		{query: "Error: connect ECONNREFUSED", words: "Error: connect ECONNREFUSED"},
		{query: "https://example.com/a", words: "https://example.com/a"},
		{query: `an "open quotation`, words: `an "open quotation`},
		{query: "“typographic quotes” x", words: "x", phrases: "typographic quotes"},
		{query: "a\x00b", words: "a b"},
		{query: `""`, words: `" "`},
	} {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			p := parse(tt.query)
			join := func(spans []span) string {
				var list []string
				for _, s := range spans {
					list = append(list, p.text(s))
				}
				return strings.Join(list, " ")
			}
			got := []string{join(p.Words), join(p.Phrases), join(p.Excluded)}
			if diff := cmp.Diff([]string{tt.words, tt.phrases, tt.excluded}, got); diff != "" {
				t.Errorf("words, phrases, exclusions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.filters, p.Filters); diff != "" {
				t.Errorf("filters (-want +got):\n%s", diff)
			}
			if len(p.Notes) != tt.notes {
				t.Errorf("notes = %q, want %d", p.Notes, tt.notes)
			}
		})
	}
}

// Whatever is typed, every part of it becomes something, within the text, and nothing panics.
func FuzzParse(f *testing.F) {
	for _, q := range []string{
		`"a b" -c space:X "`, "-", "--", `-"`, `"""`, "space:", `label:"`, "a:b:c", "\x00\xff", "日本語 -監視", "“x", "has:jira -has:jira", "'; DROP TABLE pages; --",
	} {
		f.Add(q)
	}
	lang := newLanguages().lend([]string{"english", "german"})
	f.Fuzz(func(t *testing.T, query string) {
		p := parse(query)
		for _, s := range append(append(append([]span{}, p.Words...), p.Phrases...), p.Excluded...) {
			if s.Start < 0 || s.End > len(p.Query) || s.Start >= s.End {
				t.Fatalf("%q: span %+v of %q", query, s, p.Query)
			}
		}
		w := analyse(p, lang)
		for _, x := range w.words {
			if x.Start >= x.End || x.End > len(p.Query) || len(x.Terms) == 0 {
				t.Fatalf("%q: word %+v of %q", query, x, p.Query)
			}
		}
	})
}

func TestIssueKey(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"OPS-12": "OPS-12", "ops-12": "OPS-12", ` "OPS-12" `: "OPS-12", "A1B-7": "A1B-7", "OPS-12 x": "", "12-12": "", "OPS-": "", "X-1": "", "UTF-8x": "",
	} {
		if got := issueKey(query); got != want {
			t.Errorf("issueKey(%q) = %q, want %q", query, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"same", "same", 0},
		{"controler", "controller", 1},
		{"contorller", "controller", 1}, //nolint:misspell // on purpose
		{"kubernets", "kubernetes", 1},
		{"abc", "xyz", 3},
		{"über", "uber", 1},
		{"", "a", 1},
	} {
		if got := distance(tt.a, tt.b, 2); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestSnippet(t *testing.T) {
	t.Parallel()
	weights := map[string]float64{"restart": 3, "pod": 1, "監視": 2}
	mark := strings.NewReplacer("[", string(MarkStart), "]", string(MarkEnd))
	filler := strings.Repeat("Nothing of interest stands in this sentence. ", 12)
	for _, tt := range []struct{ name, text, want string }{
		{"short", "Pods restarted twice.", "[Pods] [restarted] twice."},
		{"code is kept", "Run:\nkubectl rollout restart deploy/x --now\n", "Run:\nkubectl rollout [restart] deploy/x --now"},
		{"none", "Other words.", "Other words."},
		{"in the middle", filler + "Restarting a pod helps. " + filler, "… [Restarting] a [pod] helps."},
		{"pairs of characters", "この監視を", "この[監視]を"},
		{"marks of the text are dropped", "a \uE000restart\uE001", "a [restart]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := cutterOf([]*analysis.Analyzer{analysis.New("english")}, weights)
			if got, want := c.snippet(tt.text, nil).text, mark.Replace(tt.want); !strings.HasPrefix(got, want) {
				t.Errorf("got  %q\nwant %q first", got, want)
			}
		})
	}
}

// A passage that was found by its meaning is cut at the sentence most like the query.
func TestSnippetByLikeness(t *testing.T) {
	t.Parallel()
	c := cutterOf([]*analysis.Analyzer{analysis.New("english")}, map[string]float64{"zzz": 1})
	c.liken("authenticating users")
	filler := strings.Repeat("Nothing of interest stands here. ", 12)
	if got := c.snippet(filler+"Authentication of a user is done by the gateway. "+filler, nil).text; !strings.HasPrefix(got, "… Authentication of a user") {
		t.Errorf("snippet = %q", got)
	}
}

// Snippets never break a character, and hold no more than they should.
func FuzzSnippet(f *testing.F) {
	f.Add("Pods restarted twice. "+strings.Repeat("é ", 400), "restart")
	f.Add(strings.Repeat("監視", 300), "監視")
	f.Add(strings.Repeat("x", 1000)+"\n restart", "restart")
	f.Fuzz(func(t *testing.T, text, term string) {
		c := cutterOf([]*analysis.Analyzer{analysis.New("english")}, map[string]float64{term: 1})
		text = strings.ToValidUTF8(text, "?")
		if s := c.snippet(text, nil).text; strings.ToValidUTF8(s, "\x00") != s && !strings.Contains(text, "\x00") {
			t.Errorf("snippet of %q is %q", text, s)
		}
	})
}

// No word that is near enough is passed over because of its shape.
func FuzzShape(f *testing.F) {
	f.Add("kubernets", "kubernetes")
	f.Add("abcdef", "fbcdea")
	f.Add("über9x", "uber9xx")
	f.Add("日本語日本", "日本語日")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		for most := 1; most <= 2; most++ {
			s := shape{mask: letterMask(a), length: len(a), most: most}
			differ := bits.OnesCount32(letterMask(a) ^ letterMask(b))
			if distance(a, b, most) <= most && (differ > 2*most || !s.near(letterMask(b), differ, len(b))) {
				t.Errorf("%q and %q are at most %d edits apart", a, b, most)
			}
		}
	})
}

func TestSkeleton(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"exemplers", "exemplars", true}, {"exemplers", "exemples", false}, {"conections", "connections", true}, {"alert", "alarm", false},
	} {
		if got := skeletonOf(tt.a) == skeletonOf(tt.b); got != tt.same {
			t.Errorf("%s, %s: same = %v, want %v", tt.a, tt.b, got, tt.same)
		}
	}
}

// A cursor that somebody made is refused or means a place; it never leads before the first hit or beyond the last.
func FuzzCursor(f *testing.F) {
	key := fingerprint(Request{Query: "x"})
	f.Add(encodeCursor(cursor{Query: key, Offset: 10, Source: "s", Page: "p"}))
	f.Add("e30")
	f.Add("")
	f.Add("eyJxIjoieCIsIm8iOi0xfQ")
	s := &state{pages: []*pageInfo{{Page: Page{SourceID: "s", PageID: "p"}}}}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := decodeCursor(text, key)
		if err != nil {
			return
		}
		if start := c.start(s, []*candidate{{page: 0}}); start < 1 || start > deepest {
			t.Errorf("%q begins at %d", text, start)
		}
		if again, err := decodeCursor(encodeCursor(c), key); err != nil || again != c {
			t.Errorf("%q: %+v is read back as %+v, %v", text, c, again, err)
		}
	})
}

// Whatever is misspelt and whatever the words are, a correction is one of them, or two, and near.
func FuzzNearWords(f *testing.F) {
	f.Add("kubernets", "kubernetes")
	f.Add("featureflags", "feature")
	f.Add("über", "uber")
	f.Add("\xff\xfe\xff\xfe", "日本語日本")
	f.Fuzz(func(t *testing.T, typed, word string) {
		s := &state{segments: []*segment{{
			header: &inverted.Header{Words: []string{word}, Counts: []int32{5}}, vocabulary: &vocabulary{}, phrases: &headingList{},
		}}}
		if word == "" {
			return
		}
		for _, c := range s.nearWords(typed) {
			if len(c.words) == 1 && (c.text != word || c.distance < 1 || c.distance > 2) || len(c.words) > 2 {
				t.Errorf("%q is corrected to %+v, the only word is %q", typed, c, word)
			}
		}
	})
}
