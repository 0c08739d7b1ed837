package demo

import (
	"fmt"
	"time"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
)

// NewFromCorpus builds a site from a directory of pages instead of the made-up company: see confluencetest.LoadCorpus
// for the format. The demonstration's account may read all of it. A nil clock is time.Now.
func NewFromCorpus(clock func() time.Time, dir string, spaces ...string) (*confluencetest.Site, error) {
	site := confluencetest.New(confluencetest.Options{Clock: clock, Title: "Corpus", PublicWeb: true, Seed: 7})
	addPeople(site)
	if err := confluencetest.LoadCorpus(site, dir, spaces...); err != nil {
		return nil, fmt.Errorf("demonstration corpus: %w", err)
	}
	site.GrantAll(AccountID)
	return site, nil
}
