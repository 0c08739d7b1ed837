package metrics

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Transport counts requests that next sends.
func (m *Metrics) Transport(next http.RoundTripper) http.RoundTripper {
	return transport{metrics: m, next: next}
}

type transport struct {
	metrics *Metrics
	next    http.RoundTripper
}

// RoundTrip sends the request.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	response, err := t.next.RoundTrip(r)
	if err != nil {
		t.metrics.calls.WithLabelValues("error").Inc()
		return nil, err
	}
	t.metrics.callTime.Observe(time.Since(began).Seconds())
	t.metrics.calls.WithLabelValues(strconv.Itoa(response.StatusCode)).Inc()
	response.Body = counted{ReadCloser: response.Body, bytes: t.metrics.callBytes}
	return response, nil
}

// counted counts what is read of a body.
type counted struct {
	io.ReadCloser
	bytes prometheus.Counter
}

// Read reads on.
func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.bytes.Add(float64(n))
	return n, err
}
