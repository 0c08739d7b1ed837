package convert

import "strings"

var languages = map[string]string{ //nolint:gochecknoglobals // a table
	"c#": "csharp", "html/xml": "xml", "js": "javascript", "py": "python", "sh": "bash", "shell": "bash",
	"none": "", "text": "", "plain": "",
}

// code writes a fence with the language, its title as a bold line before it.
func code(c *converter, m macro) error {
	text, _ := m.plain()
	if trimBlankLines(text) == "" {
		return nil
	}
	c.boldLine(m.text("title"))
	c.codeBlock(language(m.text("language", "lang", "")), text)
	return nil
}

func noformat(c *converter, m macro) error {
	text, _ := m.plain()
	if trimBlankLines(text) != "" {
		c.boldLine(m.text("title"))
	}
	c.codeBlock("", text)
	return nil
}

// fenced returns a handler for source that is kept in the page, in a plain body.
func fenced(language string) handler {
	return func(c *converter, m macro) error {
		text, ok := m.plain()
		if !ok {
			text = m.text("code", "data", "body")
		}
		c.boldLine(m.text("title"))
		c.codeBlock(language, text)
		return nil
	}
}

func language(name string) string {
	name = strings.ToLower(name)
	if mapped, ok := languages[name]; ok {
		return mapped
	}
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (isAlnum(byte(r)) || strings.ContainsRune("+#._-", r)) {
			return r
		}
		return -1
	}, name)
}
