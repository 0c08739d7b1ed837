package schedule

import "sync"

// sites counts the runs of this process by site, so that one site with many sources does not keep the others waiting.
type sites struct {
	most int

	mu   sync.Mutex
	runs map[string]int
}

// take reserves a place; false where the site has as many as it may have.
func (s *sites) take(site string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs[site] >= s.most {
		return false
	}
	s.runs[site]++
	return true
}

func (s *sites) release(site string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs[site]--; s.runs[site] == 0 {
		delete(s.runs, site)
	}
}
