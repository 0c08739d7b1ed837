package search

import (
	"sync"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

// languages lends analyzers, one search at a time: they remember the stems of the words that they have met.
type languages struct {
	mu   sync.Mutex
	free map[string][]*analysis.Analyzer
}

func newLanguages() *languages { return &languages{free: map[string][]*analysis.Analyzer{}} }

// plainText is the configuration without stems.
const plainText = "simple"

// speech is the analyzers of one search.
type speech struct {
	configs   []string
	analyzers []*analysis.Analyzer // one for each language in use
	plain     *analysis.Analyzer
}

func (l *languages) lend(configs []string) *speech {
	if len(configs) == 0 {
		configs = []string{"english"}
	}
	s := &speech{configs: configs, plain: l.one(plainText)}
	for _, c := range configs {
		s.analyzers = append(s.analyzers, l.one(c))
	}
	return s
}

func (l *languages) one(config string) *analysis.Analyzer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if list := l.free[config]; len(list) > 0 {
		l.free[config] = list[:len(list)-1]
		return list[len(list)-1]
	}
	return analysis.New(config)
}

func (l *languages) giveBack(s *speech) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free[plainText] = append(l.free[plainText], s.plain)
	for i, c := range s.configs {
		l.free[c] = append(l.free[c], s.analyzers[i])
	}
}
