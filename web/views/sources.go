package views

// SourcesPage is the dashboard.
type SourcesPage struct {
	Live Live
}

// SourcesTableView is the content of the dashboard.
type SourcesTableView struct {
	Totals []Fact
	Alerts []Alert
	Rows   []SourceRow
}

// SourceRow is one source in the dashboard.
type SourceRow struct {
	ID, Name, Key, URL, Site string
	State                    Badge
	Progress                 *Progress
	Pages, Chunks, Embedded  string
	EmbeddedTone             Tone
	LastRun                  Stamp
	LastRunURL               string
	NextRun                  Stamp
	Failures                 string // empty: none
	FailuresURL              string
	Pending                  string
	PendingURL               string
	Spark                    Spark
}

// Progress is a running sync.
type Progress struct {
	Value   float64 // 0..1; negative while it cannot be told
	Phase   string
	Counts  string
	Current string
	Left    string
}

// Spark is a small chart of recent runs, oldest first.
type Spark struct {
	Label string
	Bars  []SparkBar
}

// SparkBar is one run: Height 0..1, coloured by how it ended.
type SparkBar struct {
	Height float64
	Tone   Tone
	Title  string
}

// Chart is the run history of a source, oldest first.
type Chart struct {
	Bars  []ChartBar
	Max   string // top of the count axis
	First string // when the oldest run began
	Last  string // when the newest run began
	MaxS  string // top of the duration axis
	Label string // what it shows, in words
}

// ChartBar is one run; the shares (0..1 of the axis) stack.
type ChartBar struct {
	Created, Updated, Deleted, Failed float64
	Duration                          float64 // 0..1 of its axis
	Title, URL                        string
	Broken                            bool
}

// SourceHead is what stands above every page of a source.
type SourceHead struct {
	ID, Name, Key string
	Site, URL     string // in Confluence
	State         Badge
	Tabs          []Tab
	Alerts        []Alert
	CanCancel     bool
	CanPause      bool
	CanResume     bool
	CanSync       bool
}

// SourcePage is the overview of a source.
type SourcePage struct {
	Head  SourceHead
	Live  Live
	Chart Chart
	Runs  []RunRow
	Facts []Param // settings in brief
}

// SourceStateView is the state of a source and its figures.
type SourceStateView struct {
	State    Badge
	Progress *Progress
	RunURL   string
	Note     string
	Summary  string // what the last run did
	Facts    []Fact
}

// RunRow is one run in a list.
type RunRow struct {
	URL                               string
	State                             Badge
	Trigger, Kind                     string
	Started                           Stamp
	Duration                          string
	Created, Updated, Deleted, Failed string
	Calls                             string
}

// RunsPage is the run history of a source.
type RunsPage struct {
	Head  SourceHead
	Chart Chart
	Runs  []RunRow
	More  More
}

// FailuresPage lists pages that could not be stored.
type FailuresPage struct {
	Head SourceHead
	Rows []FailureRow
	More More
}

// FailureRow is one page that failed.
type FailureRow struct {
	Title, URL, PageID, Error, Tries string
	First, Last, Next                Stamp
}

// PendingPage is the guard's list.
type PendingPage struct {
	Head  SourceHead
	Rows  []PendingRow
	Count string
	More  More
	Guard string // the rule in words
}

// PendingRow is a page the guard keeps.
type PendingRow struct {
	Title, URL, PageID, Reason string
	Since                      Stamp
}

// TreePage is the browser of a source's stored pages.
type TreePage struct {
	Head   SourceHead
	Query  string
	Status string
	Crumbs []LinkText
	Rows   []TreeRow
	More   More
	Flat   bool // a filtered list, not a level of the tree
}

// TreeRow is one stored page.
type TreeRow struct {
	Title, URL, OpenURL, PageID string // OpenURL: its children
	Below                       bool   // it stands under the row above: the tree of a space with one root is opened
	State                       Badge
	Type                        string
	Updated                     Stamp
	Author                      string
	Version, Chunks             string
	Restricted                  bool
}

// SourceSettingsPage changes or deletes a source.
type SourceSettingsPage struct {
	Head        SourceHead
	Fields      []Field
	Guard       []Field
	Error       string
	DeleteName  string
	DeleteError string
	Connection  LinkText
}

// RunPage is one run.
type RunPage struct {
	Source LinkText
	ID     string
	Live   Live
}

// RunStateView is all of a run.
type RunStateView struct {
	CancelURL string
	Running   bool
	Title     string
	State     Badge
	Trigger   string // "by the schedule"
	Started   Stamp
	Duration  string
	Alerts    []Alert
	Progress  *Progress
	Phases    []PhaseStep
	Pages     []Fact
	Chunks    []Fact
	Calls     []Fact
	Errors    []FailureRow
	ErrorsAll More
	Log       []LogRow
}

// PhaseStep is one phase of a run.
type PhaseStep struct {
	Name, Time string
	State      string // "done", "now", "next"
}

// LogRow is a line of a run's log.
type LogRow struct {
	Time, Level, Text string
}

// RunErrorsPage is the whole list of a run's errors.
type RunErrorsPage struct {
	Head SourceHead
	Run  LinkText
	Rows []FailureRow
	More More
}
