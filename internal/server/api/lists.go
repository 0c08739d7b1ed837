package api

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// ListInput is how every list is paged.
type ListInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many rows."`
	Cursor string `query:"cursor" maxLength:"2000" doc:"The next_cursor of the page before."`
}

func (in ListInput) options() sources.ListOptions {
	return sources.ListOptions{Limit: in.Limit, Cursor: in.Cursor}
}

// cutList pages through a list that the service returns whole. It orders by id, and the cursor is the last id that was
// given, so that rows added or deleted meanwhile neither repeat nor hide others.
func cutList[T any](all []T, in *ListInput, id func(T) string) (rows []T, next string, err error) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(id(a), id(b)) })
	if in.Cursor != "" {
		after, err := base64.RawURLEncoding.DecodeString(in.Cursor)
		if err != nil {
			return nil, "", wiki.Invalid("cursor", "This is not a cursor that an earlier answer gave.")
		}
		all = slices.DeleteFunc(all, func(row T) bool { return id(row) <= string(after) })
	}
	if len(all) > in.Limit {
		all = all[:in.Limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(id(all[in.Limit-1])))
	}
	return all, next, nil
}
