package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Bounds on what a server may do to us.
const (
	longestWait   = 30 * time.Second // that a Retry-After is obeyed; the backlog waits longer by itself
	numberBytes   = 32               // of one number in JSON, generously
	answerBytes   = 1 << 20          // of an answer, beside its numbers
	maxDimensions = 16_384
	errorBytes    = 4 << 10
	errorChars    = 300
)

type request struct {
	Model          string   `json:"model"`
	Input          []string `json:"input"`
	EncodingFormat string   `json:"encoding_format"`
	Dimensions     int      `json:"dimensions,omitempty"`
}

type answer struct {
	Data []struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	} `json:"data"`
}

// refusal is an answer with an error status.
type refusal struct {
	status  int
	message string
	after   time.Duration
}

func (r *refusal) Error() string {
	text := fmt.Sprintf("the embedding server answers %d %s", r.status, http.StatusText(r.status))
	if r.message != "" {
		text += ": " + r.message
	}
	return text
}

// Unwrap is the kind: a refusal of what was sent is wiki.ErrInvalid, everything else may pass, be it by a change of the
// settings.
func (r *refusal) Unwrap() error {
	switch r.status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return wiki.ErrInvalid
	}
	return wiki.ErrUnavailable
}

// passing tells whether the same call may work in a moment.
func (r *refusal) passing() bool {
	return r.status == http.StatusTooManyRequests || r.status == http.StatusRequestTimeout || r.status >= http.StatusInternalServerError
}

// call embeds texts in one call.
func (e *Embedder) call(ctx context.Context, texts []string) ([][]float32, error) {
	body, err := json.Marshal(request{Model: e.o.Model, Input: texts, EncodingFormat: "float", Dimensions: e.o.Dimensions})
	if err != nil {
		return nil, fmt.Errorf("embedding request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("embedding request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "sluice")
	if e.o.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+e.o.APIKey)
	}
	res, err := e.o.Client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: embedding server: %w", wiki.ErrUnavailable, e.hide(err))
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, e.refused(res)
	}
	return e.read(res.Body, len(texts))
}

// refused reads an error answer.
func (e *Embedder) refused(res *http.Response) error {
	r := &refusal{status: res.StatusCode, after: retryAfter(res.Header.Get("Retry-After"))}
	data, err := io.ReadAll(io.LimitReader(res.Body, errorBytes))
	if err != nil {
		return r
	}
	var shape struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
	}
	r.message = string(data)
	if json.Unmarshal(data, &shape) == nil {
		var inner struct {
			Message string `json:"message"`
		}
		var text string
		switch {
		case json.Unmarshal(shape.Error, &inner) == nil && inner.Message != "":
			r.message = inner.Message
		case json.Unmarshal(shape.Error, &text) == nil:
			r.message = text
		case shape.Message != "":
			r.message = shape.Message
		}
	}
	r.message = cutOff(strings.Join(strings.Fields(strings.ToValidUTF8(r.message, "?")), " "), errorChars)
	r.message = e.mask(r.message)
	return r
}

// read reads the vectors of n texts, in the order of the texts.
func (e *Embedder) read(body io.Reader, n int) ([][]float32, error) {
	dimensions := int(e.dimensions.Load())
	most := dimensions
	if most == 0 {
		most = maxDimensions
	}
	limit := int64(answerBytes + n*most*numberBytes)
	var a answer
	if err := json.NewDecoder(io.LimitReader(body, limit)).Decode(&a); err != nil {
		return nil, fmt.Errorf("%w: the answer of the embedding server cannot be read: %w", wiki.ErrUnavailable, e.hide(err))
	}
	if len(a.Data) != n {
		return nil, fmt.Errorf("%w: the embedding server gives %d vectors for %d texts", wiki.ErrUnavailable, len(a.Data), n)
	}
	if dimensions == 0 {
		dimensions = e.learn(len(a.Data[0].Embedding))
	}
	vectors := make([][]float32, n)
	for _, d := range a.Data {
		switch {
		case d.Index < 0 || d.Index >= n || vectors[d.Index] != nil:
			return nil, fmt.Errorf("%w: the embedding server numbers its vectors wrongly", wiki.ErrUnavailable)
		case len(d.Embedding) != dimensions:
			return nil, fmt.Errorf("%w: the embedding server gives vectors of %d numbers, not %d", wiki.ErrUnavailable, len(d.Embedding), dimensions)
		case !normalize(d.Embedding):
			return nil, fmt.Errorf("%w: the embedding server gives a vector of length zero", wiki.ErrUnavailable)
		}
		vectors[d.Index] = d.Embedding
	}
	return vectors, nil
}

// learn keeps the dimensions of the first answer.
func (e *Embedder) learn(dimensions int) int {
	e.dimensions.CompareAndSwap(0, int64(dimensions))
	return int(e.dimensions.Load())
}

// hide drops the address from transport errors, whose query may hold secrets, and masks the key.
func (e *Embedder) hide(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if masked := e.mask(err.Error()); masked != err.Error() {
		return errors.New(masked)
	}
	return err
}

func (e *Embedder) mask(text string) string {
	if e.o.APIKey == "" {
		return text
	}
	return strings.ReplaceAll(text, e.o.APIKey, "***")
}

// retryAfter reads the header, in seconds or as a date.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		return time.Duration(min(seconds, longestWait.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// jitter keeps clients that failed together from coming back together.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}

// normalize scales v to length one; it cannot where v has no length.
func normalize(v []float32) bool {
	var total float64
	for _, x := range v {
		total += float64(x) * float64(x)
	}
	if total == 0 || math.IsNaN(total) || math.IsInf(total, 0) {
		return false
	}
	inverse := float32(1 / math.Sqrt(total))
	for i := range v {
		v[i] *= inverse
	}
	return true
}
