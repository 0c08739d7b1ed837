package search

import (
	"math"
	"slices"
	"strings"
	"time"
)

// columns are what filters and facets look at, for all pages: one array for each property, because a search goes through
// all of them. Those of a published state never change.
type columns struct {
	flags              []uint8
	space, author, typ []int32 // numbers in state.names
	modified           []int64 // µs
	chunks             []int32
	labelsAt           []extent
	labels             []int32 // numbers; the pages' one after the other
	titlesAt           []extent
	titles             string // folded; the pages' one after the other
}

// extent is where what a page has stands among that of all.
type extent struct{ from, to uint32 }

// Flags of a page.
const (
	flagLive uint8 = 1 << iota
	flagRestricted
)

// with returns the columns with pages set anew; changed are their numbers.
func (c columns) with(pages []*pageInfo, changed []int32) columns {
	n := len(pages)
	c = columns{
		flags: grown(c.flags, n), space: grown(c.space, n), author: grown(c.author, n), typ: grown(c.typ, n),
		modified: grown(c.modified, n), chunks: grown(c.chunks, n), labelsAt: grown(c.labelsAt, n),
		labels:   slices.Clip(c.labels), // older states go on reading theirs
		titlesAt: grown(c.titlesAt, n), titles: c.titles,
	}
	var titles strings.Builder
	titles.WriteString(c.titles)
	for _, i := range changed {
		p := pages[i]
		c.flags[i] = 0
		if p.live {
			c.flags[i] |= flagLive
		}
		if p.Restricted {
			c.flags[i] |= flagRestricted
		}
		c.space[i], c.author[i], c.typ[i] = p.space, p.author, p.typ
		c.modified[i], c.chunks[i] = p.LastModified.UnixMicro(), int32(min(p.Chunks, math.MaxInt32))
		c.labelsAt[i] = extent{from: uint32(len(c.labels)), to: uint32(len(c.labels) + len(p.labels))}
		c.labels = append(c.labels, p.labels...)
		from := uint32(titles.Len())
		titles.WriteString(p.folded)
		c.titlesAt[i] = extent{from: from, to: uint32(titles.Len())}
	}
	c.titles = titles.String()
	c.compactLabels()
	c.compactTitles()
	return c
}

// grown returns a copy of a list with n entries.
func grown[T any](list []T, n int) []T {
	return append(make([]T, 0, n+n/8), list...)[:n]
}

// Once more than half of what is kept belongs to no page any more, it is dropped; little is not worth it.
const littleKept = 1024

func (c *columns) compactLabels() {
	used := sum(c.labelsAt)
	if len(c.labels) < 2*used+littleKept {
		return
	}
	labels := make([]int32, 0, used)
	for i, at := range c.labelsAt {
		from := uint32(len(labels))
		labels = append(labels, c.labels[at.from:at.to]...)
		c.labelsAt[i] = extent{from: from, to: uint32(len(labels))}
	}
	c.labels = labels
}

func (c *columns) compactTitles() {
	used := sum(c.titlesAt)
	if len(c.titles) < 2*used+littleKept {
		return
	}
	var titles strings.Builder
	for i, at := range c.titlesAt {
		from := uint32(titles.Len())
		titles.WriteString(c.titles[at.from:at.to])
		c.titlesAt[i] = extent{from: from, to: uint32(titles.Len())}
	}
	c.titles = titles.String()
}

func sum(list []extent) int {
	n := 0
	for _, at := range list {
		n += int(at.to - at.from)
	}
	return n
}

// title returns the folded title of a page.
func (c *columns) title(page int) string {
	at := c.titlesAt[page]
	return c.titles[at.from:at.to]
}

func (c *columns) labelsOf(page int32) []int32 {
	at := c.labelsAt[page]
	return c.labels[at.from:at.to]
}

// micros is the first microsecond that is not before t; times in the columns have no finer parts.
func micros(t time.Time) int64 {
	us := t.UnixMicro()
	if t.Nanosecond()%1000 != 0 {
		us++
	}
	return us
}
