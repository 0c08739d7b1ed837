package spacesync

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/wiki"
)

// item is a listed page that the run has to account for.
type item struct {
	ref   wiki.ContentRef
	state *State // what is stored; nil where no row is there
	// sure: the row comes from the site's store, not from its search index, which may lag.
	sure bool
	// meta is what the site says beside the content; known is false where it said nothing, and own is the last word on
	// the restriction then.
	meta  wiki.Meta
	known bool
	own   bool
	// retry: the page failed before and its next try is due; wait: it is not due yet.
	retry, wait bool
	// files are the attachments where they have been read anew.
	files []wiki.Attachment
}

// found sets what is stored of the page, as one of states.
func (it *item) found(states map[string]State) {
	if s, ok := states[it.ref.ID]; ok {
		it.state = &s
	}
}

// was is what is stored of the page; the zero State where no row is there.
func (it *item) was() State {
	if it.state == nil {
		return State{}
	}
	return *it.state
}

func (it *item) live() bool { return it.state != nil && !it.state.Deleted }

// labels are the page's labels: the site's, or the stored ones where the site said nothing.
func (it *item) labels() []string {
	if it.known {
		return it.meta.Labels
	}
	return it.was().Labels
}

// stale reports whether the page has to be fetched: it is not stored, or not as the site has it now. The version alone
// does not tell: deleting an old version or restoring a backup may give a number twice, and it may go down.
func (it *item) stale(fullSince *time.Time) bool {
	s := it.was().Ref
	return !it.live() || it.retry || s.Version != it.ref.Version || !sameTime(s.VersionAt, it.ref.VersionAt) ||
		s.Title != it.ref.Title || s.Type != it.ref.Type || fullSince != nil && it.was().SyncedAt.Before(*fullSince)
}

// drifted reports whether what no version covers differs from what is stored.
func (it *item) drifted() bool {
	s := it.was()
	return s.Ref.ParentID != it.ref.ParentID || s.Ref.ParentType != it.ref.ParentType || s.Ref.Position != it.ref.Position ||
		s.Ref.URL != it.ref.URL || s.OwnRestricted != it.own || !slices.Equal(s.Labels, it.labels()) || it.files != nil
}

func (it *item) change() MetaChange {
	return MetaChange{
		Ref: it.ref, Labels: it.labels(), OwnRestricted: it.own, Attachments: it.files, URLChanged: it.was().Ref.URL != it.ref.URL,
	}
}

// sameTime compares times as the database keeps them.
func sameTime(a, b time.Time) bool {
	return a.Truncate(time.Microsecond).Equal(b.Truncate(time.Microsecond))
}

// tidy brings a row into the form in which it is stored, so that comparing does not find differences that are none.
func tidy(ref wiki.ContentRef, typ wiki.ContentType) wiki.ContentRef {
	ref.Title, ref.URL = clean(ref.Title), clean(ref.URL)
	if ref.Type == "" {
		ref.Type = typ
	}
	return ref
}

// The ancestors are dropped, because the listing tells where pages stand: of a large space they are the most.
func tidyMeta(m wiki.Meta) wiki.Meta {
	m.Ancestors = nil
	labels := make([]string, len(m.Labels))
	for i, l := range m.Labels {
		labels[i] = clean(l)
	}
	slices.Sort(labels)
	m.Labels = slices.Compact(labels)
	return m
}

// clean drops what the database does not store in text.
func clean(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, control) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if control(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

func control(r rune) bool { return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0x7f }

func idsOf(items []*item) []string {
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = it.ref.ID
	}
	return ids
}
