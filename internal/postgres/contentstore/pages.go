package contentstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore/dbsqlc"
	"github.com/sluicehq/sluice/internal/spacesync"
	"github.com/sluicehq/sluice/internal/wiki"
)

// States returns what is stored of pages, deleted ones included; nil ids: all of the source.
func (s *Store) States(ctx context.Context, sourceID string, ids []string) (map[string]spacesync.State, error) {
	rows, err := s.q.PageStates(ctx, s.db, dbsqlc.PageStatesParams{SourceID: sourceID, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("pages of %s: %w", sourceID, postgres.Translate(err))
	}
	states := make(map[string]spacesync.State, len(rows))
	for _, r := range rows {
		states[r.PageID] = spacesync.State{
			Ref: wiki.ContentRef{
				ID: r.PageID, Type: wiki.ContentType(r.Type), Status: wiki.StatusCurrent, Title: r.Title, SpaceKey: r.SpaceKey,
				ParentID: r.ParentID, ParentType: r.ParentType, Position: int(r.Position), Version: int(r.Version),
				VersionAt: r.VersionAt, EditorID: r.AuthorID, URL: r.Url,
			},
			Labels: r.Labels, OwnRestricted: r.OwnRestricted, Restricted: r.Restricted, Deleted: r.IsDeleted, SyncedAt: r.SyncedAt,
		}
	}
	return states, nil
}

// UpdateMeta writes what changed of pages beside their content, in one transaction. The chunks stay as they are, but for
// their address.
func (s *Store) UpdateMeta(ctx context.Context, fence index.Fence, sourceID string, changes []spacesync.MetaChange) error {
	err := s.db.InTx(ctx, func(tx pgx.Tx) error {
		if err := s.checkFence(ctx, tx, fence); err != nil {
			return err
		}
		for _, c := range changes {
			if err := s.updateMeta(ctx, tx, sourceID, c); err != nil {
				return fmt.Errorf("page %s: %w", c.Ref.ID, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("change pages of %s: %w", sourceID, postgres.Translate(err))
	}
	return nil
}

func (s *Store) updateMeta(ctx context.Context, tx pgx.Tx, sourceID string, c spacesync.MetaChange) error {
	_, err := s.q.UpdateMeta(ctx, tx, dbsqlc.UpdateMetaParams{
		ParentID: c.Ref.ParentID, ParentType: c.Ref.ParentType, Position: int32(c.Ref.Position), Url: c.Ref.URL,
		Labels: emptyNotNil(c.Labels), OwnRestricted: c.OwnRestricted, SourceID: sourceID, PageID: c.Ref.ID,
	})
	if err != nil {
		return err
	}
	if c.URLChanged {
		if err := s.q.ChunkURLs(ctx, tx, dbsqlc.ChunkURLsParams{Url: c.Ref.URL, SourceID: sourceID, PageID: c.Ref.ID}); err != nil {
			return err
		}
	}
	if c.Attachments == nil {
		return nil
	}
	assets, err := json.Marshal(c.Attachments)
	if err != nil {
		return fmt.Errorf("attachments: %w", err)
	}
	return s.q.SetAssets(ctx, tx, dbsqlc.SetAssetsParams{Assets: assets, SourceID: sourceID, PageID: c.Ref.ID})
}

// FindPages finds live stored pages of a site by id, and by space and title without regard to case.
func (s *Store) FindPages(ctx context.Context, baseURL string, ids []string, titles []index.TitleRef) ([]index.Target, error) {
	var found []index.Target
	if len(ids) > 0 {
		rows, err := s.q.FindIDs(ctx, s.db, dbsqlc.FindIDsParams{BaseUrl: baseURL, Ids: ids})
		if err != nil {
			return nil, fmt.Errorf("find pages: %w", postgres.Translate(err))
		}
		for _, r := range rows {
			found = append(found, index.Target{ID: r.PageID, SpaceKey: r.SpaceKey, Title: r.Title, URL: r.Url})
		}
	}
	if len(titles) > 0 {
		params := dbsqlc.FindTitlesParams{BaseUrl: baseURL}
		for _, t := range titles {
			params.SpaceKeys = append(params.SpaceKeys, t.SpaceKey)
			params.Titles = append(params.Titles, t.Title)
		}
		rows, err := s.q.FindTitles(ctx, s.db, params)
		if err != nil {
			return nil, fmt.Errorf("find pages: %w", postgres.Translate(err))
		}
		for _, r := range rows {
			found = append(found, index.Target{ID: r.PageID, SpaceKey: r.SpaceKey, Title: r.Title, URL: r.Url})
		}
	}
	return found, nil
}

// IncludedBodies returns the stored bodies of pages of a site; restricted pages are left out.
func (s *Store) IncludedBodies(ctx context.Context, baseURL string, ids []string) ([]index.IncludedBody, error) {
	rows, err := s.q.BodiesByRef(ctx, s.db, dbsqlc.BodiesByRefParams{BaseUrl: baseURL, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("bodies: %w", postgres.Translate(err))
	}
	bodies := make([]index.IncludedBody, len(rows))
	for i, r := range rows {
		storage, err := s.unpackBody(r.Storage)
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", r.PageID, err)
		}
		bodies[i] = index.IncludedBody{
			Target:  index.Target{ID: r.PageID, SpaceKey: r.SpaceKey, Title: r.Title, URL: r.Url},
			Storage: storage,
		}
	}
	return bodies, nil
}

// ToReprocess returns up to limit pages after an id, in order, that another version of the converter has converted.
func (s *Store) ToReprocess(ctx context.Context, sourceID string, version int, everything bool, after string, limit int) ([]string, error) {
	ids, err := s.q.PagesToReprocess(ctx, s.db, dbsqlc.PagesToReprocessParams{
		SourceID: sourceID, After: after, Version: int32(version), Everything: everything, Most: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("pages to process again: %w", postgres.Translate(err))
	}
	return ids, nil
}

// CountToReprocess counts them.
func (s *Store) CountToReprocess(ctx context.Context, sourceID string, version int, everything bool) (int, error) {
	n, err := s.q.CountToReprocess(ctx, s.db, dbsqlc.CountToReprocessParams{
		SourceID: sourceID, Version: int32(version), Everything: everything,
	})
	if err != nil {
		return 0, fmt.Errorf("pages to process again: %w", postgres.Translate(err))
	}
	return int(n), nil
}

// StoredPages returns live pages with their stored bodies, ready to be indexed again.
func (s *Store) StoredPages(ctx context.Context, sourceID string, ids []string) ([]index.Input, error) {
	rows, err := s.q.StoredInputs(ctx, s.db, dbsqlc.StoredInputsParams{SourceID: sourceID, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("stored pages: %w", postgres.Translate(err))
	}
	inputs := make([]index.Input, len(rows))
	for i, r := range rows {
		storage, err := s.unpackBody(r.Storage)
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", r.PageID, err)
		}
		in := index.Input{
			Content: wiki.Content{
				ContentRef: wiki.ContentRef{
					ID: r.PageID, Type: wiki.ContentType(r.Type), Status: wiki.StatusCurrent, Title: r.Title, SpaceKey: r.SpaceKey,
					ParentID: r.ParentID, ParentType: r.ParentType, Position: int(r.Position), Version: int(r.Version),
					VersionAt: r.VersionAt, EditorID: r.AuthorID, AuthorID: r.CreatedByID, CreatedAt: r.CreatedAt, URL: r.Url,
				},
				Storage: storage, HasBody: true,
			},
			Labels: r.Labels, OwnRestricted: r.OwnRestricted, Restricted: r.Restricted, FetchedAt: r.SyncedAt, Reprocessed: true,
		}
		var meta index.Metadata
		if err := json.Unmarshal(r.Metadata, &meta); err != nil {
			return nil, fmt.Errorf("page %s: metadata: %w", r.PageID, err)
		}
		in.Attachments, in.Rendered = meta.Assets, meta.Rendered
		if err := json.Unmarshal(r.Breadcrumb, &in.Ancestors); err != nil {
			return nil, fmt.Errorf("page %s: breadcrumb: %w", r.PageID, err)
		}
		inputs[i] = in
	}
	return inputs, nil
}

// CountLive counts the pages of a source that are not deleted.
func (s *Store) CountLive(ctx context.Context, sourceID string) (int, error) {
	n, err := s.q.CountLive(ctx, s.db, sourceID)
	if err != nil {
		return 0, fmt.Errorf("pages of %s: %w", sourceID, postgres.Translate(err))
	}
	return int(n), nil
}
