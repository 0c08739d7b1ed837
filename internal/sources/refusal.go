package sources

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sluicehq/sluice/internal/wiki"
)

// refusal makes sure that what a site answered says which of the things a person typed is at fault: wiki.ErrAddress,
// wiki.ErrCredentials or, where a space was asked for, wiki.ErrForbidden. Other errors stay as they are.
func refusal(err error, baseURL, spaceKey string) error {
	switch {
	case err == nil, errors.Is(err, wiki.ErrAddress):
		return err
	case errors.Is(err, wiki.ErrCredentials):
		return fmt.Errorf("%s: %w", refusedCredentials(err), wiki.ErrCredentials)
	case spaceKey != "" && (errors.Is(err, wiki.ErrNotFound) || errors.Is(err, wiki.ErrForbidden)):
		return fmt.Errorf("the account sees no space %q at %s; check the key, or ask for the permission to view the space: %w", spaceKey, baseURL, wiki.ErrForbidden)
	case errors.Is(err, wiki.ErrNotFound):
		return fmt.Errorf("%s does not know Confluence's API: %w", baseURL, wiki.ErrAddress)
	case errors.Is(err, wiki.ErrForbidden):
		return fmt.Errorf("the account may not use Confluence at %s: %w", baseURL, wiki.ErrCredentials)
	case errors.Is(err, wiki.ErrUnavailable):
		return fmt.Errorf("%s does not answer: %w: %w", baseURL, err, wiki.ErrAddress)
	default:
		return err
	}
}

// refusedCredentials says in words why a site does not take credentials. What it answers itself is often no help: to a
// wrong token Cloud says that nobody in particular may not use Confluence.
func refusedCredentials(err error) string {
	const usual = "the e-mail or the API token is wrong or expired, or the account may not use Confluence"
	said, ok := errors.AsType[interface {
		error
		Reason() string
	}](err)
	switch {
	case !ok || said.Reason() == "":
		return usual
	case strings.Contains(said.Reason(), "token"):
		return said.Reason()
	default:
		return usual + "; the site says: " + said.Reason()
	}
}
