package convert_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/convert"
)

func TestReadContext(t *testing.T) {
	t.Parallel()
	ctx, err := convert.ReadContext(strings.NewReader(`{"base_url":"https://wiki.example.com/","jira_base_url":"https://jira.example.com",
		"page":{"id":"1","space_key":"ENG","title":"A"},"users":{"u1":"Mina Roth"},"pages":[{"space_key":"OPS","title":"Run book","id":"9","url":"https://wiki.example.com/x"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	out := convert.Convert(`<p><ac:link><ri:user ri:account-id="u1" /></ac:link> <ac:link><ri:page ri:space-key="OPS" ri:content-title="run BOOK" /></ac:link> OPS-1</p>`, ctx)
	if want := "@Mina Roth [Run book](https://wiki.example.com/x) OPS-1"; out.Markdown != want {
		t.Errorf("got %q, want %q", out.Markdown, want)
	}
}

func TestReadContextTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]string{
		"":                           "empty",
		"{":                          "cut off",
		"[]":                         "object is expected",
		"{} {}":                      "more follows",
		"{x}":                        "byte 2",
		`{"base_url": 1}`:            `"base_url" cannot be of kind number`,
		`{"page": {"id": 7}}`:        `"page.id" cannot be of kind number`,
		`{"pages": {"id": "7"}}`:     `field "pages" is a list`,
		`{"base": "https://x"}`:      `unknown field "base"`,
		`{"users": {"u": ["Mina"]}}`: `"users`,
	} {
		_, err := convert.ReadContext(strings.NewReader(input))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ReadContext(%q): error %v, want one with %q", input, err, want)
		}
	}
}

// TestOutputJSON: the contract's fields are there for an empty page, none of them null; the report only on request.
func TestOutputJSON(t *testing.T) {
	t.Parallel()
	for _, withReport := range []bool{false, true} {
		data, err := json.Marshal(convert.Convert("", convert.Context{}).Output(withReport))
		if err != nil {
			t.Fatal(err)
		}
		want := `{"markdown":"","jira_keys":[],"links":[],"mentions":[],"attachments":[],"sections":[],"properties":{}`
		if withReport {
			want += `,"report":{"dropped":[],"repaired":[],"dynamic":[],"unknown":[]}`
		}
		if diff := cmp.Diff(want+"}", string(data)); diff != "" {
			t.Errorf("report %v (-want +got):\n%s", withReport, diff)
		}
	}
}

// TestIncludes expands what is stored: in a quote, with its own links resolved from its own space, once.
func TestIncludes(t *testing.T) {
	t.Parallel()
	stored := map[string]string{
		"b": `<h2>Part</h2><p>of b <ac:link><ri:page ri:content-title="Near" /></ac:link></p>` + include("a") + include("c"),
		"c": `<p>before</p><ac:structured-macro ac:name="excerpt"><ac:parameter ac:name="name">x</ac:parameter><ac:rich-text-body><p>of c</p></ac:rich-text-body></ac:structured-macro>` + include("b"),
	}
	ctx := convert.Context{
		BaseURL: "https://w.example.com", Page: convert.PageInfo{ID: "a", SpaceKey: "ENG", Title: "a"},
		Includes: func(ref convert.PageRef) (convert.Included, bool) {
			body, ok := stored[ref.Title]
			return convert.Included{Page: convert.PageInfo{ID: ref.Title, SpaceKey: "OPS", Title: ref.Title}, Storage: body}, ok
		},
	}
	r := convert.Convert(include("b")+strings.Replace(include("c"), `"include"`, `"excerpt-include"`, 1)+include("missing"), ctx)
	for text, n := range map[string]int{"of b": 1, "**Part**": 1, "/display/OPS/Near": 1, "before": 1, "of c": 2, "## ": 0} {
		if got := strings.Count(r.Markdown, text); got != n {
			t.Errorf("%q stands %d times, want %d, in\n%s", text, got, n, r.Markdown)
		}
	}
	if len(r.Sections) != 0 {
		t.Errorf("sections of included pages are not the page's: %v", r.Sections)
	}
	if len(r.Report.Dropped) == 0 {
		t.Errorf("the report is silent about the loop: %+v", r.Report)
	}
	for _, l := range r.PageLinks {
		if l.Kind != convert.KindInclude && l.Title != "Near" {
			t.Errorf("link %+v is no link", l)
		}
	}
}

