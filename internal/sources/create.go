package sources

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// The bounds of a source's settings.
const (
	defaultFrequencyHours = 24
	maxFrequencyHours     = 24 * 31
	maxName               = 200
)

// Create adds a source: a space, through a connection that exists or one that is made of the credentials. The site is
// asked first; nothing is stored where it refuses. Credentials of an account that is already connected use that
// connection; its stored token is replaced only if it no longer works. Errors: *wiki.InvalidError by field, wiki.ErrAddress, wiki.ErrCredentials,
// wiki.ErrForbidden (the space),
// wiki.ErrConflict where the site's space is already a source.
func (s *Service) Create(ctx context.Context, n NewSource) (Source, error) {
	access, err := s.newAccess(ctx, &n)
	if err != nil {
		return Source{}, err
	}
	site, err := s.dial(access)
	if err != nil {
		return Source{}, refusal(err, access.BaseURL, "")
	}
	me, _, err := site.Me(ctx)
	if err != nil {
		return Source{}, refusal(err, access.BaseURL, "")
	}
	space, err := site.Space(ctx, n.SpaceKey)
	if err != nil {
		return Source{}, refusal(err, access.BaseURL, n.SpaceKey)
	}
	switch there, err := s.store.SourceForSpace(ctx, access.BaseURL, space.ID, space.Key); {
	case err == nil:
		return Source{}, fmt.Errorf("space %s of %s is already there as source %s: %w", space.Key, access.BaseURL, there, wiki.ErrConflict)
	case !errors.Is(err, wiki.ErrNotFound):
		return Source{}, err
	}
	connectionID, err := s.connectionFor(ctx, access, me, n)
	if err != nil {
		return Source{}, err
	}
	id, err := s.insert(ctx, n, access, connectionID, space)
	if err != nil {
		return Source{}, errors.Join(err, s.store.DeleteUnusedConnection(ctx, connectionID))
	}
	s.log.InfoContext(ctx, "source created", "source", id, "space", space.Key, "site", access.BaseURL)
	every := time.Duration(n.SyncFrequencyHours) * time.Hour
	if err := s.store.SetNextSync(ctx, id, s.nextSync(id, time.Now(), every)); err != nil {
		return Source{}, err
	}
	if n.SyncNow == nil || *n.SyncNow {
		if _, err := s.queue.Enqueue(ctx, id, RunRequest{SyncRequest: SyncRequest{Trigger: TriggerManual}, Kind: KindSync}); err != nil {
			return Source{}, err
		}
	}
	return s.store.Source(ctx, id)
}

// newAccess checks the request, fills in its defaults, and returns what it gives to reach the site.
func (s *Service) newAccess(ctx context.Context, n *NewSource) (Access, error) {
	bad := &wiki.InvalidError{}
	add := func(field, message string) {
		bad.Fields = append(bad.Fields, wiki.FieldError{Field: field, Message: message})
	}
	var access Access
	if n.ConnectionID != "" {
		var err error
		if access, err = s.Access(ctx, n.ConnectionID); errors.Is(err, wiki.ErrNotFound) {
			add("connection_id", "is not a connection that exists")
		} else if err != nil {
			return Access{}, err
		}
	} else {
		c, err := s.checkCredentials(n.Credentials)
		if invalid, ok := errors.AsType[*wiki.InvalidError](err); ok {
			bad.Fields = append(bad.Fields, invalid.Fields...)
		} else if err != nil {
			return Access{}, err
		}
		access = Access{Connection: Connection{BaseURL: c.BaseURL, Deployment: c.Deployment, Email: c.Email}, Token: c.APIToken}
	}
	jira, err := checkJira(n.JiraBaseURL)
	if invalid, ok := errors.AsType[*wiki.InvalidError](err); ok {
		bad.Fields = append(bad.Fields, invalid.Fields...)
	}
	if n.JiraBaseURL = jira; jira == "" {
		n.JiraBaseURL = jiraOf(access.Deployment, access.BaseURL)
	}
	n.SpaceKey = strings.TrimSpace(n.SpaceKey)
	if n.SpaceKey == "" {
		add("space_key", "is required")
	}
	if n.SyncFrequencyHours == 0 {
		n.SyncFrequencyHours = defaultFrequencyHours
	}
	if n.DeletionCheckStrategy == "" {
		n.DeletionCheckStrategy = WeeklyReconciliation
	}
	if n.RestrictedPages == "" {
		n.RestrictedPages = Skip
	}
	if n.TextLanguage == "" {
		n.TextLanguage = "english"
	}
	var name *string
	if n.Name != "" {
		name = &n.Name
	}
	fields, err := s.checkChange(ctx, SourceChange{
		Name: name, SyncFrequencyHours: &n.SyncFrequencyHours, DeletionCheckStrategy: &n.DeletionCheckStrategy,
		RestrictedPages: &n.RestrictedPages, TextLanguage: &n.TextLanguage,
	})
	if err != nil {
		return Access{}, err
	}
	bad.Fields = append(bad.Fields, fields...)
	if len(bad.Fields) > 0 {
		return Access{}, bad
	}
	return access, nil
}

