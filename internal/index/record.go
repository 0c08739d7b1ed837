package index

import (
	"time"

	"github.com/sluicehq/sluice/internal/convert"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Source is what indexing needs to know of a source.
type Source struct {
	ID           string
	ConnectionID string
	BaseURL      string // of the site; page ids are unique within it
	JiraBaseURL  string
	SpaceKey     string
	TextConfig   string   // text search configuration of its chunks
	JiraProjects []string // as an admin set them; empty: learned
	Deployment   wiki.Deployment
}

// Crumb is one ancestor of a page.
type Crumb struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
}

// Child is an entry of a page's children.
type Child struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// Input is one page to take in, with everything that its body does not tell.
type Input struct {
	Content       wiki.Content
	Ancestors     []Crumb // root first
	Labels        []string
	OwnRestricted bool
	Restricted    bool // by itself or by an ancestor
	Attachments   []wiki.Attachment
	Children      []Child // nil: not known, or none
	// Rendered is what Confluence made of macros that it alone can render, by macro id; see convert.Needs.Dynamic.
	Rendered map[string]string
	// FetchedAt is when the site was asked; of two writers of one page the later look at the site wins.
	FetchedAt time.Time
	// Reprocessed: the body came from the store, not from the site. It is written only where the store still holds it.
	Reprocessed bool
}

// JiraLink is an issue that a page names. Tier 1: macro, 2: address, 3: plain text.
type JiraLink struct {
	Key  string `json:"key"`
	Tier int    `json:"tier"`
	URL  string `json:"url,omitempty"`
}

// Mention is a person that a page names.
type Mention struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// PageLink is a link to another page of the site; PageID is empty where the target is not known.
type PageLink struct {
	PageID   string `json:"page_id,omitempty"`
	SpaceKey string `json:"space_key,omitempty"`
	Title    string `json:"title"`
	URL      string `json:"url"`
	Kind     string `json:"kind,omitempty"` // KindInclude where the page shows the other one; empty for a link
}

// KindInclude is the Kind of a PageLink to a page that is shown within this one, so that a change of that page makes
// this one be processed again.
const KindInclude = convert.KindInclude

// OutLink is a link out of the site.
type OutLink struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

// Author is a person in the metadata of a page.
type Author struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Task is an item of a task list on a page.
type Task struct {
	Text     string `json:"text"`
	Done     bool   `json:"done"`
	Assignee string `json:"assignee,omitempty"`
	Due      string `json:"due,omitempty"`
}

// Metadata is confluence_pages.metadata; the keys up to content_length are the contract's. Where
// there are no children, those that are stored are kept: the tree of the source knows them, not the page.
type Metadata struct {
	Ancestors     []Crumb           `json:"ancestors"`
	CreatedBy     Author            `json:"created_by"`
	JiraLinks     []JiraLink        `json:"jira_issue_links"`
	Mentions      []Mention         `json:"user_mentions"`
	InternalLinks []PageLink        `json:"internal_links"`
	ExternalLinks []OutLink         `json:"external_links"`
	Assets        []wiki.Attachment `json:"asset_links"`
	Labels        []string          `json:"labels"`
	WordCount     int               `json:"word_count"`
	ContentLength int               `json:"content_length"` // bytes of the storage format
	Properties    map[string]string `json:"properties,omitempty"`
	Tasks         []Task            `json:"tasks,omitempty"`
	Macros        []string          `json:"macros,omitempty"`
	Dropped       []string          `json:"dropped,omitempty"` // what the page shows in Confluence and not here
	Children      []Child           `json:"children,omitempty"`
	// Rendered is kept so that a page can be made again without the site.
	Rendered map[string]string `json:"rendered,omitempty"`
}

// Record is a page as it is stored.
type Record struct {
	SourceID         string
	SpaceKey         string
	Ref              wiki.ContentRef
	AuthorName       string // of the stored version
	CreatedByName    string
	Ancestors        []Crumb
	Labels           []string
	JiraKeys         []string // sorted
	Markdown         string
	OwnRestricted    bool
	Restricted       bool
	ConverterVersion int
	ContentHash      []byte // of Storage and of how it is chunked
	Storage          string
	Metadata         Metadata
	TextConfig       string
	FetchedAt        time.Time
	Reprocessed      bool
}

// Chunk is a passage of a page as it is stored.
type Chunk struct {
	URL          string
	HeadingPath  string // joined by " > "
	SectionTitle string
	Anchor       string
	Content      string // Markdown
	BodyText     string
	Hash         [32]byte // of all that words and vectors are made of; equal hashes keep their row
}

// Page is a page as it is stored, with its chunks.
type Page struct {
	Record Record
	Chunks []Chunk
}

// Stored tells what storing a page did.
type Stored struct {
	Created       bool // it was not there, or was deleted
	Stale         bool // the store holds what was fetched later; nothing was written
	ChunksCreated int
	ChunksKept    int
	ChunksDeleted int
	// TakenFrom are the sources of the same site that held the page until now.
	TakenFrom []string
}
