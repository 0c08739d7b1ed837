package confluencetest

import (
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Fault is a rule of misbehaviour. A request that it matches gets the fault; rules are tried in order of injection and
// the first match counts. Use the constructors for the usual ones, then narrow them:
//
//	site.Inject(confluencetest.Unavailable(503).On("GET", `^/api/v2/pages`).Times(2))
type Fault struct {
	method      string
	path        *regexp.Regexp // under the context path
	query       string         // part of the decoded query
	skip        int            // let that many matching requests pass first
	times       int            // then strike that often; 0 is always
	probability float64        // of striking; 0 is 1

	status     int
	header     http.Header
	body       string
	html       bool
	delay      time.Duration
	reset      bool
	truncate   int
	distort    func(answer obj, r *http.Request)
	before     func()
	after      func()
	clip       int
	rejectAuth bool
}

// On limits the fault to a method (empty: any) and to paths, under the context path, that match a regular expression.
func (f Fault) On(method, path string) Fault {
	f.method, f.path = method, regexp.MustCompile(path)
	return f
}

// WithQuery limits the fault to requests whose decoded query contains the text.
func (f Fault) WithQuery(part string) Fault {
	f.query = part
	return f
}

// After lets the first n matching requests pass.
func (f Fault) After(n int) Fault {
	f.skip = n
	return f
}

// Times makes the fault strike n times and then no more.
func (f Fault) Times(n int) Fault {
	f.times = n
	return f
}

// Sometimes makes the fault strike with a probability, by the site's seed.
func (f Fault) Sometimes(probability float64) Fault {
	f.probability = probability
	return f
}

type activeFault struct {
	Fault
	seen, struck int
	random       *rand.Rand
}

// Inject adds the rule and returns a function that takes it away.
func (s *Site) Inject(f Fault) (remove func()) {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	seed := s.options.Seed + uint64(len(s.faults))
	active := &activeFault{Fault: f, random: rand.New(rand.NewPCG(seed, 0xfa17))}
	s.faults = append(s.faults, active)
	return func() {
		s.faultMu.Lock()
		defer s.faultMu.Unlock()
		for i, g := range s.faults {
			if g == active {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
				return
			}
		}
	}
}

// ClearFaults takes all rules away.
func (s *Site) ClearFaults() {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	s.faults = nil
}

func (f *activeFault) matches(r *http.Request) bool {
	if f.method != "" && f.method != r.Method || f.path != nil && !f.path.MatchString(r.URL.Path) {
		return false
	}
	if f.query == "" {
		return true
	}
	var decoded strings.Builder
	for key, values := range r.URL.Query() {
		for _, v := range values {
			decoded.WriteString(key + "=" + v + "&")
		}
	}
	return strings.Contains(decoded.String(), f.query)
}

// strikes tells whether a matching request is hit.
func (f *activeFault) strikes() bool {
	f.seen++
	switch {
	case f.seen <= f.skip:
		return false
	case f.times > 0 && f.struck >= f.times:
		return false
	case f.probability > 0 && f.random.Float64() >= f.probability:
		return false
	}
	f.struck++
	return true
}

// findFault returns the fault that hits the request.
func (s *Site) findFault(r *http.Request) *Fault {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	for _, f := range s.faults {
		if f.matches(r) && f.strikes() {
			hit := f.Fault
			return &hit
		}
	}
	return nil
}
