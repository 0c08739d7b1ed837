package main

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/wiki"
)

// page is page n of the wiki, of a topic.
func page(g *generator, n int) (r index.Record, chunks []index.Chunk, topic int) {
	topic = g.r.IntN(topics)
	id := fmt.Sprint(100000 + n)
	source := fmt.Sprintf("S%d", topic/3)
	at := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(g.r.IntN(4*365*24)) * time.Hour)
	title := g.topicWord(topic) + " " + g.topicWord(topic) + " " + g.commonWord()
	r = index.Record{
		SourceID: source, SpaceKey: source, AuthorName: "Author " + g.common[topic%40], Labels: []string{g.topic[topic][0]}, TextConfig: "english",
		Ref: wiki.ContentRef{
			ID: id, Type: wiki.TypePage, Title: title, Version: 1, VersionAt: at, EditorID: "e", AuthorID: "e", CreatedAt: at,
			URL: "https://c.example.com/" + id,
		}, FetchedAt: at, Storage: id,
	}
	sum := sha256.Sum256([]byte(id))
	r.ContentHash = sum[:]
	if g.r.IntN(10) < 3 {
		r.Labels = append(r.Labels, "wide")
	}
	chunks = make([]index.Chunk, pageChunks)
	for i := range chunks {
		text := g.text(topic, chunkWords)
		section := g.topicWord(topic) + " " + g.commonWord()
		chunks[i] = index.Chunk{
			URL: r.Ref.URL, HeadingPath: section, SectionTitle: section, Content: text, BodyText: text,
			Hash: sha256.Sum256([]byte(id + text)),
		}
	}
	return r, chunks, topic
}
