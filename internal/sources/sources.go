// Package sources is the administration of what is synced: connections to Confluence sites, the sources (spaces) read
// through them, their sync runs and failures, and the stored pages. The HTTP API, the pages and the commands all go
// through its Service; the JSON names of its types are the contract's.
package sources

import (
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// DeletionStrategy says when a source's stored pages are compared with the live ones to find deletions.
type DeletionStrategy string

// The strategies of the contract.
const (
	WeeklyReconciliation DeletionStrategy = "weekly_reconciliation"
	EverySync            DeletionStrategy = "every_sync"
	OnDemand             DeletionStrategy = "on_demand"
)

// RestrictedPages says what happens to pages whose reading is restricted, by themselves or by an ancestor.
type RestrictedPages string

// Skip leaves restricted pages out of the index; Include stores them marked, shown to admins only.
const (
	Skip    RestrictedPages = "skip"
	Include RestrictedPages = "include"
)

// State is the state of a source.
type State string

// The states of a source.
const (
	StateIdle    State = "idle"
	StateQueued  State = "queued"
	StateRunning State = "running"
	StatePaused  State = "paused"
	StateFailed  State = "failed" // the last run failed
)

// RunState is the state of a sync run.
type RunState string

// The states of a run.
const (
	RunQueued    RunState = "queued"
	RunRunning   RunState = "running"
	RunSucceeded RunState = "succeeded"
	RunFailed    RunState = "failed"
	RunCancelled RunState = "cancelled"
)

// Phase is what a running run is doing.
type Phase string

// The phases of a run, in order.
const (
	PhaseDiscovering Phase = "discovering"
	PhaseSyncing     Phase = "syncing"
	PhaseReconciling Phase = "reconciling"
	PhaseDone        Phase = "done"
)

// Trigger says who started a run.
type Trigger string

// The triggers of a run.
const (
	TriggerSchedule Trigger = "schedule"
	TriggerManual   Trigger = "manual" // the web page
	TriggerAPI      Trigger = "api"
	TriggerCLI      Trigger = "cli"
)

// Connection is one Confluence site and the account that reads it. The token never leaves the store.
type Connection struct {
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	BaseURL      string          `json:"base_url"`
	Deployment   wiki.Deployment `json:"deployment"`
	Email        string          `json:"email,omitempty"`
	JiraBaseURL  string          `json:"jira_base_url,omitempty"`
	JiraProjects []string        `json:"jira_projects,omitempty"` // known project keys; empty: learned, then a stop list
	// Problem is what stands between us and the site now, in words a person can act on; empty when all is well.
	Problem   string     `json:"problem,omitempty"`
	CheckedAt *time.Time `json:"checked_at,omitempty"`
	Sources   int        `json:"sources"`
	CreatedAt time.Time  `json:"created_at"`
}

// Source is one Confluence space that is synced, as the API shows it.
type Source struct {
	ID                     string           `json:"id"`
	Kind                   string           `json:"kind"` // "confluence"
	Name                   string           `json:"name"`
	ConnectionID           string           `json:"connection_id"`
	BaseURL                string           `json:"base_url"`
	SpaceKey               string           `json:"space_key"`
	SpaceURL               string           `json:"space_url"`
	State                  State            `json:"state"`
	SyncFrequencyHours     int              `json:"sync_frequency_hours"`
	DeletionCheckStrategy  DeletionStrategy `json:"deletion_check_strategy"`
	RestrictedPages        RestrictedPages  `json:"restricted_pages"`
	TextLanguage           string           `json:"text_language"`       // text search configuration: "english", "simple", …
	GuardPercent           int              `json:"guard_percent"`       // largest share (percent) that one reconciliation may delete unasked
	GuardMinimum           int              `json:"guard_minimum_pages"` // … and at least this many pages
	LastSyncTimestamp      *time.Time       `json:"last_sync_timestamp"` // the watermark
	LastFullReconciliation *time.Time       `json:"last_full_reconciliation"`
	NextSyncAt             *time.Time       `json:"next_sync_at"`
	TotalPages             int              `json:"total_pages"`
	TotalChunks            int              `json:"total_chunks"`
	ChunksWithoutEmbedding int              `json:"chunks_without_embedding"`
	FailedPages            int              `json:"failed_pages"`
	PendingDeletions       int              `json:"pending_deletions"` // pages the guard holds until an admin decides
	SyncMetrics            SyncMetrics      `json:"sync_metrics"`
	CreatedAt              time.Time        `json:"created_at"`
	UpdatedAt              time.Time        `json:"updated_at"`
}

// SyncMetrics are the figures of the last run, as kept in the source's metadata.
type SyncMetrics struct {
	PagesCreated     int     `json:"pages_created"`
	PagesUpdated     int     `json:"pages_updated"`
	PagesDeleted     int     `json:"pages_deleted"`
	PagesFailed      int     `json:"pages_failed"`
	ChunksCreated    int     `json:"chunks_created"`
	APICalls         int     `json:"api_calls"`
	APIErrors        int     `json:"api_errors"`
	LastSyncDuration float64 `json:"last_sync_duration_seconds"`
}

// Run is one sync run. Listed = created + updated + unchanged + skipped + failed.
type Run struct {
	ID              string            `json:"id"`
	SourceID        string            `json:"source_id"`
	Trigger         Trigger           `json:"trigger"`
	State           RunState          `json:"state"`
	Phase           Phase             `json:"phase"`
	Progress        float64           `json:"progress"` // 0..1
	Total           int               `json:"total"`
	Processed       int               `json:"processed"`
	PagesListed     int               `json:"pages_listed"`
	PagesCreated    int               `json:"pages_created"`
	PagesUpdated    int               `json:"pages_updated"`
	PagesUnchanged  int               `json:"pages_unchanged"`
	PagesSkipped    int               `json:"pages_skipped"`
	PagesDeleted    int               `json:"pages_deleted"`
	PagesFailed     int               `json:"pages_failed"`
	ChunksCreated   int               `json:"chunks_created"`
	ChunksKept      int               `json:"chunks_kept"`
	ChunksDeleted   int               `json:"chunks_deleted"`
	APICalls        int               `json:"api_calls"`
	APIErrors       int               `json:"api_errors"`
	APIRetries      int               `json:"api_retries"`
	BytesReceived   int64             `json:"bytes_received"`
	Reconcile       bool              `json:"reconcile"`
	Full            bool              `json:"full"`
	Interrupted     bool              `json:"interrupted"` // its process died; another run went on
	CurrentTitle    string            `json:"current_title"`
	Note            string            `json:"note,omitempty"`  // what a person should know: paused by an outage until…, guard held N pages
	Error           string            `json:"error,omitempty"` // why it failed
	PhaseSeconds    map[Phase]float64 `json:"phase_seconds,omitempty"`
	QueuedAt        time.Time         `json:"queued_at"`
	StartedAt       *time.Time        `json:"started_at"`
	FinishedAt      *time.Time        `json:"finished_at"`
	DurationSeconds float64           `json:"duration_seconds"`
	ETASeconds      *int              `json:"eta_seconds"` // nil while it cannot be told
	Kind            RunKind           `json:"kind"`
	SkippedReasons  map[string]int    `json:"skipped_reasons,omitempty"`
	WatermarkFrom   *time.Time        `json:"watermark_from,omitempty"`
	WatermarkTo     *time.Time        `json:"watermark_to,omitempty"`
	Errors          []RunError        `json:"errors"` // at most the first 50; the rest by RunErrors
}

// RunError is one fault of one page in one run.
type RunError struct {
	PageID string    `json:"page_id"`
	Title  string    `json:"title"`
	Error  string    `json:"error"`
	At     time.Time `json:"at"`
}

// LogLine is one line of a run's log.
type LogLine struct {
	At      time.Time `json:"at"`
	Level   string    `json:"level"` // "info", "warn", "error"
	Message string    `json:"message"`
}

// Status is what the progress display needs, in one call.
type Status struct {
	State                  State      `json:"state"`
	Run                    *Run       `json:"run"`
	LastRun                *Run       `json:"last_run"`
	LastSyncTimestamp      *time.Time `json:"last_sync_timestamp"`
	NextSyncAt             *time.Time `json:"next_sync_at"`
	TotalPages             int        `json:"total_pages"`
	TotalChunks            int        `json:"total_chunks"`
	ChunksWithoutEmbedding int        `json:"chunks_without_embedding"`
}

// Failure is a page that could not be stored, and when it is tried again.
type Failure struct {
	PageID    string    `json:"page_id"`
	Title     string    `json:"title"`
	URL       string    `json:"url"`
	Error     string    `json:"error"`
	Tries     int       `json:"tries"`
	FirstAt   time.Time `json:"first_failed_at"`
	LastAt    time.Time `json:"last_failed_at"`
	NextTryAt time.Time `json:"next_try_at"`
}

// PendingDeletion is a page that the guard keeps although the site no longer lists it.
type PendingDeletion struct {
	PageID string    `json:"page_id"`
	Title  string    `json:"title"`
	URL    string    `json:"url"`
	Reason string    `json:"reason"` // what the site said: trashed, archived, moved to KEY, not found
	Since  time.Time `json:"since"`
}

// PageSummary is a stored page in a list.
type PageSummary struct {
	PageID       string           `json:"page_id"`
	SourceID     string           `json:"source_id"`
	SpaceKey     string           `json:"space_key"`
	Title        string           `json:"title"`
	Type         wiki.ContentType `json:"type"`
	URL          string           `json:"url"`
	ParentID     string           `json:"parent_id,omitempty"`
	HasChildren  bool             `json:"has_children"`
	Path         string           `json:"path"`
	Version      int              `json:"version"`
	LastModified time.Time        `json:"last_modified"`
	Author       string           `json:"author"`
	Labels       []string         `json:"labels"`
	Restricted   bool             `json:"restricted"`
	Status       string           `json:"status"` // "current", "deleted", "failed"
	Chunks       int              `json:"chunks"`
	SyncedAt     time.Time        `json:"synced_at"`
}

// Breadcrumb is one ancestor of a page.
type Breadcrumb struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
}

