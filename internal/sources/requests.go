package sources

import (
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Credentials address a site: what the connection test and the source form take.
type Credentials struct {
	BaseURL    string          `json:"base_url"`
	Deployment wiki.Deployment `json:"deployment"`
	Email      string          `json:"email"`
	APIToken   string          `json:"api_token"`
}

// TestResult is what a connection test found.
type TestResult struct {
	OK     bool        `json:"ok"`
	User   TestUser    `json:"user"`
	Spaces []TestSpace `json:"spaces"`
}

// TestUser is the account that the credentials belong to.
type TestUser struct {
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	Email       string `json:"email"`
}

// TestSpace is a space that the credentials can read.
type TestSpace struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Type  string `json:"type"`
	Pages int    `json:"pages"` // an estimate by the site's search
}

// NewSource asks for a source. Either Credentials or ConnectionID says through which site.
type NewSource struct {
	Credentials
	ConnectionID          string           `json:"connection_id,omitempty"`
	SpaceKey              string           `json:"space_key"`
	Name                  string           `json:"name,omitempty"`
	SyncFrequencyHours    int              `json:"sync_frequency_hours,omitempty"` // 0: 24
	DeletionCheckStrategy DeletionStrategy `json:"deletion_check_strategy,omitempty"`
	RestrictedPages       RestrictedPages  `json:"restricted_pages,omitempty"`
	TextLanguage          string           `json:"text_language,omitempty"`
	JiraBaseURL           string           `json:"jira_base_url,omitempty"` // of a new connection; empty: the site's own host for Cloud
	SyncNow               *bool            `json:"sync_now,omitempty"`      // nil: true
}

// SourceChange changes a source; nil fields stay.
type SourceChange struct {
	Name                  *string           `json:"name,omitempty"`
	SyncFrequencyHours    *int              `json:"sync_frequency_hours,omitempty"`
	DeletionCheckStrategy *DeletionStrategy `json:"deletion_check_strategy,omitempty"`
	RestrictedPages       *RestrictedPages  `json:"restricted_pages,omitempty"`
	TextLanguage          *string           `json:"text_language,omitempty"`
	GuardPercent          *int              `json:"guard_percent,omitempty"`
	GuardMinimum          *int              `json:"guard_minimum_pages,omitempty"`
}

// ConnectionChange changes a connection for all of its sources; nil fields stay.
type ConnectionChange struct {
	Name         *string   `json:"name,omitempty"`
	Email        *string   `json:"email,omitempty"`
	APIToken     *string   `json:"api_token,omitempty"`
	JiraBaseURL  *string   `json:"jira_base_url,omitempty"`
	JiraProjects *[]string `json:"jira_projects,omitempty"`
}

// SyncRequest asks for a run.
type SyncRequest struct {
	Reconcile bool    `json:"reconcile,omitempty"` // compare the whole space, find deletions and drift
	Full      bool    `json:"full,omitempty"`      // fetch and process every page again
	Trigger   Trigger `json:"-"`
}

// Started is the answer to a SyncRequest: the run that was queued, or the one that already is (then Conflict is true).
type Started struct {
	RunID    string   `json:"run_id"`
	State    RunState `json:"state"`
	Conflict bool     `json:"-"`
}

// ListOptions pages through a list: at most Limit rows (0: 50) after Cursor, which is the next_cursor of the page before.
type ListOptions struct {
	Limit  int
	Cursor string
}

// PageFilter narrows a list of stored pages.
type PageFilter struct {
	ListOptions
	Under  string // only descendants of this page; with Direct, its children
	Direct bool   // only direct children of Under (or roots when Under is empty): the page tree
	Query  string // part of the title
	Status string // "" or "current", "deleted", "failed", "all"
	// HideRestricted leaves out pages whose reading is restricted on the site: for everybody but admins.
	HideRestricted bool
}

// RunPoint is one finished run in a chart.
type RunPoint struct {
	RunID           string    `json:"run_id"`
	State           RunState  `json:"state"`
	StartedAt       time.Time `json:"started_at"`
	DurationSeconds float64   `json:"duration_seconds"`
	Created         int       `json:"created"`
	Updated         int       `json:"updated"`
	Deleted         int       `json:"deleted"`
	Failed          int       `json:"failed"`
}
