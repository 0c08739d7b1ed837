package wiki

import "time"

// Deployment is the kind of Confluence a connection speaks to.
type Deployment string

// The deployments.
const (
	Cloud      Deployment = "cloud"
	DataCenter Deployment = "datacenter"
)

// ContentType is what a content is, as Confluence's API names it.
type ContentType string

// The types that are indexed. Other types (folder, whiteboard, database, embed) occur only as ancestors; see Node.
const (
	TypePage     ContentType = "page"
	TypeBlogPost ContentType = "blogpost"
)

// Status is the state of a content on the site.
type Status string

// The statuses. Only current content is indexed.
const (
	StatusCurrent  Status = "current"
	StatusArchived Status = "archived"
	StatusTrashed  Status = "trashed"
	StatusDraft    Status = "draft"
)

// Space is one Confluence space.
type Space struct {
	ID         string // numeric string; the identity
	Key        string // "ENG", "~712020…" for personal spaces
	Name       string
	Type       string // "global", "personal", "collaboration", "knowledge_base", …
	Status     string // "current" or "archived"
	HomepageID string // may be empty
	URL        string // for people
}

// ContentRef is one row of a listing: enough to tell whether the stored page is still right.
type ContentRef struct {
	ID         string
	Type       ContentType
	Status     Status
	Title      string
	SpaceID    string // Cloud; empty on Data Center
	SpaceKey   string // where the row tells it; may be empty on Cloud v2 rows
	ParentID   string // empty at the root of the space and for blog posts
	ParentType string // "page", "folder", …
	Position   int
	Version    int
	VersionAt  time.Time // when this version was made, UTC
	EditorID   string    // who made this version
	AuthorID   string    // who made the content
	CreatedAt  time.Time
	URL        string // for people, absolute
}

// Content is a content with its body in storage format.
type Content struct {
	ContentRef
	Storage string
	// HasBody is false where the site sent none: a fault of that page, never an empty page.
	HasBody bool
}

// Node is a content as somebody's ancestor, of any type.
type Node struct {
	ID         string
	Type       string // "page", "folder", "whiteboard", "database", "embed"
	Title      string
	ParentID   string // empty at the root, or where it is not known
	ParentType string
	SpaceID    string
}

// Attachment is the metadata of one attached file.
type Attachment struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	MediaType string    `json:"media_type"`
	FileSize  int64     `json:"file_size"`
	Version   int       `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	URL       string    `json:"url"` // for people, absolute
}

// Meta is what no version number covers: labels, place in the tree, own read restriction, attachments.
type Meta struct {
	ID        string
	Labels    []string // lower case, sorted
	Ancestors []Node   // root first
	// ReadRestricted: the content itself (not an ancestor) names the people or groups who may read it.
	ReadRestricted bool
	Attachments    []Attachment // nil where the listing did not tell
}

// User is a person or app on the site.
type User struct {
	ID          string // account id (Cloud), user key or name (Data Center)
	DisplayName string
	Email       string // often empty, by privacy settings
	Active      bool
}
