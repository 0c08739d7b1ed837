package sources

import (
	"context"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Sealer encrypts tokens for the database.
type Sealer interface {
	Seal(plain []byte) ([]byte, error)
	Open(sealed []byte) ([]byte, error)
}

// Site is what administration asks a Confluence site.
type Site interface {
	Me(ctx context.Context) (wiki.User, time.Time, error)
	Space(ctx context.Context, key string) (wiki.Space, error)
	Spaces(ctx context.Context) func(yield func(wiki.Space, error) bool)
	// PageCount is the site's own estimate.
	PageCount(ctx context.Context, spaceKey string) (int, error)
}

// Queue runs what the service asks for; the scheduler is one.
type Queue interface {
	// Enqueue queues a run and returns it, or the one that is already queued or running (then Conflict is true).
	Enqueue(ctx context.Context, sourceID string, r RunRequest) (Started, error)
	// Stop ends the queued or running run of a source, within a second: reason is StopCancel or StopPause.
	// wiki.ErrNotFound where there is none.
	Stop(ctx context.Context, sourceID, reason string) error
}

// Why a run is stopped.
const (
	StopCancel = "cancel"
	StopPause  = "pause"
)

// RunKind is what a run does.
type RunKind string

// A sync brings the source up to date with the site; a reprocess makes its pages again from their stored bodies.
const (
	KindSync      RunKind = "sync"
	KindReprocess RunKind = "reprocess"
)

// RunRequest asks for a run of a kind.
type RunRequest struct {
	SyncRequest
	Kind RunKind
}

// StoredConnection is a connection with what never leaves the server.
type StoredConnection struct {
	Connection
	AccountID   string
	TokenSealed []byte
}

// ConnectionUpdate changes a stored connection; nil stays.
type ConnectionUpdate struct {
	Name         *string
	Email        *string
	AccountID    *string
	TokenSealed  []byte
	JiraBaseURL  *string
	JiraProjects []string
}

// StoredSource is what a new source starts with.
type StoredSource struct {
	ID              string
	Name            string
	ConnectionID    string
	Space           wiki.Space
	BaseURL         string
	FrequencyHours  int
	Strategy        DeletionStrategy
	RestrictedPages RestrictedPages
	TextLanguage    string
}

// SourceUpdate is a change of a source and its consequences.
type SourceUpdate struct {
	SourceChange
	NextSyncAt      *time.Time
	ReconcileWanted bool
}

// RunFilter narrows a list of runs, newest first.
type RunFilter struct {
	SourceID string // empty: of all sources
	RunID    int64  // 0: any
	Before   int64  // only runs with a lower id; 0: all
	Active   bool   // only queued and running ones
	Finished bool   // only finished ones
	Limit    int
}

// Store keeps what the service administers.
type Store interface {
	InsertConnection(ctx context.Context, c StoredConnection) error
	// Connection is wiki.ErrNotFound where there is none with that id.
	Connection(ctx context.Context, id string) (StoredConnection, error)
	Connections(ctx context.Context) ([]StoredConnection, error)
	// FindConnection finds the connection of an account; wiki.ErrNotFound.
	FindConnection(ctx context.Context, baseURL, email, accountID string) (string, error)
	UpdateConnection(ctx context.Context, id string, u ConnectionUpdate) error
	SetConnectionProblem(ctx context.Context, id, problem string) error
	DeleteUnusedConnection(ctx context.Context, id string) error

	// InsertSource is wiki.ErrConflict where the id is taken.
	InsertSource(ctx context.Context, s StoredSource) error
	Source(ctx context.Context, id string) (Source, error)
	Sources(ctx context.Context) ([]Source, error)
	// SourceIDs are the ids that begin with a slug.
	SourceIDs(ctx context.Context, slug string) ([]string, error)
	// SourceForSpace finds the source of a site's space; wiki.ErrNotFound.
	SourceForSpace(ctx context.Context, baseURL, spaceID, spaceKey string) (string, error)
	UpdateSource(ctx context.Context, id string, u SourceUpdate) error
	SetPaused(ctx context.Context, id string, paused bool) error
	SetNextSync(ctx context.Context, id string, at time.Time) error
	// DeleteSource removes a source with all of its pages and chunks.
	DeleteSource(ctx context.Context, id string) error
	// TextLanguages are the text search configurations of the database.
	TextLanguages(ctx context.Context) ([]string, error)

	Runs(ctx context.Context, f RunFilter) ([]Run, error)
	RunErrors(ctx context.Context, runID, after int64, limit int) (errs []RunError, last int64, err error)
	RunLog(ctx context.Context, runID int64) ([]LogLine, error)
	RunPoints(ctx context.Context, ids []string, n int) (map[string][]RunPoint, error)

	Failures(ctx context.Context, sourceID, after string, limit int) ([]Failure, error)
	PendingDeletions(ctx context.Context, sourceID, after string, limit int) ([]PendingDeletion, error)
	// DropPending forgets the pending deletions; with remove, the pages are deleted. It returns how many there were.
	DropPending(ctx context.Context, sourceID string, remove bool) (int, error)

	Pages(ctx context.Context, sourceID string, f PageFilter, after PageCursor, limit int) ([]PageSummary, error)
	Page(ctx context.Context, sourceID, pageID string) (Page, error)
	SourcesOfPage(ctx context.Context, pageID string) ([]string, error)
}

// PageCursor is a place in a list of pages, which is ordered by title, then id.
type PageCursor struct {
	Title  string `json:"t"`
	PageID string `json:"p"`
}
