// Package instance is what belongs to the installation as a whole: the settings an admin changes while it runs, and
// the statistics of what is searched, which never hold who searched.
package instance

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/auth"
)

// Settings are what an admin may change while the program runs.
type Settings struct {
	// SearchAnalytics keeps the words of searches, without who searched, for 90 days.
	SearchAnalytics bool `json:"search_analytics" doc:"Whether the words of searches are kept for 90 days, without who searched."`
}

// SettingsChange changes settings; nil fields stay.
type SettingsChange struct {
	SearchAnalytics *bool `json:"search_analytics,omitempty" doc:"Keep the words of searches for 90 days; switching it off deletes what was kept." example:"true"`
}

func defaults() Settings { return Settings{SearchAnalytics: true} }

// SearchEvent is one search, as the statistics keep it.
type SearchEvent struct {
	Query    string
	Mode     string
	Spaces   []string // that it was narrowed to
	Total    int
	TookMS   float64
	Degraded bool
	At       time.Time // zero: now
}

// AnalyticsFilter narrows the statistics of queries.
type AnalyticsFilter struct {
	Since         time.Time
	Space         string
	WithoutResult bool
	Limit         int // 0: 50, at most 500
}

// QueryCount is how often something was searched.
type QueryCount struct {
	Query         string    `json:"query"`
	Searches      int       `json:"searches"`
	WithoutResult int       `json:"without_result"`
	LastAt        time.Time `json:"last_at"`
}

// DayCount is one day of searches (UTC).
type DayCount struct {
	Day           time.Time `json:"day"`
	Searches      int       `json:"searches"`
	WithoutResult int       `json:"without_result"`
	Degraded      int       `json:"degraded"`
	MedianMS      float64   `json:"median_ms"`
}

// SpaceCount is how often searches were narrowed to a space.
type SpaceCount struct {
	Space         string `json:"space"`
	Searches      int    `json:"searches"`
	WithoutResult int    `json:"without_result"`
}

// Store keeps settings and statistics; the accounts' store is one.
type Store interface {
	// LoadSettings reads into settings what is stored; what is not keeps its value.
	LoadSettings(ctx context.Context, settings *Settings) error
	SaveSettings(ctx context.Context, settings Settings) error
	InsertSearches(ctx context.Context, events []SearchEvent) error
	DeleteSearches(ctx context.Context) error
	TopQueries(ctx context.Context, filter AnalyticsFilter) ([]QueryCount, error)
	SearchDays(ctx context.Context, since time.Time) ([]DayCount, error)
	SearchSpaces(ctx context.Context, since time.Time, limit int) ([]SpaceCount, error)
}

// Recorder writes the audit log; *auth.Service is one.
type Recorder interface {
	Record(ctx context.Context, action, subject string, detail map[string]any)
}

// queueLength bounds how many searches wait to be stored; more are dropped, for statistics must never slow a search.
const queueLength = 2048

// flushEvery is how long a search waits at most before it is stored.
const flushEvery = 3 * time.Second

// Service reads and changes settings and keeps statistics. It is safe for concurrent use. Run stores the statistics.
type Service struct {
	store  Store
	audit  Recorder
	log    *slog.Logger
	queue  chan SearchEvent
	record atomic.Bool
}

// New returns a Service. It starts nothing.
func New(store Store, audit Recorder, log *slog.Logger) *Service {
	s := &Service{store: store, audit: audit, log: log, queue: make(chan SearchEvent, queueLength)}
	s.record.Store(defaults().SearchAnalytics)
	return s
}

// Settings returns the settings.
func (s *Service) Settings(ctx context.Context) (Settings, error) {
	settings := defaults()
	err := s.store.LoadSettings(ctx, &settings)
	return settings, err
}

