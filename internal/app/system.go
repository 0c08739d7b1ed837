package app

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/server/pages"
	"github.com/sluicehq/sluice/internal/sources"
)

// System reports on the machinery, for the page of the administrators and for the command doctor.
type System struct {
	app   *App
	began time.Time
}

func newSystem(a *App) *System { return &System{app: a, began: time.Now()} }

// How much of the disk must be free, and how long one check may take.
const (
	leastFree      = 1 << 30
	leastFreeShare = 0.05
	checkTimeout   = 10 * time.Second
	mostBehind     = 64 << 20 // bytes of the log; some seconds of a first sync
)

// Health looks at each part.
func (s *System) Health(ctx context.Context) (pages.Health, error) {
	h := pages.Health{Facts: []pages.NamedValue{
		{Name: "Version", Value: s.app.Options.Build.Version},
		{Name: "Started", Value: s.began.UTC().Format("2 Jan 2006, 15:04:05 UTC")},
		{Name: "Go", Value: runtime.Version() + " on " + runtime.GOOS + "/" + runtime.GOARCH},
		{Name: "Role", Value: s.app.Config.Role},
	}}
	h.Checks = append(h.Checks, s.checkDatabase(ctx, &h), s.checkSearch(ctx), s.checkEmbedder(ctx), s.checkDisk())
	if s.app.Read != s.app.DB {
		h.Checks = append(h.Checks, s.checkReplica(ctx))
	}
	connections, err := s.checkConnections(ctx)
	if err != nil {
		return h, err
	}
	h.Checks = append(h.Checks, connections...)
	h.Queue, err = s.queue(ctx)
	return h, err
}

func (s *System) checkDatabase(ctx context.Context, h *pages.Health) pages.Check {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	check := pages.Check{Name: "Database"}
	facts, err := postgres.ReadFacts(ctx, s.app.DB)
	if err != nil {
		check.Detail = err.Error()
		check.Advice = "Start the database server, or correct SLUICE_DATABASE_URL; Sluice goes on by itself once it answers."
		return check
	}
	check.OK = true
	where := "server of SLUICE_DATABASE_URL"
	if s.app.Cluster != nil {
		where = "private server"
	}
	check.Detail = fmt.Sprintf("PostgreSQL %s with pgvector %s, %s", facts.Server, facts.Vector, where)
	h.Facts = append(h.Facts, pages.NamedValue{Name: "Database size", Value: bytesText(uint64(facts.Bytes))})
	pending, err := postgres.Pending(ctx, s.app.DB)
	if err != nil || pending > 0 {
		check.OK, check.Advice = false, "Run: sluice migrate"
		check.Detail += fmt.Sprintf("; %d migrations are missing", pending)
	}
	return check
}

// checkSearch searches for a word.
func (s *System) checkSearch(ctx context.Context) pages.Check {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	check := pages.Check{Name: "Search"}
	found, err := s.app.Searcher.Searcher.Search(ctx, search.Request{Query: "page", Mode: search.Keyword, Limit: 1})
	switch {
	case errors.Is(err, search.ErrDamaged):
		check.Detail, check.Advice = err.Error(), "Restart \"sluice serve\": it makes what cannot be read anew from what is stored."
	case err != nil:
		check.Detail, check.Advice = err.Error(), "Correct what the other checks say first; the log of the server has more."
	default:
		check.OK = true
		check.Detail = fmt.Sprintf("answers in %.1f ms", found.TookMS)
	}
	return check
}

// checkReplica tells how far the read replica is behind. While it is away the primary answers searches.
func (s *System) checkReplica(ctx context.Context) pages.Check {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	check := pages.Check{Name: "Read replica"}
	state, err := postgres.ReadReplica(ctx, s.app.DB, s.app.Read)
	switch {
	case err != nil:
		check.Detail = err.Error()
		check.Advice = "Start it, or correct SLUICE_DATABASE_READ_URL. The primary answers searches meanwhile."
	case !state.Replica:
		check.OK, check.Detail = true, "answers; it is no replica but a server that takes writes"
	case state.Bytes > mostBehind:
		check.Detail = bytesText(uint64(state.Bytes)) + " behind the primary"
		check.Advice = "Searches show an older state. Look at pg_stat_replication on the primary, or empty SLUICE_DATABASE_READ_URL."
	default:
		check.OK, check.Detail = true, bytesText(uint64(state.Bytes))+" behind the primary"
	}
	return check
}

