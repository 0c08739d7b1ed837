package confluence

import (
	"errors"
	"slices"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

// v1Content is a content of any type as searches of both deployments, and all of Data Center's calls, show it.
type v1Content struct {
	ID     flexID `json:"id"`
	Type   string `json:"type"`
	Status string `json:"status"`
	Title  string `json:"title"`
	Space  *struct {
		ID  flexID `json:"id"`
		Key string `json:"key"`
	} `json:"space"`
	Version *struct {
		Number int      `json:"number"`
		When   flexTime `json:"when"`
		By     v1User   `json:"by"`
	} `json:"version"`
	History struct {
		CreatedDate flexTime `json:"createdDate"`
		CreatedBy   v1User   `json:"createdBy"`
	} `json:"history"`
	Ancestors *[]v1Ancestor `json:"ancestors"`
	Metadata  struct {
		MediaType string `json:"mediaType"`
		Labels    *struct {
			Results []v2Label `json:"results"`
			Limit   int       `json:"limit"`
			Links   links     `json:"_links"`
		} `json:"labels"`
	} `json:"metadata"`
	Restrictions *struct {
		Read *v1Restriction `json:"read"`
	} `json:"restrictions"`
	Body struct {
		Storage *struct {
			Value *string `json:"value"`
		} `json:"storage"`
	} `json:"body"`
	Extensions struct {
		Position  flexInt `json:"position"`
		MediaType string  `json:"mediaType"`
		FileSize  flexInt `json:"fileSize"`
	} `json:"extensions"`
	Container *struct {
		ID   flexID `json:"id"`
		Type string `json:"type"`
	} `json:"container"`
	Expandable struct {
		Container string `json:"container"`
	} `json:"_expandable"`
	Links links `json:"_links"`
}

func (v v1Content) key() string  { return v.ID.String() }
func (v v1Content) check() error { return nil }

// checkRef asks for what tells one version of a content from another.
func (v v1Content) checkRef() error {
	switch {
	case v.Version == nil || v.Version.Number < 1:
		return errors.New("it has no version")
	case v.Version.When.IsZero():
		return errors.New("its version has no date")
	case v.Ancestors == nil && v.Type == string(wiki.TypePage):
		return errors.New("it does not tell its place in the tree")
	}
	return nil
}

// v1Ref is a row that must be able to stand in a listing of pages.
type v1Ref struct{ v1Content }

func (v v1Ref) check() error { return v.checkRef() }

// v1Ancestor is one of the ancestors of a content, root first.
type v1Ancestor struct {
	ID    flexID `json:"id"`
	Type  string `json:"type"`
	Title string `json:"title"`
}

// v1User is a person: Cloud has account ids, Data Center user keys and names.
type v1User struct {
	Type        string `json:"type"`
	AccountID   string `json:"accountId"`
	UserKey     string `json:"userKey"`
	Username    string `json:"username"`
	DisplayName string `json:"displayName"`
	PublicName  string `json:"publicName"`
	Email       string `json:"email"`
	Status      string `json:"status"`
}

func (u v1User) id() string {
	for _, id := range []string{u.AccountID, u.UserKey, u.Username} {
		if id != "" {
			return id
		}
	}
	return ""
}

func (u v1User) user() wiki.User {
	name := u.DisplayName
	if name == "" {
		name = u.PublicName
	}
	if name == "" {
		name = u.Username
	}
	active := u.Type != "unknown" && u.Type != "anonymous" && (u.Status == "" || u.Status == "current" || u.Status == "active")
	return wiki.User{ID: u.id(), DisplayName: name, Email: u.Email, Active: active}
}

// v1Restriction is who may read a content. A list may be long and paged: whether there is anybody in it is all that
// matters.
type v1Restriction struct {
	Restrictions *struct {
		User  *v1Principals `json:"user"`
		Group *v1Principals `json:"group"`
	} `json:"restrictions"`
}

type v1Principals struct {
	Results []any `json:"results"`
	Size    int   `json:"size"`
}

// restricted reports whether anybody is named; told is false where the answer does not say.
func (r *v1Restriction) restricted() (restricted, told bool) {
	if r == nil || r.Restrictions == nil || r.Restrictions.User == nil || r.Restrictions.Group == nil {
		return true, false
	}
	anybody := func(p *v1Principals) bool { return len(p.Results) > 0 || p.Size > 0 }
	return anybody(r.Restrictions.User) || anybody(r.Restrictions.Group), true
}

func (v v1Content) ref(c *Client) wiki.ContentRef {
	ref := wiki.ContentRef{
		ID: v.key(), Type: wiki.ContentType(v.Type), Status: wiki.Status(v.Status), Title: v.Title, Position: int(v.Extensions.Position),
		AuthorID: v.History.CreatedBy.id(), CreatedAt: v.History.CreatedDate.Time, URL: c.link(v.Links.WebUI, v.key()),
		Version: v.Version.Number, VersionAt: v.Version.When.Time, EditorID: v.Version.By.id(),
	}
	if ref.Status == "" {
		ref.Status = wiki.StatusCurrent
	}
	if v.Space != nil {
		ref.SpaceID, ref.SpaceKey = v.Space.ID.String(), v.Space.Key
	} else {
		ref.SpaceKey = keyOf(v.Links.WebUI)
	}
	if parents := v.nodes(); len(parents) > 0 && ref.Type != wiki.TypeBlogPost {
		parent := parents[len(parents)-1]
		ref.ParentID, ref.ParentType = parent.ID, parent.Type
	}
	return ref
}

func (v v1Content) content(c *Client) wiki.Content {
	content := wiki.Content{ContentRef: v.ref(c)}
	if s := v.Body.Storage; s != nil && s.Value != nil {
		content.Storage, content.HasBody = *s.Value, true
	}
	return content
}

// nodes are the ancestors, root first.
func (v v1Content) nodes() []wiki.Node {
	if v.Ancestors == nil {
		return nil
	}
	var nodes []wiki.Node
	for _, a := range *v.Ancestors {
		if a.ID == "" {
			continue
		}
		node := wiki.Node{ID: a.ID.String(), Type: a.Type, Title: a.Title}
		if node.Type == "" {
			node.Type = string(wiki.TypePage)
		}
		if v.Space != nil {
			node.SpaceID = v.Space.ID.String()
		}
		if n := len(nodes); n > 0 {
			node.ParentID, node.ParentType = nodes[n-1].ID, nodes[n-1].Type
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// labelNames are the names that everybody sees, in lower case, sorted, each once.
func labelNames(labels []v2Label) []string {
	names := []string{}
	for _, l := range labels {
		if l.Prefix != "my" && l.Name != "" {
			names = append(names, strings.ToLower(l.Name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
