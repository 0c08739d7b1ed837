package views

// SignInPage is the form of a visitor without a session.
type SignInPage struct {
	Email Field
	Pass  Field
	Next  string // where to go afterwards
	Error *Alert
	Note  *Alert // a lost session, the demo's account
}

// SetupPage creates the first admin.
type SetupPage struct {
	Fields []Field
	Error  *Alert
}

// InvitePage lets an invited person, or one who forgot the password, choose one.
type InvitePage struct {
	Action  string // where the form goes: the link itself
	Email   string
	Reset   bool
	Fields  []Field
	Error   *Alert
	Invalid bool // the link was used, or is too old
}

// ErrorPage is shown where a page cannot be.
type ErrorPage struct {
	Status    int
	Title     string
	Text      string
	RequestID string
	Retry     string // address to try again; empty: none
}
