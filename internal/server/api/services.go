package api

import (
	"context"
	"time"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/instance"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/sources"
)

// Searcher answers searches; *search.Searcher is one.
type Searcher interface {
	Search(ctx context.Context, r search.Request) (search.Results, error)
	Suggest(ctx context.Context, prefix string, limit int) ([]search.Suggestion, error)
}

// Sources administers what is synced; *sources.Service, behind the audit log, is one.
type Sources interface {
	Test(ctx context.Context, c sources.Credentials) (sources.TestResult, error)
	Create(ctx context.Context, n sources.NewSource) (sources.Source, error)
	List(ctx context.Context) ([]sources.Source, error)
	Get(ctx context.Context, id string) (sources.Source, error)
	Update(ctx context.Context, id string, change sources.SourceChange) (sources.Source, error)
	Delete(ctx context.Context, id string) error
	Sync(ctx context.Context, id string, r sources.SyncRequest) (sources.Started, error)
	Cancel(ctx context.Context, id string) error
	Pause(ctx context.Context, id string) error
	Resume(ctx context.Context, id string) error
	Reprocess(ctx context.Context, id string) error
	Status(ctx context.Context, id string) (sources.Status, error)
	Runs(ctx context.Context, id string, o sources.ListOptions) ([]sources.Run, string, error)
	Run(ctx context.Context, runID string) (sources.Run, error)
	RunErrors(ctx context.Context, runID string, o sources.ListOptions) ([]sources.RunError, string, error)
	Failures(ctx context.Context, id string, o sources.ListOptions) ([]sources.Failure, string, error)
	PendingDeletions(ctx context.Context, id string, o sources.ListOptions) ([]sources.PendingDeletion, string, error)
	DecidePending(ctx context.Context, id string, confirm bool) (int, error)
	Pages(ctx context.Context, id string, f sources.PageFilter) ([]sources.PageSummary, string, error)
	Page(ctx context.Context, id, pageID string) (sources.Page, error)
	Connections(ctx context.Context) ([]sources.Connection, error)
	Connection(ctx context.Context, id string) (sources.Connection, error)
	UpdateConnection(ctx context.Context, id string, change sources.ConnectionChange) (sources.Connection, error)
	TestConnection(ctx context.Context, id string) (sources.TestResult, error)
}

// Accounts is what the API needs of *auth.Service.
type Accounts interface {
	Users(ctx context.Context) ([]auth.User, error)
	User(ctx context.Context, id string) (auth.User, error)
	CreateUser(ctx context.Context, u auth.NewUser) (auth.User, error)
	ChangeUser(ctx context.Context, id string, change auth.UserChange) (auth.User, error)
	RemoveUser(ctx context.Context, id string) error
	SetPassword(ctx context.Context, userID, password string) error
	Invite(ctx context.Context, email, name string, role auth.Role) (auth.Link, string, error)
	ResetLink(ctx context.Context, userID string) (auth.Link, string, error)
	Links(ctx context.Context) ([]auth.Link, error)
	RevokeLink(ctx context.Context, id string) error
	Tokens(ctx context.Context, userID string) ([]auth.Token, error)
	CreateToken(ctx context.Context, userID string, t auth.NewToken) (auth.Token, string, error)
	RevokeToken(ctx context.Context, id string) error
	Sessions(ctx context.Context, userID string) ([]auth.Session, error)
	EndSession(ctx context.Context, id string) error
	Audit(ctx context.Context, f auth.AuditFilter) ([]auth.AuditEntry, string, error)
}

// Instance is the settings and search statistics; *instance.Service is one.
type Instance interface {
	Settings(ctx context.Context) (instance.Settings, error)
	ChangeSettings(ctx context.Context, change instance.SettingsChange) (instance.Settings, error)
	RecordSearch(ctx context.Context, event instance.SearchEvent)
	TopQueries(ctx context.Context, f instance.AnalyticsFilter) ([]instance.QueryCount, error)
	Usage(ctx context.Context, since time.Time) ([]instance.DayCount, error)
}
