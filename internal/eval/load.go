package eval

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/sluicehq/sluice/internal/confluence"
	"github.com/sluicehq/sluice/internal/demo"
	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/search/searchtest"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// LoadDemo stores the demonstration's pages, read from its site as a sync reads them.
func LoadDemo(ctx context.Context, c *searchtest.Corpus) error {
	d, err := demo.New(func() time.Time { return searchtest.Now.AddDate(0, 1, 0) })
	if err != nil {
		return err
	}
	server := httptest.NewServer(d.Site)
	defer server.Close()
	client, err := confluence.NewPool(confluence.Options{HTTP: server.Client()}).Client(sources.Access{
		Connection: sources.Connection{BaseURL: server.URL + "/wiki", Deployment: wiki.Cloud, Email: demo.Email}, Token: demo.Token,
	})
	if err != nil {
		return err
	}
	for _, key := range demo.Spaces() {
		if err := loadSpace(ctx, c, client, key); err != nil {
			return fmt.Errorf("space %s: %w", key, err)
		}
	}
	return nil
}

func loadSpace(ctx context.Context, c *searchtest.Corpus, client *confluence.Client, key string) error {
	space, err := client.Space(ctx, key)
	if err != nil {
		return err
	}
	for _, typ := range []wiki.ContentType{wiki.TypePage, wiki.TypeBlogPost} {
		var ids []string
		for ref, err := range client.List(ctx, space, typ) {
			if err != nil {
				return err
			}
			ids = append(ids, ref.ID)
		}
		contents, err := client.Contents(ctx, typ, ids, true)
		if err != nil {
			return err
		}
		metas, err := client.Metas(ctx, ids)
		if err != nil {
			return err
		}
		byID := map[string]wiki.Meta{}
		for _, m := range metas {
			byID[m.ID] = m
		}
		inputs := make([]index.Input, len(contents))
		for i, content := range contents {
			meta := byID[content.ID]
			in := index.Input{
				Content: content, Labels: meta.Labels, OwnRestricted: meta.ReadRestricted, Restricted: meta.ReadRestricted, FetchedAt: searchtest.Now,
			}
			for _, a := range meta.Ancestors {
				in.Ancestors = append(in.Ancestors, index.Crumb{ID: a.ID, Type: a.Type, Title: a.Title})
			}
			inputs[i] = in
		}
		if err := c.Take(ctx, key, client, inputs); err != nil {
			return err
		}
	}
	return nil
}
