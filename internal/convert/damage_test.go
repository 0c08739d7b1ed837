package convert

import (
	"strings"
	"testing"
	"time"
)

// damaged are bodies as the wild or an attacker writes them, with the Markdown that is to come out.
var damaged = []struct{ name, storage, want string }{
	{"empty", "", ""},
	{"white space", " \n\t ", ""},
	{"spacers", "<p><br/></p><p/><p>&nbsp;</p>", ""},
	{"only a toc", `<ac:structured-macro ac:name="toc" />`, ""},
	{"no tags", "just text", "just text"},
	{"unclosed paragraphs", "<p>one<p>two", "one\n\ntwo"},
	{"unclosed items", "<ul><li>one<li>two</ul>", "- one\n- two"},
	{"unclosed cells", "<table><tr><td>a<td>b<tr><td>c<td>d</table>", "|  |  |\n| --- | --- |\n| a | b |\n| c | d |"},
	{"unclosed mark", "<p><strong>bold</p><p>next</p>", "**bold**\n\nnext"},
	{"stray end tags", "</div><p>a</strong></p></ac:rich-text-body>", "a"},
	{"crossed end tags", "<p><strong><em>a</strong></em> b</p>", "***a*** b"},
	{"cut off in a tag", "<p>text</p><p><a href=\"https://exa", "text"},
	{"cut off in CDATA", "<ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[x = 1\ny", "```\nx = 1\ny\n```"},
	{"CDATA end with a space", `<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[x ]] > y]] ></ac:plain-text-body></ac:structured-macro><p>z</p>`, "```\nx ]] > y\n```\n\nz"},
	{"CDATA split in one way", `<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[a]]]]><![CDATA[>b]]></ac:plain-text-body></ac:structured-macro>`, "```\na]]>b\n```"},
	{"CDATA split in the other", `<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[a]]><![CDATA[]]]]><![CDATA[>b]]></ac:plain-text-body></ac:structured-macro>`, "```\na]]>b\n```"},
	{"code without CDATA", `<ac:structured-macro ac:name="code"><ac:plain-text-body>a &lt; b</ac:plain-text-body></ac:structured-macro>`, "```\na < b\n```"},
	{"stray CDATA end", "<p>a ]]> b</p>", "a ]]> b"},
	{"old spelling", `<P>a<BR>b</P><A HREF=https://example.com/x>c</A><br></br><hr></hr>`, "a  \nb\n\n[c](https://example.com/x)\n\n---"},
	{"no tags behind the sign", "<p>5 < 6, a <- b, <3</p>", "5 < 6, a <- b, <3"},
	{"declarations and comments", "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><!-- a -- b --><p>c</p><!--[if gte mso 9]>x<![endif]-->", "c"},
	{"wrapper", `<xml xmlns:ac="http://x/"><p>a</p></xml>`, "a"},
	{"Office elements", "<p><o:p>a</o:p> <w:sdt>b</w:sdt><st1:place>c</st1:place></p>", "a bc"},
	{"control characters", "<p>a\x00b\x0bc&#11;d&#x7;e\uFFFEf\x85</p>", "abcdef\uFFFD"},
	{"invalid UTF-8", "<p>a\xff\xfeb</p>", "a\uFFFD\uFFFDb"},
	{"right to left and CJK", "<p>שלום <strong>عالم</strong> 日本<em>語</em>です</p>", "שלום **عالم** 日本*語*です"},
	{"cells without a row", "<table><td>a</td><td>b</td></table>", "|  |  |\n| --- | --- |\n| a | b |"},
	{"empty table", "<table></table><table><tr></tr></table><table><tbody/></table>", ""},
	{"spans that are none", `<table><tr><td colspan="0">a</td><td rowspan="two">b</td><td colspan="-5">c</td></tr></table>`, "|  |  |  |\n| --- | --- | --- |\n| a | b | c |"},
	{"rowspan beyond the end", `<table><tr><td rowspan="100000">a</td><td>b</td></tr><tr><td>c</td></tr></table>`, "|  |  |\n| --- | --- |\n| a | b |\n| a | c |"},
	{"unknown entity", "<p>&bogus; &eacute;&CounterClockwiseContourIntegral; AT&T &amp;amp;</p>", "&bogus; é∳ AT&T &amp;amp;"},
	{"macro without a name", `<ac:structured-macro><ac:parameter ac:name="x">y</ac:parameter><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>`, "a"},
	{"old macro", `<ac:macro ac:name="info"><ac:default-parameter>x</ac:default-parameter><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:macro>`, "> **Info**\n>\n> a"},
	{"text in an ADF node", `<ac:adf-extension><ac:adf-node type="mystery">a<ac:adf-attribute key="id">b</ac:adf-attribute></ac:adf-node><ac:adf-fallback>c</ac:adf-fallback></ac:adf-extension>`, "a"},
	{"script in text", `<p onclick="x()">a<script>alert("</p>")</script><style>b</style></p>`, "a"},
	{"hidden scheme", "<p><a href=\"java\nscript&colon;alert(1)\">a</a> <a href=\" &#1;javascript:alert(1)\">b</a> <a href=\"data:text/html,x\">c</a></p>", "a b c"},
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	for _, c := range damaged {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Convert(c.storage, Context{}).Markdown; got != c.want {
				t.Errorf("Convert(%q)\n got %q\nwant %q", c.storage, got, c.want)
			}
			checkInvariants(t, c.storage, Context{})
		})
	}
}

