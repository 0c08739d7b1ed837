package mcp

import "strings"

// heading is one heading of a Markdown text.
type heading struct {
	level int
	title string
	start int // byte offset of its line
}

// headings returns the ATX headings of a Markdown text; those inside fenced code are none.
func headings(markdown string) []heading {
	var found []heading
	fence := ""
	offset := 0
	for line := range strings.Lines(markdown) {
		start := offset
		offset += len(line)
		text := strings.TrimRight(line, "\r\n")
		indent := len(text) - len(strings.TrimLeft(text, " "))
		trimmed := text[indent:]
		if fence != "" {
			if indent < 4 && strings.HasPrefix(trimmed, fence) && strings.Trim(trimmed, fence[:1]+" ") == "" {
				fence = ""
			}
			continue
		}
		if indent > 3 {
			continue
		}
		if marker := fenceMarker(trimmed); marker != "" {
			fence = marker
			continue
		}
		level := len(trimmed) - len(strings.TrimLeft(trimmed, "#"))
		if level < 1 || level > 6 || len(trimmed) == level || trimmed[level] != ' ' {
			continue
		}
		title := strings.TrimSpace(strings.TrimRight(strings.TrimSpace(trimmed[level:]), "#"))
		found = append(found, heading{level: level, title: title, start: start})
	}
	return found
}

func fenceMarker(line string) string {
	for _, char := range []string{"`", "~"} {
		n := len(line) - len(strings.TrimLeft(line, char))
		if n >= 3 && (char == "~" || !strings.Contains(line[n:], "`")) {
			return strings.Repeat(char, n)
		}
	}
	return ""
}

// section returns the text from the first heading with the title (or with the path "A > B") to the next heading of its
// level or above.
func section(markdown string, outline []heading, title string) (string, bool) {
	steps := strings.Split(title, " > ")
	for i := range outline {
		if !matches(outline, i, steps) {
			continue
		}
		end := len(markdown)
		for _, later := range outline[i+1:] {
			if later.level <= outline[i].level {
				end = later.start
				break
			}
		}
		return markdown[outline[i].start:end], true
	}
	if len(steps) > 1 {
		return section(markdown, outline, steps[len(steps)-1])
	}
	return "", false
}

// matches reports whether heading i has the last step's title and those above it the steps before, in order.
func matches(outline []heading, i int, steps []string) bool {
	level := outline[i].level + 1
	step := len(steps) - 1
	for ; i >= 0 && step >= 0; i-- {
		if outline[i].level >= level {
			continue
		}
		level = outline[i].level
		if sameTitle(outline[i].title, steps[step]) {
			step--
		} else if step == len(steps)-1 {
			return false
		}
	}
	return step < 0
}

func sameTitle(a, b string) bool { return strings.EqualFold(bare(a), bare(b)) }

// bare drops Markdown's emphasis and code marks, and surplus space.
func bare(title string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("*", "", "`", "", "\\", "").Replace(title)), " ")
}

func titles(outline []heading, most int) []string {
	list := []string{}
	for _, h := range outline[:min(most, len(outline))] {
		list = append(list, inline(bare(h.title)))
	}
	return list
}
