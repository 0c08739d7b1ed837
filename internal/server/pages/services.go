package pages

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
	RunLog(ctx context.Context, runID string) ([]sources.LogLine, error)
	RunPoints(ctx context.Context, ids []string, n int) (map[string][]sources.RunPoint, error)
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

// Accounts is what pages need of *auth.Service.
type Accounts interface {
	NeedsSetup(ctx context.Context) (bool, error)
	SetUp(ctx context.Context, code string, u auth.NewUser) (auth.User, error)
	SignIn(ctx context.Context, email, password string) (auth.User, error)
	Users(ctx context.Context) ([]auth.User, error)
	ChangeUser(ctx context.Context, id string, change auth.UserChange) (auth.User, error)
	RemoveUser(ctx context.Context, id string) error
	ChangePassword(ctx context.Context, current, password string) error
	Invite(ctx context.Context, email, name string, role auth.Role) (auth.Link, string, error)
	ResetLink(ctx context.Context, userID string) (auth.Link, string, error)
	Links(ctx context.Context) ([]auth.Link, error)
	RevokeLink(ctx context.Context, id string) error
	LinkBySecret(ctx context.Context, secret string) (auth.Link, error)
	RedeemLink(ctx context.Context, secret, name, password string) (auth.User, error)
	Tokens(ctx context.Context, userID string) ([]auth.Token, error)
	CreateToken(ctx context.Context, userID string, t auth.NewToken) (auth.Token, string, error)
	RevokeToken(ctx context.Context, id string) error
	Sessions(ctx context.Context, userID string) ([]auth.Session, error)
	EndSession(ctx context.Context, id string) error
	Audit(ctx context.Context, filter auth.AuditFilter) (entries []auth.AuditEntry, next string, err error)
	EndOtherSessions(ctx context.Context, userID, keepID string) (int, error)
}

// Sealer encrypts what a form carries from one step to the next, so that a token typed once stays out of the page.
// *secret.Keyring is one.
type Sealer interface {
	Seal(plain []byte, context string) []byte
	Open(sealed []byte, context string) ([]byte, error)
}

// Instance is what pages need of *instance.Service.
type Instance interface {
	Settings(ctx context.Context) (instance.Settings, error)
	ChangeSettings(ctx context.Context, change instance.SettingsChange) (instance.Settings, error)
	RecordSearch(ctx context.Context, event instance.SearchEvent)
	TopQueries(ctx context.Context, filter instance.AnalyticsFilter) ([]instance.QueryCount, error)
	Usage(ctx context.Context, since time.Time) ([]instance.DayCount, error)
	Spaces(ctx context.Context, since time.Time) ([]instance.SpaceCount, error)
}

// System reports on the machinery.
type System interface {
	Health(ctx context.Context) (Health, error)
	Embedding(ctx context.Context) (Embedding, error)
}

// Health is the state of the parts of the program.
type Health struct {
	Checks []Check
	Facts  []NamedValue // version, start, database size, …, in the order to show
	Queue  []QueueState
}

// Check is one thing that was looked at; Advice says what to do when it is not OK.
type Check struct {
	Name, Detail, Advice string
	OK                   bool
}

// NamedValue is a figure with its name.
type NamedValue struct{ Name, Value string }

// QueueState is how many jobs of one kind are waiting, running and failed.
type QueueState struct {
	Kind                      string
	Waiting, Running, Retried int
}

// Embedding is the state of the vectors.
type Embedding struct {
	Model         string
	Dimensions    int
	Endpoint      string // empty: built in
	Chunks        int
	Embedded      int // with the present model
	OtherModel    int // still served by the vectors of an earlier model
	PerSecond     float64
	LeftSeconds   *int
	Problem       string // why it does not go on; empty when all is well
	LastEmbedding *time.Time
}
