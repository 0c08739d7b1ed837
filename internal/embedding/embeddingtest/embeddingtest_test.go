package embeddingtest_test

import (
	"errors"
	"testing"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/embedding/embeddingtest"
)

func dot(a, b []float32) float32 {
	var total float32
	for i := range a {
		total += a[i] * b[i]
	}
	return total
}

func TestTextsThatShareWordsAreSimilar(t *testing.T) {
	t.Parallel()
	e := embeddingtest.New()
	vectors, err := e.EmbedDocuments(t.Context(), []embedding.Document{
		{Context: "Accounts", Text: "Reset your password"}, {Text: "Scrape interval of targets"}, {},
	})
	if err != nil {
		t.Fatal(err)
	}
	q, err := e.EmbedQuery(t.Context(), "password reset")
	if err != nil {
		t.Fatal(err)
	}
	if near, far := dot(q.Vector, vectors[0]), dot(q.Vector, vectors[1]); near < far+0.3 {
		t.Errorf("similarity %v to the text with its words, %v to another", near, far)
	}
	if vectors[2] != nil {
		t.Error("an empty document has a vector")
	}
}

func TestFailureOnRequest(t *testing.T) {
	t.Parallel()
	e, bad := embeddingtest.New(), errors.New("bad")
	e.Poison("odd", bad)
	docs := []embedding.Document{{Text: "even"}, {Text: "very odd"}}
	if _, err := e.EmbedDocuments(t.Context(), docs); !errors.Is(err, bad) {
		t.Errorf("poisoned batch: %v", err)
	}
	if _, err := e.EmbedDocuments(t.Context(), docs[:1]); err != nil {
		t.Errorf("the rest of it: %v", err)
	}
	e.Fail(bad)
	if _, err := e.EmbedQuery(t.Context(), "x"); !errors.Is(err, bad) {
		t.Errorf("query: %v", err)
	}
	if e.Texts() != 1 || len(e.Batches()) != 2 {
		t.Errorf("%d texts, batches %v", e.Texts(), e.Batches())
	}
}
