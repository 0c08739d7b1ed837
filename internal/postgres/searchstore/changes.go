package searchstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/searchstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/search/inverted"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Changes implements search.Store: what is new to a reader, as one state of the database. A reader that knows other
// segments than there are is told of all fresh and removed chunks, because maintenance has moved them; the words of fresh
// ones are not read again. One that knows a later state than the database is in, because another server told it, gets
// everything: what is later cannot be taken out of it. On one server neither end of the snapshot falls, and those of a
// replica are not above its primary's.
func (s *Store) Changes(ctx context.Context, known search.Known) (search.Changes, error) {
	quiet, ok, err := s.quiet(ctx, known)
	if err != nil || ok {
		return quiet, err
	}
	var c search.Changes
	err = s.snapshot(ctx, func(tx pgx.Tx) error {
		c = search.Changes{}
		return s.changes(ctx, tx, known, &c)
	})
	if errors.Is(err, inverted.ErrDamaged) {
		err = fmt.Errorf("%w: %w; restart the program, which mends it", wiki.ErrUnavailable, err)
	}
	if err != nil {
		return search.Changes{}, fmt.Errorf("changes of the search index: %w", postgres.Translate(err))
	}
	return c, nil
}

// quiet answers in one round trip where nothing has changed, as is mostly so.
func (s *Store) quiet(ctx context.Context, known search.Known) (search.Changes, bool, error) {
	if known.Since == 0 {
		return search.Changes{}, false, nil
	}
	look, err := s.q.Look(ctx, s.reader, dbsqlc.LookParams{Version: inverted.Version, Since: known.Since})
	if err != nil {
		return search.Changes{}, false, fmt.Errorf("changes of the search index: %w", postgres.Translate(err))
	}
	if before(look, known) || look.Changed || !slices.Equal(look.Segments, known.Segments) {
		return search.Changes{}, false, nil
	}
	return search.Changes{Since: look.Xmin, Until: look.Xmax, Seen: look.Seen, SegmentIDs: look.Segments, Sources: sourcesOf(look), Incomplete: look.Incomplete}, true, nil
}

// before reports whether the database is in an earlier state than a reader knows.
func before(look dbsqlc.LookRow, known search.Known) bool {
	return look.Xmin < known.Since || look.Xmax < known.Until
}

func sourcesOf(look dbsqlc.LookRow) []search.Source {
	list := make([]search.Source, len(look.SourceIds))
	for i, id := range look.SourceIds {
		list[i] = search.Source{ID: id, Kind: look.SourceTypes[i], TextConfig: look.TextConfigs[i]}
	}
	return list
}

func (s *Store) changes(ctx context.Context, tx pgx.Tx, known search.Known, c *search.Changes) error {
	look, err := s.q.Look(ctx, tx, dbsqlc.LookParams{Version: inverted.Version, Since: known.Since})
	if err != nil {
		return err
	}
	c.Since, c.Until, c.Seen, c.SegmentIDs, c.Sources, c.Incomplete = look.Xmin, look.Xmax, look.Seen, look.Segments, sourcesOf(look), look.Incomplete
	if before(look, known) {
		c.Anew, known = true, search.Known{}
	}
	removed := dbsqlc.RemovedSinceParams{Since: known.Since, Seen: known.Seen}
	if known.Since == 0 || !slices.Equal(c.SegmentIDs, known.Segments) {
		c.Moved, removed = true, dbsqlc.RemovedSinceParams{}
		if err := s.newSegments(ctx, tx, known, c); err != nil {
			return err
		}
		if c.FreshIDs, err = s.q.StillFresh(ctx, tx, inverted.Version); err != nil {
			return err
		}
	}
	fresh, err := s.q.FreshSince(ctx, tx, dbsqlc.FreshSinceParams{Since: known.Since, Seen: known.Seen, Version: inverted.Version})
	if err != nil {
		return err
	}
	c.Fresh = make([]inverted.Encoded, len(fresh))
	for i, r := range fresh {
		c.Fresh[i] = inverted.Encoded{ChunkID: r.ChunkID, Page: inverted.PageKey{SourceID: r.SourceID, PageID: r.PageID}, Words: r.Words}
	}
	if c.Removed, err = s.q.RemovedSince(ctx, tx, removed); err != nil {
		return err
	}
	pages, err := s.q.PagesSince(ctx, tx, dbsqlc.PagesSinceParams{Since: known.Since, Seen: known.Seen})
	if err != nil {
		return err
	}
	c.Pages = make([]search.Page, len(pages))
	for i, r := range pages {
		c.Pages[i] = page(r)
	}
	return nil
}

