package confluencetest

import (
	"maps"
	"net/http"
	"strings"
	"time"
)

// Request is one answered request.
type Request struct {
	Method, Path, Query string // Path is under the context path
	Endpoint            string // the pattern, "GET /api/v2/pages/{id}"
	Status              int
	At                  time.Time
}

// keptRequests is how many requests the log holds.
const keptRequests = 5000

type countingWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the status.
func (w *countingWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err //nolint:wrapcheck // a writer passes on what the one below it says
}

// Unwrap lets http.ResponseController reach the connection.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (s *Site) count(r *http.Request, endpoint string, w *countingWriter, at time.Time) {
	s.countMu.Lock()
	defer s.countMu.Unlock()
	s.calls[endpoint]++
	s.bytes += w.bytes
	if len(s.requests) >= keptRequests {
		s.requests = append(s.requests[:0], s.requests[keptRequests/2:]...)
	}
	path := strings.TrimPrefix(r.URL.Path, s.options.ContextPath)
	s.requests = append(s.requests, Request{r.Method, path, r.URL.RawQuery, endpoint, w.status, at})
}

// Calls returns how often each endpoint was called, by its pattern, "GET /api/v2/pages/{id}".
func (s *Site) Calls() map[string]int {
	s.countMu.Lock()
	defer s.countMu.Unlock()
	return maps.Clone(s.calls)
}

// TotalCalls returns how many requests there were.
func (s *Site) TotalCalls() int {
	n := 0
	for _, calls := range s.Calls() {
		n += calls
	}
	return n
}

// BytesSent returns the bytes of all answers.
func (s *Site) BytesSent() int64 {
	s.countMu.Lock()
	defer s.countMu.Unlock()
	return s.bytes
}

// Requests returns the latest requests, oldest first; it remembers some thousands.
func (s *Site) Requests() []Request {
	s.countMu.Lock()
	defer s.countMu.Unlock()
	return append([]Request(nil), s.requests...)
}

// PeakInFlight returns the largest number of simultaneous requests.
func (s *Site) PeakInFlight() int { return int(s.peak.Load()) }

// ResetCounters forgets all counts.
func (s *Site) ResetCounters() {
	s.countMu.Lock()
	defer s.countMu.Unlock()
	s.calls, s.bytes, s.requests = map[string]int{}, 0, nil
	s.peak.Store(0)
}
