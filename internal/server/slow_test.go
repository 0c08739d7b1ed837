package server

import (
	"net"
	"testing"
	"time"
)

// dripping opens a connection, sends begin and then a drop every half second, and fails the test unless the server ends
// the connection within twice its patience with headers.
func dripping(t *testing.T, address, begin, drop string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(begin)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buffer := make([]byte, 1024)
		for {
			if _, err := conn.Read(buffer); err != nil {
				return
			}
		}
	}()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(2 * readHeaderTimeout); ; {
		select {
		case <-ended:
			return
		case <-limit:
			t.Fatalf("after %s the server still waits for the rest of a header", 2*readHeaderTimeout)
		case <-tick.C:
			_, _ = conn.Write([]byte(drop)) // it may be closed by now, which is what is waited for
		}
	}
}
