// Package searchtest fills a real database with pages, through the path that synced pages take, and searches them. It is
// for tests and the evaluation only.
package searchtest

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/embedding/backlog"
	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/internal/postgres/contentstore"
	"github.com/sluicehq/sluice/internal/postgres/embedstore"
	"github.com/sluicehq/sluice/internal/postgres/searchstore"
	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/internal/wiki"
)

// Now is the clock of searches.
var Now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// Corpus is a database of pages and a searcher over it.
type Corpus struct {
	DB       *postgres.DB
	Store    *searchstore.Store
	Content  *contentstore.Store
	Search   *search.Searcher
	Embedder embedding.Embedder

	indexer *index.Indexer
	sources map[string]index.Source
	fetched time.Time
}

// New returns an empty corpus in db. embedder may be nil.
func New(db *postgres.DB, embedder embedding.Embedder) (*Corpus, error) {
	c := &Corpus{DB: db, Embedder: embedder, sources: map[string]index.Source{}, fetched: Now}
	c.Store = searchstore.New(db, searchstore.Options{})
	var err error
	if c.Content, err = contentstore.New(db, c.Store); err != nil {
		return nil, err
	}
	c.indexer = index.New(c.Content, index.Options{})
	c.Search = search.New(c.Store, embedder, search.Options{Now: func() time.Time { return Now }})
	return c, nil
}

// ForTest returns an empty corpus in db; it fails the test where there can be none.
func ForTest(t testing.TB, db *postgres.DB, embedder embedding.Embedder) *Corpus {
	t.Helper()
	c, err := New(db, embedder)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Page is a page to store.
type Page struct {
	Source     string // made on first use
	ID         string
	Title      string
	Body       string // storage format
	Space      string // empty: the source's id
	Type       wiki.ContentType
	Labels     []string
	Author     string
	Updated    time.Time // zero: Now
	Ancestors  []index.Crumb
	Restricted bool
	Version    int
	Config     string // text search configuration of a source that is made; empty: english
	BaseURL    string // of a source that is made
}

// Add stores pages.
func (c *Corpus) Add(ctx context.Context, pages ...Page) error {
	for _, p := range pages {
		if err := c.add(ctx, p); err != nil {
			return fmt.Errorf("page %s: %w", p.ID, err)
		}
	}
	return nil
}

func (c *Corpus) add(ctx context.Context, p Page) error {
	src, ok := c.sources[p.Source]
	if !ok {
		var err error
		if src, err = c.addSource(ctx, p); err != nil {
			return err
		}
	}
	if p.Type == "" {
		p.Type = wiki.TypePage
	}
	if p.Updated.IsZero() {
		p.Updated = Now
	}
	if p.Author == "" {
		p.Author = "Grace Hopper"
	}
	c.fetched = c.fetched.Add(time.Second)
	ref := wiki.ContentRef{
		ID: p.ID, Type: p.Type, Status: wiki.StatusCurrent, Title: p.Title, SpaceKey: src.SpaceKey, Version: max(p.Version, 1),
		VersionAt: p.Updated, EditorID: "id:" + p.Author, AuthorID: "id:" + p.Author, CreatedAt: p.Updated, URL: src.BaseURL + "/pages/" + p.ID,
	}
	if n := len(p.Ancestors); n > 0 {
		ref.ParentID = p.Ancestors[n-1].ID
	}
	batch := index.Batch{Source: src, People: people{}}
	return c.indexer.Take(ctx, batch, []index.Input{{
		Content: wiki.Content{ContentRef: ref, Storage: p.Body, HasBody: true}, Ancestors: p.Ancestors, Labels: p.Labels,
		Restricted: p.Restricted, OwnRestricted: p.Restricted, FetchedAt: c.fetched,
	}}, func(_ int, _ index.Stored, err error) error { return err })
}

// people names everybody after their id.
type people struct{}

func (people) Users(_ context.Context, ids []string) ([]wiki.User, error) {
	users := make([]wiki.User, len(ids))
	for i, id := range ids {
		users[i] = wiki.User{ID: id, DisplayName: id[len("id:"):], Active: true}
	}
	return users, nil
}

func (c *Corpus) addSource(ctx context.Context, p Page) (index.Source, error) {
	src := index.Source{
		ID: p.Source, ConnectionID: "c-" + p.Source, BaseURL: p.BaseURL, SpaceKey: p.Space, TextConfig: p.Config, Deployment: wiki.Cloud,
	}
	if src.BaseURL == "" {
		src.BaseURL = "https://" + p.Source + ".example.com"
	}
	if src.SpaceKey == "" {
		src.SpaceKey = p.Source
	}
	if src.TextConfig == "" {
		src.TextConfig = "english"
	}
	_, err := c.DB.Exec(ctx, `INSERT INTO connections (id, name, base_url, deployment, token_sealed) VALUES ($1, $1, $2, 'cloud', '')`,
		src.ConnectionID, src.BaseURL)
	if err != nil {
		return src, err
	}
	_, err = c.DB.Exec(ctx, `INSERT INTO sources (source_id, name, connection_id, text_config, metadata)
		VALUES ($1, $1, $2, $3, jsonb_build_object('confluence_space_key', $4::text, 'confluence_base_url', $5::text))`,
		src.ID, src.ConnectionID, src.TextConfig, src.SpaceKey, src.BaseURL)
	c.sources[src.ID] = src
	return src, err
}

// Embed gives every chunk that has none a vector.
func (c *Corpus) Embed(ctx context.Context) error {
	store := embedstore.New(c.DB, slog.New(slog.DiscardHandler))
	if err := store.UseModel(ctx, c.Embedder.Model()); err != nil {
		return err
	}
	for {
		chunks, more, err := store.Claim(ctx, c.Embedder.Model().ID, 64, time.Minute)
		if err != nil {
			return err
		}
		docs := make([]embedding.Document, len(chunks))
		for i, k := range chunks {
			docs[i] = k.Document
		}
		vectors, err := c.Embedder.EmbedDocuments(ctx, docs)
		if err != nil {
			return err
		}
		var save []backlog.Vector
		for i, k := range chunks {
			save = append(save, backlog.Vector{ChunkID: k.ID, Values: vectors[i]})
		}
		if err := store.Save(ctx, c.Embedder.Model().ID, save); err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
}

// Take stores pages as a site gave them, in the source named after their space.
func (c *Corpus) Take(ctx context.Context, spaceKey string, site index.People, inputs []index.Input) error {
	src, ok := c.sources[spaceKey]
	if !ok {
		var err error
		if src, err = c.addSource(ctx, Page{Source: spaceKey}); err != nil {
			return err
		}
	}
	return c.indexer.Take(ctx, index.Batch{Source: src, People: site}, inputs, func(_ int, _ index.Stored, err error) error { return err })
}
