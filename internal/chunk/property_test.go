package chunk_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/chunk"
)

// FuzzSplit feeds any Markdown, cut into sections anywhere.
func FuzzSplit(f *testing.F) {
	f.Add("intro\n\n## One\n\ntext\n\n```go\nx := 1\n\ny := 2\n```\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n", uint16(7), uint8(5))
	f.Add("> quoted:\n>\n> ```\n> code\n> ```\n\n1. one\n\n   ~~~\n   x\n   ~~~\n2. two", uint16(3), uint8(1))
	f.Add("日本語の文章。次の文章です。"+strings.Repeat("漢字", 50), uint16(6), uint8(9))
	f.Add(strings.Repeat("x", 300)+" | a |", uint16(0), uint8(0))
	f.Fuzz(func(t *testing.T, markdown string, offset uint16, target uint8) {
		if !utf8.ValidString(markdown) || len(markdown) > 1<<16 {
			return
		}
		doc := chunk.Doc{Title: "Page", Markdown: markdown}
		at := min(int(offset), len(markdown))
		for at > 0 && at < len(markdown) && markdown[at-1] != '\n' {
			at--
		}
		doc.Sections = []chunk.Section{{Level: 2, Title: "S", Anchor: "S", Path: []string{"S"}, Offset: at}}
		check(t, doc, chunk.Options{Target: int(target)})
	})
}

// check holds a split to its promises.
func check(t *testing.T, doc chunk.Doc, opts chunk.Options) []chunk.Chunk {
	t.Helper()
	chunks := chunk.Split(doc, opts)
	target := opts.Target
	if target == 0 {
		target = 200
	}
	var all strings.Builder
	for i, c := range chunks {
		switch {
		case c.Number != i:
			t.Fatalf("chunk %d has the number %d", i, c.Number)
		case strings.TrimSpace(c.Content) == "":
			t.Fatalf("chunk %d of %q is empty", i, doc.Markdown)
		case !utf8.ValidString(c.Content) || !utf8.ValidString(c.Text):
			t.Fatalf("chunk %d of %q is not valid UTF-8: %q", i, doc.Markdown, c.Content)
		// The hard limit holds for what is cut; the header of a table and the fence of code come on top.
		case chunk.Words(c.Content) > 6*max(target, 8):
			t.Fatalf("chunk %d has %d words where %d are the target:\n%s", i, chunk.Words(c.Content), target, c.Content)
		}
		all.WriteString(c.Content)
	}
	if missing, ok := subsequence(doc.Markdown, all.String()); !ok {
		t.Fatalf("text is lost from %q on, in\n%q\nChunks:\n%q", missing, doc.Markdown, all.String())
	}
	if again := chunk.Split(doc, opts); !slices.EqualFunc(chunks, again, func(a, b chunk.Chunk) bool { return a.Hash == b.Hash && a.Content == b.Content }) {
		t.Fatalf("splitting twice gives different chunks for %q", doc.Markdown)
	}
	return chunks
}

// subsequence reports whether what is visible of want stands in got, in order; else where it breaks off.
func subsequence(want, got string) (missing string, ok bool) {
	rest := []rune(got)
	for i, r := range want {
		if unicode.IsSpace(r) || r == '>' { // the mark of an empty line in a quote goes with a cut there
			continue
		}
		at := slices.Index(rest, r)
		if at < 0 {
			return want[i:min(len(want), i+40)], false
		}
		rest = rest[at+1:]
	}
	return "", true
}

// TestPagesOfChance: pages of every kind of block, in many lengths.
func TestPagesOfChance(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		doc := document(pageOfChance(rand.New(rand.NewPCG(seed, 1))))
		for _, c := range check(t, doc, chunk.Options{}) {
			if unbalanced(c.Content) {
				t.Errorf("seed %d: a fence is open in\n%s", seed, c.Content)
			}
			section := sectionAt(doc, c)
			if section == nil && c.Anchor != "" {
				t.Errorf("seed %d: chunk with the anchor %q of no section", seed, c.Anchor)
			}
			if section != nil && !isPrefix(c.HeadingPath, section.Path) {
				t.Errorf("seed %d: path %q, section %q", seed, c.HeadingPath, section.Path)
			}
		}
	}
}

func sectionAt(doc chunk.Doc, c chunk.Chunk) *chunk.Section {
	for i := range doc.Sections {
		if s := &doc.Sections[i]; s.Anchor == c.Anchor {
			return s
		}
	}
	return nil
}

func isPrefix(prefix, path []string) bool {
	return len(prefix) <= len(path) && slices.Equal(prefix, path[:len(prefix)])
}

func unbalanced(content string) bool {
	fence := ""
	for line := range strings.SplitSeq(content, "\n") {
		bare := strings.TrimLeft(line, " >-0123456789.")
		switch {
		case fence == "" && strings.HasPrefix(bare, "```"):
			fence = bare[:len(bare)-len(strings.TrimLeft(bare, "`"))]
		case fence != "" && strings.TrimSpace(bare) == fence:
			fence = ""
		}
	}
	return fence != ""
}

