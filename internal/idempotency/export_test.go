package idempotency

import "time"

// SetNow turns the service's clock.
func (s *Service) SetNow(now func() time.Time) { s.now = now }