func include(title string) string {
	return `<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="` + title + `" /></ac:link></ac:parameter></ac:structured-macro>`
}

// TestRendered shows what Confluence rendered for a macro, without anything active in it.
func TestRendered(t *testing.T) {
	t.Parallel()
	storage := `<p>a</p><ac:structured-macro ac:name="contentbylabel" ac:macro-id="m1" /><ac:structured-macro ac:name="children" ac:macro-id="m2" />`
	needs := convert.Scan(storage, "")
	if diff := cmp.Diff([]convert.Dynamic{{Name: "contentbylabel", MacroID: "m1"}, {Name: "children", MacroID: "m2"}}, needs.Dynamic); diff != "" {
		t.Errorf("dynamic macros (-want +got):\n%s", diff)
	}
	r := convert.Convert(storage, convert.Context{BaseURL: "https://w.example.com", Rendered: map[string]string{
		"m1": `<table><tr><th>Page</th></tr><tr><td><a href="/x" onclick="y()">List</a><script>z()</script></td></tr></table>`,
	}})
	if want := "a\n\n| Page |\n| --- |\n| [List](https://w.example.com/x) |"; r.Markdown != want {
		t.Errorf("got %q, want %q", r.Markdown, want)
	}
	if diff := cmp.Diff([]convert.Count{{What: "children", Count: 1}}, r.Report.Dynamic); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// TestRenderedMacros finds the macros in a rendered page by their ids.
func TestRenderedMacros(t *testing.T) {
	t.Parallel()
	got := convert.RenderedMacros(`<p>a</p><div class="conf-macro" data-macro-name="x" data-macro-id="m1"><ul><li>b<br></li></ul></div>
		<table data-macro-id="m2"><tbody><tr><td>c</td></tr></tbody></table><div data-macro-id="other">d</div>`, []string{"m1", "m2", "m3", ""})
	want := map[string]string{
		"m1": `<div class="conf-macro" data-macro-name="x" data-macro-id="m1"><ul><li>b<br/></li></ul></div>`,
		"m2": `<table data-macro-id="m2"><tbody><tr><td>c</td></tr></tbody></table>`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("macros (-want +got):\n%s", diff)
	}
	storage := `<ac:structured-macro ac:name="jira" ac:macro-id="m2"><ac:parameter ac:name="jqlQuery">project = X</ac:parameter></ac:structured-macro>`
	if diff := cmp.Diff([]string{"m2"}, convert.Scan(storage, "").RenderedIDs()); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	md := convert.Convert(storage, convert.Context{Rendered: got}).Markdown
	if want := "Jira query: `project = X`\n\n|  |\n| --- |\n| c |"; md != want {
		t.Errorf("got %q, want %q", md, want)
	}
}

// TestNeeds lists what the look-ups are to answer, without what nobody sees.
func TestNeeds(t *testing.T) {
	t.Parallel()
	got := convert.Parse(`<p><ac:link><ri:user ri:account-id="u1" /></ac:link><ri:user ri:userkey="u2" /><ac:link><ri:page ri:content-title="A" /></ac:link>
		<a href="https://w.example.com/pages/viewpage.action?pageId=5">x</a> https://j.example.com/browse/WEB-1</p>` + include("B") +
		`<ac:structured-macro ac:name="contributors"><ac:parameter ac:name="user"><ri:user ri:account-id="u3" /></ac:parameter></ac:structured-macro>
		<ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">OPS-1</ac:parameter></ac:structured-macro>
		<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[https://j.example.com/browse/NO-1]]></ac:plain-text-body></ac:structured-macro>`).
		Needs(convert.Context{BaseURL: "https://w.example.com", Page: convert.PageInfo{SpaceKey: "ENG"}})
	want := convert.Needs{
		Users: []string{"u1", "u2"}, Pages: []convert.PageRef{{SpaceKey: "ENG", Title: "A"}, {ID: "5"}, {SpaceKey: "ENG", Title: "B"}},
		Includes: []convert.PageRef{{SpaceKey: "ENG", Title: "B"}}, Dynamic: []convert.Dynamic{{Name: "contributors"}}, JiraProjects: []string{"WEB", "OPS"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
}
