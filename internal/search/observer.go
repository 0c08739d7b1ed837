package search

import "time"

// Observer is told how long the parts of searches took, and whether caches had what was asked of them. Many searches
// call it at once.
type Observer interface {
	// Leg is told of a part: "refresh", "keyword", "embed", "vector", "compare" (the best by words with the query's vector), "passages" (fetched) or "snippets" (cut).
	Leg(leg string, took time.Duration)
	// Cache is told of a look into "postings" or "queries" (their vectors).
	Cache(cache string, hit bool)
}

// The parts and the caches.
const (
	legRefresh    = "refresh"
	legKeyword    = "keyword"
	legEmbed      = "embed"
	legVector     = "vector"
	legCompare    = "compare"
	legPassages   = "passages"
	legSnippets   = "snippets"
	cachePostings = "postings"
	cacheQueries  = "queries"
)

// nobody observes nothing.
type nobody struct{}

// Leg implements Observer.
func (nobody) Leg(string, time.Duration) {}

// Cache implements Observer.
func (nobody) Cache(string, bool) {}
