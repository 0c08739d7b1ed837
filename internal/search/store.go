package search

import (
	"context"
	"errors"
	"time"

	"github.com/sluicehq/sluice/internal/chunk"
	"github.com/sluicehq/sluice/internal/search/inverted"
)

// ErrMoved: segments that were asked for are gone; the search has to begin again with the present ones.
var ErrMoved = errors.New("the search index has moved on")

// ErrDamaged: a part of the stored index cannot be read. The program makes it anew, from the stored chunks, when it starts.
var ErrDamaged = inverted.ErrDamaged

// Store is where the index, the vectors and the texts are kept. Each answer is one state of the database.
type Store interface {
	// Changes tells what a reader does not know yet.
	Changes(ctx context.Context, known Known) (Changes, error)
	// Postings returns the postings of terms in segments; what has none is left out. ErrMoved where a segment is gone.
	Postings(ctx context.Context, segments []int64, terms []string) ([]TermPostings, error)
	// Nearest returns chunks by the likeness of their vectors, nearest first.
	Nearest(ctx context.Context, q NearestQuery) ([]Near, error)
	// Passages returns the texts of chunks of live pages; chunks that are gone are left out.
	Passages(ctx context.Context, ids []int64) ([]ChunkText, error)
	// Bodies is Passages with no more than what a phrase is looked up in.
	Bodies(ctx context.Context, ids []int64) ([]ChunkText, error)
}

// Known is what a reader has: the state of the last Changes. The zero value knows nothing.
type Known struct {
	Since    int64
	Until    int64
	Seen     string
	Segments []int64 // ascending
}

// Changes is what a reader lacked.
type Changes struct {
	Since      int64   // to be handed in next time
	Until      int64   // the same
	Seen       string  // the same
	SegmentIDs []int64 // all there are, ascending
	Segments   []SegmentHeader
	// Moved: the segments are others than before. Then Removed are all there are, not only the new ones, and FreshIDs name
	// all chunks in no segment that are not gone, ascending; others that were in none are in one now, or gone.
	Moved    bool
	FreshIDs []int64
	Fresh    []inverted.Encoded // new chunks in no segment; some may be known
	Removed  []int64            // chunks that are gone; some may be known
	Pages    []Page             // new and changed pages; deleted ones are marked
	Sources  []Source           // all there are
	// Anew: the answer is all there is, of a state of the database from before the one that the reader knows: a replica that
	// is behind answered after the primary did, or after another replica. What is known does not count any more.
	Anew bool
	// Incomplete: chunks are missing, because the index is being built for the first time by this version.
	Incomplete bool
}

// SegmentHeader is the header of a segment.
type SegmentHeader struct {
	ID     int64
	Header *inverted.Header
}

// Page is what filters, facets and the list of hits need of a page.
type Page struct {
	SourceID     string
	PageID       string
	SpaceKey     string
	Type         string
	Title        string
	URL          string
	LastModified time.Time
	Ancestors    []string // ids, root first
	AuthorID     string
	Author       string
	Labels       []string
	JiraKeys     []string
	Restricted   bool
	Deleted      bool
	Chunks       int
	Hash         [32]byte // of its content
}

// Source is what a search needs of a source.
type Source struct {
	ID         string
	Kind       string
	TextConfig string
}

// TermPostings are a term's postings in one segment.
type TermPostings struct {
	Segment int64
	Term    string
	Data    []byte
}

// NearestQuery asks for the chunks nearest to a vector.
type NearestQuery struct {
	Vector []float32
	Model  string
	Limit  int
	// Among are the only chunks to consider, compared one by one; nil: all, by the index.
	Among []int64
}

// Near is a chunk and the likeness (cosine) of its vector.
type Near struct {
	ID         int64
	Similarity float64
}

// ChunkText is the text of a chunk.
type ChunkText struct {
	ID         int64
	Title      string // of the page
	URL        string
	Section    string
	Heading    string // path, joined by " > "
	Anchor     string
	Body       string // plain
	Markdown   string // what Body was made of, where there may be code in it
	Breadcrumb []byte // JSON: [{"title"}], root first
}

// code says what of the body is code. It is not told where the body was made by another version of the program.
func (t *ChunkText) code() []chunk.Code {
	if t.Markdown == "" {
		return nil
	}
	text, code := chunk.PlainCode(t.Markdown)
	if text != t.Body {
		return nil
	}
	return code
}
