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

// Tree returns the live pages of a source and the other nodes of its tree.
func (s *Store) Tree(ctx context.Context, sourceID string) ([]spacesync.TreePage, []spacesync.TreeNode, error) {
	rows, err := s.q.TreePages(ctx, s.db, sourceID)
	if err != nil {
		return nil, nil, fmt.Errorf("tree of %s: %w", sourceID, postgres.Translate(err))
	}
	pages := make([]spacesync.TreePage, len(rows))
	for i, r := range rows {
		pages[i] = spacesync.TreePage{
			ID: r.PageID, Type: wiki.ContentType(r.Type), Title: r.Title, URL: r.Url, ParentID: r.ParentID, ParentType: r.ParentType,
			Position: int(r.Position), OwnRestricted: r.OwnRestricted, Restricted: r.Restricted, Path: r.Path,
		}
		if err := json.Unmarshal(r.Breadcrumb, &pages[i].Breadcrumb); err != nil {
			return nil, nil, fmt.Errorf("page %s: breadcrumb: %w", r.PageID, err)
		}
		if err := json.Unmarshal(r.Children, &pages[i].Children); err != nil {
			return nil, nil, fmt.Errorf("page %s: children: %w", r.PageID, err)
		}
	}
	nodeRows, err := s.q.TreeNodes(ctx, s.db, sourceID)
	if err != nil {
		return nil, nil, fmt.Errorf("tree of %s: %w", sourceID, postgres.Translate(err))
	}
	nodes := make([]spacesync.TreeNode, len(nodeRows))
	for i, r := range nodeRows {
		nodes[i] = spacesync.TreeNode{
			ID: r.NodeID, Type: r.Type, Title: r.Title, ParentID: r.ParentID, ParentType: r.ParentType, OwnRestricted: r.OwnRestricted,
		}
	}
	return pages, nodes, nil
}

// SaveNodes adds or replaces nodes.
func (s *Store) SaveNodes(ctx context.Context, sourceID string, nodes []spacesync.TreeNode) error {
	if len(nodes) == 0 {
		return nil
	}
	p := dbsqlc.SaveNodesParams{SourceID: sourceID}
	for _, n := range nodes {
		p.Ids = append(p.Ids, n.ID)
		p.Types = append(p.Types, n.Type)
		p.Titles = append(p.Titles, n.Title)
		p.ParentIds = append(p.ParentIds, n.ParentID)
		p.ParentTypes = append(p.ParentTypes, n.ParentType)
		p.Restricted = append(p.Restricted, n.OwnRestricted)
	}
	if err := s.q.SaveNodes(ctx, s.db, p); err != nil {
		return fmt.Errorf("tree nodes of %s: %w", sourceID, postgres.Translate(err))
	}
	return nil
}

// KeepNodes forgets all nodes but these.
func (s *Store) KeepNodes(ctx context.Context, sourceID string, ids []string) error {
	if err := s.q.KeepNodes(ctx, s.db, dbsqlc.KeepNodesParams{SourceID: sourceID, Ids: emptyNotNil(ids)}); err != nil {
		return fmt.Errorf("tree nodes of %s: %w", sourceID, postgres.Translate(err))
	}
	return nil
}

// movePieces bounds the pages of one statement: their breadcrumbs travel with it.
const movePieces = 500

// MovePages writes new places of pages. What includes a page that is shown to others than before is made again, and a
// page that is no longer restricted waits for no decision about that.
func (s *Store) MovePages(ctx context.Context, fence index.Fence, sourceID string, moves []spacesync.Move) error {
	for len(moves) > 0 {
		piece := moves[:min(len(moves), movePieces)]
		moves = moves[len(piece):]
		p := dbsqlc.MovePagesParams{SourceID: sourceID}
		for _, m := range piece {
			crumbs, err := json.Marshal(emptyNotNil(m.Breadcrumb))
			if err != nil {
				return fmt.Errorf("breadcrumb of %s: %w", m.ID, err)
			}
			children, err := json.Marshal(emptyNotNil(m.Children))
			if err != nil {
				return fmt.Errorf("children of %s: %w", m.ID, err)
			}
			p.Ids = append(p.Ids, m.ID)
			p.Paths = append(p.Paths, m.Path)
			p.Breadcrumbs = append(p.Breadcrumbs, crumbs)
			p.Children = append(p.Children, children)
			p.Restricted = append(p.Restricted, m.Restricted)
		}
		err := s.db.InTx(ctx, func(tx pgx.Tx) error {
			if err := s.checkFence(ctx, tx, fence); err != nil {
				return err
			}
			return s.movePages(ctx, tx, p)
		})
		if err != nil {
			return fmt.Errorf("move pages of %s: %w", sourceID, postgres.Translate(err))
		}
	}
	return nil
}

func (s *Store) movePages(ctx context.Context, tx pgx.Tx, p dbsqlc.MovePagesParams) error {
	others, err := s.q.OtherRestrictions(ctx, tx, dbsqlc.OtherRestrictionsParams{SourceID: p.SourceID, Ids: p.Ids, Restricted: p.Restricted})
	if err != nil {
		return err
	}
	if len(others) > 0 {
		if err := s.q.StaleIncluders(ctx, tx, dbsqlc.StaleIncludersParams{SourceID: p.SourceID, Ids: others}); err != nil {
			return fmt.Errorf("pages that include them: %w", err)
		}
	}
	open := []string{}
	for i, id := range p.Ids {
		if !p.Restricted[i] {
			open = append(open, id)
		}
	}
	err = s.q.ReleasePending(ctx, tx, dbsqlc.ReleasePendingParams{SourceID: p.SourceID, Reason: spacesync.ReasonRestricted, Ids: open})
	if err != nil {
		return err
	}
	return s.q.MovePages(ctx, tx, p)
}
