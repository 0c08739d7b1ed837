package convert

import "strings"

// status writes the lozenge's title in bold, apart from the words and other lozenges beside it.
func status(c *converter, m macro) error {
	title := firstOf(m.text("title"), m.text("colour", "color"))
	if title = strings.TrimSpace(title); title == "" {
		return nil
	}
	if r := lastRune(c.w.md); c.w.open && (isWord(r) || r == '*' || r == '`' || isSentencePunct(r)) {
		c.w.space = true
	}
	c.w.openMark(markBold)
	c.plain(title)
	c.w.closeMark()
	c.w.apart = true
	return nil
}

// profile is a mention.
func profile(c *converter, m macro) error {
	if user := m.resource("user", tagRiUser); user != nil {
		c.mention(user, "")
		return nil
	}
	if name := m.text("user"); name != "" {
		n := &node{kind: elementNode, tag: tagRiUser, data: ` ri:username="` + strings.ReplaceAll(name, `"`, "&quot;") + `"`}
		c.mention(n, "")
	}
	return nil
}
