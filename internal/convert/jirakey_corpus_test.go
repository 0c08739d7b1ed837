package convert

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var (
	codeBodies = regexp.MustCompile(`(?s)<ac:plain-text-body>.*?</ac:plain-text-body>|<pre>.*?</pre>`)
	cdataMarks = regexp.MustCompile(`<!\[CDATA\[|\]\]>`)
)

// TestJiraKeysOnCorpus measures precision and recall of issue keys on a corpus whose spaces.json names the project of
// each space. The truth is independent of the converter: every word of the form PROJECT-n of a named project in the raw
// source, code bodies taken out. Once the projects are known, as from a connection's settings; once with the stop list
// alone; once learned from the macros and addresses of all pages, as a site's index does.
func TestJiraKeysOnCorpus(t *testing.T) {
	t.Parallel()
	pages := corpus(t)
	projects := corpusProjects(t)
	learned := map[string]bool{}
	for _, p := range pages {
		for _, k := range Convert(p.Body, Context{}).JiraKeys {
			if k.Tier < TierText {
				learned[project(k.Key)] = true
			}
		}
	}
	var learnedList []string
	for p := range learned {
		learnedList = append(learnedList, p)
	}
	t.Logf("learned projects: %v", learnedList)
	modes := []struct {
		name      string
		ctx       Context
		precision float64
	}{
		{"known projects", Context{JiraProjects: projects}, 1},
		{"learned projects", Context{JiraProjects: learnedList}, 0.99},
		{"stop list", Context{}, 0},
	}
	for _, mode := range modes {
		m := measureKeys(pages, projects, mode.ctx)
		t.Logf("%s: precision %.4f recall %.4f (found %d, right %d, wanted %d); missed %v; wrong prefixes %v",
			mode.name, m.precision(), m.recall(), m.found, m.right, m.wanted, m.missed, m.wrong)
		if m.recall() < 0.99 || m.precision() < mode.precision {
			t.Errorf("%s: precision %.4f (at least %.2f), recall %.4f (at least 0.99)", mode.name, m.precision(), mode.precision, m.recall())
		}
	}
}

type keyMeasure struct {
	found, right, wanted int
	missed               []string
	wrong                map[string]int
}

func (m keyMeasure) precision() float64 { return float64(m.right) / float64(max(1, m.found)) }
func (m keyMeasure) recall() float64    { return float64(m.right) / float64(max(1, m.wanted)) }

func measureKeys(pages []corpusPage, projects []string, ctx Context) keyMeasure {
	pattern := `\b(?:` + projects[0]
	for _, p := range projects[1:] {
		pattern += "|" + p
	}
	truth := regexp.MustCompile(pattern + `)-[1-9][0-9]{0,6}\b`)
	m := keyMeasure{wrong: map[string]int{}}
	for _, p := range pages {
		want := map[string]bool{}
		source := cdataMarks.ReplaceAllString(codeBodies.ReplaceAllString(p.Body, ""), "")
		for _, key := range truth.FindAllString(source, -1) {
			want[key] = true
		}
		for _, k := range Convert(p.Body, ctx).JiraKeys {
			m.found++
			if want[k.Key] {
				m.right++
				delete(want, k.Key)
				m.wanted++
			} else {
				m.wrong[project(k.Key)]++
			}
		}
		for key := range want {
			m.wanted++
			m.missed = append(m.missed, p.ID+" "+key)
		}
	}
	return m
}

func corpusProjects(t *testing.T) []string {
	data, err := os.ReadFile(filepath.Join(os.Getenv("SLUICE_CORPUS"), "spaces.json"))
	if err != nil {
		t.Fatal(err)
	}
	var spaces []struct {
		JiraProject string `json:"jiraProject"`
	}
	if err := json.Unmarshal(data, &spaces); err != nil {
		t.Fatal(err)
	}
	var projects []string
	for _, s := range spaces {
		projects = append(projects, s.JiraProject)
	}
	return projects
}
