package views

// PageView is a stored page.
type PageView struct {
	Title       string
	SpaceKey    string
	SpaceURL    string
	Crumbs      []LinkText
	HTML        string // rendered and sanitised by internal/markdown
	Empty       bool
	TOC         []TOCEntry
	SourceURL   string // in Confluence
	MarkdownURL string
	BackURL     string // to the search it was opened from
	Query       string
	Byline      []Param
	Updated     Stamp
	Author      string
	Badges      []Badge
	Alerts      []Alert
	Meta        []MetaRow
	Labels      []LinkText
	Jira        []JiraChip
	Children    []LinkText
	LinksOut    []LinkText
	LinksIn     []LinkText
	External    []LinkText
	Mentions    []LinkText
	Attachments []AttachmentRow
}

// TOCEntry is a heading in the table of contents; Level is 1 to 3.
type TOCEntry struct {
	Level    int
	Text, ID string
}

// MetaRow is a labelled value.
type MetaRow struct {
	Label string
	Text  string
	Stamp *Stamp
	URL   string
}

// AttachmentRow is an attached file.
type AttachmentRow struct{ Title, URL, Kind, Size string }
