package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/convert"
)

// compare reports how the index differs from the site.
func (s *soak) compare(ctx context.Context) error {
	err := s.client.Call(ctx, http.MethodPost, "/api/confluence/"+s.source+"/pending-deletions", map[string]string{"action": "confirm"}, nil)
	if err == nil {
		s.count("guard confirmed")
	}
	stored, err := s.client.PageVersions(ctx, s.source)
	if err != nil {
		return err
	}
	var source struct {
		BaseURL string `json:"base_url"`
	}
	if err := s.client.Call(ctx, http.MethodGet, "/api/confluence/"+s.source, nil, &source); err != nil {
		return err
	}
	truth := slices.DeleteFunc(s.site.Truth(space, s.site.AccountID), func(p confluencetest.Truth) bool { return p.Restricted })
	var differences []error
	for _, p := range truth {
		if _, ok := stored[p.ID]; !ok {
			differences = append(differences, fmt.Errorf("page %s (%s) is missing", p.ID, p.Title))
			continue
		}
		delete(stored, p.ID)
		differences = append(differences, s.comparePage(ctx, source.BaseURL, p))
	}
	for id := range stored {
		differences = append(differences, fmt.Errorf("page %s is stored, the site does not have it", id))
	}
	searched, err := s.compareSearch(ctx)
	differences = append(differences, err)
	if err := errors.Join(differences...); err != nil {
		return err
	}
	fmt.Printf("equal: title, version and text of %d pages; %d last edits are found, what they replaced is not\n", len(truth), searched)
	return nil
}

// comparePage compares title, version and text, which is converted here from the site's own.
func (s *soak) comparePage(ctx context.Context, baseURL string, p confluencetest.Truth) error {
	page, err := s.client.Page(ctx, s.source, p.ID)
	if err != nil {
		return err
	}
	if page.Title != p.Title || page.Version != p.Version {
		return fmt.Errorf("page %s is stored as %q in version %d, the site has %q in %d", p.ID, page.Title, page.Version, p.Title, p.Version)
	}
	want := convert.Convert(p.Storage, convert.Context{
		BaseURL: baseURL, JiraBaseURL: strings.TrimSuffix(baseURL, "/wiki"), Users: map[string]string{s.site.AccountID: s.site.AccountName},
		Page: convert.PageInfo{ID: p.ID, SpaceKey: space, Title: p.Title},
	}).Markdown
	if page.Markdown != want {
		return fmt.Errorf("page %s (%s), version %d, is stored with another text:\n%s\nthe site has:\n%s", p.ID, p.Title, p.Version, page.Markdown, want)
	}
	return nil
}

// searchedEdits bounds how many of the last edits are searched for.
const searchedEdits = 60

// compareSearch searches for the words of last edits and for those that they replaced; it returns how many edits it tried.
func (s *soak) compareSearch(ctx context.Context) (tried int, err error) {
	var differences []error
	for id, edit := range s.words {
		if tried == searchedEdits {
			break
		}
		tried++
		found, _, err := s.client.Search(ctx, edit.word, url.Values{"mode": {"keyword"}})
		if err != nil {
			return tried, err
		}
		if found.Total != 1 || found.Hits[0].PageID != id {
			differences = append(differences, fmt.Errorf("a search for the last edit of page %s finds %v", id, found))
		}
		if edit.replaced == "" {
			continue
		}
		if found, _, err = s.client.Search(ctx, edit.replaced, url.Values{"mode": {"keyword"}}); err != nil {
			return tried, err
		}
		for _, hit := range found.Hits {
			if hit.PageID == id {
				differences = append(differences, fmt.Errorf("page %s is found by the word %s, which an edit replaced", id, edit.replaced))
			}
		}
	}
	return tried, errors.Join(differences...)
}
