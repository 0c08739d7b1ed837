package convert

import "slices"

// Output is the JSON form of a Result, as `sluice convert` prints it.
type Output struct {
	Markdown    string     `json:"markdown"`
	JiraKeys    []string   `json:"jira_keys"` // sorted
	Links       []string   `json:"links"`
	Mentions    []string   `json:"mentions"`    // user ids as the page stores them
	Attachments []string   `json:"attachments"` // names
	Sections    []Section  `json:"sections"`
	Properties  Properties `json:"properties"`
	Report      *Report    `json:"report,omitempty"`
}

// Output returns the JSON form, with the report or without. No list in it is null.
func (r Result) Output(withReport bool) Output {
	out := Output{
		Markdown: r.Markdown, JiraKeys: []string{}, Links: append([]string{}, r.Links...), Mentions: []string{},
		Attachments: []string{}, Sections: append([]Section{}, r.Sections...), Properties: r.Properties,
	}
	for _, k := range r.JiraKeys {
		out.JiraKeys = append(out.JiraKeys, k.Key)
	}
	slices.Sort(out.JiraKeys)
	for _, m := range r.Mentions {
		out.Mentions = append(out.Mentions, m.ID)
	}
	for _, a := range r.Attachments {
		if !slices.Contains(out.Attachments, a.Name) {
			out.Attachments = append(out.Attachments, a.Name)
		}
	}
	if withReport {
		report := r.Report
		out.Report = &report
	}
	return out
}
