package confluence

import (
	"errors"
	"net/url"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

// v2Content is a page, blog post, folder or other node as v2 of Cloud's API shows it.
type v2Content struct {
	ID         flexID   `json:"id"`
	Type       string   `json:"type"`
	Status     string   `json:"status"`
	Title      string   `json:"title"`
	SpaceID    flexID   `json:"spaceId"`
	ParentID   flexID   `json:"parentId"`
	ParentType string   `json:"parentType"`
	Position   flexInt  `json:"position"`
	AuthorID   string   `json:"authorId"`
	CreatedAt  flexTime `json:"createdAt"`
	Version    *struct {
		Number    int      `json:"number"`
		CreatedAt flexTime `json:"createdAt"`
		AuthorID  string   `json:"authorId"`
	} `json:"version"`
	Body struct {
		Storage *struct {
			Value *string `json:"value"`
		} `json:"storage"`
	} `json:"body"`
	Links links `json:"_links"`
}

func (v v2Content) key() string { return v.ID.String() }

// check asks for what tells one version of a content from another.
func (v v2Content) check() error {
	switch {
	case v.Version == nil || v.Version.Number < 1:
		return errors.New("it has no version")
	case v.Version.CreatedAt.IsZero():
		return errors.New("its version has no date")
	case v.Status == "":
		return errors.New("it has no status")
	}
	return nil
}

func (v v2Content) ref(c *Client, typ wiki.ContentType) wiki.ContentRef {
	ref := wiki.ContentRef{
		ID: v.key(), Type: typ, Status: wiki.Status(v.Status), Title: v.Title, SpaceID: v.SpaceID.String(), SpaceKey: keyOf(v.Links.WebUI),
		Position: int(v.Position), AuthorID: v.AuthorID, CreatedAt: v.CreatedAt.Time, URL: c.link(v.Links.WebUI, v.key()),
		Version: v.Version.Number, VersionAt: v.Version.CreatedAt.Time, EditorID: v.Version.AuthorID,
	}
	if v.ParentID != "" {
		ref.ParentID, ref.ParentType = v.ParentID.String(), v.ParentType
	}
	return ref
}

func (v v2Content) content(c *Client, typ wiki.ContentType) wiki.Content {
	content := wiki.Content{ContentRef: v.ref(c, typ)}
	if s := v.Body.Storage; s != nil && s.Value != nil {
		content.Storage, content.HasBody = *s.Value, true
	}
	return content
}

// keyOf reads a space's key out of a content's path, where it is there.
func keyOf(webui string) string {
	rest, ok := strings.CutPrefix(webui, "/spaces/")
	if !ok {
		return ""
	}
	part, _, _ := strings.Cut(rest, "/")
	key, err := url.PathUnescape(part)
	if err != nil {
		return ""
	}
	return key
}

// v2Node is what is needed of an ancestor, which may have no version.
type v2Node struct{ v2Content }

func (v v2Node) check() error { return nil }

// v2Label is a label.
type v2Label struct {
	ID     flexID `json:"id"`
	Name   string `json:"name"`
	Prefix string `json:"prefix"`
}

func (l v2Label) key() string { return l.ID.String() }

func (l v2Label) check() error {
	if l.Name == "" {
		return errors.New("it has no name")
	}
	return nil
}

// v2Ancestor is a row of the ancestors of a content.
type v2Ancestor struct {
	ID   flexID `json:"id"`
	Type string `json:"type"`
}

func (a v2Ancestor) key() string  { return a.ID.String() }
func (a v2Ancestor) check() error { return nil }

// v2Attachment is an attached file.
type v2Attachment struct {
	ID        flexID   `json:"id"`
	Status    string   `json:"status"`
	Title     string   `json:"title"`
	CreatedAt flexTime `json:"createdAt"`
	MediaType string   `json:"mediaType"`
	FileSize  flexInt  `json:"fileSize"`
	WebUI     string   `json:"webuiLink"`
	Version   struct {
		Number    int      `json:"number"`
		CreatedAt flexTime `json:"createdAt"`
	} `json:"version"`
	Links links `json:"_links"`
}

func (a v2Attachment) key() string  { return a.ID.String() }
func (a v2Attachment) check() error { return nil }

// v2Space is a space.
type v2Space struct {
	ID         flexID `json:"id"`
	Key        string `json:"key"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	Status     string `json:"status"`
	HomepageID flexID `json:"homepageId"`
	Alias      string `json:"currentActiveAlias"`
	Links      links  `json:"_links"`
}

func (s v2Space) key() string { return s.ID.String() }

func (s v2Space) check() error {
	if s.Key == "" {
		return errors.New("it has no key")
	}
	return nil
}

func (s v2Space) space(c *Client) wiki.Space {
	return wiki.Space{
		ID: s.key(), Key: s.Key, Name: s.Name, Type: s.Type, Status: s.Status, HomepageID: s.HomepageID.String(), URL: c.spaceURL(s.Links.WebUI, s.Key),
	}
}
