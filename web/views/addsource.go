package views

// AddPage is the form that connects a site and picks its spaces; it grows with each step and nothing is typed twice.
type AddPage struct {
	Step        int // 1: site and credentials; 2: spaces and schedule
	Connections []Option
	Connection  string // chosen connection id; empty: a new site
	Fields      []Field
	Deployment  Field
	Sealed      string // the credentials that were typed, sealed for the way through the form
	TokenKept   bool
	Error       *Alert
	// Step 2.
	Site       string
	Account    string
	Found      []string // what works, in words
	Missing    []string // what does not, in words
	Spaces     []SpaceChoice
	SpaceFault string
	Filter     string
	Shown      string // "12 of 48 spaces"
	Schedule   []Field
	Advanced   []Field
	SyncNow    bool
}

// SpaceChoice is a space that can be picked.
type SpaceChoice struct {
	Key, Name, Type, Pages string
	Checked                bool
	Already                bool // it is a source
	Hidden                 bool // kept checked, though the filter does not show it
	Error                  string
}
