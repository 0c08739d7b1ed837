package sources

import (
	"errors"
	"fmt"

	"github.com/sluicehq/sluice/internal/wiki"
)

// refusal makes sure that what a site answered says which of the things a person typed is at fault: wiki.ErrAddress,
// wiki.ErrCredentials or, where a space was asked for, wiki.ErrForbidden. Other errors stay as they are.
func refusal(err error, baseURL, spaceKey string) error {
	switch {
	case err == nil, errors.Is(err, wiki.ErrAddress), errors.Is(err, wiki.ErrCredentials):
		return err
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
