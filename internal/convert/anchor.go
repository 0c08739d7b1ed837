package convert

import (
	"strconv"
	"strings"
)

// anchorName is the name under which Confluence can jump to a heading: on Cloud its text with dashes for spaces; on Data
// Center and in the old editor the page title, a dash and the text, all white space removed. A repeated name gets ".1",
// ".2" and so on.
func (c *converter) anchorName(title string) string {
	name := strings.Join(strings.Fields(title), "-")
	if c.ctx.Legacy {
		name = strings.Join(strings.Fields(c.ctx.Page.Title), "") + "-" + strings.Join(strings.Fields(title), "")
	}
	n := c.anchors[name]
	c.anchors[name]++
	if n > 0 {
		name += "." + strconv.Itoa(n)
	}
	return name
}
