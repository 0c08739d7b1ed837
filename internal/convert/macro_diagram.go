package convert

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxInflated bounds what a compressed diagram may hold.
const maxInflated = 1 << 20

// diagram writes the name of a diagram whose drawing is an attachment, and the labels in it if it is in the page.
func diagram(c *converter, m macro) error {
	name := m.text("diagramDisplayName", "diagramName", "displayName", "name", "filename", "documentName")
	if n := m.resource("name", tagRiAttachment); n != nil && name == "" {
		name = n.attr("ri:filename")
	}
	source, _ := m.plain()
	labels := diagramLabels(source)
	if name == "" && len(labels) == 0 {
		return nil
	}
	c.w.endBlock()
	c.w.text("Diagram: " + oneLine(name))
	if name != "" {
		f, _ := c.file(name, nil)
		c.rec.attachment(f)
	}
	for _, label := range labels {
		c.w.lineBreak()
		c.plain(label)
	}
	c.w.endBlock()
	return nil
}

var htmlTag = regexp.MustCompile(`<[^>]*>`)

// diagramLabels returns the texts in a draw.io file, which are HTML in attributes.
func diagramLabels(source string) []string {
	if !strings.Contains(source, "<mxfile") && !strings.Contains(source, "<mxGraphModel") {
		return nil
	}
	var labels []string
	lex := newLexer(source, map[string]int{})
	for {
		switch tok := lex.next(); tok.kind {
		case eofToken:
			return labels
		case textToken:
			if packed, err := inflate(strings.TrimSpace(tok.data)); err == nil && strings.Contains(packed, "%3C") {
				if model, err := url.PathUnescape(packed); err == nil {
					labels = append(labels, diagramLabels(model)...)
				}
			}
		case startToken:
			n := node{kind: elementNode, data: tok.data}
			for _, key := range []string{"value", "label"} {
				if label := oneLine(decode(htmlTag.ReplaceAllString(n.attr(key), " "))); label != "" {
					labels = append(labels, label)
				}
			}
		case cdataToken, endToken:
		}
	}
}

// plantumlCloud writes PlantUML source that is kept encoded in a parameter.
func plantumlCloud(c *converter, m macro) error {
	source := ""
	if p := m.param("data"); p != nil {
		source = decodePlantUML(strings.Join(strings.Fields(p.text()), ""), strings.EqualFold(m.text("compressed"), "true"))
	}
	if source == "" {
		if body, ok := m.plain(); ok {
			source = body
		}
	}
	if source != "" {
		c.codeBlock("plantuml", source)
		return nil
	}
	if name := m.text("filename", "name", "title"); name != "" {
		c.paragraph("Diagram: "+name, false)
	}
	return nil
}

func decodePlantUML(data string, compressed bool) string {
	var text string
	if compressed {
		inflated, err := inflate(data)
		if err != nil {
			return ""
		}
		text = inflated
	} else {
		plain, err := decodeBase64(data)
		if err != nil {
			return ""
		}
		text = string(plain)
	}
	if !strings.Contains(text, "@start") {
		if unescaped, err := url.PathUnescape(text); err == nil {
			text = unescaped
		}
	}
	if !utf8.ValidString(text) {
		return ""
	}
	return clean(text, map[string]int{})
}

func decodeBase64(s string) ([]byte, error) {
	s = strings.TrimRight(s, "=")
	if strings.ContainsAny(s, "-_") {
		return base64.RawURLEncoding.DecodeString(s)
	}
	return base64.RawStdEncoding.DecodeString(s)
}

// inflate decodes base64 of raw deflate.
func inflate(s string) (string, error) {
	packed, err := decodeBase64(s)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxInflated))
	if err != nil {
		return "", err
	}
	return string(text), nil
}

// mermaidRevisions writes the last revision of a diagram that is kept as a JSON list of revisions.
func mermaidRevisions(c *converter, m macro) error {
	text, ok := m.plain()
	if !ok {
		text = m.text("data", "body", "")
	}
	c.codeBlock("mermaid", lastRevision(text))
	return nil
}

// lastRevision returns the body of the last revision in text, or text itself where it is no such list.
func lastRevision(text string) string {
	var revisions []struct {
		Body string `json:"body"`
	}
	if err := json.Unmarshal([]byte(text), &revisions); err != nil || len(revisions) == 0 {
		return text
	}
	source := revisions[len(revisions)-1].Body
	if !strings.ContainsAny(source, " \n") {
		if unescaped, err := url.PathUnescape(source); err == nil {
			source = unescaped
		}
	}
	return clean(source, map[string]int{})
}
