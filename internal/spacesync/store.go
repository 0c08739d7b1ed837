package spacesync

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Source is what a run needs to know of its source.
type Source struct {
	index.Source
	SpaceID            string // empty before the first run, and on Data Center
	SpaceURL           string
	HomepageID         string
	Watermark          *time.Time
	LastReconciliation *time.Time
	Strategy           sources.DeletionStrategy
	Restricted         sources.RestrictedPages
	GuardPercent       int
	GuardMinimum       int
	FullSince          *time.Time // every page fetched before then is to be fetched again
	ReconcileWanted    bool
	Wishes             int // how often a comparison was asked for
}

// Space is the space as far as the store knows it.
func (s Source) Space() wiki.Space {
	return wiki.Space{ID: s.SpaceID, Key: s.SpaceKey, HomepageID: s.HomepageID, URL: s.SpaceURL}
}

// State is what the store knows of a page: enough to tell whether a listing's row differs.
type State struct {
	Ref           wiki.ContentRef
	Labels        []string
	OwnRestricted bool
	Restricted    bool
	Deleted       bool
	SyncedAt      time.Time
}

// TreePage is a live stored page in the tree of its source.
type TreePage struct {
	ID            string
	Type          wiki.ContentType
	Title         string
	URL           string
	ParentID      string
	ParentType    string
	Position      int
	OwnRestricted bool
	Restricted    bool
	Path          string
	Breadcrumb    []index.Crumb
	Children      []index.Child
}

// TreeNode is an ancestor that is not stored as a page: a folder and its kin, or a page that is left out.
type TreeNode struct {
	ID            string
	Type          string
	Title         string
	ParentID      string
	ParentType    string
	OwnRestricted bool
}

// Move is the new place of a stored page.
type Move struct {
	ID         string
	Path       string
	Breadcrumb []index.Crumb
	Children   []index.Child
	Restricted bool
}

// MetaChange is what changed of a page beside its content.
type MetaChange struct {
	Ref           wiki.ContentRef
	Labels        []string
	OwnRestricted bool
	// Attachments are nil where they are not known to have changed.
	Attachments []wiki.Attachment
	URLChanged  bool // the chunks' addresses follow
}

// Failure is a page that waits for another try.
type Failure struct {
	ID    string
	Type  wiki.ContentType
	Title string
	URL   string
	Error string
	// LastAt is when it failed last, by the database's clock.
	LastAt time.Time
}

// ReasonRestricted is why pages wait for a decision that the site does not show to everybody any more.
const ReasonRestricted = "its reading is restricted"

// Finish is the last write of a run that succeeded.
type Finish struct {
	Watermark      time.Time
	Compared       bool // the whole space was compared
	Wishes         int  // Source.Wishes as of the start: what was asked for since is not done
	Reconciled     *time.Time
	ReconcileAgain bool
	Metrics        sources.SyncMetrics
	TotalPages     int
}

// Progress is what a run writes down while it runs.
type Progress struct {
	Phase          sources.Phase
	Total          int
	Processed      int
	Listed         int
	Created        int
	Updated        int
	Unchanged      int
	Skipped        int
	Deleted        int
	Failed         int
	Regraded       int // pages that others may read than before; for the caller, not kept
	ChunksCreated  int
	ChunksKept     int
	ChunksDeleted  int
	Calls          int
	Errors         int
	Retries        int
	Bytes          int64
	SkippedReasons map[string]int
	PhaseSeconds   map[sources.Phase]float64
	CurrentTitle   string
	ETASeconds     *int
	Note           string
	WatermarkFrom  *time.Time
	WatermarkTo    *time.Time
}

// Store keeps what a run compares with and writes.
type Store interface {
	SyncSource(ctx context.Context, id string) (Source, error)
	// SourceForSpace finds the source of the same site that has the space; wiki.ErrNotFound where none does.
	SourceForSpace(ctx context.Context, baseURL, spaceID, spaceKey string) (string, error)
	SetSpace(ctx context.Context, sourceID string, space wiki.Space) error
	SetFullSince(ctx context.Context, sourceID string, at time.Time) error

	// States returns what is stored of pages, deleted ones included; nil ids: all of the source.
	States(ctx context.Context, sourceID string, ids []string) (map[string]State, error)
	Tree(ctx context.Context, sourceID string) ([]TreePage, []TreeNode, error)
	SaveNodes(ctx context.Context, sourceID string, nodes []TreeNode) error
	// KeepNodes forgets all nodes but these.
	KeepNodes(ctx context.Context, sourceID string, ids []string) error
	MovePages(ctx context.Context, fence index.Fence, sourceID string, moves []Move) error
	UpdateMeta(ctx context.Context, fence index.Fence, sourceID string, changes []MetaChange) error
	SoftDelete(ctx context.Context, fence index.Fence, sourceID string, ids []string, reason string) (pages, chunks int, err error)

	SaveFailure(ctx context.Context, sourceID string, f Failure) (tries int, err error)
	// Disown takes pages that this source leaves out away from the other sources of its site.
	Disown(ctx context.Context, fence index.Fence, sourceID string, ids []string, reason string) (pages int, err error)
	// WantComparison makes a source's next run compare the whole space.
	WantComparison(ctx context.Context, sourceID string) error

	// DueFailures are the pages whose next try is due, or all of them.
	DueFailures(ctx context.Context, sourceID string, all bool) ([]Failure, error)
	ClearFailures(ctx context.Context, sourceID string, ids []string) error
	// SetPending makes these pages the ones that wait for an admin's decision; id → reason.
	SetPending(ctx context.Context, sourceID string, reasons map[string]string) error
	// Withhold hides stored pages from everybody but admins and makes them wait for an admin's decision, with
	// ReasonRestricted. A page that MovePages or a new version shows again waits no more.
	Withhold(ctx context.Context, fence index.Fence, sourceID string, ids []string) error

	// ToReprocess returns pages, in order of id, that another converter has converted, or all.
	ToReprocess(ctx context.Context, sourceID string, version int, everything bool, after string, limit int) ([]string, error)
	CountToReprocess(ctx context.Context, sourceID string, version int, everything bool) (int, error)
	StoredPages(ctx context.Context, sourceID string, ids []string) ([]index.Input, error)

	// WriteProgress also tells whether the run should stop ("", "cancel", "pause"). wiki.ErrConflict: the run is no longer
	// this worker's.
	WriteProgress(ctx context.Context, fence index.Fence, p Progress) (stop string, err error)
	AddRunError(ctx context.Context, runID int64, pageID, title, message string) error
	AddRunLog(ctx context.Context, runID int64, level, message string) error
	FinishSource(ctx context.Context, fence index.Fence, sourceID string, f Finish) error
	CountLive(ctx context.Context, sourceID string) (int, error)
}

// metadata is the part of sources.metadata that a finished run writes.
type metadata struct {
	LastSync       string              `json:"last_sync_timestamp"`
	TotalPages     int                 `json:"total_pages"`
	Reconciliation string              `json:"last_full_reconciliation,omitempty"`
	Metrics        sources.SyncMetrics `json:"sync_metrics"`
}

// MetadataJSON is the change of sources.metadata. Times are written to the microsecond, which is what the database keeps.
func (f Finish) MetadataJSON() ([]byte, error) {
	m := metadata{LastSync: stamp(f.Watermark), TotalPages: f.TotalPages, Metrics: f.Metrics}
	if f.Reconciled != nil {
		m.Reconciliation = stamp(*f.Reconciled)
	}
	return json.Marshal(m)
}

func stamp(t time.Time) string { return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) }
