package spacesync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// longPause bounds the pauses of a run that waits for a site that has stopped answering: they double, and in the end the
// run gives up; what it stored stays, and the next run goes on from there.
const longPause = time.Minute

// How often a listing is begun again while the site otherwise answers, and how many outages one request may outlast.
const (
	listingTries = 3
	outageTries  = 5
)

// errGaveUp: the site has not answered for longer than a run waits.
var errGaveUp = errors.New("the run gave up waiting")

// fatal reports whether the site will answer no other question either.
func fatal(err error) bool {
	return errors.Is(err, wiki.ErrCredentials) || errors.Is(err, wiki.ErrAddress) || errors.Is(err, context.Canceled)
}

// lost reports whether the run belongs to another worker now, or is gone with its source.
func lost(err error) bool {
	return errors.Is(err, wiki.ErrConflict) || errors.Is(err, wiki.ErrNotFound)
}

// whole runs a listing that counts only when it is complete: begun again after an outage, and a few times where the site
// answers everything but this.
func (w *work) whole(ctx context.Context, what string, list func() error) error {
	outages := 0
	for try := 1; ; try++ {
		err := list()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if hopelessListing(err) {
			return fmt.Errorf("%s: %w", what, err)
		}
		waited, alive := w.alive(ctx)
		if alive != nil {
			return fmt.Errorf("%s: %w", what, alive)
		}
		if waited && outages < outageTries {
			outages++
			try = 0
		}
		if try >= listingTries {
			return fmt.Errorf("%s cannot be read to its end: %w", what, err)
		}
		w.log(ctx, "warn", fmt.Sprintf("%s: %v; beginning it again", what, err))
	}
}

func hopelessListing(err error) bool {
	return errors.Is(err, wiki.ErrCredentials) || errors.Is(err, wiki.ErrAddress) || errors.Is(err, wiki.ErrForbidden) ||
		errors.Is(err, wiki.ErrNotFound) || errors.Is(err, wiki.ErrInvalid) || errors.Is(err, errors.ErrUnsupported)
}

// attempt runs a request for a batch: again after an outage; failed is what is wrong with the batch itself, err what ends
// the run.
func (w *work) attempt(ctx context.Context, ask func() error) (failed, err error) {
	for outages := 0; ; outages++ {
		failed = ask()
		if failed == nil {
			return nil, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if fatal(failed) {
			return nil, failed
		}
		waited, err := w.alive(ctx)
		if err != nil {
			return nil, err
		}
		if !waited || outages == outageTries {
			return failed, nil
		}
	}
}

// alive asks the site who we are, and waits for as long as it does not answer. waited tells whether it had to; an error
// means that the run cannot go on.
func (w *work) alive(ctx context.Context) (waited bool, err error) {
	began := time.Now()
	for pause := w.options.FirstPause; ; pause = min(2*pause, longPause) {
		me, at, err := w.site.Me(ctx)
		if err == nil {
			w.mu.Lock()
			w.latestMe, w.latestTime = me.ID, at
			w.mu.Unlock()
			if waited {
				w.rec.note("")
				w.log(ctx, "info", fmt.Sprintf("Confluence answers again after %s", time.Since(began).Round(time.Second)))
			}
			return waited, nil
		}
		if ctx.Err() != nil {
			return waited, context.Cause(ctx)
		}
		if !errors.Is(err, wiki.ErrUnavailable) {
			return waited, err
		}
		if time.Since(began) >= w.options.MaxOutage {
			return waited, fmt.Errorf("no answer for %s; %w: %w", time.Since(began).Round(time.Second), errGaveUp, err)
		}
		if !waited {
			w.log(ctx, "warn", fmt.Sprintf("Confluence does not answer (%v); the run waits", err))
		}
		waited = true
		w.rec.note(fmt.Sprintf("Paused: Confluence does not answer (%v). Next try at %s.", err, time.Now().Add(pause).UTC().Format("15:04:05 UTC")))
		select {
		case <-ctx.Done():
			return waited, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}
