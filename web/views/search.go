package views

// SearchPage is the home page: the box, and the answer once something was asked.
type SearchPage struct {
	Query string
	// Asked says that there is an answer to show (or an error).
	Asked bool
	// Hidden are the filters and settings that the form carries besides the words.
	Hidden   []Param
	Chips    []Chip
	Facets   []Facet
	Sorts    []Tab
	Mode     []Tab
	Summary  string // "128 pages in 12 ms"
	Hits     []Hit
	More     More
	Alerts   []Alert // degraded, notes
	Did      *DidYouMean
	Error    *Alert // instead of an answer
	Fault    string // of the query, beside the box
	NoResult *NoResult
	Spaces   []SpaceLink // on the empty home page
	Explain  *Tab        // for admins: the switch
	AllClear string      // address without any filter
	// First asks the newcomer to add a source; only on the empty home page.
	First *Alert
}

// Param is a name and value of the address.
type Param struct{ Name, Value string }

// Chip is an active filter with the address that takes it away.
type Chip struct{ Label, Value, RemoveURL string }

// Facet is a group of filter values.
type Facet struct {
	Label  string
	Open   bool
	Values []FacetValue
	Rest   []FacetValue // behind "show more"
}

// FacetValue is one value with its count and the address that switches it.
type FacetValue struct {
	Text    string
	Note    string // a longer name for Text
	Count   string
	URL     string
	Current bool
}

// DidYouMean offers or reports a corrected query.
type DidYouMean struct {
	Text        string
	URL         string
	Corrected   bool   // it was searched instead
	VerbatimURL string // searches the words as typed
	Typed       string
}

// NoResult helps when nothing matched.
type NoResult struct {
	Text string
	Tips []Tab // things to try, as links (URL may be empty)
}

// SpaceLink is a space on the empty home page.
type SpaceLink struct{ Key, Name, Pages, URL string }

// Hit is one result card.
type Hit struct {
	ID           string
	Title        string // with marks
	URL          string
	SourceURL    string
	Space        string
	SpaceURL     string
	Crumbs       []string // cut in the middle already; "…" stands for what is left out
	CrumbsFull   string
	Section      string
	Snippet      []SnippetPart
	Labels       []LinkText
	Jira         []JiraChip
	Author       string
	AuthorURL    string
	Updated      Stamp
	Type         string // "Blog post", empty for pages
	Restricted   bool
	Passages     []HitPassage
	AlsoIn       []string
	Explain      []Param // how the score came about
	ExplainTerms []TermRow
	Score        string
}

// HitPassage is a further passage of a hit.
type HitPassage struct {
	Section, URL string
	Snippet      []SnippetPart
}

// SnippetPart is a paragraph of a snippet, or a listing.
type SnippetPart struct {
	Listing bool
	Runs    []TextRun
}

// TextRun is a stretch of text that looks the same.
type TextRun struct {
	Text         string
	Code, Marked bool
}

// LinkText is a link.
type LinkText struct{ Text, URL string }

// JiraChip filters by a JIRA key; IssueURL opens the issue.
type JiraChip struct{ Key, FilterURL, IssueURL string }

// TermRow is one term's part of a score.
type TermRow struct{ Term, DF, IDF, Score string }

// Suggestions is the list under the box.
type Suggestions struct {
	Items []SuggestItem
}

// SuggestItem is a page to open, or a query to run.
type SuggestItem struct {
	Text, URL, Note string
	Page            bool
}
