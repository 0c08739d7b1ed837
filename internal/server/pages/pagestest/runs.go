package pagestest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// finished is the n-th newest finished run of a source.
func (s *Sources) finished(id string, n int) sources.Run {
	at := ago(time.Duration(n) * 24 * time.Hour)
	run := sources.Run{
		ID: "run-" + id + "-" + strconv.Itoa(n), SourceID: id, Trigger: sources.TriggerSchedule, State: sources.RunSucceeded, Phase: sources.PhaseDone, Progress: 1,
		Total: 412, Processed: 412, PagesListed: 412, PagesCreated: n % 5, PagesUpdated: (n * 7) % 13, PagesUnchanged: 380, PagesDeleted: n % 3, APICalls: 3 + n%9, DurationSeconds: 4 + float64((n*37)%50),
		Reconcile: n%7 == 0, QueuedAt: at, StartedAt: &at, FinishedAt: new(at.Add(time.Minute)), PhaseSeconds: map[sources.Phase]float64{sources.PhaseDiscovering: 1.2, sources.PhaseSyncing: 9, sources.PhaseReconciling: 3},
	}
	if n%11 == 1 && strings.HasSuffix(id, "ada") {
		run.State, run.Error = sources.RunFailed, "the site refuses the credentials: the API token has expired"
	}
	return run
}

// Runs implements pages.Sources.
func (s *Sources) Runs(_ context.Context, id string, o sources.ListOptions) ([]sources.Run, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var runs []sources.Run
	if id == s.run.SourceID {
		runs = append(runs, s.run)
	}
	for n := 1; n < max(o.Limit, 8); n++ {
		runs = append(runs, s.finished(id, n))
	}
	next := ""
	if o.Cursor == "" && o.Limit >= 50 {
		next = "older"
	}
	return runs, next, nil
}

// Run implements pages.Sources.
func (s *Sources) Run(_ context.Context, runID string) (sources.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if runID == s.run.ID {
		return s.run, nil
	}
	if rest, ok := strings.CutPrefix(runID, "run-confluence_"); ok {
		key, number, _ := strings.Cut(rest, "-")
		n, _ := strconv.Atoi(number)
		return s.finished("confluence_"+key, n), nil
	}
	return sources.Run{}, fmt.Errorf("run %s: %w", runID, wiki.ErrNotFound)
}

// RunErrors implements pages.Sources.
func (s *Sources) RunErrors(context.Context, string, sources.ListOptions) ([]sources.RunError, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run.Errors, "", nil
}

// RunLog implements pages.Sources.
func (s *Sources) RunLog(context.Context, string) ([]sources.LogLine, error) {
	return []sources.LogLine{
		{At: ago(41 * time.Second), Level: "info", Message: "looking for changes since 2026-11-23T03:12:00Z"},
		{At: ago(39 * time.Second), Level: "info", Message: "661 pages to read"},
		{At: ago(20 * time.Second), Level: "warn", Message: "Confluence asks to wait 7 s (429); going on with 3 requests at a time"},
		{At: ago(10 * time.Second), Level: "error", Message: "page 900002: confluence answered 500 three times"},
	}, nil
}

// RunPoints implements pages.Sources.
func (s *Sources) RunPoints(_ context.Context, ids []string, n int) (map[string][]sources.RunPoint, error) {
	points := map[string][]sources.RunPoint{}
	for _, id := range ids {
		if id == "confluence_NEW" {
			continue
		}
		for i := n; i > 0; i-- {
			run := s.finished(id, i)
			point := sources.RunPoint{RunID: run.ID, State: run.State, StartedAt: *run.StartedAt, DurationSeconds: run.DurationSeconds, Created: run.PagesCreated, Updated: run.PagesUpdated, Deleted: run.PagesDeleted}
			if i%9 == 4 {
				point.Failed = 2
			}
			points[id] = append(points[id], point)
		}
	}
	return points, nil
}

// Failures implements pages.Sources.
func (s *Sources) Failures(_ context.Context, id string, _ sources.ListOptions) ([]sources.Failure, string, error) {
	if id != "confluence_OBS" {
		return nil, "", nil
	}
	return []sources.Failure{
		{PageID: "900001", Title: "Imported: legacy runbook", URL: SiteURL + "/wiki/spaces/OBS/pages/900001", Error: "the storage format is not well formed: unexpected end of element <ac:structured-macro> at line 812", Tries: 3, FirstAt: ago(50 * time.Hour), LastAt: ago(time.Hour), NextTryAt: ago(-3 * time.Hour)},
		{PageID: "900002", Title: "Attachments dump <b>2019</b>", URL: SiteURL + "/wiki/spaces/OBS/pages/900002", Error: "confluence answered 500 three times", Tries: 1, FirstAt: ago(time.Hour), LastAt: ago(time.Hour), NextTryAt: ago(-time.Hour)},
	}, "", nil
}

// PendingDeletions implements pages.Sources.
func (s *Sources) PendingDeletions(_ context.Context, id string, _ sources.ListOptions) ([]sources.PendingDeletion, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != "confluence_OPS" || s.list[1].PendingDeletions == 0 {
		return nil, "", nil
	}
	var list []sources.PendingDeletion
	for i := range 31 {
		list = append(list, sources.PendingDeletion{PageID: strconv.Itoa(7000 + i), Title: fmt.Sprintf("Old on-call rota, week %d", i+1), Reason: []string{"in the trash", "archived", "not found"}[i%3], Since: ago(5 * time.Hour)})
	}
	return list, "", nil
}

// DecidePending implements pages.Sources.
func (s *Sources) DecidePending(_ context.Context, id string, confirm bool) (int, error) {
	_ = s.called(fmt.Sprintf("decide %t", confirm), id)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.list {
		if s.list[i].ID == id {
			s.list[i].PendingDeletions = 0
		}
	}
	return 31, nil
}
