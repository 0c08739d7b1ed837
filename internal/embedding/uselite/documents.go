package uselite

import (
	"context"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/embedding"
)

// maxContext is how many tokens of each window title and headings may take.
const maxContext = 32

// EmbedDocuments embeds documents on all workers. A text that is longer than the model's window is cut into equal
// windows, each after the document's context, and gets the average of their vectors. A document without text gets the
// vector of its context.
func (m *Model) EmbedDocuments(ctx context.Context, docs []embedding.Document) ([][]float32, error) {
	vectors := make([][]float32, len(docs))
	group, inner := errgroup.WithContext(ctx)
	for i, doc := range docs {
		s, err := acquire(inner, m.documents)
		if err != nil {
			break // a document failed, or the caller gave up: told below
		}
		group.Go(func() error {
			defer func() { m.documents <- s }()
			var err error
			vectors[i], err = m.embed(inner, doc, s)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return vectors, nil
}

// embed computes one document's windows.
func (m *Model) embed(ctx context.Context, doc embedding.Document, s *scratch) ([]float32, error) {
	windows := m.windows(doc)
	if len(windows) == 0 {
		return nil, nil
	}
	vector := make([]float32, width)
	for _, ids := range windows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.enc.encode(s.window, ids, s, m.makeWay)
		add(vector, s.window)
	}
	if len(windows) > 1 {
		normalize(vector)
	}
	return vector, nil
}

// windows cuts a document into sequences of at most maxTokens.
func (m *Model) windows(doc embedding.Document) [][]int32 {
	prefix := m.tokens.tokens(calmContext(doc.Context))
	text := m.tokens.tokens(tidy(doc.Text))
	if len(text) == 0 {
		text, prefix = prefix, nil
		text = text[:min(len(text), maxTokens)]
	}
	if len(text) == 0 {
		return nil
	}
	prefix = prefix[:min(len(prefix), maxContext)]
	room := maxTokens - len(prefix)
	count := (len(text) + room - 1) / room
	windows := make([][]int32, count)
	for i := range windows {
		part := text[i*len(text)/count : (i+1)*len(text)/count]
		windows[i] = append(append(make([]int32, 0, len(prefix)+len(part)), prefix...), part...)
	}
	return windows
}

// tidy gives every run of whitespace as one space, because the vocabulary knows no other, and calms lines that shout.
func tidy(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for line := range strings.Lines(text) {
		for word := range strings.FieldsSeq(calm(line)) {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(word)
		}
	}
	return b.String()
}

// headingMark stands between the parts of a document's context.
const headingMark = " > "

func calmContext(text string) string {
	parts := strings.Split(text, headingMark)
	for i, part := range parts {
		parts[i] = tidy(part)
	}
	return strings.Join(parts, headingMark)
}

// calm lower-cases a line all in capitals: to the model, which tells them apart, "RESET PASSWORD" has little to do with
// "reset password". A single short word stays: it is likelier to be an acronym.
func calm(line string) string {
	const acronym = 5
	letters, words, inWord := 0, 0, false
	for _, r := range line {
		switch {
		case unicode.IsLower(r):
			return line
		case unicode.IsUpper(r):
			letters++
			if !inWord {
				words++
			}
			inWord = true
		case unicode.IsSpace(r):
			inWord = false
		}
	}
	if letters == 0 || words == 1 && letters <= acronym {
		return line
	}
	return strings.ToLower(line)
}
