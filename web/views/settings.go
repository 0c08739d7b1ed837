package views

// SettingsHead is the frame of the settings pages.
type SettingsHead struct {
	Title, Text string
	Tabs        []Tab
}

// AccountPage is one's own account.
type AccountPage struct {
	Head     SettingsHead
	Email    string
	Role     string
	Password []Field
	Error    string
	Sessions []SessionRow
}

// SessionRow is one signed-in browser.
type SessionRow struct {
	ID, Browser, Address string
	Started, Seen        Stamp
	Current              bool
}

// TokensPage lists API tokens.
type TokensPage struct {
	Head    SettingsHead
	Rows    []TokenRow
	Fields  []Field
	Error   string
	Secret  string // just created; shown this once
	Name    string // of the created one
	Example string
	All     bool // of everybody, with their owners
}

// TokenRow is one API token.
type TokenRow struct {
	ID, Name, Owner, Prefix, Role string
	Created, Used, Expires        Stamp
	Expired                       bool
}

// UsersPage lists accounts and open links.
type UsersPage struct {
	Head   SettingsHead
	Rows   []UserRow
	Links  []LinkRow
	Fields []Field
	Error  string
	Link   *NewLink
}

// UserRow is one account.
type UserRow struct {
	ID, Name, Email, Role string
	Self                  bool
	Created, LastSignIn   Stamp
}

// LinkRow is an open one-time link.
type LinkRow struct {
	ID, Kind, Email, Role, By string
	Expires                   Stamp
}

// NewLink is a one-time link that was just made; it is shown this once.
type NewLink struct{ URL, Email, Kind string }

// ConnectionsPage lists the connected sites.
type ConnectionsPage struct {
	Head SettingsHead
	Rows []ConnectionRow
}

// ConnectionRow is one site.
type ConnectionRow struct {
	URL, Name, Site, Kind, Account, Sources string
	State                                   Badge
	Problem                                 string
	Checked                                 Stamp
}

// ConnectionPage edits one site for all of its sources.
type ConnectionPage struct {
	Head    SettingsHead
	ID      string
	Name    string
	Site    string
	Kind    string
	Sources []LinkText
	Fields  []Field
	Alerts  []Alert
	Checked Stamp
}

// ModelPage is the embedding model and how far it has come.
type ModelPage struct {
	Head SettingsHead
	Live Live
}

// ModelStateView is the model and its progress.
type ModelStateView struct {
	Facts    []Param
	Totals   []Fact
	Alerts   []Alert
	Progress *Progress
	State    Badge
}

// SystemPage is the health of the parts.
type SystemPage struct {
	Head   SettingsHead
	Checks []CheckRow
	Facts  []Param
	Queue  []QueueRow
}

// CheckRow is one thing that was looked at.
type CheckRow struct {
	Name, Detail, Advice string
	OK                   bool
}

// QueueRow is one kind of job.
type QueueRow struct{ Kind, Waiting, Running, Retried string }

// AuditPage is the audit log.
type AuditPage struct {
	Head   SettingsHead
	Filter []Field
	Rows   []AuditRow
	More   More
}

// AuditRow is one entry.
type AuditRow struct {
	At                              Stamp
	Actor, Action, Subject, Address string
	Detail                          string
	Bad                             bool
}

// AnalyticsPage says what is searched.
type AnalyticsPage struct {
	Head              SettingsHead
	On                bool
	Periods           []Tab
	Spaces            []Option
	Space             string
	Period            string
	Totals            []Fact
	Days              []SparkBar
	DaysMax           string
	FirstDay, LastDay string
	Top               []QueryRow
	BySpace           []QueryRow
	Missing           []QueryRow
}

// QueryRow is one query and how often it was asked.
type QueryRow struct {
	Text, URL, Count, Missed string
	Last                     Stamp
}
