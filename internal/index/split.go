package index

import (
	"strings"

	"github.com/sluicehq/sluice/internal/chunk"
	"github.com/sluicehq/sluice/internal/convert"
)

// splitVersion changes when the same Markdown is cut in another way.
const splitVersion = 1

// split cuts a converted page into chunks. A page without any text gets one chunk of its title, so that it is found by
// it.
func split(r Record, result convert.Result) []Chunk {
	doc := chunk.Doc{Title: r.Ref.Title, Markdown: result.Markdown, Sections: make([]chunk.Section, len(result.Sections))}
	for i, s := range result.Sections {
		doc.Sections[i] = chunk.Section(s)
	}
	var chunks []Chunk
	for _, c := range chunk.Split(doc, chunk.Options{}) {
		chunks = append(chunks, newChunk(r, strings.Join(c.HeadingPath, " > "), c.SectionTitle, c.Anchor, c.Content, c.Text))
	}
	if len(chunks) == 0 {
		chunks = []Chunk{newChunk(r, "", "", "", "", "")}
	}
	return chunks
}

func newChunk(r Record, path, title, anchor, content, text string) Chunk {
	return Chunk{
		URL: sectionURL(r.Ref.URL, anchor), HeadingPath: path, SectionTitle: title, Anchor: anchor, Content: content,
		BodyText: text, Hash: hashOf(r.Ref.Title, path, content, text, r.TextConfig),
	}
}
