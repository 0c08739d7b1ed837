package spacesync_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// sections is a body of so many passages that are all of one version.
func sections(version, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<h2>Section %d</h2><p>%s of version v%dx</p>", i, strings.Repeat("text ", 120), version)
	}
	return b.String()
}

// Whoever reads while pages are synced again sees all of a page's old passages or all of its new ones.
func TestReadersNeverSeeAMixture(t *testing.T) {
	t.Parallel()
	f := newFake("ENG")
	var ids []string
	for i := range 10 {
		ids = append(ids, f.add("ENG", wiki.TypePage, "", fmt.Sprintf("Page %d", i)))
		f.change(ids[i], func(c *content) { c.body = sections(1, 3) })
	}
	b := newBench(t, f, spacesync.Options{Now: f.clock})
	b.source(*f.spaces["ENG"], sources.OnDemand, sources.Skip)
	b.sync("eng")

	done := make(chan struct{})
	var readers sync.WaitGroup
	reads := make([]int, 3)
	for r := range reads {
		readers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				id := ids[(n+r)%len(ids)]
				rows, err := b.db.Query(t.Context(), `SELECT content FROM chunks WHERE page_id = $1 AND source_id = 'eng'`, id)
				if err != nil {
					t.Error(err)
					return
				}
				versions, chunks := map[string]int{}, 0
				for rows.Next() {
					var text string
					if err := rows.Scan(&text); err != nil {
						t.Error(err)
					}
					chunks++
					if _, after, ok := strings.Cut(text, "version v"); ok {
						version, _, _ := strings.Cut(after, "x")
						versions[version]++
					}
				}
				rows.Close()
				if chunks == 0 || len(versions) != 1 {
					t.Errorf("page %s: %d passages of versions %v", id, chunks, versions)
					return
				}
				reads[r]++
			}
		})
	}
	for version := 2; version <= 12; version++ {
		for i, id := range ids {
			f.edit(id, func(c *content) { c.body = sections(version, 3+(version+i)%3) })
		}
		b.sync("eng")
	}
	close(done)
	readers.Wait()
	t.Logf("%v reads", reads)
}
