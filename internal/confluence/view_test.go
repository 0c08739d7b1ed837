package confluence_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/wiki"
)

func TestView(t *testing.T) {
	t.Parallel()
	for name, o := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, o)
			for _, tt := range []struct {
				typ      wiki.ContentType
				id, want string
			}{{wiki.TypePage, f.page, "Hello"}, {wiki.TypeBlogPost, f.blog, "News"}} {
				if got, err := f.View(t.Context(), tt.typ, tt.id); err != nil || !strings.Contains(got, tt.want) {
					t.Errorf("view of %s %s = %q, %v; want %q in it", tt.typ, tt.id, got, err, tt.want)
				}
			}
			for _, id := range []string{"999999999", "no-id"} {
				if _, err := f.View(t.Context(), wiki.TypePage, id); !errors.Is(err, wiki.ErrNotFound) {
					t.Errorf("view of %s: %v; want not found", id, err)
				}
			}
		})
	}
}
