package confluence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// request is one read of the API. A body makes it a POST, of the kind that only asks.
type request struct {
	path  string // after the base, "/rest/api/…" or "/api/v2/…"
	query url.Values
	body  any
	tries int // 0: the client's
	// identity: the request asks who we are, so that a refusal is about the credentials.
	identity bool
}

func (r request) method() string {
	if r.body != nil {
		return http.MethodPost
	}
	return http.MethodGet
}

// with returns the request with one parameter set.
func (r request) with(name, value string) request {
	query := make(url.Values, len(r.query)+1)
	maps.Copy(query, r.query)
	query.Set(name, value)
	r.query = query
	return r
}

// get reads an object. check says what is wrong with it where it is not whole; such an answer is asked for again.
func get[T any](ctx context.Context, c *Client, r request, check func(*T) error) (*T, http.Header, error) {
	var out *T
	header, err := c.send(ctx, r, func(body []byte, _ http.Header) error {
		out = new(T)
		if err := decode(body, out); err != nil {
			return err
		}
		return check(out)
	})
	return out, header, err
}

// decode reads JSON; the error does not repeat its text.
func decode(body []byte, out any) error {
	err := json.Unmarshal(body, out)
	if err == nil {
		return nil
	}
	if typ, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("field %s is not what it should be", typ.Field)
	}
	return errors.New("the JSON is cut off or damaged")
}

// send sends a request until there is an answer that accept is content with, or there is no hope of one. A refusal that
// may be about the credentials is checked before it is believed.
func (c *Client) send(ctx context.Context, r request, accept func(body []byte, h http.Header) error) (http.Header, error) {
	header, err := c.try(ctx, r, accept)
	var api *APIError
	if err == nil || r.identity || !errors.As(err, &api) {
		return header, err
	}
	if api.Status == http.StatusForbidden || api.bare {
		if _, _, me := c.Me(ctx); errors.Is(me, wiki.ErrCredentials) || errors.Is(me, wiki.ErrUnavailable) || ctx.Err() != nil {
			return nil, me
		}
	}
	return nil, err
}

func (c *Client) try(ctx context.Context, r request, accept func(body []byte, h http.Header) error) (http.Header, error) {
	var payload []byte
	if r.body != nil {
		var err error
		if payload, err = json.Marshal(r.body); err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
	}
	tries := r.tries
	if tries == 0 {
		tries = c.options.Tries
	}
	for n := 0; ; n++ {
		header, fault := c.once(ctx, r, payload, accept)
		if fault == nil {
			return header, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method(), c.prefix+r.path, context.Cause(ctx))
		}
		if !fault.retry || n+1 >= tries {
			return nil, fault.err
		}
		c.retries.Add(1)
		wait := backoff(c.options.Backoff, n)
		c.options.Logger.LogAttrs(ctx, slog.LevelInfo, "request to Confluence is repeated", slog.String("path", r.path),
			slog.Int("try", n+1), slog.Duration("wait", wait), slog.Any("err", fault.err))
		if err := sleep(ctx, wait); err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method(), c.prefix+r.path, context.Cause(ctx))
		}
	}
}

// fault is a try that failed.
type fault struct {
	err   *APIError
	retry bool
}

// once sends a request once.
func (c *Client) once(ctx context.Context, r request, payload []byte, accept func(body []byte, h http.Header) error) (http.Header, *fault) {
	leave, err := c.site.enter(ctx)
	if err != nil {
		return nil, c.unsent(r, err)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	req, err := c.build(ctx, r, payload)
	if err != nil {
		return nil, c.unsent(r, err)
	}
	c.calls.Add(1)
	began := time.Now()
	resp, err := c.options.HTTP.Do(req)
	if err != nil {
		c.errors.Add(1)
		return nil, c.noAnswer(r, err)
	}
	defer resp.Body.Close()
	body, err := c.read(resp)
	c.bytes.Add(int64(len(body)))
	c.options.Logger.LogAttrs(ctx, slog.LevelDebug, "request to Confluence", slog.String("method", req.Method), slog.String("path", r.path),
		slog.Int("status", resp.StatusCode), slog.Int("bytes", len(body)), slog.Duration("took", time.Since(began)))
	c.heed(resp)
	if f := c.judge(r, resp, body, err, accept); f != nil {
		c.errors.Add(1)
		return nil, f
	}
	// Only now is it known to be the site that speaks, and not a proxy.
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		c.setClock(date)
	}
	return resp.Header, nil
}

// maxGuess is the most that is set aside on a header's word for the size of a body.
const maxGuess = 8 << 20

// read reads a body, but not much more than is allowed.
func (c *Client) read(resp *http.Response) ([]byte, error) {
	var buf bytes.Buffer
	buf.Grow(int(min(max(resp.ContentLength, 0), c.options.MaxBody, maxGuess)) + bytes.MinRead)
	_, err := buf.ReadFrom(io.LimitReader(resp.Body, c.options.MaxBody+1))
	return buf.Bytes(), err
}

func (c *Client) build(ctx context.Context, r request, payload []byte) (*http.Request, error) {
	target := c.base + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method(), target, bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	if payload == nil {
		req.Body, req.GetBody, req.ContentLength = nil, nil, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.options.UserAgent)
	req.Header.Set("Authorization", c.authorization)
	return req, nil
}

// heed takes an answer's word on how fast requests may come, for the whole site.
func (c *Client) heed(resp *http.Response) {
	wait := retryAfter(resp, time.Now())
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests, status >= 500 && wait > 0, status == http.StatusForbidden && wait > 0:
		// A wait of nothing would make a hot loop, and clocks of whole seconds are rounded down.
		c.site.hold(max(wait, c.options.Backoff))
		c.site.slower()
	case wait > 0: // Data Center says so with the answer that took the last token
		c.site.hold(wait)
	case strings.EqualFold(resp.Header.Get("X-RateLimit-NearLimit"), "true"):
		c.site.slower()
	case status < 400:
		c.site.faster()
	}
}