// checkChange lists what is wrong with settings.
func (s *Service) checkChange(ctx context.Context, c SourceChange) ([]wiki.FieldError, error) {
	var bad []wiki.FieldError
	add := func(field, message string) { bad = append(bad, wiki.FieldError{Field: field, Message: message}) }
	if c.Name != nil && (strings.TrimSpace(*c.Name) == "" || len(*c.Name) > maxName) {
		add("name", fmt.Sprintf("must have 1 to %d characters", maxName))
	}
	if f := c.SyncFrequencyHours; f != nil && (*f < 1 || *f > maxFrequencyHours) {
		add("sync_frequency_hours", fmt.Sprintf("must be between 1 and %d", maxFrequencyHours))
	}
	strategies := []DeletionStrategy{WeeklyReconciliation, EverySync, OnDemand}
	if c.DeletionCheckStrategy != nil && !slices.Contains(strategies, *c.DeletionCheckStrategy) {
		add("deletion_check_strategy", "must be weekly_reconciliation, every_sync or on_demand")
	}
	if r := c.RestrictedPages; r != nil && *r != Skip && *r != Include {
		add("restricted_pages", "must be skip or include")
	}
	if g := c.GuardPercent; g != nil && (*g < 0 || *g > 100) {
		add("guard_percent", "must be between 0 and 100")
	}
	if g := c.GuardMinimum; g != nil && (*g < 0 || *g > 1_000_000) {
		add("guard_minimum_pages", "must be between 0 and 1000000")
	}
	if c.TextLanguage != nil {
		languages, err := s.store.TextLanguages(ctx)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(languages, *c.TextLanguage) {
			add("text_language", "must be one of "+strings.Join(languages, ", "))
		}
	}
	return bad, nil
}

// connectionFor returns the connection of the account, a new one where there is none.
func (s *Service) connectionFor(ctx context.Context, access Access, me wiki.User, n NewSource) (string, error) {
	if n.ConnectionID != "" {
		return n.ConnectionID, nil
	}
	sealed, err := s.sealer.Seal([]byte(access.Token))
	if err != nil {
		return "", fmt.Errorf("seal token: %w", err)
	}
	id, err := s.store.FindConnection(ctx, access.BaseURL, access.Email, me.ID)
	if err == nil {
		return id, s.mend(ctx, id, sealed)
	}
	if !errors.Is(err, wiki.ErrNotFound) {
		return "", err
	}
	c := StoredConnection{Connection: access.Connection, AccountID: me.ID, TokenSealed: sealed}
	c.ID, c.Name, c.JiraBaseURL, c.JiraProjects = newConnectionID(), siteName(access.BaseURL), n.JiraBaseURL, []string{}
	if err := s.store.InsertConnection(ctx, c); err != nil {
		return "", err
	}
	return c.ID, nil
}

