package confluence

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/wiki"
)

// identityError is an answer that shows that the site does not know us although it does not refuse us.
type identityError struct{ message string }

func (e *identityError) Error() string { return e.message }

// Me is the account, and the site's clock; wiki.ErrCredentials where the site does not accept what it was given,
// wiki.ErrAddress where no Confluence answers.
func (c *Client) Me(ctx context.Context) (wiki.User, time.Time, error) {
	u, header, err := get(ctx, c, request{path: "/rest/api/user/current", identity: true}, func(u *v1User) error {
		switch {
		case u.Type == "anonymous":
			return &identityError{"the site takes the account for a visitor: it does not know the token"}
		case u.id() == "":
			return errors.New("it names no account")
		}
		return nil
	})
	if err != nil {
		return wiki.User{}, time.Time{}, err
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return u.user(), now.UTC(), nil
}

// userBatch is how many people one call resolves.
const userBatch = 200

// Users resolves people; unknown ids are left out. wiki.ErrForbidden where the account may read everything but people.
func (c *Client) Users(ctx context.Context, ids []string) ([]wiki.User, error) {
	ids = distinct(ids)
	if !c.cloud() {
		return c.usersOneByOne(ctx, ids)
	}
	var users []wiki.User
	for len(ids) > 0 {
		n := min(len(ids), userBatch)
		l, _, err := get(ctx, c, request{path: "/api/v2/users-bulk", body: map[string][]string{"accountIds": ids[:n]}}, func(l *list[v2User]) error {
			_, err := rows(l)
			return err
		})
		if err != nil {
			return nil, c.notPeople(ctx, err)
		}
		for _, u := range *l.Results {
			users = append(users, u.user())
		}
		ids = ids[n:]
	}
	return users, nil
}

// notPeople tells a token that lacks the scope for people, which is not worth ending anything for, from one that is
// refused.
func (c *Client) notPeople(ctx context.Context, err error) error {
	api, ok := errors.AsType[*APIError](err)
	if !ok || !errors.Is(err, wiki.ErrCredentials) {
		return err
	}
	if _, _, me := c.Me(ctx); me != nil {
		return err
	}
	forbidden := *api
	forbidden.Kind = wiki.ErrForbidden
	return &forbidden
}

// v2User is a person as users-bulk shows one.
type v2User struct {
	AccountID     string `json:"accountId"`
	AccountStatus string `json:"accountStatus"`
	DisplayName   string `json:"displayName"`
	PublicName    string `json:"publicName"`
	Email         string `json:"email"`
}

func (u v2User) key() string  { return u.AccountID }
func (u v2User) check() error { return nil }

func (u v2User) user() wiki.User {
	name := u.DisplayName
	if name == "" {
		name = u.PublicName
	}
	return wiki.User{ID: u.AccountID, DisplayName: name, Email: u.Email, Active: u.AccountStatus == "active" || u.AccountStatus == ""}
}

// usersOneByOne is Data Center's way. An id is a key, or a name where the site showed no key.
func (c *Client) usersOneByOne(ctx context.Context, ids []string) ([]wiki.User, error) {
	found := make([]*wiki.User, len(ids))
	var g errgroup.Group
	g.SetLimit(cap(c.site.slots))
	for i, id := range ids {
		g.Go(func() error {
			for _, by := range []string{"key", "username"} {
				u, _, err := get(ctx, c, request{path: "/rest/api/user", query: url.Values{by: {id}}}, func(u *v1User) error {
					if u.id() == "" {
						return errors.New("it names nobody")
					}
					return nil
				})
				if errors.Is(err, wiki.ErrNotFound) || errors.Is(err, wiki.ErrInvalid) {
					continue
				}
				if err != nil {
					return err
				}
				user := u.user()
				user.ID = id
				found[i] = &user
				return nil
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var users []wiki.User
	for _, u := range found {
		if u != nil {
			users = append(users, *u)
		}
	}
	return users, nil
}

func distinct(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	var list []string
	for _, id := range ids {
		if id != "" && !seen[id] {
			seen[id] = true
			list = append(list, id)
		}
	}
	return list
}
