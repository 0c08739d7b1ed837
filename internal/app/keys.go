package app

import (
	"context"
	"fmt"

	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/secret"
	"github.com/sluicehq/sluice/internal/sources"
)

// tokenContext binds sealed tokens to their purpose.
const tokenContext = "connection token"

func loadKeys(cfg config.Config) (*secret.Keyring, error) {
	return secret.Load(cfg.DataDir, cfg.SecretKey)
}

// sealer seals the tokens of connections. It reads the keys anew each time, which is seldom, so that a running server
// follows when a command rotates them.
type sealer struct{ cfg config.Config }

// Seal encrypts a token.
func (s sealer) Seal(plain []byte) ([]byte, error) {
	keys, err := loadKeys(s.cfg)
	if err != nil {
		return nil, err
	}
	return keys.Seal(plain, tokenContext), nil
}

// Open decrypts a token.
func (s sealer) Open(sealed []byte) ([]byte, error) {
	keys, err := loadKeys(s.cfg)
	if err != nil {
		return nil, err
	}
	return keys.Open(sealed, tokenContext)
}

// RotateKey makes a new secret key and seals all stored credentials with it; servers that run need no restart. Where the
// key is a setting, the new one must stand in front of the old one there (NEW,OLD) and only the sealing is done. It
// returns how many connections were sealed again.
func (a *App) RotateKey(ctx context.Context) (int, error) {
	keys := a.Keyring
	if a.Config.SecretKey == "" {
		var err error
		if keys, err = secret.AddKey(a.Config.DataDir); err != nil {
			return 0, err
		}
	}
	stored, err := a.contents.Connections(ctx)
	if err != nil {
		return 0, err
	}
	sealed := 0
	for _, c := range stored {
		if !keys.Outdated(c.TokenSealed) {
			continue
		}
		again, err := keys.Reseal(c.TokenSealed, tokenContext)
		if err != nil {
			return sealed, fmt.Errorf("connection %s (%s): %w; the old keys are kept", c.ID, c.Name, err)
		}
		if err := a.contents.UpdateConnection(ctx, c.ID, sources.ConnectionUpdate{TokenSealed: again}); err != nil {
			return sealed, err
		}
		sealed++
	}
	a.Accounts.Record(ctx, "settings.rotate_key", keys.CurrentID(), map[string]any{"connections": sealed})
	if a.Config.SecretKey == "" {
		return sealed, secret.DropOldKeys(a.Config.DataDir)
	}
	return sealed, nil
}
