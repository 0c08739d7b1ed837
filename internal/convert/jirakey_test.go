package convert

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// labelled are pieces of pages with the issues that a person finds in them, some with projects named nowhere else.
var labelled = []struct {
	storage string
	issues  string
}{
	{"<p>Fixed in PAY-12 and PAY-13, see also (OPS-4).</p>", "PAY-12 PAY-13 OPS-4"},
	{"<p>Blocked by OPS-101/OPS-102; follow-up: CORE2-7.</p>", "OPS-101 OPS-102 CORE2-7"},
	{"<p>DATA_ENG-5 is done. WEB-1 next.</p>", "DATA_ENG-5 WEB-1"},
	{"<p>Files are UTF-8, hashes SHA-256, dates ISO-8601.</p>", ""},
	{"<p>As RFC-2119 says, MUST is absolute (BCP-14).</p>", ""},
	{"<p>Patched CVE-2024-1234 and GHSA-12 under SEC-9.</p>", "SEC-9"},
	{"<p>Since COVID-19 we meet at UTC-5.</p>", ""},
	{"<p>TLS-1.2 is off, TLS-1.3 is on; AES-256 in use.</p>", ""},
	{"<p>GPT-4 wrote the summary of AI-33.</p>", "AI-33"},
	{"<p>Version v2-OPS-5 and X-OPS-6 are tags.</p>", ""},
	{"<p>ops-7 in lower case is a host name.</p>", ""},
	{"<p>A-1 is a road, OPS-08 a typo, OPS-123456789 too long.</p>", ""},
	{"<p>見て OPS-8、または課題OPS-9です。</p>", "OPS-8 OPS-9"},
	{"<p>Смотри OPS-10.</p>", "OPS-10"},
	{"<p><code>git commit -m 'OPS-11: fix'</code></p>", "OPS-11"},
	{"<pre>OPS-500 in a log</pre><p>none</p>", ""},
	{`<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[OPS-501]]></ac:plain-text-body></ac:structured-macro>`, ""},
	{`<p><a href="https://jira.example.com/browse/OPS-12">the ticket</a></p>`, "OPS-12"},
	{`<p><a href="https://jira.example.com/browse/ops-13?focusedId=1">OPS-13</a></p>`, "OPS-13"},
	{`<p>https://jira.example.com/projects/OPS/issues/OPS-14</p>`, "OPS-14"},
	{`<p><a href="https://jira.example.com/secure/RapidBoard.jspa?rapidView=1&amp;selectedIssue=OPS-15">board</a></p>`, "OPS-15"},
	{`<p><a href="https://cdn.example.com/OPS-502/UTF-8.txt">file</a></p>`, ""},
	{`<ac:image><ri:attachment ri:filename="OPS-503.png" /></ac:image>`, ""},
	{`<p><ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">OPS-16</ac:parameter></ac:structured-macro></p>`, "OPS-16"},
	{`<ac:structured-macro ac:name="jira"><ac:parameter ac:name="jqlQuery">parent = OPS-17 and text ~ "UTF-8"</ac:parameter></ac:structured-macro>`, "OPS-17"},
	{"<table><tr><th>Issue</th><th>Port</th></tr><tr><td>OPS-18</td><td>HTTP-8080</td></tr></table>", "OPS-18"},
	{"<h2>OPS-19: roll-out</h2><ul><li>OPS-20</li></ul>", "OPS-19 OPS-20"},
	{"<p><strong>OPS</strong>-21 is split; <strong>OPS-22</strong> is not.</p>", "OPS-22"},
	{"<p>OPS-23_draft, OPS-24-old and OPS-25.1 are names.</p>", ""},
	{`<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">See OPS-26</ac:parameter><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`, "OPS-26"},
	{"<p>The KEP-1287 and PEP-8 proposals.</p>", ""},
	{"<p>Runs on USB-3, HDMI-2, IEEE-754 and ISO-27001 compliant.</p>", ""},
}

// labelledProjects are what a Jira would name its projects in labelled.
var labelledProjects = strings.Fields("PAY OPS CORE2 DATA_ENG WEB SEC AI")

// TestIssueKeys holds precision and recall on the labelled pieces to what they are.
func TestIssueKeys(t *testing.T) {
	t.Parallel()
	for _, mode := range []struct {
		name      string
		ctx       Context
		precision float64
	}{
		{"projects are known", Context{JiraProjects: labelledProjects}, 1},
		{"stop list", Context{}, 0.96}, // KEP-1287 looks like any issue
	} {
		m := newKeyMeasure()
		for _, l := range labelled {
			got := []string{}
			for _, k := range Convert(l.storage, mode.ctx).JiraKeys {
				got = append(got, k.Key)
			}
			m.add(l.storage, got, strings.Fields(l.issues))
		}
		if m.recall() < 1 || m.precision() < mode.precision {
			t.Errorf("%s: precision %.3f (want %.2f), recall %.3f (want 1); missed %q, wrong %v", mode.name, m.precision(), mode.precision, m.recall(), m.missed, m.wrong)
		}
	}
}

