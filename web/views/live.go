package views

// Live is a part of a page that polls for itself while something goes on.
type Live struct {
	ID, Class string
	URL       string // answers with the part, or 304 where ETag still names its state
	ETag      string
	Polling   bool
	Announce  string // read out when it changes
	// HTML is the content, rendered by the caller: it is needed for the ETag, and rendering it twice costs.
	HTML string
}
