package convert

import (
	"encoding/json"
	"fmt"
)

// Result is a converted page.
type Result struct {
	Markdown string
	// Text is the same without marks and escapes, for the word index: a block a line, code and tables included.
	Text string
	// JiraKeys in the order of the page, each once, with the first tier that found it.
	JiraKeys []JiraKey
	// Links are all targets a reader could follow, absolute, each once, in order. Links to the page itself are not among them.
	Links         []string
	PageLinks     []PageLink
	ExternalLinks []Link
	Mentions      []Mention
	Attachments   []Attachment
	Sections      []Section
	Properties    Properties
	Tasks         []Task
	Macros        []string // names met, lower case, each once, in order
	WordCount     int      // of Text; a CJK character counts as a word
	Report        Report
}

// Tier says how an issue key was found; lower is surer.
type Tier int

// The tiers.
const (
	TierMacro Tier = 1 // a jira macro or a query
	TierURL   Tier = 2 // an address such as /browse/KEY-1
	TierText  Tier = 3 // plain text
)

// JiraKey is an issue key, upper case.
type JiraKey struct {
	Key  string `json:"key"`
	Tier Tier   `json:"tier"`
}

// Kinds of PageLink.
const (
	KindLink    = "link"
	KindInclude = "include"
)

// PageLink is a link to another page of the site. ID is empty where the target was not resolved.
type PageLink struct {
	SpaceKey string `json:"space_key"`
	Title    string `json:"title"`
	ID       string `json:"id"`
	Anchor   string `json:"anchor,omitempty"`
	URL      string `json:"url"`
	Kind     string `json:"kind"` // KindLink or KindInclude
	Label    string `json:"label"`
}

// Link is a link out of the site.
type Link struct {
	URL   string `json:"url"`
	Label string `json:"label"`
}

// Mention is a person named on the page; Name is empty where it is not known.
type Mention struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Attachment is a file that the page shows or links.
type Attachment struct {
	Name   string `json:"name"`
	PageID string `json:"page_id"` // the owning page; empty where it is not known
	ID     string `json:"id,omitempty"`
	URL    string `json:"url"`
}

// Section is a heading of the document.
type Section struct {
	Level  int      `json:"level"`
	Title  string   `json:"title"`
	Anchor string   `json:"anchor"` // Confluence's own name, not escaped; to be appended to the page's address after "#"
	Path   []string `json:"path"`   // titles of the open headings, outermost first, this one last
	Offset int      `json:"-"`      // byte offset of the heading's line in Markdown
}

// Task is an item of a task list.
type Task struct {
	Text     string `json:"text"`
	Done     bool   `json:"done"`
	Assignee string `json:"assignee,omitempty"` // user id
	Due      string `json:"due,omitempty"`      // as on the page, usually YYYY-MM-DD
}

// Properties are the page's properties: the values are Markdown, several where a key repeats.
type Properties map[string][]string

// MarshalJSON writes a value as a string, several values as a list.
func (p Properties) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, len(p))
	for key, values := range p {
		if len(values) == 1 {
			out[key] = values[0]
		} else {
			out[key] = values
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("properties: %w", err)
	}
	return data, nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Properties) UnmarshalJSON(data []byte) error {
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("properties: %w", err)
	}
	*p = make(Properties, len(raw))
	for key, value := range raw {
		switch value := value.(type) {
		case string:
			(*p)[key] = []string{value}
		case []any:
			for _, v := range value {
				(*p)[key] = append((*p)[key], fmt.Sprint(v))
			}
		}
	}
	return nil
}

// Count is a thing and how often it was met.
type Count struct {
	What  string `json:"what"`
	Count int    `json:"count"`
}

// Report tells what a conversion did to the page beyond converting it. Lists are sorted by What.
type Report struct {
	Dropped  []Count `json:"dropped"`  // what is on the page and not in the Markdown
	Repaired []Count `json:"repaired"` // damage of the source
	Dynamic  []Count `json:"dynamic"`  // macros whose content exists only when Confluence renders them
	Unknown  []Count `json:"unknown"`  // macros without a handler, of which title and bodies are kept
}