func pageOfChance(r *rand.Rand) string {
	var b strings.Builder
	for range 3 + r.IntN(30) {
		text := words(1+r.IntN(1+r.IntN(300)), "w")
		switch r.IntN(9) {
		case 0, 1:
			level := string(rune('1' + r.IntN(6)))
			b.WriteString("<h" + level + ">" + words(1+r.IntN(4), "h") + "</h" + level + ">")
		case 2:
			b.WriteString(`<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[` + strings.ReplaceAll(text, " ", "\n") + `]]></ac:plain-text-body></ac:structured-macro>`)
		case 3:
			b.WriteString("<ul><li>" + strings.ReplaceAll(text, " ", "</li><li>") + "</li></ul>")
		case 4:
			b.WriteString("<table><tr><th>a</th><th>b</th></tr><tr><td>" + strings.ReplaceAll(text, " ", "</td><td>x</td></tr><tr><td>") + "</td><td>y</td></tr></table>")
		case 5:
			b.WriteString(`<ac:structured-macro ac:name="info"><ac:rich-text-body><p>` + text + `</p><ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[` +
				text + "\n\n" + text + `]]></ac:plain-text-body></ac:structured-macro></ac:rich-text-body></ac:structured-macro>`)
		case 6:
			b.WriteString("<p>" + strings.ReplaceAll(text, " ", "、漢字") + "。</p>")
		default:
			b.WriteString("<p>" + strings.ReplaceAll(text, "9 ", "9. ") + ".</p>")
		}
	}
	return b.String()
}

func TestCodeIsNotCut(t *testing.T) {
	t.Parallel()
	code := strings.ReplaceAll(words(300, "line"), " ", "\n")
	doc := document("<h2>A</h2><p>" + words(150, "p") + "</p><p>For example:</p>" +
		`<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[` + code + `]]></ac:plain-text-body></ac:structured-macro><p>` + words(150, "q") + "</p>")
	for _, c := range chunk.Split(doc, chunk.Options{}) {
		if strings.Contains(c.Content, "```") {
			if !strings.Contains(c.Content, "For example:\n\n```\n"+code+"\n```") {
				t.Errorf("code of 300 words is cut, or stands without the line that announces it:\n%s", c.Content)
			}
			return
		}
	}
	t.Error("the code is gone")
}

func TestTableRepeatsItsHeader(t *testing.T) {
	t.Parallel()
	rows := strings.Repeat("<tr><td>"+words(20, "c")+"</td><td>x</td></tr>", 40)
	chunks := chunk.Split(document("<table><tr><th>Name</th><th>Use</th></tr>"+rows+"</table>"), chunk.Options{})
	if len(chunks) < 4 {
		t.Fatalf("%d chunks of 800 words", len(chunks))
	}
	for _, c := range chunks {
		if !strings.HasPrefix(c.Content, "| Name | Use |\n| --- | --- |\n") {
			t.Errorf("no header in\n%s", c.Content)
		}
	}
}

// TestEditMovesFewChunks: a word inserted in a long page changes the chunk it stands in and its neighbours.
func TestEditMovesFewChunks(t *testing.T) {
	t.Parallel()
	var before strings.Builder
	for i := range 300 {
		before.WriteString("<p>" + words(15+i%20, "w"+string(rune('a'+i%26))+string(rune('a'+i/26))) + ".</p>")
	}
	after := strings.Replace(before.String(), ".</p>", " more words than there were before.</p>", 1)
	old := map[[32]byte]bool{}
	for _, c := range chunk.Split(document(before.String()), chunk.Options{}) {
		old[c.Hash] = true
	}
	changed := 0
	chunks := chunk.Split(document(after), chunk.Options{})
	for _, c := range chunks {
		if !old[c.Hash] {
			changed++
		}
	}
	if changed > 4 {
		t.Errorf("%d of %d chunks changed", changed, len(chunks))
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "one": 1, "two words": 2, "漢字です": 2, "한국어 문장": 3, "mixed 漢字 text": 3, "a, b; c!": 3, "привет мир": 2, strings.Repeat("x", 64): 4,
	} {
		if got := chunk.Words(text); got != want {
			t.Errorf("Words(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestCJKIsCutAtSentences(t *testing.T) {
	t.Parallel()
	doc := document("<p>" + strings.Repeat("これは日本語の文章です。次の文も続きます。", 60) + "</p>")
	chunks := check(t, doc, chunk.Options{})
	if len(chunks) < 3 {
		t.Fatalf("%d chunks", len(chunks))
	}
	for _, c := range chunks {
		if !strings.HasSuffix(c.Content, "。") || c.Words > 200 {
			t.Errorf("%d words, ends with %q", c.Words, c.Content[max(0, len(c.Content)-12):])
		}
	}
}

// TestLargePage: a megabyte of text is no matter, on one line or on many. The bound is far above what a busy machine needs
// and far below what quadratic work would.
func TestLargePage(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{"lines": "some words on a line\n\n", "one line": "some words without end ", "no space": "漢", "rows": "| a | b |\n", "fences": "```\nx\n"} {
		markdown := strings.Repeat(unit, (1<<20)/len(unit))
		start := time.Now()
		chunks := chunk.Split(chunk.Doc{Markdown: markdown}, chunk.Options{})
		if took := time.Since(start); took > time.Minute || len(chunks) < 10 {
			t.Errorf("%s: %d chunks in %v", name, len(chunks), took)
		}
	}
}

// BenchmarkSplit splits a page of a megabyte.
func BenchmarkSplit(b *testing.B) {
	doc := document(strings.Repeat(pageOfChance(rand.New(rand.NewPCG(1, 1))), 20))
	b.SetBytes(int64(len(doc.Markdown)))
	b.ReportAllocs()
	for b.Loop() {
		chunk.Split(doc, chunk.Options{})
	}
}
