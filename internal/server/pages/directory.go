package pages

import (
	"context"
	"sync"
	"time"

	"github.com/sluicehq/sluice/internal/sources"
)

// directoryAge is how long the directory is used before it is asked for again: a search page needs it, and must not
// pay two more queries each time.
const directoryAge = 15 * time.Second

// directory remembers the sources and the JIRA site that belongs to each.
type directory struct {
	mu   sync.Mutex // guards all below
	at   time.Time
	list []sources.Source
	jira map[string]string // source id to JIRA base URL
	byID map[string]sources.Source
}

// directoryEntry is a consistent view of the directory; its maps are not changed any more.
type directoryEntry struct {
	list []sources.Source
	jira map[string]string
	byID map[string]sources.Source
}

// sourcesOf returns the directory, at most directoryAge old.
func (p *Pages) sourcesOf(ctx context.Context) (directoryEntry, error) {
	d := &p.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := p.Now(); d.at.IsZero() || now.Sub(d.at) > directoryAge {
		list, err := p.Sources.List(ctx)
		if err != nil {
			return directoryEntry{}, err
		}
		connections, err := p.Sources.Connections(ctx)
		if err != nil {
			return directoryEntry{}, err
		}
		sites := map[string]string{}
		for _, connection := range connections {
			sites[connection.ID] = connection.JiraBaseURL
		}
		d.at, d.list, d.jira, d.byID = now, list, map[string]string{}, map[string]sources.Source{}
		for _, s := range list {
			d.byID[s.ID] = s
			d.jira[s.ID] = sites[s.ConnectionID]
		}
	}
	return directoryEntry{d.list, d.jira, d.byID}, nil
}

// forgetSources makes the next page ask anew, after a change.
func (p *Pages) forgetSources() {
	p.directory.mu.Lock()
	defer p.directory.mu.Unlock()
	p.directory.at = time.Time{}
}

// spaceName is the name of the first source of a space, where it is not just the key again.
func (d directoryEntry) spaceName(key string) string {
	for _, s := range d.list {
		if s.SpaceKey == key && s.Name != key {
			return s.Name
		}
	}
	return ""
}
