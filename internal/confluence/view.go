package confluence

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/sluicehq/sluice/internal/wiki"
)

// view is a content as Confluence renders it, in either API.
type view struct {
	Body struct {
		View *struct {
			Value *string `json:"value"`
		} `json:"view"`
	} `json:"body"`
}

// View returns the HTML that Confluence makes of a content, with its macros rendered for this account. wiki.ErrNotFound
// where it is absent or may not be seen.
func (c *Client) View(ctx context.Context, typ wiki.ContentType, id string) (string, error) {
	if !numeric(id) {
		return "", fmt.Errorf("view of %q: %w", id, wiki.ErrNotFound)
	}
	r := request{path: "/api/v2" + collection(typ) + "/" + id, query: url.Values{"body-format": {"view"}}}
	if !c.cloud() {
		r = request{path: "/rest/api/content/" + id, query: url.Values{"expand": {"body.view"}}}
	}
	v, _, err := get(ctx, c, r, func(v *view) error {
		if v.Body.View == nil || v.Body.View.Value == nil {
			return errors.New("it has no rendered body")
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("view of %s: %w", id, err)
	}
	return *v.Body.View.Value, nil
}
