package pages

import (
	"slices"

	"github.com/sluicehq/sluice/internal/search"
	"github.com/sluicehq/sluice/web/views"
)

// chips are the active filters.
func (p *Pages) chips(q query) []views.Chip {
	var chips []views.Chip
	for _, name := range listParams {
		for _, value := range q.Values[name] {
			shown := value
			if name == "type" {
				shown = typeText(value)
			}
			chips = append(chips, views.Chip{Label: paramText[name], Value: shown, RemoveURL: q.toggle(name, value)})
		}
	}
	if q.Get("has_jira") == "true" {
		chips = append(chips, views.Chip{Label: "With", Value: "JIRA issues", RemoveURL: q.with("has_jira", "")})
	}
	if updated := q.Get("updated"); updated != "" {
		chips = append(chips, views.Chip{Label: "Updated", Value: updatedText(updated), RemoveURL: q.with("updated", "")})
	}
	for _, date := range []views.Param{{Name: "updated_after", Value: "Updated since"}, {Name: "updated_before", Value: "Updated before"}} {
		if value := q.Get(date.Name); value != "" {
			chips = append(chips, views.Chip{Label: date.Value, Value: value, RemoveURL: q.with(date.Name, "")})
		}
	}
	return chips
}

var paramText = map[string]string{ //nolint:gochecknoglobals // a constant table
	"space": "Space", "label": "Label", "jira": "JIRA", "author": "Author", "type": "Type", "under": "Below page", "source": "Source", "kind": "Kind",
}

func typeText(value string) string {
	switch value {
	case "page":
		return "Pages"
	case "blogpost":
		return "Blog posts"
	default:
		return value
	}
}

func updatedText(value string) string {
	switch value {
	case "week":
		return "Past week"
	case "month":
		return "Past month"
	case "year":
		return "Past year"
	case "older":
		return "Older"
	default:
		return value
	}
}

// hiddenParams is what the form keeps when new words are searched: filters and settings, not the place in the list.
func hiddenParams(q query) []views.Param {
	var params []views.Param
	for _, name := range append([]string{"sort", "mode", "has_jira", "updated", "updated_after", "updated_before", "explain"}, listParams...) {
		for _, value := range q.Values[name] {
			params = append(params, views.Param{Name: name, Value: value})
		}
	}
	return params
}

// shownFacets is how many values of a facet are shown before "more".
const shownFacets = 8

// facets are the values to narrow the answer by. A chosen value stays in the list when no page has it any more, so that
// it can be taken off where it was put on.
func facets(q query, f search.Facets, dir directoryEntry) []views.Facet {
	var list []views.Facet
	for _, group := range []struct {
		label, name string
		values      []search.FacetValue
	}{
		{"Space", "space", f.Space},
		{"Updated", "updated", f.Updated},
		{"Label", "label", f.Label},
		{"Author", "author", f.Author},
		{"Type", "type", f.Type},
	} {
		values := group.values
		for _, on := range q.Values[group.name] {
			if !slices.ContainsFunc(values, func(v search.FacetValue) bool { return v.Value == on }) {
				values = append(slices.Clip(values), search.FacetValue{Value: on})
			}
		}
		facet := views.Facet{Label: group.label}
		for _, v := range values {
			value := facetValue(q, group.name, v, dir)
			if len(facet.Values) < shownFacets || value.Current {
				facet.Values = append(facet.Values, value)
			} else {
				facet.Rest = append(facet.Rest, value)
			}
		}
		if len(facet.Values) > 1 || len(facet.Values) == 1 && facet.Values[0].Current {
			list = append(list, facet)
		}
	}
	return list
}

func facetValue(q query, name string, v search.FacetValue, dir directoryEntry) views.FacetValue {
	value := views.FacetValue{Text: v.Value, Count: count(v.Count), URL: q.toggle(name, v.Value), Current: slices.Contains(q.Values[name], v.Value)}
	switch name {
	case "updated":
		value.Text = updatedText(v.Value)
		if !value.Current { // one at a time
			value.URL = q.with("updated", v.Value)
		}
	case "space":
		value.Note = dir.spaceName(v.Value)
	case "type":
		value.Text = typeText(v.Value)
	}
	return value
}
