package uselite

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/embedding"
)

func embed(t *testing.T, m *Model, docs ...embedding.Document) [][]float32 {
	t.Helper()
	vectors, err := m.EmbedDocuments(t.Context(), docs)
	if err != nil {
		t.Fatal(err)
	}
	return vectors
}

func TestVectorsAreNormalisedAndInOrder(t *testing.T) {
	t.Parallel()
	m := setup(t)
	long := strings.Repeat("The scrape interval of a job decides how often its targets are asked. ", 30)
	docs := []embedding.Document{{Text: "How to reset a password"}, {}, {Context: "Title"}, {Context: "Monitoring > Jobs", Text: long}}
	vectors := embed(t, m, docs...)
	for i, v := range vectors {
		if i == 1 {
			if v != nil {
				t.Error("a document without text has a vector")
			}
			continue
		}
		if length := cosine(v, v); len(v) != m.Model().Dimensions || math.IsNaN(length) {
			t.Errorf("vector %d: %d numbers", i, len(v))
		}
		var total float64
		for _, x := range v {
			total += float64(x) * float64(x)
		}
		if math.Abs(total-1) > 1e-5 {
			t.Errorf("vector %d has length %v", i, math.Sqrt(total))
		}
	}
	q, err := m.EmbedQuery(t.Context(), "I forgot my password")
	if err != nil {
		t.Fatal(err)
	}
	if near, far := cosine(q.Vector, vectors[0]), cosine(q.Vector, vectors[3]); near < far+0.2 {
		t.Errorf("similarity %.3f to the passage on passwords, %.3f to the one on scraping", near, far)
	}
	if q.UnknownShare != 0 {
		t.Errorf("unknown share %v", q.UnknownShare)
	}
}

func TestQueriesThatTheModelCannotRead(t *testing.T) {
	t.Parallel()
	m := setup(t)
	for _, c := range []struct {
		text    string
		vector  bool
		atLeast float64
	}{{"", false, 0}, {" \n\t ", false, 0}, {"如何 重置 密码", true, 0.3}} {
		q, err := m.EmbedQuery(t.Context(), c.text)
		if err != nil {
			t.Fatal(err)
		}
		if (q.Vector != nil) != c.vector || q.UnknownShare < c.atLeast {
			t.Errorf("%q: vector %v, unknown share %v", c.text, q.Vector != nil, q.UnknownShare)
		}
	}
}