func TestIssueKeyTiers(t *testing.T) {
	t.Parallel()
	r := Convert(`<p>OPS-1 UTF-8 ABC-2</p><p><a href="https://j.example.com/browse/OPS-1">x</a> <a href="https://j.example.com/browse/UTF-9">y</a></p>`+
		`<ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">ABC-2</ac:parameter></ac:structured-macro>`, Context{})
	want := []JiraKey{{"OPS-1", TierURL}, {"UTF-8", TierText}, {"ABC-2", TierMacro}, {"UTF-9", TierURL}}
	if diff := cmp.Diff(want, r.JiraKeys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// keyMeasure compares the keys found with those that are there.
type keyMeasure struct {
	found, right, wanted int
	missed               []string
	wrong                map[string]int // by project
}

func newKeyMeasure() *keyMeasure { return &keyMeasure{wrong: map[string]int{}} }

func (m *keyMeasure) add(where string, got, want []string) {
	m.found += len(got)
	m.wanted += len(want)
	for _, k := range got {
		if slices.Contains(want, k) {
			m.right++
		} else {
			m.wrong[project(k)]++
		}
	}
	for _, k := range want {
		if !slices.Contains(got, k) {
			m.missed = append(m.missed, where+": "+k)
		}
	}
}

func (m *keyMeasure) precision() float64 { return float64(m.right) / float64(max(1, m.found)) }
func (m *keyMeasure) recall() float64    { return float64(m.right) / float64(max(1, m.wanted)) }

var (
	codeBodies = regexp.MustCompile(`(?s)<ac:plain-text-body>.*?</ac:plain-text-body>|<pre>.*?</pre>`)
	cdataMarks = regexp.MustCompile(`<!\[CDATA\[|\]\]>`)
)

// BenchmarkIssueKeys measures precision and recall on the corpus whose spaces.json names the project of each space. The
// truth is independent of the converter: every word PROJECT-n of those projects in the raw source without code. Once the
// projects are known, as from a connection's settings; once learned from the macros and addresses of all pages, as an
// index learns them; once with the stop list alone. Without a corpus it measures the labelled pieces.
func BenchmarkIssueKeys(b *testing.B) {
	type sample struct {
		id, body string
		want     []string
	}
	var samples []sample
	projects := labelledProjects
	if *corpusFolder == "" {
		for _, l := range labelled {
			samples = append(samples, sample{l.storage, l.storage, strings.Fields(l.issues)})
		}
	} else {
		projects = corpusProjects(b)
		truth := regexp.MustCompile(`\b(?:` + strings.Join(projects, "|") + `)-[1-9][0-9]{0,6}\b`)
		for _, p := range corpus(b) {
			want := truth.FindAllString(cdataMarks.ReplaceAllString(codeBodies.ReplaceAllString(p.Body, ""), ""), -1)
			slices.Sort(want)
			samples = append(samples, sample{p.ID, p.Body, slices.Compact(want)})
		}
	}
	var learned []string
	for _, s := range samples {
		learned = append(learned, Scan(s.body, "").JiraProjects...)
	}
	slices.Sort(learned)
	learned = slices.Compact(learned)
	for _, mode := range []struct {
		name string
		ctx  Context
	}{{"known", Context{JiraProjects: projects}}, {"learned", Context{JiraProjects: learned}}, {"stoplist", Context{}}} {
		b.Run(mode.name, func(b *testing.B) {
			for b.Loop() {
				m := newKeyMeasure()
				for _, s := range samples {
					var got []string
					for _, k := range Convert(s.body, mode.ctx).JiraKeys {
						got = append(got, k.Key)
					}
					m.add(s.id, got, s.want)
				}
				b.ReportMetric(m.precision(), "precision")
				b.ReportMetric(m.recall(), "recall")
				b.ReportMetric(float64(m.wanted), "issues")
				b.Logf("learned %v, wrong %v, missed %q", learned, m.wrong, m.missed)
			}
		})
	}
}

// TestDefaultStopList: it holds prefixes and nothing else.
func TestDefaultStopList(t *testing.T) {
	t.Parallel()
	list := DefaultStopList()
	for _, p := range list {
		if !wholeKey.MatchString(p + "-1") {
			t.Errorf("%q is no prefix of anything that looks like an issue key", p)
		}
	}
	for _, p := range []string{"UTF", "GB", "IEC", "SHA", "CVE", "COVID"} {
		if !slices.Contains(list, p) {
			t.Errorf("%s is not in the list", p)
		}
	}
}
