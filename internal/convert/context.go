package convert

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Context is what the look-ups know. Everything is optional: conversion works with the zero value.
type Context struct {
	BaseURL     string   `json:"base_url"`      // of the site, such as "https://x.atlassian.net/wiki"; a trailing slash does not matter
	JiraBaseURL string   `json:"jira_base_url"` // empty: issue keys are not linked
	Page        PageInfo `json:"page"`          // the page that is converted
	// Users maps account ids, user keys and user names to display names.
	Users map[string]string `json:"users"`
	// Pages are the pages that links may point to.
	Pages Pages `json:"pages"`
	// Spaces maps space keys to names.
	Spaces map[string]string `json:"spaces,omitempty"`
	// Attachments maps the names of this page's attachments to their ids.
	Attachments map[string]string `json:"attachments,omitempty"`
	// JiraServers maps the serverId or server parameter of a jira macro to that Jira's address; JiraBaseURL is used for the rest.
	JiraServers map[string]string `json:"jira_servers,omitempty"`
	// JiraProjects are the project keys of the Jira. With them, keys in plain text count only if their project is one
	// of these (or is named by a macro or an address on the page); without, all but those with a stop-listed prefix.
	JiraProjects []string `json:"jira_projects,omitempty"`
	// JiraStopList replaces the built-in list of prefixes that look like projects (UTF, ISO, …) where it is not nil.
	JiraStopList []string `json:"jira_stop_list,omitempty"`
	// Legacy selects the anchor names of Data Center and of Cloud's old editor.
	Legacy bool `json:"legacy,omitempty"`
	// Includes answers the stored body of a page that an include or excerpt-include names; nil or false leaves a link
	// line. Answer only pages that whoever will read the result may read.
	Includes func(PageRef) (Included, bool) `json:"-"`
	// Rendered maps macro ids (ac:macro-id) to the HTML that Confluence rendered for them, for macros whose content
	// exists only there; see Needs.Dynamic. Without an entry nothing stands in their place.
	Rendered map[string]string `json:"rendered,omitempty"`
}

// PageRef names a page: by id, or by space and title.
type PageRef struct {
	ID       string `json:"id,omitempty"`
	SpaceKey string `json:"space_key,omitempty"`
	Title    string `json:"title,omitempty"`
}

// PageInfo is a page that is known.
type PageInfo struct {
	ID       string `json:"id"`
	SpaceKey string `json:"space_key"`
	Title    string `json:"title"`
	URL      string `json:"url,omitempty"` // absolute
}

// Included is the stored body of another page.
type Included struct {
	Page    PageInfo
	Storage string
}

// Pages finds pages by id, and by space and title without regard to case. The zero value is empty and usable.
type Pages struct {
	byID    map[string]PageInfo
	byTitle map[string]PageInfo
}

// NewPages returns a look-up of pages.
func NewPages(pages ...PageInfo) Pages {
	var p Pages
	for _, page := range pages {
		p.Add(page)
	}
	return p
}

// Add puts a page in; one with the same id, or space and title, is replaced.
func (p *Pages) Add(page PageInfo) {
	if p.byID == nil {
		p.byID, p.byTitle = map[string]PageInfo{}, map[string]PageInfo{}
	}
	if page.ID != "" {
		p.byID[page.ID] = page
	}
	if page.Title != "" {
		p.byTitle[titleKey(page.SpaceKey, page.Title)] = page
	}
}

// Find returns the page that ref names.
func (p Pages) Find(ref PageRef) (PageInfo, bool) {
	if ref.ID != "" {
		page, ok := p.byID[ref.ID]
		return page, ok
	}
	page, ok := p.byTitle[titleKey(ref.SpaceKey, ref.Title)]
	return page, ok
}

// ReadContext reads a Context from JSON, such as the FILE of `sluice convert --context`. A field that does not exist, a
// value of another kind and anything behind the object are errors that name the field or place.
func ReadContext(r io.Reader) (Context, error) {
	var ctx Context
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&ctx); err != nil {
		return Context{}, explain(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Context{}, fmt.Errorf("context: more follows the JSON object that ends at byte %d", dec.InputOffset())
	}
	return ctx, nil
}

func explain(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("context: the file is empty; {} is the least")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("context: the JSON is cut off")
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Errorf("context: a JSON object is expected, this is of kind %s", kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("context: field %q cannot be of kind %s", kind.Field, kind.Value)
	case errors.As(err, &syntax):
		return fmt.Errorf("context: no JSON at byte %d: %w", syntax.Offset, err)
	default:
		return fmt.Errorf("context: %w", err)
	}
}

// UnmarshalJSON reads a list of PageInfo.
func (p *Pages) UnmarshalJSON(data []byte) error {
	var list []PageInfo
	if err := json.Unmarshal(data, &list); err != nil {
		if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf(`field "pages" is a list of {"space_key","title","id","url"}, all strings; there is something of kind %s`, kind.Value)
		}
		return fmt.Errorf("pages: %w", err)
	}
	*p = NewPages(list...)
	return nil
}

func titleKey(space, title string) string {
	return strings.ToLower(space) + "\x00" + strings.ToLower(title)
}
