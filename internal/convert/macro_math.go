package convert

import "strings"

func (m macro) formula() string {
	text, ok := m.plain()
	if !ok || strings.TrimSpace(text) == "" {
		if p := m.param("body", ""); p != nil {
			text = p.text()
		}
	}
	return strings.TrimSpace(text)
}

func inlineFormula(c *converter, m macro) error {
	source := oneLine(m.formula())
	if source == "" {
		return nil
	}
	c.w.atom("$"+c.cellSafe(source)+"$", source)
	return nil
}

func blockFormula(c *converter, m macro) error {
	source := trimBlankLines(m.formula())
	c.w.endBlock()
	switch {
	case source == "":
	case c.w.cell:
		c.w.atom("$"+c.cellSafe(oneLine(source))+"$", source)
		c.w.endBlock()
	default:
		c.w.lines("$$")
		c.w.sep = sepTight
		c.w.lines(rawSafe(source))
		c.w.txt = append(c.w.txt, source...)
		c.w.sep = sepTight
		c.w.lines("$$")
	}
	return nil
}

// cellSafe keeps raw source from ending a cell or becoming HTML.
func (c *converter) cellSafe(s string) string {
	s = rawSafe(s)
	if c.w.cell {
		s = strings.ReplaceAll(s, "|", `\|`)
	}
	return s
}