func (s *Store) newSegments(ctx context.Context, tx pgx.Tx, known search.Known, c *search.Changes) error {
	var missing []int64
	for _, id := range c.SegmentIDs {
		if !slices.Contains(known.Segments, id) {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	rows, err := s.q.SegmentHeaders(ctx, tx, missing)
	if err != nil {
		return err
	}
	for _, r := range rows {
		header, err := inverted.DecodeHeader(r.Header)
		if err != nil {
			return fmt.Errorf("segment %d: %w", r.ID, err)
		}
		c.Segments = append(c.Segments, search.SegmentHeader{ID: r.ID, Header: header})
	}
	return nil
}

func page(r dbsqlc.PagesSinceRow) search.Page {
	p := search.Page{
		SourceID: r.SourceID, PageID: r.PageID, SpaceKey: r.SpaceKey, Type: r.Type, Title: r.Title, URL: r.Url,
		LastModified: r.LastModified, Ancestors: r.AncestorIds, AuthorID: r.AuthorID, Author: r.AuthorName, Labels: r.Labels,
		JiraKeys: r.JiraKeys, Restricted: r.Restricted, Deleted: r.IsDeleted, Chunks: int(r.ChunkCount),
	}
	copy(p.Hash[:], r.ContentHash)
	return p
}

// Postings implements search.Store.
func (s *Store) Postings(ctx context.Context, segments []int64, terms []string) ([]search.TermPostings, error) {
	rows, err := s.q.Postings(ctx, s.reader, dbsqlc.PostingsParams{Segments: segments, Terms: terms})
	if err != nil {
		return nil, fmt.Errorf("postings: %w", postgres.Translate(err))
	}
	list := make([]search.TermPostings, 0, len(rows))
	there := 0
	for _, r := range rows {
		if r.Term == "" {
			there++
			continue
		}
		list = append(list, search.TermPostings{Segment: r.SegmentID, Term: r.Term, Data: r.Data})
	}
	if there < len(segments) {
		return nil, search.ErrMoved
	}
	return list, nil
}

// Passages implements search.Store.
func (s *Store) Passages(ctx context.Context, ids []int64) ([]search.ChunkText, error) {
	rows, err := s.q.Passages(ctx, s.reader, ids)
	if err != nil {
		return nil, fmt.Errorf("passages: %w", postgres.Translate(err))
	}
	list := make([]search.ChunkText, len(rows))
	for i, r := range rows {
		list[i] = search.ChunkText{
			ID: r.ID, URL: r.Url, Section: r.SectionTitle, Anchor: r.Anchor, Body: r.BodyText, Markdown: r.Markdown, Breadcrumb: r.Breadcrumb,
		}
	}
	return list, nil
}

// Bodies implements search.Store.
func (s *Store) Bodies(ctx context.Context, ids []int64) ([]search.ChunkText, error) {
	rows, err := s.q.BodyTexts(ctx, s.reader, ids)
	if err != nil {
		return nil, fmt.Errorf("texts of chunks: %w", postgres.Translate(err))
	}
	list := make([]search.ChunkText, len(rows))
	for i, r := range rows {
		list[i] = search.ChunkText{ID: r.ID, Title: r.Title, Heading: r.HeadingPath, Body: r.BodyText}
	}
	return list, nil
}
