package confluencetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// searcher is what a query is run with.
type searcher struct {
	site *Site
	user *User
	now  time.Time
	zone *time.Location
	day  bool // dates compare by day
}

var cqlTypes = []string{
	typePage, typeBlogPost, typeComment, typeAttachment, "whiteboard", "database", "embed", typeFolder, "space", "user", "slide",
}

const cqlFields = "space, subtype, space.key, siteSearch, space.type, space.title, type, id, content, ancestor, parent, " +
	"container, title, text, label, lastmodified, created, creator, contributor, mention, watcher, favourite, macro, pageStatus"

// compile makes a condition of one clause.
func (e *searcher) compile(field, operator string, values []value) (condition, error) {
	for i, v := range values {
		switch {
		case v.function && strings.EqualFold(v.text, "currentUser"):
			values[i] = value{text: e.user.ID}
		case v.function && field != "lastmodified" && field != "created":
			return nil, fmt.Errorf("the function %s cannot be used with the field %s", v.text, field)
		}
	}
	switch field {
	case "lastmodified", "created":
		return e.dateClause(field, operator, values)
	case "title", "text", "sitesearch":
		return textClause(field, operator, values)
	}
	extract, err := e.extractor(field, values)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"=", "!=", "in", "not in"}, operator) {
		return nil, fmt.Errorf("the operator %s cannot be used with the field %s", operator, field)
	}
	negative := operator == "!=" || operator == "not in"
	return func(e *searcher, x *content) bool {
		has := extract(e, x)
		found := slices.ContainsFunc(values, func(v value) bool {
			return slices.ContainsFunc(has, func(h string) bool { return strings.EqualFold(h, v.text) })
		})
		return found != negative
	}, nil
}

// extractor returns what a content has in a field that is compared for equality.
func (e *searcher) extractor(field string, values []value) (func(*searcher, *content) []string, error) {
	one := func(f func(*searcher, *content) string) (func(*searcher, *content) []string, error) {
		return func(e *searcher, x *content) []string { return []string{f(e, x)} }, nil
	}
	spaceOf := func(e *searcher, x *content) *space { return cmp.Or(e.site.spaces[x.space], &space{}) }
	switch field {
	case "space", "space.key":
		return one(func(e *searcher, x *content) string { return spaceOf(e, x).key })
	case "space.type":
		return one(func(e *searcher, x *content) string { return spaceOf(e, x).typ })
	case "space.title":
		return one(func(e *searcher, x *content) string { return spaceOf(e, x).name })
	case "type":
		for _, v := range values {
			if !slices.Contains(cqlTypes, strings.ToLower(v.text)) {
				return nil, fmt.Errorf("%q is not a content type, expected one of %s", v.text, strings.Join(cqlTypes, ", "))
			}
		}
		return one(func(_ *searcher, x *content) string { return x.typ })
	case "subtype":
		return one(func(_ *searcher, x *content) string { return x.subtype })
	case "id", "content":
		return func(_ *searcher, x *content) []string { return []string{x.apiID(), idString(x.id)} }, nil
	case "ancestor":
		return func(e *searcher, x *content) []string {
			var ids []string
			for _, a := range e.site.ancestors(x) {
				ids = append(ids, idString(a.id))
			}
			return ids
		}, nil
	case "parent":
		return one(func(_ *searcher, x *content) string {
			if !x.isTree() || x.parent == 0 {
				return ""
			}
			return idString(x.parent)
		})
	case "container":
		return one(func(_ *searcher, x *content) string {
			if x.isTree() {
				return ""
			}
			return idString(x.parent)
		})
	case "label":
		return func(_ *searcher, x *content) []string { return publicLabels(x.labels) }, nil
	case "creator":
		return one(func(e *searcher, x *content) string { return e.site.person(x.author) })
	case "contributor":
		return func(e *searcher, x *content) []string {
			return []string{e.site.person(x.author), e.site.person(x.editor)}
		}, nil
	case "pagestatus":
		return one(func(_ *searcher, x *content) string { return cmp.Or(x.state, &State{}).Name })
	case "mention", "macro":
		return inBody(field, values), nil
	case "watcher", "favourite":
		return func(*searcher, *content) []string { return nil }, nil
	}
	return nil, fmt.Errorf("No field exists with the name: '%s' Did you mean one of : %s", field, cqlFields) //nolint:staticcheck // Confluence's own words
}

// person is how CQL names a user: by account id, or by user name on Data Center.
func (s *Site) person(id string) string {
	if u := s.users[id]; u != nil && s.options.DataCenter && u.Username != "" {
		return u.Username
	}
	return id
}

// inBody finds mentions and macros where the body has them.
func inBody(field string, values []value) func(*searcher, *content) []string {
	return func(_ *searcher, x *content) []string {
		if !x.hasBody() {
			return nil
		}
		body := x.body()
		var found []string
		for _, v := range values {
			mark := `ac:name="` + v.text + `"`
			if field == "mention" {
				mark = `ri:account-id="` + v.text + `"`
			}
			if strings.Contains(body, mark) {
				found = append(found, v.text)
			}
		}
		return found
	}
}

// textClause compares titles and searches texts: all words of the value must occur.
func textClause(field, operator string, values []value) (condition, error) {
	for _, v := range values {
		if v.text == "" && field == "title" {
			return nil, fmt.Errorf("the field title needs a value")
		}
		if v.text == "" {
			return nil, internal("java.lang.NullPointerException: query parameter is required.")
		}
	}
	negative := strings.HasPrefix(operator, "!") || operator == "not in"
	switch operator {
	case "=", "!=", "in", "not in":
		if field != "title" {
			return nil, fmt.Errorf("the operator %s cannot be used with the field %s", operator, field)
		}
		return func(_ *searcher, x *content) bool {
			return slices.ContainsFunc(values, func(v value) bool { return strings.EqualFold(x.title, v.text) }) != negative
		}, nil
	case "~", "!~":
		words := strings.Fields(strings.ToLower(strings.Trim(values[0].text, `"*`)))
		return func(_ *searcher, x *content) bool {
			in := strings.ToLower(x.title)
			if field != "title" && x.hasBody() {
				in += " " + strings.ToLower(plainText(x.body()))
			}
			for _, w := range words {
				if !strings.Contains(in, w) {
					return negative
				}
			}
			return !negative
		}, nil
	}
	return nil, fmt.Errorf("the operator %s cannot be used with the field %s", operator, field)
}