// JiraKey is a JIRA issue a page names; Tier 1: macro, 2: URL, 3: text.
type JiraKey struct {
	Key  string `json:"key"`
	Tier int    `json:"tier"`
	URL  string `json:"url,omitempty"`
}

// Link is a link from or to a page.
type Link struct {
	URL    string `json:"url"`
	Title  string `json:"title"`
	PageID string `json:"page_id,omitempty"` // set where the target is stored
}

// Mention is a person a page names.
type Mention struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Page is a stored page, whole.
type Page struct {
	PageSummary
	CreatedBy     string            `json:"created_by"`
	CreatedAt     time.Time         `json:"created_at"`
	Breadcrumbs   []Breadcrumb      `json:"breadcrumbs"` // root first
	JiraKeys      []JiraKey         `json:"jira_keys"`
	InternalLinks []Link            `json:"internal_links"`
	ExternalLinks []Link            `json:"external_links"`
	LinksIn       []Link            `json:"links_in"`
	Children      []PageSummary     `json:"children"`
	Mentions      []Mention         `json:"mentions"`
	Attachments   []wiki.Attachment `json:"attachments"`
	Properties    map[string]string `json:"properties"`
	WordCount     int               `json:"word_count"`
	ContentLength int               `json:"content_length"`
	Dropped       []string          `json:"dropped,omitempty"` // what the converter could not keep
	Markdown      string            `json:"markdown"`
}
