package convert

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// mention writes a person: "@" and the display name, never an id.
func (c *converter) mention(n *node, label string) {
	id, userName := userID(n)
	if id == "" {
		return
	}
	name := c.ctx.Users[id]
	c.rec.mention(id, name)
	switch {
	case name != "":
		name = "@" + name
	case label != "":
		name = label
	case userName != "":
		name = "@" + userName
	default:
		name = "@unknown-user"
	}
	c.w.text(oneLine(name))
}

// userID is the id that a ri:user carries, and the user name if that is the id.
func userID(n *node) (id, userName string) {
	for _, name := range []string{"ri:account-id", "ri:userkey", "ri:username"} {
		if id = n.attr(name); id != "" {
			if name == "ri:username" {
				userName = id
			}
			return id, userName
		}
	}
	return "", ""
}

// millisecondDigits: numbers of this length and more in a time element are milliseconds since 1970.
const millisecondDigits = 12

// time writes a date: the text if there is any, else the attribute.
func (c *converter) time(n *node) {
	text := n.label()
	if text == "" {
		text = strings.TrimSpace(n.attr("datetime"))
		if ms, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) >= millisecondDigits {
			text = time.UnixMilli(ms).UTC().Format(time.DateOnly)
		}
	}
	if t := c.rec.task; t != nil && t.Due == "" {
		t.Due = text
	}
	c.w.text(text)
}

// atVar writes a template's variable as "{name}".
func (c *converter) atVar(n *node) {
	if name := n.attr("at:name"); name != "" {
		c.w.text("{" + name + "}")
	}
}

var emoticons = map[string]string{ //nolint:gochecknoglobals // a table
	"smile": "🙂", "sad": "🙁", "cheeky": "😛", "laugh": "😁", "wink": "😉", "thumbs-up": "👍", "thumbs-down": "👎",
	"information": "ℹ️", "tick": "✅", "cross": "❌", "warning": "⚠️", "plus": "➕", "minus": "➖", "question": "❓",
	"light-on": "💡", "light-off": "💡", "heart": "❤️", "broken-heart": "💔", "yellow-star": "⭐", "red-star": "⭐",
	"green-star": "⭐",
}

// emoticon writes an emoji as its characters. The editor gives every emoji that it has no name for the name
// "blue-star", which therefore means nothing.
func (c *converter) emoticon(n *node) {
	fallback, short, name := n.attr("ac:emoji-fallback"), n.attr("ac:emoji-shortname"), n.attr("ac:name")
	named := strings.HasPrefix(fallback, ":") && strings.HasSuffix(fallback, ":")
	var text string
	switch {
	case fallback != "" && !named:
		text = fallback
	case codePoints(n.attr("ac:emoji-id")) != "":
		text = codePoints(n.attr("ac:emoji-id"))
	case emoticons[name] != "":
		text = emoticons[name]
	case short != "":
		text = short
	case fallback != "":
		text = fallback
	case name != "":
		text = ":" + name + ":"
	}
	c.w.text(text)
}

// codePoints turns "1f44d" and "31-20e3" into characters; "" if a part is none.
func codePoints(id string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(id, "-") {
		r, err := strconv.ParseUint(part, 16, 32)
		if err != nil || r > utf8.MaxRune || !utf8.ValidRune(rune(r)) || isDirt(rune(r)) || len(part) < 2 {
			return ""
		}
		b.WriteRune(rune(r))
	}
	return b.String()
}

// image writes ac:image and img, with a caption as an italic line behind it.
func (c *converter) image(n *node) {
	caption := n.child(tagAdfNote)
	block := caption != nil || c.standsAlone(n)
	if block {
		c.w.endBlock()
	}
	c.picture(n)
	if block {
		c.w.endBlock()
	}
	if caption != nil {
		c.w.openMark(markItalic)
		c.children(caption)
		c.w.closeMark()
		c.w.endBlock()
	}
}

// standsAlone reports an image between blocks, which must not run into the next paragraph.
func (c *converter) standsAlone(n *node) bool {
	if n.tag != tagImage || n.up == nil || n.up.up != nil && n.up.tag != tagLayoutCell && n.up.tag != tagRichBody && n.up.tag != tagAdfContent {
		return false
	}
	return c.isEdge(n.prev) && c.isEdge(n.next)
}

// isEdge reports whether a sibling is no running text.
func (c *converter) isEdge(n *node) bool {
	if n == nil {
		return true
	}
	if n.kind != elementNode {
		return n.blank()
	}
	return n.tag.isBlock() || n.tag == tagImage || n.tag == tagMacro && !c.isInline(n)
}

func (c *converter) picture(n *node) {
	address, name := "", ""
	if file := n.child(tagRiAttachment); file != nil {
		t := c.fileTarget(file)
		if t.file != nil {
			c.rec.attachment(*t.file)
			address, name = t.url, t.label
		}
	} else {
		source := n.attr("src")
		if external := n.child(tagRiURL); external != nil {
			source = external.attr("ri:value")
		}
		if safe, ok := c.site.safe(source); ok && isShown(safe) {
			address = safe
		} else if source != "" {
			c.rec.dropped["image target"]++
		}
	}
	alt := firstOf(n.attr("ac:alt"), n.attr("alt"), n.attr("ac:title"), n.attr("title"), name)
	if isEmoticon(n) {
		address = ""
	}
	if address == "" {
		c.w.text(alt)
		return
	}
	c.w.begin('!')
	c.w.fresh = false
	c.w.md = append(c.w.md, "!["...)
	label := c.w.inLabel
	c.w.inLabel = true
	c.altText(oneLine(alt))
	c.w.inLabel = label
	c.w.md = append(c.w.md, "]("...)
	c.w.address(address)
	c.w.md = append(c.w.md, ')')
}

// altText writes the text of an image in brackets: no marks, no white space around.
func (c *converter) altText(alt string) {
	if alt == "" {
		return
	}
	c.w.space, c.w.closedTo = false, 0
	c.w.text(alt)
	c.w.space = false
}

// isShown reports whether an image's address leads to a picture: not to the server's stand-in for a missing file, not
// to a mailbox.
func isShown(address string) bool {
	return !strings.Contains(address, "/placeholder/unknown-attachment") && !hasPrefixFold(address, "mailto:") && !hasPrefixFold(address, "tel:")
}

func isEmoticon(n *node) bool {
	return strings.Contains(n.attr("ac:class")+" "+n.attr("class"), "emoticon")
}

func firstOf(values ...string) string {
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			return v
		}
	}
	return ""
}
