package spacesync_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

// page is what the index should hold, and holds, of a page.
type page struct {
	Title, Path, Crumbs, Labels, Text string
	Version                           int
	Restricted                        bool
}

// truth is what the account may see of a space, as it should be stored.
func (f *fakeSite) truth(key string, include bool) map[string]page {
	f.mu.Lock()
	defer f.mu.Unlock()
	want := map[string]page{}
	for id, c := range f.contents {
		restricted := f.isRestricted(c)
		if c.ref.SpaceID != f.spaces[key].ID || c.ref.Status != wiki.StatusCurrent || c.ref.Type == "folder" || !f.visible(c) || restricted && !include {
			continue
		}
		var path, crumbs []string
		for _, a := range f.above(c) {
			path = append(path, a.ref.ID)
			crumbs = append(crumbs, a.ref.Title)
		}
		slices.Reverse(path)
		slices.Reverse(crumbs)
		want[id] = page{
			Title: c.ref.Title, Path: "/" + strings.Join(append(path, id), "/"), Crumbs: strings.Join(crumbs, " > "),
			Labels: strings.Join(slices.Sorted(slices.Values(c.labels)), ","), Version: c.ref.Version, Restricted: restricted,
			Text: strings.TrimSuffix(strings.TrimPrefix(c.body, "<p>"), "</p>"),
		}
	}
	return want
}

func (f *fakeSite) ids() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.contents))
}