// deep bodies nest, or repeat, more than anybody would.
var deep = []struct{ name, before, middle, after string }{
	{"lists", "<ul><li>", "item", "</li></ul>"},
	{"divisions", "<div>", "text", "</div>"},
	{"macros", `<ac:structured-macro ac:name="info"><ac:rich-text-body>`, "<p>panel</p>", `</ac:rich-text-body></ac:structured-macro>`},
	{"quotes", "<blockquote>", "quote", "</blockquote>"},
	{"tables", "<table><tr><td>", "cell", "</td></tr></table>"},
	{"marks", "<strong><em>", "mark", "</em></strong>"},
	{"links", `<a href="https://example.com/">`, "label", "</a>"},
	{"tasks", `<ac:task-list><ac:task><ac:task-body>`, "task", `</ac:task-body></ac:task></ac:task-list>`},
	{"nodes", `<ac:adf-extension><ac:adf-node type="x"><ac:adf-content>`, "node", `</ac:adf-content></ac:adf-node></ac:adf-extension>`},
	{"headings", "<h2>", "heading", "</h2>"},
}

// TestDeepNesting: all text stays, in order, at once, closed or not.
func TestDeepNesting(t *testing.T) {
	t.Parallel()
	for _, d := range deep {
		for _, levels := range []int{200, 1000} {
			t.Run(d.name, func(t *testing.T) {
				t.Parallel()
				var b strings.Builder
				for range levels {
					b.WriteString("first " + d.before)
				}
				b.WriteString(d.middle)
				open := b.String()
				for _, storage := range []string{open, open + strings.Repeat(d.after+" last", levels)} {
					r := Convert(storage, Context{})
					word := strings.TrimSuffix(strings.TrimPrefix(d.middle, "<p>"), "</p>")
					if !strings.Contains(r.Text, word) || strings.Count(r.Text, "first") != levels || strings.Count(r.Text, "last") != strings.Count(storage, "last") {
						t.Errorf("%d levels: text is lost: %d of first, %d of last, %.200q", levels, strings.Count(r.Text, "first"), strings.Count(r.Text, "last"), r.Text)
					}
					if len(r.Markdown) > 60*len(storage) {
						t.Errorf("%d levels: %d bytes of Markdown for %d", levels, len(r.Markdown), len(storage))
					}
				}
			})
		}
	}
}

