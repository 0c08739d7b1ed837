package convert

import (
	"regexp"
	"strings"
)

// markdown inserts Markdown that an author typed: outside code "<" is escaped and targets that no link may have are
// taken out; a fence that is left open is closed.
func markdown(c *converter, m macro) error {
	text, ok := m.plain()
	if !ok {
		if p := m.param("markdown", "body", ""); p != nil {
			text = p.text()
		}
	}
	c.raw(trimBlankLines(text))
	return nil
}

// raw writes Markdown from outside.
func (c *converter) raw(text string) {
	c.w.endBlock()
	if text == "" {
		return
	}
	if c.w.cell {
		for line := range strings.SplitSeq(text, "\n") {
			c.plain(line)
			c.w.endBlock()
		}
		return
	}
	var out, prose strings.Builder
	fence := ""
	flush := func() {
		out.WriteString(c.prose(prose.String()))
		prose.Reset()
	}
	for line := range strings.SplitAfterSeq(text, "\n") {
		mark := fenceMark(line)
		switch {
		case fence == "" && mark != "":
			flush()
			fence = mark
			out.WriteString(strings.ReplaceAll(line, "<", "&lt;"))
		case fence != "":
			out.WriteString(line)
			if strings.HasPrefix(mark, fence) && strings.TrimSpace(line) == mark {
				fence = ""
			}
		default:
			prose.WriteString(line)
		}
	}
	flush()
	if fence != "" {
		out.WriteString("\n" + fence)
	}
	c.w.lines(out.String())
	c.w.txt = append(c.w.txt, text...)
}

// fenceMark returns the run of backticks or tildes with which a line opens or closes a fence.
func fenceMark(line string) string {
	line = strings.TrimLeft(line, " ")
	for _, mark := range []byte("`~") {
		if n := runLength(line, mark); n >= 3 {
			return line[:n]
		}
	}
	return ""
}

// prose makes Markdown outside fences safe, and notes what it names.
func (c *converter) prose(s string) string {
	var out strings.Builder
	for s != "" {
		start := strings.IndexByte(s, '`')
		if start < 0 {
			start = len(s)
		}
		text := s[:start]
		c.notePlain(text)
		out.WriteString(safeTargets(rawSafeEntities(text), c.site))
		s = s[start:]
		n := runLength(s, '`')
		end := strings.Index(s[n:], s[:n])
		if n == 0 || end < 0 {
			out.WriteString(s[:n])
			s = s[n:]
			continue
		}
		out.WriteString(s[:n+end+n])
		s = s[n+end+n:]
	}
	return out.String()
}

// notePlain records the addresses and issue keys in text that is not written by us.
func (c *converter) notePlain(s string) {
	for {
		start, end := findURL(s)
		if start < 0 {
			c.rec.keysInText(s, nil, true)
			c.rec.pendingKey(0)
			return
		}
		c.rec.keysInText(s[:start], nil, true)
		c.rec.pendingKey(0)
		c.recordTarget(target{url: s[start:end]}, "")
		s = s[end:]
	}
}

func rawSafeEntities(s string) string { return strings.ReplaceAll(s, "<", "&lt;") }

var (
	linkTarget     = regexp.MustCompile(`\]\(\s*([^)\s]*(?:\s*:[^)\s]*)?)`)
	linkDefinition = regexp.MustCompile(`(?m)^([ >]*)\[([^\]\n]*)\]:`)
)

// safeTargets empties the targets of links that are not allowed, and makes definitions of targets plain text.
func safeTargets(s string, site site) string {
	s = linkDefinition.ReplaceAllString(s, `$1[$2\]:`)
	return linkTarget.ReplaceAllStringFunc(s, func(link string) string {
		address := decode(strings.TrimLeft(link[2:], " \n\t"))
		if _, ok := site.safe(strings.ReplaceAll(address, `\`, "")); ok || address == "" || strings.HasPrefix(address, "#") {
			return link
		}
		return "]("
	})
}

var tagStart = regexp.MustCompile(`<([A-Za-z/!?])`)

// rawSafe keeps source that is written unescaped from being read as HTML, without changing what it means.
func rawSafe(s string) string { return tagStart.ReplaceAllString(s, "< $1") }
