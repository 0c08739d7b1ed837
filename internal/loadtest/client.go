package loadtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client speaks the program's API with a token.
type Client struct {
	Base  string
	Token string
	HTTP  *http.Client
	Looks *Latencies // of Status; may be nil
}

// Connect makes an admin's token and returns a client that uses it.
func (p *Program) Connect(ctx context.Context) (*Client, error) {
	token, err := p.Command(ctx, "token", "create", "--name", "load", "--role", "admin")
	if err != nil {
		return nil, err
	}
	return &Client{Base: p.Base, Token: token, HTTP: &http.Client{Timeout: 30 * time.Second}}, nil
}

// RefusedError is an answer of 400 and above.
type RefusedError struct {
	Call   string // method and path
	Status int
	Text   string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("%s: %d: %s", e.Call, e.Status, e.Text) }

// Refused returns the status of a RefusedError, and 0 for any other error.
func Refused(err error) int {
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		return refused.Status
	}
	return 0
}

// Call does one call; in and out may be nil. An answer of 400 and above is a RefusedError.
func (c *Client) Call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader = http.NoBody
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return &RefusedError{Call: method + " " + path, Status: resp.StatusCode, Text: strings.TrimSpace(string(data))}
	}
	if out == nil || len(data) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// Run is what the tools read of a run.
type Run struct {
	ID         string     `json:"id"`
	State      string     `json:"state"`
	Error      string     `json:"error"`
	APICalls   int        `json:"api_calls"`
	APIErrors  int        `json:"api_errors"`
	Bytes      int64      `json:"bytes_received"`
	Created    int        `json:"pages_created"`
	Updated    int        `json:"pages_updated"`
	Deleted    int        `json:"pages_deleted"`
	Failed     int        `json:"pages_failed"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// Took is how long the run ran.
func (r Run) Took() time.Duration {
	if r.StartedAt == nil || r.FinishedAt == nil {
		return 0
	}
	return r.FinishedAt.Sub(*r.StartedAt)
}

// Status is a source's status.
type Status struct {
	State                  string `json:"state"`
	Run                    *Run   `json:"run"`
	LastRun                *Run   `json:"last_run"`
	TotalPages             int    `json:"total_pages"`
	TotalChunks            int    `json:"total_chunks"`
	ChunksWithoutEmbedding int    `json:"chunks_without_embedding"`
}

// AddSource connects a space of a simulated site and returns the source's id; its first run is queued.
func (c *Client) AddSource(ctx context.Context, siteURL, email, token, space string) (string, error) {
	var source struct {
		ID string `json:"id"`
	}
	err := c.Call(ctx, http.MethodPost, "/api/confluence/sources", map[string]any{
		"base_url": siteURL, "deployment": "cloud", "email": email, "api_token": token, "space_key": space,
	}, &source)
	return source.ID, err
}

// Status reads a source's status, patiently as Search does.
func (c *Client) Status(ctx context.Context, id string) (Status, error) {
	var s Status
	took, err := c.patiently(ctx, "/api/confluence/"+id+"/status", &s)
	if c.Looks != nil && err == nil {
		c.Looks.Add(took)
	}
	return s, err
}

// Sync starts a run; one that is already queued or running is fine too.
func (c *Client) Sync(ctx context.Context, id string, reconcile bool) error {
	err := c.Call(ctx, http.MethodPost, "/api/confluence/"+id+"/sync", map[string]bool{"reconcile": reconcile}, nil)
	if Refused(err) == http.StatusConflict {
		return nil
	}
	return err
}

// Poll reads the status until done says so, every so often; errors of single calls are passed over until the context
// ends, because the program may be restarting.
func (c *Client) Poll(ctx context.Context, id string, every time.Duration, done func(Status) bool) (Status, error) {
	var last error
	for {
		s, err := c.Status(ctx, id)
		if err == nil && done(s) {
			return s, nil
		}
		last = err
		select {
		case <-ctx.Done():
			return s, fmt.Errorf("waiting for %s (%d pages, state %q, last error %w): %w", id, s.TotalPages, s.State, last, ctx.Err())
		case <-time.After(every):
		}
	}
}

// Idle reports that no run is queued or running.
func Idle(s Status) bool { return s.State != "queued" && s.State != "running" }

// patiently does a call that reads. Where the token's rate limit stops it, it waits and calls again; took is the last
// call's time.
func (c *Client) patiently(ctx context.Context, path string, out any) (took time.Duration, err error) {
	for {
		began := time.Now()
		err = c.Call(ctx, http.MethodGet, path, nil, out)
		took = time.Since(began)
		if Refused(err) != http.StatusTooManyRequests {
			return took, err
		}
		select {
		case <-ctx.Done():
			return took, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// Found is what the tools read of search results.
type Found struct {
	Total    int      `json:"total"`
	Degraded []string `json:"degraded"`
	Hits     []struct {
		PageID string `json:"page_id"`
	} `json:"hits"`
}

// Search searches, with more of the query's parameters in more, and returns how long the whole call took. Where the token's
// rate limit stops it, it waits and searches again; the wait is not counted.
func (c *Client) Search(ctx context.Context, query string, more url.Values) (found Found, took time.Duration, err error) {
	parameters := url.Values{"q": {query}}
	maps.Copy(parameters, more)
	took, err = c.patiently(ctx, "/api/search?"+parameters.Encode(), &found)
	return found, took, err
}

// Page is what the tools read of a stored page.
type Page struct {
	Title    string `json:"title"`
	Version  int    `json:"version"`
	Markdown string `json:"markdown"`
}

// Page reads a stored page.
func (c *Client) Page(ctx context.Context, source, id string) (Page, error) {
	var p Page
	_, err := c.patiently(ctx, "/api/confluence/"+source+"/pages/"+id, &p)
	return p, err
}

// PageVersions lists the stored live pages of a source: id → version.
func (c *Client) PageVersions(ctx context.Context, id string) (map[string]int, error) {
	versions := map[string]int{}
	for cursor := ""; ; {
		var list struct {
			Pages []struct {
				PageID  string `json:"page_id"`
				Version int    `json:"version"`
			} `json:"pages"`
			Next string `json:"next_cursor"`
		}
		path := "/api/confluence/" + id + "/pages?" + url.Values{"limit": {"500"}, "cursor": {cursor}, "status": {"current"}}.Encode()
		if _, err := c.patiently(ctx, path, &list); err != nil {
			return nil, err
		}
		for _, p := range list.Pages {
			versions[p.PageID] = p.Version
		}
		if cursor = list.Next; cursor == "" {
			return versions, nil
		}
	}
}