// hostile are pieces whose repetition is dear to a converter that looks back or ahead.
var hostile = []struct{ name, piece string }{
	{"text", "word *text* [x](y) http://example.com/a(b OPS-12 "},
	{"open tags", "<p><b>x"},
	{"end tags", "</p></b></ac:link>"},
	{"opening signs", "<"},
	{"half tags", "<a href=\""},
	{"quotes", "<a b='"},
	{"comments", "<!--"},
	{"CDATA", "<![CDATA[ ]] >"},
	{"ampersands", "&a"},
	{"doctypes", "<!doctype ["},
	{"items", "<li>a"},
	{"cells", "<td>a"},
	{"rows", "<tr><td rowspan=9 colspan=9>a"},
	{"spans", `<td colspan="100" rowspan="100000">x</td>`},
	{"emoticons", `<ac:emoticon ac:name="tick" />`},
	{"backticks", "<code>`</code>``"},
	{"brackets", "[]("},
	{"dashes", "A-1-"},
	{"digits", "1A-"},
	{"headings", "<h2>same</h2>"},
	{"links", `<a href="/x">y</a>`},
	{"addresses", "https://"},
	{"spaces", " \u00a0\n"},
	{"breaks", "<br/>"},
	{"macros", `<ac:structured-macro ac:name="x"><ac:rich-text-body>`},
	{"parameters", `<ac:parameter ac:name="title">x</ac:parameter>`},
	{"script", "<script>a"},
	{"plain bodies", `<ac:plain-text-body><![CDATA[x]]></ac:plain-text-body>`},
	{"tasks", "<ac:task-list><ac:task>x"},
	{"markdown", "<ac:structured-macro ac:name=\"markdown\"><ac:plain-text-body><![CDATA[`a ``b [x]( <\n]]></ac:plain-text-body></ac:structured-macro>"},
	{"properties", `<ac:structured-macro ac:name="details"><ac:rich-text-body><table><tr><th>k</th><td>v</td></tr></table></ac:rich-text-body></ac:structured-macro>`},
	{"mentions", `<ri:user ri:account-id="a" />`},
	{"stars", "*a _b ~~c "},
	{"CJK", "漢字、。"},
}

// TestLinearTime: ten times the input costs about ten times the time. What is quadratic costs a hundred times, in every
// attempt; what a busy machine spoils, it does not spoil in all of them.
func TestLinearTime(t *testing.T) {
	const size, attempts, most = 10_000, 6, 16
	for _, h := range hostile {
		small, large := strings.Repeat(h.piece, size/len(h.piece)), strings.Repeat(h.piece, 10*size/len(h.piece))
		ratio := 0.0
		for range attempts {
			ratio = float64(cost(large)) / float64(cost(small))
			if ratio <= most {
				break
			}
		}
		if ratio > most {
			t.Errorf("%s: 10 times the input costs %.1f times the time", h.name, ratio)
		}
	}
}

// cost is the processor time of one conversion, measured over as many as the coarsest clock needs.
func cost(storage string) time.Duration {
	const enough = 20 * time.Millisecond
	for runs := 1; ; runs *= 2 {
		took := cpuTime(func() {
			for range runs {
				Convert(storage, Context{})
			}
		})
		if took >= enough {
			return took / time.Duration(runs)
		}
	}
}

// TestLargeBody converts five million characters.
func TestLargeBody(t *testing.T) {
	t.Parallel()
	piece := goldenBodies(t)
	storage := strings.Repeat(piece, 5_000_000/len(piece)+1)
	var r Result
	if took := cpuTime(func() { r = Convert(storage, referenceContext()) }); took > 20*time.Second {
		t.Errorf("%d bytes took %v", len(storage), took)
	}
	if len(r.Markdown) < len(storage)/10 {
		t.Errorf("%d bytes gave %d of Markdown", len(storage), len(r.Markdown))
	}
}

func TestWordCount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "one": 1, "it's a well-known e.g. x": 5, "漢字 and かな": 5, "שלום עולם": 2, "naïve café": 2, "… – !": 0} {
		if got := Convert("<p>"+text+"</p>", Context{}).WordCount; got != want {
			t.Errorf("%q has %d words, want %d", text, got, want)
		}
	}
}
