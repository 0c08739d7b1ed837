// Package openai embeds texts with any server that speaks OpenAI's /v1/embeddings: OpenAI itself, Ollama, vLLM, TEI,
// LM Studio and others.
package openai

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/embedding"
	"github.com/sluicehq/sluice/internal/wiki"
)

// fusionWeight is the share of a strong embedding model beside the keywords.
const fusionWeight = 0.5

// Options configure an Embedder; URL and Model are required.
type Options struct {
	// URL is the server's address, with or without /v1 and /v1/embeddings.
	URL string
	// APIKey is sent as a bearer token; empty: none.
	APIKey string
	// Model is the model's name at the server.
	Model string
	// Dimensions asks for vectors of that length; 0: whatever the model gives.
	Dimensions int
	// Client makes the calls; nil: a client without any special settings. Timeouts are set per call.
	Client *http.Client
	// BatchSize is how many texts are sent in one call; 0: 64.
	BatchSize int
	// Parallel is how many calls are made at once for one batch of documents; 0: 4.
	Parallel int
	// MaxChars cuts longer texts off, at 4 characters a token or so; 0: 24,000, which fits the usual 8,192 tokens.
	MaxChars int
	// Timeout bounds one call for documents; 0: a minute. Queries, for which people wait, get QueryTimeout; 0: 5 s.
	Timeout, QueryTimeout time.Duration
	// Retries is how often a call for documents is repeated; 0: 4. Queries are not repeated.
	Retries int
	// FirstWait is the pause before the first repetition, unless the server names one; 0: half a second.
	FirstWait time.Duration
	Logger    *slog.Logger
}

// Embedder is the client. It is safe for concurrent use.
type Embedder struct {
	o          Options
	endpoint   string
	dimensions atomic.Int64 // 0: not known yet
}

var _ embedding.Embedder = (*Embedder)(nil)

// New returns an embedder; it makes no call. Probe tells whether the server answers, and how long its vectors are.
func New(o Options) (*Embedder, error) {
	endpoint, err := endpointOf(o.URL)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(o.Model) == "" {
		return nil, wiki.Invalid("embedder_model", "the name of the embedding model is needed")
	}
	if o.Dimensions < 0 {
		return nil, wiki.Invalid("embedder_dimensions", "must not be negative")
	}
	if o.Client == nil {
		o.Client = &http.Client{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	set(&o.BatchSize, 64)
	set(&o.Parallel, 4)
	set(&o.MaxChars, 24_000)
	set(&o.Timeout, time.Minute)
	set(&o.QueryTimeout, 5*time.Second)
	set(&o.Retries, 4)
	set(&o.FirstWait, 500*time.Millisecond)
	e := &Embedder{o: o, endpoint: endpoint}
	e.dimensions.Store(int64(o.Dimensions))
	return e, nil
}

func set[T int | time.Duration](value *T, def T) {
	if *value <= 0 {
		*value = def
	}
}

// endpointOf completes an address to that of the embeddings call.
func endpointOf(address string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", wiki.Invalid("embedder_url", "must be an http or https address, such as http://localhost:11434")
	}
	if u.User != nil {
		return "", wiki.Invalid("embedder_url", "must not hold a name or password; there is a setting for the API key")
	}
	path := strings.TrimRight(u.Path, "/")
	switch {
	case strings.HasSuffix(path, "/embeddings"):
	case path == "":
		path = "/v1/embeddings"
	default:
		path += "/embeddings"
	}
	u.Path = path
	u.Fragment = ""
	return u.String(), nil
}

// Endpoint is the address that is called.
func (e *Embedder) Endpoint() string { return e.endpoint }

// Model describes the model. Its dimensions are 0 until the first answer where they were not set.
func (e *Embedder) Model() embedding.Model {
	id := "openai:" + e.o.Model
	if e.o.Dimensions > 0 {
		id = fmt.Sprintf("%s:d%d", id, e.o.Dimensions)
	}
	return embedding.Model{ID: id, Dimensions: int(e.dimensions.Load()), FusionWeight: fusionWeight}
}

// Probe learns the length of the vectors, with one call if they are not known yet.
func (e *Embedder) Probe(ctx context.Context) error {
	if e.dimensions.Load() > 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.o.Timeout)
	defer cancel()
	_, err := e.call(ctx, []string{"hello"})
	return err
}

// EmbedDocuments embeds documents, several calls at once. Texts that are too long are cut off.
func (e *Embedder) EmbedDocuments(ctx context.Context, docs []embedding.Document) ([][]float32, error) {
	vectors := make([][]float32, len(docs))
	var texts []string
	var places []int // of each text in docs
	for i, d := range docs {
		if text := e.text(d); text != "" {
			texts, places = append(texts, text), append(places, i)
		}
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(e.o.Parallel)
	for start := 0; start < len(texts); start += e.o.BatchSize {
		end := min(start+e.o.BatchSize, len(texts))
		group.Go(func() error {
			result, err := e.insist(inner, texts[start:end])
			if err != nil {
				return err
			}
			for i, v := range result {
				vectors[places[start+i]] = v
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return vectors, nil
}

// text is what is sent for a document: its context on a line of its own, then the text.
func (e *Embedder) text(d embedding.Document) string {
	text := strings.TrimSpace(d.Text)
	if section := strings.TrimSpace(d.Context); section != "" {
		text = strings.TrimSpace(section + "\n" + text)
	}
	return cutOff(text, e.o.MaxChars)
}

// cutOff returns at most n characters.
func cutOff(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// EmbedQuery embeds one query. It is tried once: whoever searches gets an answer by words alone instead.
func (e *Embedder) EmbedQuery(ctx context.Context, text string) (embedding.Query, error) {
	text = cutOff(strings.TrimSpace(text), e.o.MaxChars)
	if text == "" {
		return embedding.Query{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.o.QueryTimeout)
	defer cancel()
	vectors, err := e.call(ctx, []string{text})
	if err != nil {
		return embedding.Query{}, err
	}
	return embedding.Query{Vector: vectors[0]}, nil
}

// insist calls until it succeeds, the texts are refused, or the repetitions are used up.
func (e *Embedder) insist(ctx context.Context, texts []string) ([][]float32, error) {
	wait := e.o.FirstWait
	for try := 0; ; try++ {
		vectors, err := e.timed(ctx, texts)
		var refused *refusal
		if err == nil || try == e.o.Retries || ctx.Err() != nil || !errors.Is(err, wiki.ErrUnavailable) || errors.As(err, &refused) && !refused.passing() {
			return vectors, err
		}
		pause := jitter(wait)
		if refused != nil && refused.after > 0 {
			pause = min(refused.after, longestWait)
		}
		e.o.Logger.DebugContext(ctx, "embedding call is repeated", "err", err, "pause", pause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		wait *= 2
	}
}

func (e *Embedder) timed(ctx context.Context, texts []string) ([][]float32, error) {
	ctx, cancel := context.WithTimeout(ctx, e.o.Timeout)
	defer cancel()
	return e.call(ctx, texts)
}