func TestCapitalsAreCalmed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"RESET PASSWORD":                 "reset password",
		"API":                            "API",
		"KUBERNETES":                     "kubernetes",
		"HTTP API":                       "http api",
		"The API of A":                   "The API of A",
		"one\n  TWO THREE \n\t four":     "one two three four",
		"1234 - 5":                       "1234 - 5",
		"ÄNDERUNGEN ÜBERNEHMEN":          "änderungen übernehmen",
		"   ":                            "",
		"keeps CASE in a line like this": "keeps CASE in a line like this",
	} {
		if got := tidy(in); got != want {
			t.Errorf("tidy(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := calmContext("User Guide > RESET PASSWORD > API"), "User Guide > reset password > API"; got != want {
		t.Errorf("context %q, want %q", got, want)
	}
}

func TestLongTextsAreCutIntoEqualWindows(t *testing.T) {
	t.Parallel()
	m := setup(t)
	text := strings.TrimSpace(strings.Repeat("alpha beta gamma ", 60))
	prefix := m.tokens.tokens("Title > Heading")
	all := m.tokens.tokens(text)
	windows := m.windows(embedding.Document{Context: "Title > Heading", Text: text})
	var joined []int32
	shortest, longest := maxTokens, 0
	for _, w := range windows {
		if diff := cmp.Diff(prefix, w[:len(prefix)]); diff != "" {
			t.Fatalf("prefix (-want +got):\n%s", diff)
		}
		joined = append(joined, w[len(prefix):]...)
		shortest, longest = min(shortest, len(w)), max(longest, len(w))
	}
	if diff := cmp.Diff(all, joined); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	if want := (len(all) + maxTokens - len(prefix) - 1) / (maxTokens - len(prefix)); len(windows) != want || longest > maxTokens || longest-shortest > 1 {
		t.Errorf("%d windows of %d to %d tokens, want %d", len(windows), shortest, longest, want)
	}
	windows = m.windows(embedding.Document{Context: strings.Repeat("very long title ", 50), Text: "x"})
	if len(windows) != 1 || len(windows[0]) > maxContext+2 {
		t.Errorf("a long title takes %d tokens", len(windows[0]))
	}
	if windows = m.windows(embedding.Document{Context: strings.Repeat("only a title ", 100)}); len(windows) != 1 || len(windows[0]) != maxTokens {
		t.Errorf("%d windows of a title", len(windows))
	}
}

func TestRareTokensCountMore(t *testing.T) {
	t.Parallel()
	m := setup(t)
	rarity := m.tokens.rarity()
	common, rare := m.tokens.tokens("the")[0], m.tokens.tokens("password")[0]
	if rarity[common] >= rarity[rare]/5 {
		t.Errorf("share of the common token %v, of the rare one %v", rarity[common], rarity[rare])
	}
	for id, w := range rarity {
		if w <= 0 || w > 1 {
			t.Errorf("share of token %d is %v", id, w)
		}
	}
}

func TestDocumentsMakeWayForQueries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Its channels must belong to this test's bubble.
		m, err := New(Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		docs := []embedding.Document{{Text: "one"}, {Text: "two"}, {Text: "three"}}
		start := time.Now() // computing takes no time on the clock of the bubble, waiting does
		if _, err := m.EmbedDocuments(t.Context(), docs); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took >= patience {
			t.Errorf("documents waited %v for nothing", took)
		}
		m.enter() // a query that takes its time
		done := make(chan time.Duration, 1)
		start = time.Now()
		go func() {
			if _, err := m.EmbedDocuments(t.Context(), docs); err != nil {
				t.Error(err)
			}
			done <- time.Since(start)
		}()
		synctest.Wait()
		if q, err := m.EmbedQuery(t.Context(), "hello"); err != nil || q.Vector == nil || time.Since(start) >= patience {
			t.Errorf("a query waited %v behind documents: %v", time.Since(start), err)
		}
		if took := <-done; took < 10*patience {
			t.Errorf("documents made way for %v only", took)
		}
		m.leave()
	})
}

func TestCancelledWorkStops(t *testing.T) {
	t.Parallel()
	m := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.EmbedDocuments(ctx, []embedding.Document{{Text: "a"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("documents: %v", err)
	}
	if _, err := m.EmbedQuery(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("query: %v", err)
	}
	if got := embed(t, m, embedding.Document{Text: "a"}); got[0] == nil {
		t.Error("nothing works after a cancellation")
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	m := setup(t)
	ids := m.tokens.tokens(strings.Repeat("steady state ", 60))[:maxTokens]
	s, out := newScratch(), make([]float32, width)
	if n := testing.AllocsPerRun(3, func() { m.enc.encode(out, ids, s, func() {}) }); n != 0 {
		t.Errorf("%v allocations for a window", n)
	}
}

func TestDamagedWeightsAreRefused(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"empty": "", "no header": weightsFile[:12], "cut off": weightsFile[:len(weightsFile)/2], "not ours": "GIF89a...............",
	} {
		if _, err := newModel(data, goKernel()); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestExp(t *testing.T) {
	t.Parallel()
	for x := float32(0); x > -90; x -= 0.0137 {
		want := math.Exp(float64(x))
		if x < -87 {
			want = 0
		}
		if got := float64(exp(x)); math.Abs(got-want) > 3e-7*want {
			t.Fatalf("exp(%v) = %v, want %v", x, got, want)
		}
	}
}

func FuzzTokens(f *testing.F) {
	tok := setup(f).tokens
	for _, text := range []string{"", "Hello, world", "a\x00\xff", "ﬁne ½ Ⅷ", "日本語 text", "::://30"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last := int32(-1)
		for _, id := range tok.tokens(text) {
			if id < 0 || id >= vocabSize {
				t.Fatalf("id %d", id)
			}
			if id == unknownID && last == unknownID {
				t.Fatal("a run of unknown symbols is more than one token")
			}
			last = id
		}
	})
}
