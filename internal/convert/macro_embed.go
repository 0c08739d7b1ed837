package convert

import (
	"regexp"
	"strings"
)

// embedded writes widget and iframe: a link to what they show.
func embedded(c *converter, m macro) error {
	address := ""
	for _, name := range []string{"url", "src", ""} {
		if n := m.resource(name, tagRiURL); n != nil {
			address = n.attr("ri:value")
		} else {
			address = m.text(name)
		}
		if address != "" {
			break
		}
	}
	c.embed(address, m.text("title"))
	return nil
}

var (
	youTube = regexp.MustCompile(`^(https?://(?:www\.)?)youtube(?:-nocookie)?\.com/embed/([\w-]+)`)
	vimeo   = regexp.MustCompile(`^(https?://)player\.vimeo\.com/video/(\d+)`)
)

// embed writes a link to embedded content on the web; other schemes leave nothing.
func (c *converter) embed(address, title string) {
	address, ok := c.site.safe(address)
	if !ok || !isWebURL(address) {
		c.rec.dropped["embedded content"]++
		return
	}
	if m := youTube.FindStringSubmatch(address); m != nil {
		address = m[1] + "youtube.com/watch?v=" + m[2]
	} else if m := vimeo.FindStringSubmatch(address); m != nil {
		address = m[1] + "vimeo.com/" + m[2]
	}
	title = strings.TrimSpace(title)
	c.writeLink(target{url: address, label: address, fileName: true}, func() { c.plain(title) })
}

// rawHTML writes the HTML that an author typed, like page content: under the same rules, so nothing in it is active.
func rawHTML(c *converter, m macro) error {
	text, ok := m.plain()
	if !ok {
		m.rich(c)
		return nil
	}
	if c.nestedHTML > 0 {
		return errNotUsable // HTML in HTML comes from nobody's editor
	}
	defer m.rich(c)
	root := buildTree(text, map[string]int{})
	c.nestedHTML++
	c.blockOf(root)
	c.nestedHTML--
	return nil
}
