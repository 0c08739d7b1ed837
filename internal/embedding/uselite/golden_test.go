package uselite

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type goldenCase struct {
	Text     string    `json:"text"`
	TokenIDs []int32   `json:"token_ids"`
	Vector   []float32 `json:"vector"`
}

// golden reads what the published model gives for some texts.
func golden(t testing.TB) []goldenCase {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []goldenCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 30 {
		t.Fatalf("golden file has %d cases", len(file.Cases))
	}
	return file.Cases
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

func TestTokensAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	tok := setup(t).tokens
	for _, c := range golden(t) {
		if diff := cmp.Diff(c.TokenIDs, tok.tokens(c.Text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.Text, diff)
		}
	}
}

func TestVectorsAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	const want = 0.999
	for _, k := range kernels() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			enc, s := newEncoder(k, modelWith(t, k).enc.m, nil), newScratch()
			vector, least := make([]float32, width), 1.0
			for i, c := range golden(t) {
				if i%8 != 0 && k.name == goKernel().name {
					continue // plain Go is slow, with the race detector very slow; the others are compared with it
				}
				enc.encode(vector, c.TokenIDs[:min(len(c.TokenIDs), maxTokens)], s, func() {})
				got := cosine(vector, c.Vector)
				least = min(least, got)
				if got < want {
					t.Errorf("%q: cosine %.6f", c.Text, got)
				}
			}
			t.Logf("least cosine %.6f", least)
		})
	}
}

func TestKernelsAgreeOnDocuments(t *testing.T) {
	t.Parallel()
	oracle, best := modelWith(t, goKernel()), setup(t)
	text := golden(t)[33].Text
	for _, n := range []int{1, 40, 300} {
		want, err := oracle.EmbedQuery(context.Background(), text[:n])
		if err != nil {
			t.Fatal(err)
		}
		got, err := best.EmbedQuery(context.Background(), text[:n])
		if err != nil {
			t.Fatal(err)
		}
		if c := cosine(got.Vector, want.Vector); c < 0.999999 {
			t.Errorf("%d characters: cosine %v between %s and plain Go", n, c, best.Kernel())
		}
	}
}
