package index

import (
	"context"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Fence names the run on whose behalf pages are written; a worker that has lost its run (it was silent for so long that
// another took over) can then write no more. The zero value fences nothing.
type Fence struct {
	RunID   int64
	Attempt int
}

// Target is a stored page that a link may point to.
type Target struct {
	ID       string
	SpaceKey string
	Title    string
	URL      string
}

// TitleRef names a page by space and title, as links in storage format do.
type TitleRef struct {
	SpaceKey string
	Title    string
}

// Name is the display name of a person and when it was learned.
type Name struct {
	DisplayName string
	FetchedAt   time.Time
}

// IncludedBody is the stored body of a page that another one includes.
type IncludedBody struct {
	Target
	Storage string
}

// Store keeps pages and what conversion looks up.
type Store interface {
	// ReplacePages stores pages of one source and swaps their chunks in one transaction: all of them, or none on error.
	// The answers are in the order of the pages.
	ReplacePages(ctx context.Context, fence Fence, pages []Page) ([]Stored, error)
	// FindPages finds stored pages of a site by id, and by space and title without regard to case.
	FindPages(ctx context.Context, baseURL string, ids []string, titles []TitleRef) ([]Target, error)
	// IncludedBodies returns the stored bodies of pages of a site; restricted pages are left out.
	IncludedBodies(ctx context.Context, baseURL string, ids []string) ([]IncludedBody, error)
	// UserNames returns the names that are known; SaveUsers adds to them.
	UserNames(ctx context.Context, connectionID string, ids []string) (map[string]Name, error)
	SaveUsers(ctx context.Context, connectionID string, users []wiki.User) error
	// JiraProjects are the project keys that macros and addresses have named so far; AddJiraProjects adds to them.
	JiraProjects(ctx context.Context, connectionID string) ([]string, error)
	AddJiraProjects(ctx context.Context, connectionID string, keys []string) error
}

// People looks up people on the site.
type People interface {
	Users(ctx context.Context, ids []string) ([]wiki.User, error)
}
