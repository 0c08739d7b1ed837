package confluence

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

const (
	// maxPages bounds every walk: a space of five million pages would still fit.
	maxPages = 20_000
	// maxEmpty is how many pages in a row may be empty although there is a next one.
	maxEmpty = 20
	// maxRestarts is how often a walk is begun again where its cursor has expired.
	maxRestarts = 3
	// stepBack is how many rows a walk by offsets first goes back where rows moved under it, and maxShifts how often it
	// does.
	stepBack  = 50
	maxShifts = 50
	// maxCursor bounds what a site can make us send back.
	maxCursor = 64 << 10
)

var errEmptyPage = errors.New("it has no rows, and yet a next page")

// walk lists a listing to its end, page by page, each row once.
type walk[T row] struct {
	c *Client
	r request
	// index: the rows come from the search index, whose pages may end with a next page that never has rows.
	index bool

	seen     map[string]bool
	restarts int
}

// cursors follows v2's and Cloud search's opaque cursors.
func (w *walk[T]) cursors(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		w.seen = map[string]bool{}
		cursor, used, empty := "", map[string]bool{}, 0
		for n := 0; ; n++ {
			page, next, err := w.page(ctx, cursor, used)
			if err == nil && n == maxPages {
				err = w.broken("has no end")
			}
			if w.expired(err, cursor) {
				cursor, used, empty = "", map[string]bool{}, 0
				continue
			}
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			if !w.fresh(page, yield) {
				return
			}
			if empty++; len(page) > 0 {
				empty = 0
			}
			switch {
			case w.index && (next == "" || empty > 1):
				return
			case empty >= maxEmpty, empty > 0 && len(w.seen) == 0 && (next != "" || n > 0):
				var zero T
				yield(zero, w.broken("has empty pages, and yet next ones"))
				return
			case next == "":
				return
			}
			used[next] = true
			cursor = next
		}
	}
}

// expired reports whether a walk may begin again because its cursor is not accepted any more.
func (w *walk[T]) expired(err error, cursor string) bool {
	var api *APIError
	if cursor == "" || !errors.As(err, &api) || w.restarts == maxRestarts {
		return false
	}
	if api.Status != http.StatusBadRequest && api.Status != http.StatusNotFound && api.Status != http.StatusGone {
		return false
	}
	w.restarts++
	return true
}

// fresh yields the rows that were not there before; false where the reader has had enough.
func (w *walk[T]) fresh(page []T, yield func(T, error) bool) bool {
	for _, r := range page {
		if w.seen[r.key()] {
			continue
		}
		w.seen[r.key()] = true
		if !yield(r, nil) {
			return false
		}
	}
	return true
}

func (w *walk[T]) broken(what string) error {
	return &APIError{Method: w.r.method(), Path: w.c.prefix + w.r.path, Message: "the listing " + what, Kind: wiki.ErrUnavailable}
}

// page reads one page. A next cursor that was used before would lead in a circle, and a page without rows although there
// is a next one may have lost them: such answers count as broken, and are asked for again. Rows that the account may not
// see can empty a page for good, so in the end an empty page is believed.
func (w *walk[T]) page(ctx context.Context, cursor string, used map[string]bool) (page []T, next string, err error) {
	r := w.r
	if cursor != "" {
		r = r.with("cursor", cursor)
	}
	doubts := w.c.options.Tries - 1
	if w.index {
		doubts = min(doubts, 1)
	}
	_, err = w.c.send(ctx, r, func(body []byte, h http.Header) error {
		l := new(list[T])
		if err := decode(body, l); err != nil {
			return err
		}
		w.c.learnBase(l.Links)
		var err error
		if page, err = rows(l); err != nil {
			return err
		}
		if next, err = nextCursor(l.Links, h); err != nil {
			return err
		}
		if doubts > 0 && len(page) == 0 && next != "" {
			doubts--
			return errEmptyPage
		}
		if next == "" || next != cursor && !used[next] {
			return nil
		}
		if w.index && len(page) == 0 {
			next = ""
			return nil
		}
		return errors.New("its next page is one that was read before")
	})
	return page, next, err
}

