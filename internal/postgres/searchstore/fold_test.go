package searchstore_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres/postgrestest"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/search/searchtest"
)

// Chunks are folded while a merge is under way, but not beside somebody who holds all of maintenance, such as a program
// from before there were parts.
func TestFoldsBesideMerges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		locks string
		fresh bool
	}{
		"merge under way":   {"SELECT pg_advisory_xact_lock_shared(71030003), pg_advisory_xact_lock(71030005)", false},
		"fold under way":    {"SELECT pg_advisory_xact_lock_shared(71030003), pg_advisory_xact_lock(71030004)", true},
		"all of it is held": {"SELECT pg_advisory_xact_lock(71030003)", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := postgrestest.New(t)
			c := searchtest.ForTest(t, db, nil)
			if err := c.Add(t.Context(), page(1, 1), page(2, 1)); err != nil {
				t.Fatal(err)
			}
			other, err := db.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer other.Rollback(context.WithoutCancel(t.Context()))
			if _, err := other.Exec(t.Context(), tt.locks); err != nil {
				t.Fatal(err)
			}
			if err := maintainer(db).Fold(t.Context()); err != nil {
				t.Fatal(err)
			}
			if left := stateOf(t, db).Fresh > 0; left != tt.fresh {
				t.Errorf("fresh chunks are left: %v, want %v", left, tt.fresh)
			}
		})
	}
}

// A reader is told of each change once, even while another transaction is open that began before; after a fold it is
// told which of its fresh chunks are in no segment still, without their words.
func TestChangesAreToldOnce(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	ctx := t.Context()
	c := searchtest.ForTest(t, db, nil)
	if err := c.Add(ctx, page(0, 1)); err != nil {
		t.Fatal(err)
	}
	var known search.Known
	type told struct{ Fresh, FreshIDs, Removed, Pages, Segments int }
	ask := func() told {
		t.Helper()
		changes, err := c.Store.Changes(ctx, known)
		if err != nil {
			t.Fatal(err)
		}
		known = search.Known{Since: changes.Since, Seen: changes.Seen, Segments: changes.SegmentIDs}
		return told{len(changes.Fresh), len(changes.FreshIDs), len(changes.Removed), len(changes.Pages), len(changes.Segments)}
	}
	ask()
	open, err := db.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Rollback(context.WithoutCancel(ctx))
	if _, err := open.Exec(ctx, "SELECT pg_current_xact_id()"); err != nil {
		t.Fatal(err)
	}
	var got []told
	do := func(f func() error) {
		t.Helper()
		if err := f(); err != nil {
			t.Fatal(err)
		}
		got = append(got, ask(), ask())
	}
	do(func() error { return c.Add(ctx, page(4, 1)) })
	do(func() error { return maintainer(db).Fold(ctx) })
	do(func() error { return c.Add(ctx, page(8, 1)) })
	do(func() error {
		_, _, err := c.Content.SoftDelete(ctx, index.Fence{}, "S", []string{"0", "8"}, "gone")
		return err
	})
	do(func() error { return c.Add(ctx, page(12, 1)) })
	do(func() error { return maintainer(db).Fold(ctx) })
	want := []told{
		{Fresh: 1, Pages: 1},
		{},
		{Segments: 1},
		{},
		{Fresh: 1, Pages: 1},
		{},
		{Removed: 2, Pages: 2},
		{},
		{Fresh: 1, Pages: 1},
		{},
		{Removed: 1, Segments: 1},
		{}, // that of the chunk that came into no segment is forgotten
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// switching asks one of two stores.
type switching struct {
	search.Store
	stores [2]search.Store
	now    int
	asked  []search.Known
}

func (s *switching) Changes(ctx context.Context, known search.Known) (search.Changes, error) {
	s.asked = append(s.asked, known)
	return s.stores[s.now].Changes(ctx, known)
}

// behind is a replica that has not replayed the last fold yet.
type behind struct {
	search.Store
	old search.Changes
}

func (b behind) Changes(_ context.Context, known search.Known) (search.Changes, error) {
	if known.Since == 0 {
		return b.old, nil
	}
	old := b.old
	old.Segments, old.Fresh = nil, nil
	return old, nil
}

// A reader that goes from the primary to a replica that is behind gets the chunks again that it holds as part of a
// segment that is not there yet.
func TestReplicaBehindTheLastFold(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	ctx := t.Context()
	c := searchtest.ForTest(t, db, nil)
	for i := range 5 {
		if err := c.Add(ctx, page(i, 1)); err != nil {
			t.Fatal(err)
		}
	}
	old, err := c.Store.Changes(ctx, search.Known{})
	if err != nil {
		t.Fatal(err)
	}
	store := &switching{Store: c.Store, stores: [2]search.Store{c.Store, behind{c.Store, old}}}
	s := search.New(store, nil, search.Options{Now: clock})
	want := answer(t, s)
	if err := maintainer(db).Fold(ctx); err != nil {
		t.Fatal(err)
	}
	for _, now := range []int{0, 1, 0} {
		store.now, store.asked = now, nil
		if diff := cmp.Diff(want, answer(t, s)); diff != "" {
			t.Errorf("store %d (-before +after)\n%s", now, diff)
		}
		anew := slices.ContainsFunc(store.asked, func(k search.Known) bool { return k.Since == 0 })
		if anew != (now == 1) {
			t.Errorf("store %d: the reader began anew: %v", now, anew)
		}
	}
}
