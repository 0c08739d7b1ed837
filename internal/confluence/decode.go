package confluence

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// flexID is an id, which is a string in one place and a number in another.
type flexID string

// UnmarshalJSON accepts both; null is no id.
func (id *flexID) UnmarshalJSON(data []byte) error {
	switch {
	case string(data) == "null":
		*id = ""
		return nil
	case len(data) > 0 && data[0] == '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*id = flexID(s)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	if _, err := strconv.ParseInt(n.String(), 10, 64); err != nil {
		return errors.New("id is neither text nor a whole number")
	}
	*id = flexID(n)
	return nil
}

// flexTime is an instant in any of the ways in which Confluence writes one: with or without fractions, with Z, +hh:mm
// or +hhmm, or as milliseconds since 1970.
type flexTime struct{ time.Time }

// UnmarshalJSON accepts them all; null and "" are the zero time.
func (t *flexTime) UnmarshalJSON(data []byte) error {
	t.Time = time.Time{}
	if len(data) == 0 || data[0] != '"' {
		if string(data) == "null" {
			return nil
		}
		ms, err := strconv.ParseInt(string(data), 10, 64)
		if err != nil {
			return errors.New("time is neither text nor milliseconds")
		}
		t.Time = time.UnixMilli(ms).UTC()
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil || s == "" {
		return err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"} {
		if at, err := time.Parse(layout, s); err == nil {
			t.Time = at.UTC()
			return nil
		}
	}
	return fmt.Errorf("%q is no time", clean(s))
}

// flexInt is a number that may be missing, or a word in its place ("none", for the position of a page).
type flexInt int64

// UnmarshalJSON takes what is no number for 0.
func (n *flexInt) UnmarshalJSON(data []byte) error {
	s := string(data)
	if unquoted, err := strconv.Unquote(s); err == nil {
		s = unquoted
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		v = 0
	}
	*n = flexInt(v)
	return nil
}

// links are the addresses that come with an answer.
type links struct {
	Base  string `json:"base"`
	WebUI string `json:"webui"`
	Next  string `json:"next"`
}

// list is the envelope of every listing, v1 and v2.
type list[T any] struct {
	Results   *[]T  `json:"results"`
	TotalSize *int  `json:"totalSize"`
	Links     links `json:"_links"`
}

// row is one row of a listing.
type row interface {
	key() string  // its id
	check() error // what is missing of it
}

// rows returns the rows, or why the listing cannot be one.
func rows[T row](l *list[T]) ([]T, error) {
	if l.Results == nil {
		return nil, errors.New("it has no results")
	}
	for i, r := range *l.Results {
		if r.key() == "" {
			return nil, fmt.Errorf("row %d has no id", i+1)
		}
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("row %s: %w", clean(r.key()), err)
		}
	}
	return *l.Results, nil
}

// String is the id as text.
func (id flexID) String() string { return string(id) }
