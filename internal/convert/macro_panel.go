package convert

var panelLabels = map[string]string{"info": "Info", "note": "Note", "tip": "Tip", "warning": "Warning"} //nolint:gochecknoglobals // a table

func panel(c *converter, m macro) error {
	c.panel(panelLabels[m.name], m.text("title"), func() { m.panelBody(c) })
	return nil
}

func (m macro) panelBody(c *converter) {
	m.rich(c)
	if text, ok := m.plain(); ok {
		c.w.endBlock()
		c.plain(text)
	}
}

// panel writes a quote that begins with a bold line: the kind, then the title. A panel without a title whose body is
// empty leaves nothing.
func (c *converter) panel(label, title string, content func()) {
	head := label
	if title != "" {
		if head != "" {
			head += ": "
		}
		head += title
	}
	c.quote(func() {
		if title != "" || c.w.cell {
			c.boldLine(head)
			content()
			return
		}
		start := c.w.save()
		c.boldLine(head)
		empty := len(c.w.md)
		content()
		c.w.endBlock()
		if len(c.w.md) == empty {
			c.w.undo(start)
		}
	})
}
