package confluencetest

import "strconv"

func v2Ancestors(typ string) handler {
	return func(c *caller) (any, error) {
		found, err := c.one("Cannot find content with id [%s]", typ)
		if err != nil {
			return nil, err
		}
		n, err := limit(c, 25, 250)
		if err != nil {
			return nil, err
		}
		chain := c.site.ancestors(found)
		results := []any{}
		for _, a := range chain[max(0, len(chain)-n):] {
			results = append(results, obj{"id": a.apiID(), "type": a.typ})
		}
		return obj{"results": results, "_links": obj{"base": c.base}}, nil
	}
}

// v2Children lists what is directly under a node: only pages where types says so.
func v2Children(typ string, types ...string) handler {
	return func(c *caller) (any, error) {
		found, err := c.one("Cannot find content with id [%s]", typ)
		if err != nil {
			return nil, err
		}
		var rows []row
		for _, x := range c.site.children(found.id, types...) {
			if x.status == statusCurrent && c.site.sees(c.user, x) {
				rows = append(rows, row{id: x.id, value: leftPad(strconv.Itoa(x.position), 12), make: func() any {
					return obj{"id": x.apiID(), "status": x.status, "title": x.title, "type": x.typ, "childPosition": x.position}
				}})
			}
		}
		return page(c, rows, or(c.URL.Query().Get("sort"), "child-position"), 25, 250)
	}
}

func v2Descendants(typ string) handler {
	return func(c *caller) (any, error) {
		found, err := c.one("Cannot find content with id [%s]", typ)
		if err != nil {
			return nil, err
		}
		most, err := strconv.Atoi(or(c.URL.Query().Get("depth"), "2"))
		if err != nil || most < 1 || most > 10 {
			return nil, badRequest("Provided value for 'depth' is not valid. Expected a number from 1 to 10.")
		}
		var rows []row
		level := []*content{found}
		for depth := 1; depth <= most; depth++ {
			var next []*content
			for _, parent := range level {
				for _, x := range c.site.children(parent.id, treeTypes...) {
					if x.status != statusCurrent || !c.site.sees(c.user, x) {
						continue
					}
					next = append(next, x)
					rows = append(rows, row{id: x.id, value: leftPad(strconv.Itoa(depth), 2), make: func() any {
						return obj{
							"id": x.apiID(), "status": x.status, "title": x.title, "type": x.typ, "parentId": parent.apiID(),
							"depth": depth, "childPosition": x.position,
						}
					}})
				}
			}
			level = next
		}
		return page(c, rows, "depth", 25, 250)
	}
}
