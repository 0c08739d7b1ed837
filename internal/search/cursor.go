package search

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/sluicehq/sluice/internal/wiki"
)

// cursor says where the next hits begin: after a page, or, should it have gone meanwhile, at a place. It fits one query
// only.
type cursor struct {
	Query  string `json:"q"` // fingerprint of the request
	Offset int    `json:"o"`
	Source string `json:"s"`
	Page   string `json:"p"`
}

// deepest is how far a list of hits goes.
const deepest = 5000

func encodeCursor(c cursor) string {
	raw, err := json.Marshal(c)
	if err != nil { // strings and a number always have a JSON form
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func decodeCursor(text, fingerprint string) (cursor, error) {
	var c cursor
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || c.Offset <= 0 || c.Offset > deepest {
		return cursor{}, wiki.Invalid("cursor", "This is no cursor of a search; start again without one.")
	}
	if c.Query != fingerprint {
		return cursor{}, wiki.Invalid("cursor", "This cursor belongs to another search; start again without one.")
	}
	return c, nil
}

// fingerprint tells one list of hits from another. Of dates it only has whether there are any: "the past week" begins
// later in each request for more of a list.
func fingerprint(r Request) string {
	r.Cursor, r.Limit, r.Explain, r.Facets, r.OpenFacets = "", 0, false, false, false
	after, before := r.Filters.UpdatedAfter != nil, r.Filters.UpdatedBefore != nil
	r.Filters.UpdatedAfter, r.Filters.UpdatedBefore = nil, nil
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v %v %v", r, after, before))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// start returns where the hits after a cursor begin in a ranking.
func (c cursor) start(s *state, list []*candidate) int {
	for i, x := range list {
		if p := s.pages[x.page]; p.PageID == c.Page && p.SourceID == c.Source {
			return i + 1
		}
	}
	return c.Offset
}
