package contentstore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
)

// A source's numbers are those of its chunks, whatever is written and summed up at once.
func TestCountsOfChunks(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	b := setupOn(t, db)
	at := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	check := func(when string) {
		t.Helper()
		var chunks, unembedded int
		err := db.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE embedding IS NULL) FROM chunks
			WHERE source_id = 'confluence_ENG'`).Scan(&chunks, &unembedded)
		if err != nil {
			t.Fatal(err)
		}
		source, err := b.store.Source(t.Context(), "confluence_ENG")
		if err != nil || source.TotalChunks != chunks || source.ChunksWithoutEmbedding != unembedded {
			t.Errorf("%s: %d chunks, %d without a vector, %v; want %d, %d", when, source.TotalChunks, source.ChunksWithoutEmbedding, err, chunks, unembedded)
		}
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Error(err)
		}
	}
	var wg sync.WaitGroup
	for page := range 4 {
		wg.Go(func() {
			for version := 1; version < 12; version++ {
				texts := make([]string, 1+(page+version)%5)
				for i := range texts {
					texts[i] = fmt.Sprintf("page %d, part %d, as of %d", page, i, version/(i+1))
				}
				r, chunks := record("confluence_ENG", fmt.Sprint(page), version, at.Add(time.Duration(version)*time.Minute), texts...)
				if _, err := b.replace(t, index.Fence{}, r, chunks); err != nil {
					t.Error(err)
				}
				// Of the page alone: who gives vectors claims chunks, so that two never update the same ones.
				exec(fmt.Sprintf("UPDATE chunks SET embedding = '[1,2]', embedding_model = 'm' WHERE id %% 3 = 0 AND page_id = '%d'", page))
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for range 30 {
				if err := b.store.FoldCounts(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	check("after all")
	exec("UPDATE chunks SET embedding = NULL, embedding_model = NULL WHERE id % 2 = 0")
	check("vectors dropped")
	for range 3 {
		if err := b.store.FoldCounts(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	check("summed up")
	if _, _, err := b.store.SoftDelete(t.Context(), index.Fence{}, "confluence_ENG", []string{"1", "2"}, "gone"); err != nil {
		t.Fatal(err)
	}
	check("pages deleted")
	if err := b.store.DeleteSource(t.Context(), "confluence_ENG"); err != nil {
		t.Fatal(err)
	}
	if err := b.store.FoldCounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM chunk_counts").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows are left of a deleted source, %v", left, err)
	}
}
