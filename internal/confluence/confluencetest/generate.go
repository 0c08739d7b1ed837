package confluencetest

import (
	"fmt"
	"html"
	"math/rand/v2"
	"strings"
	"time"
)

// GenerateOptions say what to generate; zero values become the defaults in brackets.
type GenerateOptions struct {
	Seed               uint64
	Spaces             []string // keys [LOAD]
	Pages              int      // of all spaces together [1000]
	Depth              int      // levels under the home page [7]
	MinBytes, MaxBytes int      // size of a body [1 KB, 75 KB]
	Author             string   // account id of all authors
}

func (o GenerateOptions) withDefaults() GenerateOptions {
	if len(o.Spaces) == 0 {
		o.Spaces = []string{"LOAD"}
	}
	if o.Pages == 0 {
		o.Pages = 1000
	}
	if o.Depth == 0 {
		o.Depth = 7
	}
	if o.MinBytes == 0 {
		o.MinBytes = 1 << 10
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 75 << 10
	}
	return o
}

// Generate fills the site with spaces of made-up documentation for load tests. The same options make the same pages.
// Bodies are written anew whenever they are read, so that ten thousand pages take no memory. It returns the page ids of
// each space, without the home pages.
func Generate(site *Site, o GenerateOptions) map[string][]string {
	o = o.withDefaults()
	words := newVocabulary(o.Seed)
	start := site.now().Add(-3 * 365 * 24 * time.Hour)
	ids := map[string][]string{}
	for i, key := range o.Spaces {
		random := rand.New(rand.NewPCG(o.Seed, uint64(i)))
		site.AddSpace(Space{Key: key, Name: "Load " + key, Author: o.Author, Created: start})
		count := o.Pages / len(o.Spaces)
		if i < o.Pages%len(o.Spaces) {
			count++
		}
		// levels[d] are pages at depth d; a parent is a recent page of the level above, so that branches are uneven.
		levels := make([][]string, o.Depth+1)
		levels[0] = []string{site.HomePage(key)}
		for n := range count {
			depth := min(1+n%o.Depth, deepest(levels)+1)
			above := levels[depth-1]
			parent := above[len(above)-1-random.IntN(min(len(above), 12))]
			seed := random.Uint64()
			size := bodySize(random, o.MinBytes, o.MaxBytes)
			created := start.Add(time.Duration(random.Int64N(int64(2 * 365 * 24 * time.Hour))))
			id := site.AddPage(key, Page{
				Title:  fmt.Sprintf("%s %d", words.title(random), n+1),
				Parent: parent, Author: o.Author, Created: created, Version: 1 + random.IntN(20),
				Modified: created.Add(time.Duration(random.Int64N(int64(300 * 24 * time.Hour)))),
				Labels:   []string{words.word(random), fmt.Sprintf("batch-%d", n%20)},
				BodyFunc: func() string { return words.body(seed, size) },
			})
			levels[depth] = append(levels[depth], id)
			ids[key] = append(ids[key], id)
		}
	}
	return ids
}

func deepest(levels [][]string) int {
	for d := len(levels) - 1; d > 0; d-- {
		if len(levels[d]) > 0 {
			return d
		}
	}
	return 0
}

// bodySize spreads sizes so that most pages are small and a few are large.
func bodySize(random *rand.Rand, least, most int) int {
	f := random.Float64()
	return least + int(f*f*float64(most-least))
}

// vocabulary is a language with few common and many rare words, as Zipf found.
type vocabulary struct {
	words []string
	drawn []string
}

func newVocabulary(seed uint64) *vocabulary {
	random := rand.New(rand.NewPCG(seed, 0x5a1bf))
	starts := []string{"", "re", "un", "pre", "over", "multi", "de", "co", "sub", "inter"}
	middles := []string{
		"deploy", "queue", "cache", "token", "index", "shard", "replic", "rout", "balanc", "schedul", "encod", "quer", "commit",
		"partition", "throttl", "migrat", "backup", "cluster", "gateway", "ledger", "metric", "trac", "alert", "config", "secret",
		"session", "stream", "buffer", "snapshot", "rollback", "consum", "produc", "region", "tenant", "quota", "policy",
	}
	ends := []string{"", "s", "er", "ing", "ed", "ment", "ation", "able", "or", "ity", "less", "ful"}
	v := &vocabulary{words: strings.Fields("the of and to a in is that for it as with be on by this are or from at not when which can if")}
	for _, s := range starts {
		for _, m := range middles {
			for _, e := range ends {
				v.words = append(v.words, s+m+e)
			}
		}
	}
	common := v.words[25:]
	random.Shuffle(len(common), func(i, j int) { common[i], common[j] = common[j], common[i] })
	// A table in which a word stands as often as it is common makes drawing one look-up.
	for i, w := range v.words {
		for range max(1, 3000/(i+3)) {
			v.drawn = append(v.drawn, w)
		}
	}
	return v
}

func (v *vocabulary) word(random *rand.Rand) string { return v.drawn[random.IntN(len(v.drawn))] }

func (v *vocabulary) title(random *rand.Rand) string {
	rare := func() string { return v.words[25+random.IntN(len(v.words)-25)] }
	t := rare() + " " + rare() + " " + rare()
	return strings.ToUpper(t[:1]) + t[1:]
}

func (v *vocabulary) sentence(out *strings.Builder, random *rand.Rand) {
	for i := range 6 + random.IntN(14) {
		w := v.word(random)
		if i == 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		} else {
			out.WriteByte(' ')
		}
		out.WriteString(w)
	}
	out.WriteString(". ")
}

// body writes about size bytes of storage format.
func (v *vocabulary) body(seed uint64, size int) string {
	random := rand.New(rand.NewPCG(seed, 1))
	var out strings.Builder
	out.Grow(size + 600)
	for section := 1; out.Len() < size; section++ {
		fmt.Fprintf(&out, "<h2>%s</h2>", html.EscapeString(v.title(random)))
		for range 1 + random.IntN(3) {
			out.WriteString("<p>")
			for range 2 + random.IntN(3) {
				v.sentence(&out, random)
			}
			out.WriteString("</p>")
			if out.Len() >= size {
				return out.String()
			}
		}
		switch random.IntN(5) {
		case 0:
			fmt.Fprintf(&out, `<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter>`+
				`<ac:plain-text-body><![CDATA[%sctl %s --%s=%d]]></ac:plain-text-body></ac:structured-macro>`,
				v.word(random), v.word(random), v.word(random), random.IntN(9000))
		case 1:
			out.WriteString("<table><tbody><tr><th>Name</th><th>Value</th></tr>")
			for range 3 {
				fmt.Fprintf(&out, "<tr><td><code>%s_%s</code></td><td>%d</td></tr>", v.word(random), v.word(random), random.IntN(5000))
			}
			out.WriteString("</tbody></table>")
		case 2:
			fmt.Fprintf(&out, `<p>See <ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">LOAD-%d</ac:parameter></ac:structured-macro>.</p>`, 1+random.IntN(4000))
		}
	}
	return out.String()
}
