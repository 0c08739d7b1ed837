package app

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/config"
	"github.com/sluicehq/sluice/internal/demo"
	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/internal/wiki"
)

// DemoEmail is the account of the demonstration, unless the settings name another.
const DemoEmail = "demo@sluice.example"

// demoMark is the file that tells a demonstration's data directory from a real one.
const demoMark = "demonstration"

// PrepareDemo turns settings into those of the demonstration: a data directory of its own, a site on loopback, and an
// account. It refuses a directory that holds something else.
func PrepareDemo(cfg config.Config) (config.Config, error) {
	cfg.AllowPrivateAddresses = true
	if err := markDemo(cfg.DataDir); err != nil {
		return cfg, err
	}
	keys, err := loadKeys(cfg)
	if err != nil {
		return cfg, err
	}
	if cfg.AdminEmail == "" {
		cfg.AdminEmail = DemoEmail
		// The same at every start, and nowhere else.
		cfg.AdminPassword = strings.ToLower(base32.StdEncoding.EncodeToString(keys.Derive("demonstration password"))[:12])
	}
	return cfg, nil
}

func markDemo(dir string) error {
	mark := filepath.Join(dir, demoMark)
	if _, err := os.Stat(mark); err == nil {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("data directory of the demonstration: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s holds something that is not a demonstration; choose an empty folder with --data-dir: %w", dir, wiki.ErrInvalid)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory of the demonstration: %w", err)
	}
	const text = "This folder belongs to the demonstration of Sluice. It can be deleted.\n"
	if err := os.WriteFile(mark, []byte(text), 0o600); err != nil {
		return fmt.Errorf("data directory of the demonstration: %w", err)
	}
	return nil
}

// ConnectDemo makes the demonstration's spaces (none named: all) sources that begin to sync, and returns how many. What
// an earlier start has left of the site, which was another one at another address, is removed first.
func (a *App) ConnectDemo(ctx context.Context, address string, spaces []string) (int, error) {
	ctx = a.operator(ctx)
	if err := a.forgetDemo(ctx); err != nil {
		return 0, err
	}
	credentials := sources.Credentials{BaseURL: address, Deployment: wiki.Cloud, Email: demo.Email, APIToken: demo.Token}
	if len(spaces) == 0 {
		there, err := a.Sources.Test(ctx, credentials)
		if err != nil {
			return 0, fmt.Errorf("connect the demonstration: %w", err)
		}
		for _, s := range there.Spaces {
			spaces = append(spaces, s.Key)
		}
	}
	for _, key := range spaces {
		_, err := a.Sources.Create(ctx, sources.NewSource{
			Credentials: credentials, SpaceKey: key, SyncFrequencyHours: 1, DeletionCheckStrategy: sources.EverySync, RestrictedPages: sources.Include,
		})
		if err != nil {
			return 0, fmt.Errorf("connect the demonstration's space %s: %w", key, err)
		}
	}
	return len(spaces), nil
}

func (a *App) forgetDemo(ctx context.Context) error {
	connections, err := a.Sources.Connections(ctx)
	if err != nil {
		return err
	}
	old := map[string]bool{}
	for _, c := range connections {
		old[c.ID] = c.Email == demo.Email
	}
	all, err := a.Sources.List(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if !old[s.ConnectionID] {
			continue
		}
		if err := a.Sources.Delete(ctx, s.ID); err != nil {
			return fmt.Errorf("forget the demonstration's source %s: %w", s.ID, err)
		}
	}
	return nil
}

// MoveDemo makes an edit and asks for a run of every source, again and again until ctx ends: the schedule counts in
// hours, and a demonstration should move while somebody looks.
func (a *App) MoveDemo(ctx context.Context, every time.Duration, edit func() (string, error)) error {
	ctx = a.operator(ctx)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := a.syncAfter(ctx, edit); err != nil && ctx.Err() == nil {
			a.Log.WarnContext(ctx, "demonstration", "err", err)
		}
	}
}

func (a *App) syncAfter(ctx context.Context, edit func() (string, error)) error {
	what, err := edit()
	if err != nil {
		return err
	}
	a.Log.InfoContext(ctx, "somebody edits the demonstration", "what", what)
	all, err := a.Sources.List(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		// The audit log is for what people do.
		_, err := a.Sources.Service.Sync(ctx, s.ID, sources.SyncRequest{Trigger: sources.TriggerSchedule})
		if err != nil && !errors.Is(err, wiki.ErrConflict) {
			return err
		}
	}
	return nil
}