func (s *System) checkEmbedder(ctx context.Context) pages.Check {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	began := time.Now()
	check := pages.Check{Name: "Embedder"}
	if _, err := s.app.Embedder.EmbedQuery(ctx, "is anybody there"); err != nil {
		check.Detail = err.Error()
		check.Advice = "Check SLUICE_EMBEDDER_URL, _MODEL and _API_KEY, and that the server runs. Search by words goes on meanwhile."
		return check
	}
	check.OK = true
	check.Detail = fmt.Sprintf("%s answers in %.1f ms", s.app.Embedder.Model().ID, float64(time.Since(began).Microseconds())/1000)
	return check
}

func (s *System) checkDisk() pages.Check {
	check := pages.Check{Name: "Disk"}
	free, size, err := diskSpace(s.app.Config.DataDir)
	if err != nil {
		check.Detail, check.Advice = err.Error(), "The folder of SLUICE_DATA_DIR must exist and be readable."
		return check
	}
	check.OK = free >= leastFree && float64(free) >= leastFreeShare*float64(size)
	check.Detail = fmt.Sprintf("%s of %s are free at %s", bytesText(free), bytesText(size), s.app.Config.DataDir)
	if !check.OK {
		check.Advice = "Free some space, or move the data directory to a larger disk."
	}
	return check
}

func diskSpace(dir string) (free, size uint64, err error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	block := uint64(stat.Bsize)
	return stat.Bavail * block, stat.Blocks * block, nil
}

// checkConnections tells what the last contact with each site was like.
func (s *System) checkConnections(ctx context.Context) ([]pages.Check, error) {
	connections, err := s.app.Sources.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var checks []pages.Check
	for _, c := range connections {
		check := pages.Check{Name: "Connection " + c.Name, Detail: c.BaseURL, OK: c.Problem == ""}
		if !check.OK {
			check.Detail = c.Problem
			check.Advice = "Enter the address or the token again under Settings, Connections."
		}
		checks = append(checks, check)
	}
	return checks, nil
}

func (s *System) queue(ctx context.Context) ([]pages.QueueState, error) {
	all, err := s.app.Sources.List(ctx)
	if err != nil {
		return nil, err
	}
	state := pages.QueueState{Kind: "Sync"}
	for _, source := range all {
		switch source.State {
		case sources.StateQueued:
			state.Waiting++
		case sources.StateRunning:
			state.Running++
		case sources.StateFailed:
			state.Retried++
		case sources.StateIdle, sources.StatePaused:
		}
	}
	return []pages.QueueState{state}, nil
}

// Embedding is how far the vectors are.
func (s *System) Embedding(ctx context.Context) (pages.Embedding, error) {
	model := s.app.Embedder.Model()
	progress, err := s.app.Backlog.Progress(ctx)
	if err != nil {
		return pages.Embedding{}, err
	}
	e := pages.Embedding{
		Model: model.ID, Dimensions: model.Dimensions, Chunks: progress.Embedded + progress.Other + progress.Missing,
		Embedded: progress.Embedded, OtherModel: progress.Other, PerSecond: progress.PerSecond, Problem: progress.Problem,
	}
	if remote, ok := s.app.Embedder.(interface{ Endpoint() string }); ok {
		e.Endpoint = remote.Endpoint()
	}
	if progress.Left > 0 {
		left := int(progress.Left.Seconds())
		e.LeftSeconds = &left
	}
	if !progress.LastSuccess.IsZero() {
		e.LastEmbedding = &progress.LastSuccess
	}
	return e, nil
}

func bytesText(n uint64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, units := float64(n)/unit, "KMGTPE"
	i := 0
	for value >= unit && i < len(units)-1 {
		value /= unit
		i++
	}
	return fmt.Sprintf("%.1f %cB", value, units[i])
}
