package convert

// body writes the content at the place of the macro.
func body(c *converter, m macro) error {
	m.rich(c)
	if text, ok := m.plain(); ok {
		c.codeBlock("", text)
	}
	return nil
}

// expand writes its title as a bold line, then the content. "Click here to expand" is not content.
func expand(c *converter, m macro) error {
	c.boldLine(m.text("title", ""))
	return body(c, m)
}

// titleAndBody writes the title as a bold line, then the content.
func titleAndBody(c *converter, m macro) error {
	c.boldLine(m.text("title"))
	return body(c, m)
}

// details is the page properties macro: its tables are also metadata.
func details(c *converter, m macro) error {
	c.details++
	err := body(c, m)
	c.details--
	return err
}