// ChangeSettings changes settings and returns all of them. Admins only. Switching the statistics off deletes them.
func (s *Service) ChangeSettings(ctx context.Context, change SettingsChange) (Settings, error) {
	if !auth.FromContext(ctx).IsAdmin() {
		return Settings{}, auth.ErrNotAllowed
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return Settings{}, err
	}
	if change.SearchAnalytics != nil {
		settings.SearchAnalytics = *change.SearchAnalytics
	}
	if err := s.store.SaveSettings(ctx, settings); err != nil {
		return Settings{}, err
	}
	s.record.Store(settings.SearchAnalytics)
	if !settings.SearchAnalytics {
		if err := s.store.DeleteSearches(ctx); err != nil {
			return Settings{}, err
		}
	}
	s.audit.Record(ctx, "settings.change", "instance", map[string]any{"search_analytics": settings.SearchAnalytics})
	return settings, nil
}

// RecordSearch notes a search for the statistics, unless they are switched off. It never blocks.
func (s *Service) RecordSearch(_ context.Context, event SearchEvent) {
	event.Query = normalise(event.Query)
	if !s.record.Load() || event.Query == "" {
		return
	}
	if event.At.IsZero() {
		event.At = time.Now()
	}
	select {
	case s.queue <- event:
	default: // the database lags behind: this one is not counted
	}
}

// maxQuery is how many bytes of a query the statistics keep.
const maxQuery = 200

func normalise(query string) string {
	query = strings.Join(strings.Fields(strings.ToValidUTF8(query, "")), " ")
	query = strings.ReplaceAll(query, "\x00", "")
	if len(query) > maxQuery {
		query = query[:maxQuery]
		for !utf8.ValidString(query) {
			query = query[:len(query)-1]
		}
	}
	return query
}

// Run stores recorded searches until ctx ends, then those that still wait, and returns nil.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	s.refresh(ctx)
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			s.flush(last)
			return nil
		case <-ticker.C:
			s.refresh(ctx)
			s.flush(ctx)
		}
	}
}

// refresh follows what another replica has set.
func (s *Service) refresh(ctx context.Context) {
	if settings, err := s.Settings(ctx); err == nil {
		s.record.Store(settings.SearchAnalytics)
	}
}

func (s *Service) flush(ctx context.Context) {
	var events []SearchEvent
	for len(events) < queueLength {
		select {
		case event := <-s.queue:
			events = append(events, event)
			continue
		default:
		}
		break
	}
	if len(events) == 0 || !s.record.Load() {
		return
	}
	if err := s.store.InsertSearches(ctx, events); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "search statistics not stored", "searches", len(events), "err", err)
	}
}

// mustAdmin guards the statistics: queries may tell secrets even without names.
func mustAdmin(ctx context.Context) error {
	if !auth.FromContext(ctx).IsAdmin() {
		return auth.ErrNotAllowed
	}
	return nil
}

// TopQueries returns what was searched most. Admins only.
func (s *Service) TopQueries(ctx context.Context, filter AnalyticsFilter) ([]QueryCount, error) {
	if err := mustAdmin(ctx); err != nil {
		return nil, err
	}
	if filter.Limit <= 0 {
		filter.Limit = 50
	}
	filter.Limit = min(filter.Limit, 500)
	counts, err := s.store.TopQueries(ctx, filter)
	if err != nil {
		return nil, fmt.Errorf("search statistics: %w", err)
	}
	return counts, nil
}

// Usage returns the searches of each day since then, oldest first; days without any are left out. Admins only.
func (s *Service) Usage(ctx context.Context, since time.Time) ([]DayCount, error) {
	if err := mustAdmin(ctx); err != nil {
		return nil, err
	}
	return s.store.SearchDays(ctx, since)
}

// Spaces returns the spaces that searches were narrowed to most. Admins only.
func (s *Service) Spaces(ctx context.Context, since time.Time) ([]SpaceCount, error) {
	if err := mustAdmin(ctx); err != nil {
		return nil, err
	}
	return s.store.SearchSpaces(ctx, since, 100)
}
