package searchstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/wiki"
)

// named is a store that answers every question with its number, or with an error.
type named struct {
	id    int64
	err   error
	asked int
}

func (n *named) Changes(context.Context, search.Known) (search.Changes, error) {
	n.asked++
	return search.Changes{Since: n.id}, n.err
}

func (n *named) Postings(context.Context, []int64, []string) ([]search.TermPostings, error) {
	n.asked++
	return []search.TermPostings{{Segment: n.id}}, n.err
}

func (n *named) Nearest(context.Context, search.NearestQuery) ([]search.Near, error) {
	n.asked++
	return []search.Near{{ID: n.id}}, n.err
}

func (n *named) Passages(context.Context, []int64) ([]search.ChunkText, error) {
	n.asked++
	return []search.ChunkText{{ID: n.id}}, n.err
}

func (n *named) Bodies(ctx context.Context, ids []int64) ([]search.ChunkText, error) {
	return n.Passages(ctx, ids)
}

func TestReplica(t *testing.T) {
	t.Parallel()
	const replicaID, primaryID = 1, 2
	away := fmt.Errorf("postings: %w: refused", wiki.ErrUnavailable)
	now := time.Unix(1_700_000_000, 0)
	replica, primary := &named{id: replicaID}, &named{id: primaryID}
	r := NewReplica(replica, primary, slog.New(slog.NewTextHandler(t.Output(), nil)))
	r.now = func() time.Time { return now }

	answers := func(want int64) {
		t.Helper()
		got, err := r.Changes(t.Context(), search.Known{})
		if err != nil || got.Since != want {
			t.Fatalf("answered by %d, %v, want %d", got.Since, err, want)
		}
	}
	answers(replicaID)
	replica.err = away
	answers(primaryID)
	asked := replica.asked
	answers(primaryID)
	if replica.asked != asked {
		t.Error("a replica that is away was asked again at once")
	}
	now = now.Add(replicaPause)
	answers(primaryID)
	answers(primaryID)
	if replica.asked != asked+1 {
		t.Errorf("asked %d times after the pause, want once", replica.asked-asked)
	}
	replica.err = nil
	answers(primaryID) // the pause began anew
	now = now.Add(replicaPause)
	answers(replicaID)
	answers(replicaID)
}

// What the primary would answer no better is not asked twice.
func TestReplicaErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		err      error
		fallback bool
	}{
		{"away", wiki.ErrUnavailable, true},
		{"cancelled by what is replayed", wiki.ErrConflict, true},
		{"segments moved", search.ErrMoved, false},
		{"a mistake", errors.New("syntax error"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			primary := &named{id: 2}
			r := NewReplica(&named{id: 1, err: tt.err}, primary, slog.New(slog.DiscardHandler))
			_, err := r.Postings(t.Context(), nil, nil)
			if asked := primary.asked > 0; asked != tt.fallback || (err == nil) != tt.fallback {
				t.Errorf("primary asked: %v, error %v", asked, err)
			}
		})
	}
}
