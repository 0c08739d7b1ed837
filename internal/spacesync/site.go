package spacesync

import (
	"context"
	"iter"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Site is one Confluence site as one account sees it. All errors are of the wiki kinds; wiki.ErrUnavailable means that
// the client has already tried again as often as is decent.
type Site interface {
	// Me is the account, and the server's clock. It is the check that the credentials still work.
	Me(ctx context.Context) (wiki.User, time.Time, error)
	// Space finds a space by key.
	Space(ctx context.Context, key string) (wiki.Space, error)
	// ChangedSince lists pages and blog posts that the search index says were modified within the window before the
	// server's now. Rows may lag, repeat, and name what is no longer there.
	ChangedSince(ctx context.Context, spaceKey string, window time.Duration) iter.Seq2[wiki.ContentRef, error]
	// RecentlyModified lists content of one type by modification date, latest first, without index lag.
	// errors.ErrUnsupported where the deployment has no such listing.
	RecentlyModified(ctx context.Context, space wiki.Space, typ wiki.ContentType) iter.Seq2[wiki.ContentRef, error]
	// List lists all current content of one type, sorted by id; it ends without an error only when it is complete.
	List(ctx context.Context, space wiki.Space, typ wiki.ContentType) iter.Seq2[wiki.ContentRef, error]
	// Contents reads content by id, whatever its status; what is absent or invisible is left out.
	Contents(ctx context.Context, typ wiki.ContentType, ids []string, body bool) ([]wiki.Content, error)
	// Metas reads labels, ancestors and own restrictions by id; SpaceMetas those of a whole space.
	Metas(ctx context.Context, ids []string) ([]wiki.Meta, error)
	SpaceMetas(ctx context.Context, spaceKey string) iter.Seq2[wiki.Meta, error]
	// ReadRestricted tells whether the content itself (of any type) names who may read it.
	ReadRestricted(ctx context.Context, id string) (bool, error)
	// Node reads an ancestor of any type; typ may be empty where it is not known.
	Node(ctx context.Context, id, typ string) (wiki.Node, error)
	// Attachments lists the files of a content.
	Attachments(ctx context.Context, typ wiki.ContentType, id string) ([]wiki.Attachment, error)
	// ChangedContainers lists the ids of content whose attachments or comments changed within the window.
	ChangedContainers(ctx context.Context, spaceKey string, window time.Duration) iter.Seq2[string, error]
	// Users resolves people; unknown ids are left out.
	Users(ctx context.Context, ids []string) ([]wiki.User, error)
	// ServerTime is the site's clock as of the latest answer; false before the first.
	ServerTime() (time.Time, bool)
}

// Viewer is a Site that also renders content; it is asked where Options.RenderMacros is set.
type Viewer interface {
	// View returns the HTML that the site makes of a content.
	View(ctx context.Context, typ wiki.ContentType, id string) (string, error)
}
