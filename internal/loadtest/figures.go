package loadtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Figures are what a process holds that must not grow for ever.
type Figures struct {
	Memory
	Goroutines  int
	Files       int // open files and sockets of the program
	Connections int // to the database, in use now
	Backends    int // processes of the private database server
}

// Figures reads them. It fails where the program does not answer.
func (p *Program) Figures(ctx context.Context) (Figures, error) {
	f := Figures{Memory: p.Memory(), Files: OpenFiles(p.PID())}
	for _, pid := range processesIn(p.options.DataDir) {
		if pid != p.PID() {
			f.Backends++
		}
	}
	values, err := p.metrics(ctx, "go_goroutines", "sluice_db_connections")
	if err != nil {
		return f, err
	}
	for series, value := range values {
		switch {
		case series == "go_goroutines":
			f.Goroutines = int(value)
		case strings.Contains(series, `state="used"`):
			f.Connections += int(value)
		}
	}
	if f.Goroutines == 0 {
		return f, errors.New("/metrics does not tell the number of goroutines")
	}
	return f, nil
}

// metrics reads the series of some names from /metrics.
func (p *Program) metrics(ctx context.Context, names ...string) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Base+"/metrics", http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	defer resp.Body.Close()
	values := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		series, text, found := cutLast(lines.Text(), " ")
		name, _, _ := strings.Cut(series, "{")
		for _, wanted := range names {
			if !found || name != wanted {
				continue
			}
			if values[series], err = strconv.ParseFloat(text, 64); err != nil {
				return nil, fmt.Errorf("metrics: %s: %w", series, err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return values, nil
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

func (f Figures) String() string {
	return fmt.Sprintf("program %s, database %s in %d processes, %d goroutines, %d open files, %d connections in use",
		MB(f.Program), MB(f.Database), f.Backends, f.Goroutines, f.Files, f.Connections)
}

// How much more a process may hold after work than before it: caches that fill, pools that open what they need.
const (
	slackMemory      = 100_000_000 // bytes
	slackGoroutines  = 30
	slackFiles       = 30
	slackConnections = 3
	slackBackends    = 20
)

// Leaks compares with earlier figures of a program that was as idle as now, and says what has grown by more than caches and
// pools explain. The database's memory is not judged: it fills its cache on purpose.
func (f Figures) Leaks(before Figures) error {
	var leaks []error
	check := func(what string, before, now, more int64) {
		if now > before+more {
			leaks = append(leaks, fmt.Errorf("%s grew from %d to %d", what, before, now))
		}
	}
	check("resident memory", before.Program, f.Program, slackMemory)
	check("the number of goroutines", int64(before.Goroutines), int64(f.Goroutines), slackGoroutines)
	check("the number of open files", int64(before.Files), int64(f.Files), slackFiles)
	check("the number of database connections in use", int64(before.Connections), int64(f.Connections), slackConnections)
	check("the number of database processes", int64(before.Backends), int64(f.Backends), slackBackends)
	return errors.Join(leaks...)
}
