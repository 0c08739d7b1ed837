package schedule

import (
	"hash/fnv"
	"time"
)

// Next is the first due time of a source after an instant. It is always the same offset within the interval, told from
// the id, so a hundred sources of the same frequency do not start at once, and each keeps its time.
func Next(sourceID string, after time.Time, every time.Duration) time.Time {
	if every <= 0 {
		every = 24 * time.Hour
	}
	h := fnv.New64a()
	h.Write([]byte(sourceID))
	offset := time.Duration(h.Sum64() % uint64(every)).Truncate(time.Second)
	slot := after.UTC().Truncate(every).Add(offset)
	for !slot.After(after) {
		slot = slot.Add(every)
	}
	return slot
}

// The waits after failed runs double from firstRetry; the interval of the source bounds them.
const firstRetry = 5 * time.Minute

// retryAt is when a source is synced again after so many failures in a row.
func retryAt(sourceID string, now time.Time, every time.Duration, failures int) time.Time {
	regular := Next(sourceID, now, every)
	wait := firstRetry << min(max(failures-1, 0), 20)
	if soon := now.Add(wait); soon.Before(regular) {
		return soon
	}
	return regular
}
