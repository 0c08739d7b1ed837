package pagestest

import (
	"context"
	"sync"
	"time"

	"github.com/sluicehq/sluice/internal/instance"
)

// Instance is a fake of instance.Service.
type Instance struct {
	mu     sync.Mutex // guards all below
	off    bool
	events []instance.SearchEvent
}

// Events are the searches that were recorded.
func (i *Instance) Events() []instance.SearchEvent {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]instance.SearchEvent(nil), i.events...)
}

// Settings implements pages.Instance.
func (i *Instance) Settings(context.Context) (instance.Settings, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return instance.Settings{SearchAnalytics: !i.off}, nil
}

// ChangeSettings implements pages.Instance.
func (i *Instance) ChangeSettings(ctx context.Context, change instance.SettingsChange) (instance.Settings, error) {
	i.mu.Lock()
	i.off = !*change.SearchAnalytics
	i.mu.Unlock()
	return i.Settings(ctx)
}

// RecordSearch implements pages.Instance.
func (i *Instance) RecordSearch(_ context.Context, event instance.SearchEvent) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.events = append(i.events, event)
}

// TopQueries implements pages.Instance.
func (i *Instance) TopQueries(_ context.Context, f instance.AnalyticsFilter) ([]instance.QueryCount, error) {
	if f.WithoutResult {
		return []instance.QueryCount{{Query: "holiday calendar", Searches: 9, WithoutResult: 9, LastAt: ago(time.Hour)}, {Query: "vpn <b>setup</b>", Searches: 3, WithoutResult: 3, LastAt: ago(80 * time.Hour)}}, nil
	}
	return []instance.QueryCount{{Query: "scrape interval", Searches: 81, LastAt: ago(time.Minute)}, {Query: "on-call", Searches: 44, WithoutResult: 1, LastAt: ago(3 * time.Hour)}}, nil
}

// Usage implements pages.Instance.
func (i *Instance) Usage(context.Context, time.Time) ([]instance.DayCount, error) {
	var days []instance.DayCount
	for d := 29; d >= 0; d-- {
		days = append(days, instance.DayCount{Day: ago(time.Duration(d) * 24 * time.Hour), Searches: 20 + d*7%31, WithoutResult: d % 4, MedianMS: 6 + float64(d%5)})
	}
	return days, nil
}

// Spaces implements pages.Instance.
func (i *Instance) Spaces(context.Context, time.Time) ([]instance.SpaceCount, error) {
	return []instance.SpaceCount{{Space: "OBS", Searches: 120, WithoutResult: 4}, {Space: "OPS", Searches: 37}}, nil
}
