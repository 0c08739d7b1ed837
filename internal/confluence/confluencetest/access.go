package confluencetest

import (
	"slices"
	"strings"
)

// User is a person or an app of the site.
type User struct {
	ID       string // account id; user key on Data Center
	Username string // Data Center
	Name     string
	Email    string
	TimeZone string
	Groups   []string
	App      bool
	Inactive bool
}

// AddUser adds or replaces a person.
func (s *Site) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range u.Groups {
		s.addGroup(g)
	}
	s.users[u.ID] = &u
}

func (s *Site) addGroup(name string) {
	if s.groups[name] == "" {
		s.groups[name] = "3f2c1a9e-0000-4000-8000-" + leftPad(idString(s.nextID()), 12)
	}
}

func leftPad(s string, n int) string {
	return strings.Repeat("0", max(0, n-len(s))) + s
}

// SetGroups changes the groups that a person is in.
func (s *Site) SetGroups(accountID string, groups ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := *s.users[accountID]
	u.Groups = groups
	for _, g := range groups {
		s.addGroup(g)
	}
	s.users[accountID] = &u
}

// AddToken lets the person in with e-mail (on Data Center: user name) and token by Basic, or with the token alone by
// Bearer.
func (s *Site) AddToken(accountID, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[accountID]
	if u == nil {
		panic("confluencetest: there is no user " + accountID)
	}
	s.secrets["bearer "+token] = accountID
	for _, name := range []string{u.Email, u.Username} {
		if name != "" {
			s.secrets["basic "+strings.ToLower(name)+":"+token] = accountID
		}
	}
}

// AddScopedToken is AddToken for a token that works at the gateway only; at the site's own address it gets a web page
// with status 401.
func (s *Site) AddScopedToken(accountID, token string) {
	s.AddToken(accountID, token)
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.secrets {
		if key == "bearer "+token || strings.HasSuffix(key, ":"+token) {
			s.scoped[key] = true
		}
	}
}

// RevokeToken makes the token useless.
func (s *Site) RevokeToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.secrets {
		if key == "bearer "+token || strings.HasPrefix(key, "basic ") && strings.HasSuffix(key, ":"+token) {
			delete(s.secrets, key)
		}
	}
}

// names tells whether the list names the user.
func (r Readers) names(u *User) bool {
	if slices.Contains(r.Users, u.ID) {
		return true
	}
	return slices.ContainsFunc(r.Groups, func(g string) bool { return slices.Contains(u.Groups, g) })
}

// seesSpace tells whether the user may see the space.
func (s *Site) seesSpace(u *User, sp *space) bool {
	return sp != nil && (sp.readers.empty() || sp.readers.names(u))
}

// sees tells whether the user may read the content: the space lets them, and so does the content itself and everything
// above it.
func (s *Site) sees(u *User, c *content) bool {
	if c == nil || !s.seesSpace(u, s.spaces[c.space]) {
		return false
	}
	if c.status == statusDraft && c.author != u.ID {
		return false
	}
	for at, depth := c, 0; at != nil && depth < 1000; depth++ {
		if !at.readers.empty() && !at.readers.names(u) {
			return false
		}
		at = s.contents[at.parent]
	}
	return true
}

// restricted tells whether the content or anything above it names its readers.
func (s *Site) restricted(c *content) bool {
	for at, depth := c, 0; at != nil && depth < 1000; depth++ {
		if !at.readers.empty() {
			return true
		}
		at = s.contents[at.parent]
	}
	return false
}
