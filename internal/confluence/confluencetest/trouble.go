package confluencetest

// trouble is what is wrong with one content.
type trouble struct {
	unreadable  bool
	poison      bool
	poisonAlone bool
	noBody      bool
}

func (s *Site) setTrouble(id string, apply func(*trouble)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.live(id)
	t := s.trouble[c.id]
	apply(&t)
	s.trouble[c.id] = t
}

// MakeUnreadable makes a content answer 404 although what is under it can be read: a draft or outdated ancestor. Search
// with ancestors.restrictions fails for the whole batch.
func (s *Site) MakeUnreadable(id string) { s.setTrouble(id, func(t *trouble) { t.unreadable = true }) }

// Poison makes every batch that holds the content with its body fail with 500; alone it can be read, unless alone too.
func (s *Site) Poison(id string, alone bool) {
	s.setTrouble(id, func(t *trouble) { t.poison, t.poisonAlone = true, alone })
}

// LoseBody makes the content come without its body.
func (s *Site) LoseBody(id string) { s.setTrouble(id, func(t *trouble) { t.noBody = true }) }

// Heal ends all trouble with a content.
func (s *Site) Heal(id string) { s.setTrouble(id, func(t *trouble) { *t = trouble{} }) }

// poisoned tells whether reading these bodies together fails.
func (s *Site) poisoned(ids []int64) bool {
	for _, id := range ids {
		if t := s.trouble[id]; t.poisonAlone || t.poison && len(ids) > 1 {
			return true
		}
	}
	return false
}
