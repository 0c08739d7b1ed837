package sources

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Test tries credentials and lists the spaces that they can read, without storing anything. Errors are
// *wiki.InvalidError for what is missing, wiki.ErrAddress and wiki.ErrCredentials for what the site does not accept,
// wiki.ErrUnavailable.
func (s *Service) Test(ctx context.Context, c Credentials) (TestResult, error) {
	c, err := s.checkCredentials(c)
	if err != nil {
		return TestResult{}, err
	}
	return s.test(ctx, Access{Connection: Connection{BaseURL: c.BaseURL, Deployment: c.Deployment, Email: c.Email}, Token: c.APIToken})
}

// TestConnection tries a stored connection and notes what is wrong with it, or that nothing is.
func (s *Service) TestConnection(ctx context.Context, id string) (TestResult, error) {
	access, err := s.Access(ctx, id)
	if err != nil {
		return TestResult{}, err
	}
	result, err := s.test(ctx, access)
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	return result, errors.Join(err, s.store.SetConnectionProblem(ctx, id, problem))
}

// Access returns a connection with its token.
func (s *Service) Access(ctx context.Context, id string) (Access, error) {
	c, err := s.store.Connection(ctx, id)
	if err != nil {
		return Access{}, err
	}
	token, err := s.sealer.Open(c.TokenSealed)
	if err != nil {
		return Access{}, fmt.Errorf("the token of connection %s cannot be decrypted; was SLUICE_SECRET_KEY changed? Enter the token again: %w: %w", id, wiki.ErrCredentials, err)
	}
	return Access{Connection: c.Connection, Token: string(token)}, nil
}

// How long, and for how many spaces, a test counts pages: the form must not wait for a site with a thousand spaces.
const (
	countSpaces  = 60
	countTimeout = 6 * time.Second
)

func (s *Service) test(ctx context.Context, a Access) (TestResult, error) {
	site, err := s.dial(a)
	if err != nil {
		return TestResult{}, refusal(err, a.BaseURL, "")
	}
	me, _, err := site.Me(ctx)
	if err != nil {
		return TestResult{}, refusal(err, a.BaseURL, "")
	}
	result := TestResult{OK: true, User: TestUser{ID: me.ID, DisplayName: me.DisplayName, Email: me.Email}, Spaces: []TestSpace{}}
	for space, err := range site.Spaces(ctx) {
		if err != nil {
			return TestResult{}, refusal(err, a.BaseURL, "")
		}
		if space.Status == "archived" {
			continue
		}
		result.Spaces = append(result.Spaces, TestSpace{Key: space.Key, Name: space.Name, Type: space.Type})
	}
	slices.SortStableFunc(result.Spaces, func(a, b TestSpace) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	countPages(ctx, site, result.Spaces[:min(len(result.Spaces), countSpaces)])
	return result, nil
}

// countPages fills in the estimates that come in time; they are a convenience, so errors leave a zero.
func countPages(ctx context.Context, site Site, spaces []TestSpace) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	var g errgroup.Group
	g.SetLimit(4)
	for i := range spaces {
		g.Go(func() error {
			if n, err := site.PageCount(ctx, spaces[i].Key); err == nil {
				spaces[i].Pages = n
			}
			return nil
		})
	}
	g.Wait() //nolint:errcheck // the functions return none
}

func (s *Service) checkCredentials(c Credentials) (Credentials, error) {
	c.BaseURL, c.Email, c.APIToken = strings.TrimSpace(c.BaseURL), strings.TrimSpace(c.Email), strings.TrimSpace(c.APIToken)
	if c.Deployment == "" {
		c.Deployment = wiki.Cloud
	}
	bad := &wiki.InvalidError{}
	add := func(field, message string) {
		bad.Fields = append(bad.Fields, wiki.FieldError{Field: field, Message: message})
	}
	if c.Deployment != wiki.Cloud && c.Deployment != wiki.DataCenter {
		add("deployment", "must be cloud or datacenter")
	}
	switch base, err := s.url(c.BaseURL, c.Deployment); {
	case c.BaseURL == "":
		add("base_url", "is required, such as https://example.atlassian.net/wiki")
	case err != nil:
		var invalid *wiki.InvalidError
		if errors.As(err, &invalid) && len(invalid.Fields) > 0 {
			add("base_url", invalid.Fields[0].Message)
		} else {
			add("base_url", err.Error())
		}
	default:
		c.BaseURL = base
	}
	if c.Deployment == wiki.Cloud && c.Email == "" {
		add("email", "is required for Confluence Cloud: the account that the API token belongs to")
	}
	if c.APIToken == "" {
		add("api_token", "is required")
	}
	if len(bad.Fields) > 0 {
		return c, bad
	}
	return c, nil
}