// nextCursor takes the cursor out of the address of the next page: the address itself is relative to different things on
// different sites, and lacks parameters on some.
func nextCursor(l links, h http.Header) (string, error) {
	next := l.Next
	if next == "" {
		next = linkNext(h)
	}
	if next == "" {
		return "", nil
	}
	_, query, _ := strings.Cut(next, "?")
	query, _, _ = strings.Cut(query, "#")
	values, err := url.ParseQuery(query)
	cursor := values.Get("cursor")
	switch {
	case cursor == "" && err != nil:
		return "", errors.New("the address of its next page is broken")
	case cursor == "":
		return "", errors.New("the address of its next page has no cursor")
	case len(cursor) > maxCursor:
		return "", fmt.Errorf("its cursor has %d bytes", len(cursor))
	}
	return cursor, nil
}

// linkNext is the target of a Link header whose relation is "next"; Confluence also uses the header for other things.
func linkNext(h http.Header) string {
	for _, value := range h.Values("Link") {
		for part := range strings.SplitSeq(value, ",") {
			target, params, ok := strings.Cut(strings.TrimSpace(part), ">")
			if ok && strings.HasPrefix(target, "<") && (strings.Contains(params, `rel="next"`) || strings.Contains(params, "rel=next")) {
				return target[1:]
			}
		}
	}
	return ""
}

// offsets follows Data Center's start and limit. A page begins with the last row of the one before: where it does not,
// rows were removed or changed their order meanwhile, some may have slipped by, and the walk steps back until it is among
// rows it knows. It ends at a page without anything new, because neither the count nor the next link of a page can be
// relied on. The order of the search index is not always stable, so a walk of it puts up with that in the end.
func (w *walk[T]) offsets(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		w.seen = map[string]bool{}
		start, overlap, shifts, back, frontier := 0, false, 0, stepBack, 0
		for range maxPages {
			page, err := w.offset(ctx, start)
			if err != nil {
				yield(zero, err)
				return
			}
			if overlap && (len(page) == 0 || !w.seen[page[0].key()]) && shifts < maxShifts {
				shifts++
				frontier = max(frontier, start)
				start, back = max(0, start-back), 2*back
				overlap = start > 0
				continue
			}
			if shifts == maxShifts && !w.index {
				yield(zero, w.broken("keeps changing while it is read"))
				return
			}
			back = stepBack
			known, rows := len(w.seen), distinctRows(page)
			if !w.fresh(page, yield) || rows == 0 {
				return
			}
			if len(w.seen) == known && (rows == 1 || start+rows >= frontier) {
				return
			}
			start += rows
			if overlap = rows > 1; overlap {
				start--
			}
		}
		yield(zero, w.broken("has no end"))
	}
}

// distinctRows is how many rows a page has, without those it repeats.
func distinctRows[T row](page []T) int {
	ids := make(map[string]bool, len(page))
	for _, r := range page {
		ids[r.key()] = true
	}
	return len(ids)
}

func (w *walk[T]) offset(ctx context.Context, start int) ([]T, error) {
	var page []T
	doubts := w.c.options.Tries - 1
	_, _, err := get(ctx, w.c, w.r.with("start", strconv.Itoa(start)), func(l *list[T]) error {
		var err error
		page, err = rows(l)
		if err == nil && len(page) == 0 && l.Links.Next != "" && doubts > 0 {
			doubts--
			err = errEmptyPage
		}
		return err
	})
	return page, err
}

// collect reads a walk into a slice.
func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// mapped makes other values of a walk's; keep tells which.
func mapped[T, U any](seq iter.Seq2[T, error], f func(T) (u U, keep bool)) iter.Seq2[U, error] {
	return func(yield func(U, error) bool) {
		for v, err := range seq {
			if err != nil {
				var zero U
				yield(zero, err)
				return
			}
			if u, keep := f(v); keep && !yield(u, nil) {
				return
			}
		}
	}
}

// failed is a walk that does not begin.
func failed[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		yield(zero, err)
	}
}