// mend gives a connection that its site refuses the token that has just been seen to work.
func (s *Service) mend(ctx context.Context, id string, sealed []byte) error {
	c, err := s.store.Connection(ctx, id)
	if err != nil {
		return err
	}
	if c.Problem == "" {
		return nil
	}
	if err := s.store.UpdateConnection(ctx, id, ConnectionUpdate{TokenSealed: sealed}); err != nil {
		return err
	}
	return s.store.SetConnectionProblem(ctx, id, "")
}

// siteName is how a connection is called at first: the host, without Atlassian's domain.
func siteName(baseURL string) string {
	u, err := url.Parse(baseURL)
	if err != nil || u.Host == "" {
		return baseURL
	}
	return strings.TrimSuffix(u.Host, ".atlassian.net")
}

// insertTries bounds the search for a free id when others are creating sources of the same key at the same moment.
const insertTries = 10

func (s *Service) insert(ctx context.Context, n NewSource, access Access, connectionID string, space wiki.Space) (string, error) {
	slug := sourceSlug(space.Key)
	name := n.Name
	if name == "" {
		name = space.Name
	}
	if name == "" {
		name = space.Key
	}
	var err error
	for range insertTries {
		var taken []string
		if taken, err = s.store.SourceIDs(ctx, slug); err != nil {
			return "", err
		}
		id := freeID(slug, taken)
		err = s.store.InsertSource(ctx, StoredSource{
			ID: id, Name: name, ConnectionID: connectionID, Space: space, BaseURL: access.BaseURL,
			FrequencyHours: n.SyncFrequencyHours, Strategy: n.DeletionCheckStrategy, RestrictedPages: n.RestrictedPages,
			TextLanguage: n.TextLanguage,
		})
		if !errors.Is(err, wiki.ErrConflict) {
			return id, err
		}
	}
	return "", err
}

var notInSlug = regexp.MustCompile(`[^A-Za-z0-9._~-]+`)

// sourceSlug is the id of the first source of a space key. Keys of personal spaces may hold characters that an address
// would have to escape; those become dashes.
func sourceSlug(spaceKey string) string {
	return "confluence_" + notInSlug.ReplaceAllString(spaceKey, "-")
}

func freeID(slug string, taken []string) string {
	id := slug
	for n := 2; slices.Contains(taken, id); n++ {
		id = slug + "_" + strconv.Itoa(n)
	}
	return id
}

// Update changes a source. Another frequency takes effect at once; other rules about restricted pages start a
// comparison, another language makes the pages again.
func (s *Service) Update(ctx context.Context, id string, ch SourceChange) (Source, error) {
	before, err := s.store.Source(ctx, id)
	if err != nil {
		return Source{}, err
	}
	fields, err := s.checkChange(ctx, ch)
	if err != nil {
		return Source{}, err
	}
	if len(fields) > 0 {
		return Source{}, &wiki.InvalidError{Fields: fields}
	}
	u := SourceUpdate{SourceChange: ch}
	if ch.SyncFrequencyHours != nil && *ch.SyncFrequencyHours != before.SyncFrequencyHours {
		next := s.nextSync(id, time.Now(), time.Duration(*ch.SyncFrequencyHours)*time.Hour)
		u.NextSyncAt = &next
	}
	restrictions := ch.RestrictedPages != nil && *ch.RestrictedPages != before.RestrictedPages
	language := ch.TextLanguage != nil && *ch.TextLanguage != before.TextLanguage
	u.ReconcileWanted = restrictions
	if err := s.store.UpdateSource(ctx, id, u); err != nil {
		return Source{}, err
	}
	if before.State != StatePaused && before.LastSyncTimestamp != nil {
		switch {
		case restrictions:
			_, err = s.Sync(ctx, id, SyncRequest{Reconcile: true, Trigger: TriggerManual})
		case language:
			err = s.Reprocess(ctx, id)
		}
		if err != nil {
			return Source{}, err
		}
	}
	return s.store.Source(ctx, id)
}
