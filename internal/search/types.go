// Package search turns a query into ranked hits: it parses the query, asks the keyword and the vector leg for candidate
// chunks, fuses their scores, folds chunks into pages and cuts the passages. It knows neither HTTP nor SQL.
package search

import "time"

// Mode says which legs a search uses.
type Mode string

// The modes.
const (
	Hybrid  Mode = "hybrid"
	Keyword Mode = "keyword"
	Vector  Mode = "vector"
)

// MarkStart and MarkEnd stand around matched words in snippets, so that no HTML is ever carried in them.
const (
	MarkStart = '\uE000'
	MarkEnd   = '\uE001'
)

// Sort is the order of hits.
type Sort string

// The orders.
const (
	ByRelevance Sort = "relevance"
	ByDate      Sort = "date" // last modified first
)

// Filters narrow a search. Within one list any value matches; the lists combine with AND.
type Filters struct {
	Spaces        []string
	Labels        []string
	Jira          []string // issue keys
	HasJira       bool
	Authors       []string // display name, part of it, or account id
	Types         []string // "page", "blogpost"
	Under         []string // ancestor page ids
	Sources       []string
	Kinds         []string // "confluence"
	UpdatedAfter  *time.Time
	UpdatedBefore *time.Time
}

// Request is one search.
type Request struct {
	Query   string // may hold the box's syntax: "phrase", -word, space:OPS, label:x, …
	Mode    Mode   // empty: Hybrid
	Filters Filters
	Sort    Sort // empty: ByRelevance
	Limit   int  // hits per page, 1..50; 0: 10
	Cursor  string
	// Facets asks for the counts.
	Facets bool
	// OpenFacets has each facet counted as if Filters chose nothing in it: what another value would bring is seen only so.
	// What the query's text chooses stays.
	OpenFacets bool
	// Explain asks for how each score came about.
	Explain bool
	// IncludeRestricted shows pages that are marked as restricted (admins).
	IncludeRestricted bool
	// Verbatim searches the words as typed, without the correction of misspelt ones.
	Verbatim bool
}

// Results is the answer to a Request; its JSON form is the contract's.
type Results struct {
	Query  string  `json:"query"`
	Mode   Mode    `json:"mode"`
	TookMS float64 `json:"took_ms"`
	// Total is how many pages match; TotalIsLowerBound says that there are more than were counted.
	Total             int    `json:"total"`
	TotalIsLowerBound bool   `json:"total_is_lower_bound,omitempty"`
	NextCursor        string `json:"next_cursor"`
	// Suggestion is a corrected query that was searched instead (Corrected) or is offered.
	Suggestion string   `json:"suggestion"`
	Corrected  bool     `json:"corrected,omitempty"`
	Degraded   []string `json:"degraded"` // "vector", "keyword": what the answer had to do without
	// Notes are hints for the person who typed: a filter value that exists nowhere, a part that was taken as text.
	Notes  []string `json:"notes,omitempty"`
	Hits   []Hit    `json:"hits"`
	Facets Facets   `json:"facets"`
}

// Hit is one page with its best passages.
type Hit struct {
	PageID       string    `json:"page_id"`
	SourceID     string    `json:"source_id"`
	Kind         string    `json:"kind"`
	SpaceKey     string    `json:"space_key"`
	Title        string    `json:"title"`
	TitleMarked  string    `json:"title_marked,omitempty"` // with the marks around matched words
	URL          string    `json:"url"`
	Type         string    `json:"type"`
	Author       string    `json:"author"`
	LastModified time.Time `json:"last_modified"`
	Labels       []string  `json:"labels"`
	JiraKeys     []string  `json:"jira_keys"`
	Breadcrumbs  []string  `json:"breadcrumbs"` // titles, root first
	Restricted   bool      `json:"restricted,omitempty"`
	Score        float64   `json:"score"`
	SectionTitle string    `json:"section_title"`
	Snippet      string    `json:"snippet"`
	Passages     []Passage `json:"passages"`
	AlsoIn       []string  `json:"also_in,omitempty"` // other sources that hold the same page
	Explain      *Explain  `json:"explain,omitempty"`
}

// Passage is one chunk of a hit.
type Passage struct {
	ChunkID      string `json:"chunk_id"`
	SectionTitle string `json:"section_title"`
	Snippet      string `json:"snippet"`
	// Code is what of the snippet is code, in its order.
	Code   []CodeSpan `json:"code,omitempty"`
	Score  float64    `json:"score"`
	URL    string     `json:"url"`    // opens the page in Confluence at the section
	Anchor string     `json:"anchor"` // of the section in the stored page
}

// CodeSpan is a part of a snippet that is code. It is counted in characters (Unicode code points), marks included.
type CodeSpan struct {
	Start int  `json:"start"`
	End   int  `json:"end"`             // behind the last one
	Block bool `json:"block,omitempty"` // whole lines of a listing
}

// Explain says how a hit's score came about.
type Explain struct {
	Legs       []string    `json:"legs"` // "keyword", "vector"
	Keyword    *LegExplain `json:"keyword,omitempty"`
	Vector     *LegExplain `json:"vector,omitempty"`
	Terms      []TermScore `json:"terms,omitempty"`
	Boosts     []Boost     `json:"boosts,omitempty"`
	FusedScore float64     `json:"fused_score"`
}

// LegExplain is what one leg said of a hit.
type LegExplain struct {
	Rank       int     `json:"rank"`       // 1 is the best; 0: not among the first, but the other leg found it
	Score      float64 `json:"score"`      // BM25, or the best chunk's cosine similarity
	Normalised float64 `json:"normalised"` // among this query's candidates, 1 or so is the most
	Weight     float64 `json:"weight"`     // its share in the fused score
	// OtherPassages is what chunks beside the best one have added to Score; Explain.Terms are the rest.
	OtherPassages float64 `json:"other_passages,omitempty"`
}

// TermScore is one term's part of a BM25 score.
type TermScore struct {
	Term  string  `json:"term"`
	DF    int     `json:"df"`  // chunks with it that whoever asks may read
	IDF   float64 `json:"idf"` // how rare it is among all chunks, restricted ones too
	Score float64 `json:"score"`
}

// Boost is a tie-breaker that was added.
type Boost struct {
	Reason string  `json:"reason"`
	Value  float64 `json:"value"`
}

// FacetValue is one value of a facet with its count of pages.
type FacetValue struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Facets are the counts under the current filters, most frequent first; see Request.OpenFacets.
type Facets struct {
	Space   []FacetValue `json:"space"`
	Label   []FacetValue `json:"label"`
	Author  []FacetValue `json:"author"`
	Type    []FacetValue `json:"type"`
	Updated []FacetValue `json:"updated,omitempty"` // "week", "month", "year", "older"
}

// Suggestion completes what is being typed.
type Suggestion struct {
	Text   string `json:"text"`
	Kind   string `json:"kind"` // "title", "phrase"
	URL    string `json:"url,omitempty"`
	Source string `json:"source_id,omitempty"`
	PageID string `json:"page_id,omitempty"`
}
