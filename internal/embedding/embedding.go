// Package embedding defines what turns texts into vectors, for whoever embeds chunks (the backlog) and queries
// (search). Implementations: uselite (built in, in-process) and openai (any OpenAI-compatible endpoint).
package embedding

import "context"

// Model identifies an embedding model. Vectors of different models are never compared.
type Model struct {
	// ID names weights, quantisation and pooling, such as "use-lite-1:int8:sif0.001:w128"; it is stored with every vector.
	ID string
	// Dimensions is the length of every vector.
	Dimensions int
	// FusionWeight is the share (0..1) of the vector leg when its scores are fused with the keyword leg's.
	FusionWeight float64
	// Spread is how much more like a query than usual a page has to be for the whole weight, as a difference of cosines.
	// 0: not known, then the page most like it has it.
	Spread float64
}

// Document is one chunk to embed.
type Document struct {
	// Context is the page title and heading path, "Title > Section > Subsection"; the model may put it before each window.
	Context string
	Text    string
}

// Query is an embedded query.
type Query struct {
	Vector []float32 // L2-normalised
	// UnknownShare is the share (0..1) of the query's tokens that the model does not know; 0 where it cannot tell.
	// Above 0.3 the vector leg is not worth asking.
	UnknownShare float64
}

// Embedder turns texts into L2-normalised vectors. It is safe for concurrent use. Queries must not wait behind
// documents. Errors wrap wiki.ErrUnavailable where a later try may work.
type Embedder interface {
	// EmbedDocuments returns one vector per document, in order; nil for a document without any text.
	EmbedDocuments(ctx context.Context, docs []Document) ([][]float32, error)
	// EmbedQuery embeds one query; an empty one gives a nil vector.
	EmbedQuery(ctx context.Context, text string) (Query, error)
	Model() Model
}