// Connections lists the connections.
func (s *Service) Connections(ctx context.Context) ([]Connection, error) {
	stored, err := s.store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Connection, len(stored))
	for i, c := range stored {
		list[i] = c.Connection
	}
	return list, nil
}

// Connection returns a connection; wiki.ErrNotFound.
func (s *Service) Connection(ctx context.Context, id string) (Connection, error) {
	c, err := s.store.Connection(ctx, id)
	return c.Connection, err
}

// UpdateConnection changes a connection for all of its sources. A new token or e-mail is tried first, and is refused
// where it does not work. An empty JIRA address takes the links from issue keys.
func (s *Service) UpdateConnection(ctx context.Context, id string, ch ConnectionChange) (Connection, error) {
	access, err := s.Access(ctx, id)
	if err != nil && (!errors.Is(err, wiki.ErrCredentials) || ch.APIToken == nil) {
		return Connection{}, err
	}
	if err != nil { // the stored token cannot be read any more: the new one replaces it
		stored, err := s.store.Connection(ctx, id)
		if err != nil {
			return Connection{}, err
		}
		access = Access{Connection: stored.Connection}
	}
	u := ConnectionUpdate{Name: ch.Name}
	if ch.JiraBaseURL != nil {
		jira, err := checkJira(*ch.JiraBaseURL)
		if err != nil {
			return Connection{}, err
		}
		u.JiraBaseURL = &jira
	}
	if ch.JiraProjects != nil {
		u.JiraProjects = []string{}
		for _, key := range *ch.JiraProjects {
			if key = strings.ToUpper(strings.TrimSpace(key)); key != "" {
				u.JiraProjects = append(u.JiraProjects, key)
			}
		}
	}
	if ch.Name != nil && strings.TrimSpace(*ch.Name) == "" {
		return Connection{}, wiki.Invalid("name", "must not be empty")
	}
	newCredentials := ch.APIToken != nil || ch.Email != nil
	if newCredentials {
		if err := s.renew(ctx, access, ch, &u); err != nil {
			return Connection{}, err
		}
	}
	if err := s.store.UpdateConnection(ctx, id, u); err != nil {
		return Connection{}, err
	}
	if newCredentials {
		if err := s.store.SetConnectionProblem(ctx, id, ""); err != nil {
			return Connection{}, err
		}
	}
	return s.Connection(ctx, id)
}

// renew tries changed credentials and puts them into u.
func (s *Service) renew(ctx context.Context, access Access, ch ConnectionChange, u *ConnectionUpdate) error {
	if ch.Email != nil {
		access.Email = strings.TrimSpace(*ch.Email)
		u.Email = &access.Email
	}
	if ch.APIToken != nil {
		access.Token = strings.TrimSpace(*ch.APIToken)
	}
	if _, err := s.checkCredentials(Credentials{access.BaseURL, access.Deployment, access.Email, access.Token}); err != nil {
		return err
	}
	me, err := s.whoIs(ctx, access)
	if err != nil {
		return err
	}
	u.AccountID = &me.ID
	if u.TokenSealed, err = s.sealer.Seal([]byte(access.Token)); err != nil {
		return fmt.Errorf("seal token: %w", err)
	}
	return nil
}

func (s *Service) whoIs(ctx context.Context, a Access) (wiki.User, error) {
	site, err := s.dial(a)
	if err != nil {
		return wiki.User{}, refusal(err, a.BaseURL, "")
	}
	me, _, err := site.Me(ctx)
	return me, refusal(err, a.BaseURL, "")
}

// newConnectionID is random: it says nothing, and is never reused.
func newConnectionID() string { return "conn_" + strings.ToLower(rand.Text()[:10]) }
