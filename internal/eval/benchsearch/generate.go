package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// The generated wiki: pages of one topic each, in spaces of several topics. Words follow Zipf's law, as in real text.
const (
	topics      = 300
	spaces      = 100 // of three topics each
	topicWords  = 250
	commonWords = 6000
	rareWords   = 150000
	dimensions  = 512
	pageChunks  = 12
	chunkWords  = 170
)

// generator makes the same wiki from the same seed.
type generator struct {
	common, rare []string
	topic        [][]string
	centre       [][]float32
	zipfCommon   *rand.Zipf
	zipfTopic    *rand.Zipf
	zipfRare     *rand.Zipf
	r            *rand.Rand
}

func newGenerator() *generator {
	g := &generator{}
	g.reseed(1)
	seen := map[string]bool{}
	word := func() string {
		for {
			if w := g.syllables(); !seen[w] {
				seen[w] = true
				return w
			}
		}
	}
	for range commonWords {
		g.common = append(g.common, word())
	}
	for range topics {
		words := make([]string, topicWords)
		for i := range words {
			words[i] = word()
		}
		g.topic = append(g.topic, words)
		g.centre = append(g.centre, g.gauss(1))
	}
	for range rareWords {
		g.rare = append(g.rare, word())
	}
	return g
}

// reseed starts another stream of pages or queries over the same words.
func (g *generator) reseed(seed uint64) {
	g.r = rand.New(rand.NewPCG(seed, 7))
	g.zipfCommon = rand.NewZipf(g.r, 1.07, 4, commonWords-1)
	g.zipfTopic = rand.NewZipf(g.r, 1.1, 8, topicWords-1)
	g.zipfRare = rand.NewZipf(g.r, 1.05, 50, rareWords-1)
}

func (g *generator) syllables() string {
	const consonants, vowels = "bcdfghklmnprstvwz", "aeiou"
	var b strings.Builder
	for range 2 + g.r.IntN(3) {
		b.WriteByte(consonants[g.r.IntN(len(consonants))])
		b.WriteByte(vowels[g.r.IntN(len(vowels))])
	}
	if g.r.IntN(2) == 0 {
		b.WriteByte(consonants[g.r.IntN(len(consonants))])
	}
	return b.String()
}

func (g *generator) gauss(scale float64) []float32 {
	v := make([]float32, dimensions)
	for i := range v {
		v[i] = float32(g.r.NormFloat64() * scale)
	}
	return v
}

func (g *generator) topicWord(topic int) string { return g.topic[topic][g.zipfTopic.Uint64()] }
func (g *generator) commonWord() string         { return g.common[g.zipfCommon.Uint64()] }

// text writes words of a topic.
func (g *generator) text(topic, words int) string {
	var b strings.Builder
	for i := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch k := g.r.IntN(100); {
		case k < 62:
			b.WriteString(g.commonWord())
		case k < 88:
			b.WriteString(g.topicWord(topic))
		case k < 98:
			b.WriteString(g.rare[g.zipfRare.Uint64()])
		default:
			fmt.Fprintf(&b, "%s_%s", g.topicWord(topic), g.rare[g.zipfRare.Uint64()])
		}
		if i%17 == 16 {
			b.WriteByte('.')
		}
	}
	return b.String()
}

// vector is near the centre of its topic.
func (g *generator) vector(topic int) []float32 {
	v := g.gauss(0.9)
	var norm float64
	for i := range v {
		v[i] += g.centre[topic][i]
		norm += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(norm))
	}
	return v
}

// class is a kind of query.
type class struct {
	name    string
	queries []string
	deep    int // hits to skip by cursors
}

// classes makes the queries, the same every time.
func (g *generator) classes(n int, m *model) []class {
	g.reseed(99)
	list := []class{
		{name: "3 words"},
		{name: "common words"},
		{name: "12-word question"},
		{name: "identifier"},
		{name: "narrow filter (1 % of pages)"},
		{name: "wide filter (30 % of pages)"},
		{name: "typo"},
		{name: "deep (11th list of 10)", deep: 10},
		{name: "filter of 8 spaces"},
	}
	for range n {
		topic := g.r.IntN(topics)
		three := g.topicWord(topic) + " " + g.topicWord(topic) + " " + g.commonWord()
		var question strings.Builder
		question.WriteString("how do i " + three)
		for range 6 {
			question.WriteString(" " + g.commonWord())
		}
		typed := []byte(g.topicWord(topic) + g.topicWord(topic)[:1])
		for i, q := range []string{
			three, g.common[g.r.IntN(20)] + " " + g.common[g.r.IntN(60)], question.String(),
			g.topicWord(topic) + "_" + g.rare[g.zipfRare.Uint64()], fmt.Sprintf("space:S%d %s", topic/3, three),
			"label:wide " + three, string(typed) + " " + g.commonWord(), three, eightSpaces(topic) + three,
		} {
			list[i].queries = append(list[i].queries, q)
			if list[i].name == "filter of 8 spaces" { // asks for the same vector as without it
				continue
			}
			free := strings.TrimPrefix(strings.TrimPrefix(q, "label:wide "), fmt.Sprintf("space:S%d ", topic/3))
			m.vectors[free] = g.vector(topic)
		}
	}
	return list
}

// eightSpaces is a filter of the space of a topic and the seven after it.
func eightSpaces(topic int) string {
	var b strings.Builder
	for i := range 8 {
		fmt.Fprintf(&b, "space:S%d ", (topic/3+i)%spaces)
	}
	return b.String()
}

// prefixes are what is typed on the way to titles.
func (g *generator) prefixes(n int) class {
	g.reseed(98)
	c := class{name: "what is being typed"}
	for i := range n {
		topic := g.r.IntN(topics)
		text := g.topicWord(topic) + " " + g.topicWord(topic)
		c.queries = append(c.queries, text[:min(len(text), 2+i%9)])
	}
	return c
}
