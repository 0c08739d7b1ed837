package convert

// file writes a link to the file that the macro shows.
func file(c *converter, m macro) error {
	if n := m.resource("name", tagRiAttachment); n != nil {
		owner := n.child(tagRiPage, tagRiContent, tagRiBlogPost)
		if owner == nil {
			owner = m.resource("page", tagRiPage, tagRiContent, tagRiBlogPost)
		}
		c.fileLink(n.attr("ri:filename"), owner)
		return nil
	}
	c.fileLink(m.text("name"), m.resource("page", tagRiPage, tagRiContent, tagRiBlogPost))
	return nil
}

func (c *converter) fileLink(name string, owner *node) {
	if name == "" {
		return
	}
	f, address := c.file(name, owner)
	c.writeLink(target{url: address, label: name, fileName: true, file: &f}, func() {})
}
