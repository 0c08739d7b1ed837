package spacesync

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicehq/sluice/internal/index"
	"github.com/sluicehq/sluice/internal/sources"
)

// written is a store that keeps when progress was written.
type written struct {
	Store
	mu   sync.Mutex
	at   []time.Time
	last Progress
	stop string
}

func (w *written) WriteProgress(_ context.Context, _ index.Fence, p Progress) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at, w.last = append(w.at, time.Now()), p
	return w.stop, nil
}

// However much happens, progress is written twice a second; and whoever asks a run to stop is heard with the next write.
func TestProgressIsWrittenTwiceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &written{}
		r := newRecorder(store, Run{}, nil)
		ctx, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		go r.run(ctx, stop)
		began := time.Now()
		for i := range 10_000 {
			r.list(fmt.Sprint(i))
			r.settle(fmt.Sprint(i), created, "")
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		store.mu.Lock()
		n, created := len(store.at), store.last.Created
		store.stop = sources.StopCancel
		store.mu.Unlock()
		if took := time.Since(began); n > int(took/beat) || n < int(took/beat)-1 {
			t.Errorf("%d writes in %s", n, took)
		}
		if created < 9_400 {
			t.Errorf("the last write tells of %d pages of 10000", created)
		}
		asked := time.Now()
		<-ctx.Done()
		var stopped *StoppedError
		if err := context.Cause(ctx); !errors.As(err, &stopped) || time.Since(asked) > time.Second {
			t.Errorf("stopped by %v after %s, want within a second", err, time.Since(asked))
		}
	})
}
