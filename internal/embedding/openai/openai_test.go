package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/embedding/openai"
	"github.com/sluicehq/sluice/internal/wiki"
)

const secret = "sk-very-secret"

// stub is an embedding server whose vectors point along the axis that the text's length tells.
type stub struct {
	dimensions int
	answers    func(call int) (status int, header http.Header, body string) // status 0: the real answer

	mu    sync.Mutex // guards all below
	calls []call
}

type call struct {
	Model      string
	Input      []string
	Dimensions int
	key        string
	at         time.Time
}

// RoundTrip makes the stub an http.RoundTripper, so that tests run on a clock of their own.
func (s *stub) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec.Result(), req.Context().Err()
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var c call
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil || r.URL.Path != "/v1/embeddings" || r.Method != http.MethodPost {
		http.Error(w, "what?", http.StatusNotFound)
		return
	}
	c.key, c.at = r.Header.Get("Authorization"), time.Now()
	s.mu.Lock()
	s.calls = append(s.calls, c)
	n := len(s.calls)
	s.mu.Unlock()
	if s.answers != nil {
		if status, header, body := s.answers(n); status != 0 {
			for k := range header {
				w.Header().Set(k, header.Get(k))
			}
			w.WriteHeader(status)
			io.WriteString(w, body) //nolint:errcheck // a recorder takes everything
			return
		}
	}
	type item struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	var data []item
	for i, text := range c.Input {
		v := make([]float32, s.dimensions)
		v[len(text)%len(v)] = 2 // not normalised
		data = append([]item{{i, v}}, data...)
	}
	json.NewEncoder(w).Encode(map[string]any{"data": data}) //nolint:errcheck // a recorder takes everything
}

func setup(t *testing.T, s *stub, change func(*openai.Options)) *openai.Embedder {
	t.Helper()
	o := openai.Options{URL: "http://embedder.test", Model: "m", APIKey: secret, Client: &http.Client{Transport: s}, Parallel: 1}
	if change != nil {
		change(&o)
	}
	e, err := openai.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func docs(n int) []embedding.Document {
	list := make([]embedding.Document, n)
	for i := range list {
		list[i] = embedding.Document{Context: "Page", Text: strings.Repeat("x", i+1)}
	}
	return list
}

func TestDocumentsAreSentInBatchesAndComeBackInOrder(t *testing.T) {
	t.Parallel()
	s := &stub{dimensions: 16}
	e := setup(t, s, func(o *openai.Options) { o.BatchSize, o.Parallel = 3, 2 })
	list := docs(8)
	list[4] = embedding.Document{}
	vectors, err := e.EmbedDocuments(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[int]int{}
	for _, c := range s.calls {
		sizes[len(c.Input)]++
		if c.key != "Bearer "+secret || c.Model != "m" {
			t.Errorf("call with key %q, model %q", c.key, c.Model)
		}
	}
	if diff := cmp.Diff(map[int]int{3: 2, 1: 1}, sizes); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
	for i, v := range vectors {
		if i == 4 {
			if v != nil {
				t.Error("a document without text has a vector")
			}
			continue
		}
		want := make([]float32, 16)
		want[(len("Page\n")+i+1)%16] = 1
		if diff := cmp.Diff(want, v); diff != "" {
			t.Errorf("vector %d (-want +got):\n%s", i, diff)
		}
	}
	if got := e.Model(); got.ID != "openai:m" || got.Dimensions != 16 {
		t.Errorf("model = %+v", got)
	}
}

func TestPassingFailuresAreRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &stub{dimensions: 4, answers: func(n int) (int, http.Header, string) {
			switch n {
			case 1:
				return http.StatusTooManyRequests, http.Header{"Retry-After": {"7"}}, ""
			case 2:
				return http.StatusBadGateway, nil, "<html>"
			}
			return 0, nil, ""
		}}
		e := setup(t, s, nil)
		if _, err := e.EmbedDocuments(t.Context(), docs(1)); err != nil {
			t.Fatal(err)
		}
		if len(s.calls) != 3 {
			t.Fatalf("%d calls, want 3", len(s.calls))
		}
		if waited := s.calls[1].at.Sub(s.calls[0].at); waited != 7*time.Second {
			t.Errorf("waited %v, not the 7 s that the server asked for", waited)
		}
		if waited := s.calls[2].at.Sub(s.calls[1].at); waited < 500*time.Millisecond || waited > time.Second {
			t.Errorf("second wait is %v", waited)
		}
	})
}

func TestFailuresHaveTheirKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		kind   error
		calls  int
		says   string
	}{
		{http.StatusBadRequest, `{"error":{"message":"too many tokens"}}`, wiki.ErrInvalid, 1, "too many tokens"},
		{http.StatusRequestEntityTooLarge, `{"error":"batch too large"}`, wiki.ErrInvalid, 1, "batch too large"},
		{http.StatusUnauthorized, `{"error":{"message":"wrong key ` + secret + `"}}`, wiki.ErrUnavailable, 1, "wrong key ***"},
		{http.StatusNotFound, `{"message":"no such model"}`, wiki.ErrUnavailable, 1, "no such model"},
		{http.StatusInternalServerError, "boom", wiki.ErrUnavailable, 3, "boom"},
		{http.StatusOK, "{", wiki.ErrUnavailable, 3, "cannot be read"},
		{http.StatusOK, `{"data":[]}`, wiki.ErrUnavailable, 3, "0 vectors for 1 texts"},
		{http.StatusOK, `{"data":[{"index":0,"embedding":[1,2]}]}`, wiki.ErrUnavailable, 3, "2 numbers, not 4"},
		{http.StatusOK, `{"data":[{"index":0,"embedding":[0,0,0,0]}]}`, wiki.ErrUnavailable, 3, "length zero"},
		{http.StatusOK, `{"data":[{"index":5,"embedding":[1,0,0,0]}]}`, wiki.ErrUnavailable, 3, "numbers its vectors wrongly"},
	} {
		t.Run(fmt.Sprintf("%d %s", c.status, c.says), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &stub{answers: func(int) (int, http.Header, string) { return c.status, nil, c.body }}
				e := setup(t, s, func(o *openai.Options) { o.Dimensions, o.Retries = 4, 2 })
				_, err := e.EmbedDocuments(t.Context(), docs(1))
				if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("error %v, want %v with %q", err, c.kind, c.says)
				}
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("the key is in the error: %v", err)
				}
				if len(s.calls) != c.calls {
					t.Errorf("%d calls, want %d", len(s.calls), c.calls)
				}
				if s.calls[0].Dimensions != 4 {
					t.Errorf("asked for %d dimensions", s.calls[0].Dimensions)
				}
			})
		})
	}
}

// broken is a transport that fails, with the key in its message, as proxies do.
type broken struct{ wait bool }

func (b broken) RoundTrip(req *http.Request) (*http.Response, error) {
	if b.wait {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	return nil, fmt.Errorf("proxy refuses header %s", req.Header.Get("Authorization"))
}

func TestTransportErrorsHideAddressAndKey(t *testing.T) {
	t.Parallel()
	e := setup(t, &stub{}, func(o *openai.Options) { o.Client = &http.Client{Transport: broken{}} })
	_, err := e.EmbedQuery(t.Context(), "hello")
	if !errors.Is(err, wiki.ErrUnavailable) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "embedder.test") {
		t.Errorf("error: %v", err)
	}
}

func TestQueriesHaveADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := setup(t, &stub{}, func(o *openai.Options) { o.Client = &http.Client{Transport: broken{wait: true}} })
		start := time.Now()
		_, err := e.EmbedQuery(t.Context(), "hello")
		if !errors.Is(err, wiki.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error: %v", err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestProbeLearnsTheLength(t *testing.T) {
	t.Parallel()
	s := &stub{dimensions: 7}
	e := setup(t, s, nil)
	for range 2 {
		if err := e.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := e.Model().Dimensions; got != 7 || len(s.calls) != 1 {
		t.Errorf("dimensions %d after %d calls", got, len(s.calls))
	}
	q, err := e.EmbedQuery(t.Context(), " abc ")
	if err != nil || math.Abs(float64(q.Vector[3])-1) > 1e-6 {
		t.Errorf("query: %v, %v", q.Vector, err)
	}
	if q, err := e.EmbedQuery(t.Context(), "  "); err != nil || q.Vector != nil {
		t.Errorf("empty query: %v, %v", q.Vector, err)
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"http://localhost:11434", "http://localhost:11434/v1/embeddings"},
		{"http://localhost:11434/", "http://localhost:11434/v1/embeddings"},
		{"https://api.example.com/v1", "https://api.example.com/v1/embeddings"},
		{"https://api.example.com/openai/v1/", "https://api.example.com/openai/v1/embeddings"},
		{"https://x.example.com/v1/embeddings?api-version=3", "https://x.example.com/v1/embeddings?api-version=3"},
		{"ftp://x", ""},
		{"localhost", ""},
		{"https://user:pw@x", ""},
	} {
		e, err := openai.New(openai.Options{URL: c.in, Model: "m"})
		if c.want == "" {
			if !errors.Is(err, wiki.ErrInvalid) {
				t.Errorf("%s: %v, want it refused", c.in, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if e.Endpoint() != c.want {
			t.Errorf("%s: %s, want %s", c.in, e.Endpoint(), c.want)
		}
	}
	if _, err := openai.New(openai.Options{URL: "http://x"}); !errors.Is(err, wiki.ErrInvalid) {
		t.Errorf("no model: %v", err)
	}
}

func TestLongTextsAreCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	s := &stub{dimensions: 4}
	e := setup(t, s, func(o *openai.Options) { o.MaxChars = 3 })
	if _, err := e.EmbedQuery(t.Context(), "äöüß"); err != nil {
		t.Fatal(err)
	}
	if got := s.calls[0].Input[0]; got != "äöü" {
		t.Errorf("sent %q", got)
	}
}
