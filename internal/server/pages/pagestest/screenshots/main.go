// Command screenshots signs in to a running Sluice and writes pictures of its main pages, light and dark, as PNG files:
//
//	go run ./internal/server/pages/pagestest/screenshots -base http://127.0.0.1:8080 -email a@example.org -password … -query "scrape interval" -out docs/screenshots
//
// The page, source and run are the first that the search and the dashboard link to. Arguments of the form name=/path
// take those pages instead.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

type options struct {
	base, email, password, query, out, themes string
	width, height                             int64
	full                                      bool
	scale                                     float64
	pages                                     []string // name=/path
}

func main() {
	var o options
	flag.StringVar(&o.base, "base", "http://127.0.0.1:8080", "address of the server")
	flag.StringVar(&o.email, "email", "", "account to sign in with; empty: do not sign in")
	flag.StringVar(&o.password, "password", "", "its password")
	flag.StringVar(&o.query, "query", "how do I", "what to search for")
	flag.StringVar(&o.out, "out", "docs/screenshots", "folder for the pictures")
	flag.StringVar(&o.themes, "themes", "light,dark", "themes, separated by commas")
	flag.Int64Var(&o.width, "width", 1280, "width of the window in pixels")
	flag.Int64Var(&o.height, "height", 860, "height of the window in pixels")
	flag.Float64Var(&o.scale, "scale", 1.5, "pixels of the picture for each pixel of the page")
	flag.BoolVar(&o.full, "full", false, "the whole length of the page, not only the window")
	flag.Parse()
	o.pages = flag.Args()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	profile, err := os.MkdirTemp("", "sluice-screenshots-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(profile)
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("force-color-profile", "srgb"))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	defer stop()
	ctx, cancel := chromedp.NewContext(alloc)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if o.email != "" {
		if err := signIn(ctx, o); err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
	}
	targets, err := find(ctx, o)
	if err != nil {
		return err
	}
	for theme := range strings.SplitSeq(o.themes, ",") {
		for _, t := range targets {
			file := filepath.Join(o.out, t.name+"-"+theme+".png")
			if err := shoot(ctx, o, t.url, theme, file); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			fmt.Println(file)
		}
	}
	return nil
}

func signIn(ctx context.Context, o options) error {
	return chromedp.Do(ctx, chromedp.Navigate(o.base+"/sign-in"), chromedp.SetValue(chromedp.CSS("#f-email"), o.email),
		chromedp.SetValue(chromedp.CSS("#f-password"), o.password), chromedp.Submit(chromedp.CSS("#f-password")), chromedp.WaitVisible(chromedp.CSS("header.topbar")))
}

type target struct{ name, url string }

// find returns what to take: the pages that stand for the program, or those that were asked for.
func find(ctx context.Context, o options) ([]target, error) {
	if len(o.pages) > 0 {
		targets := make([]target, 0, len(o.pages))
		for _, page := range o.pages {
			name, path, found := strings.Cut(page, "=")
			if !found {
				return nil, fmt.Errorf("%q is not of the form name=/path", page)
			}
			targets = append(targets, target{name, o.base + path})
		}
		return targets, nil
	}
	search := o.base + "/?q=" + url.QueryEscape(o.query)
	hit, err := linkOn(ctx, search, "[data-hit-link]")
	if err != nil {
		return nil, err
	}
	source, err := linkOn(ctx, o.base+"/sources", "#sources-live tbody td a")
	if err != nil {
		return nil, err
	}
	last, err := linkOn(ctx, source, "#source-live a.btn")
	if err != nil {
		return nil, err
	}
	return []target{{"search", search}, {"page", hit}, {"dashboard", o.base + "/sources"}, {"source", source}, {"run", last}}, nil
}

// linkOn is where the first link that fits the selector leads.
func linkOn(ctx context.Context, page, selector string) (string, error) {
	if err := chromedp.Do(ctx, chromedp.Navigate(page), chromedp.WaitVisible(chromedp.CSS(selector))); err != nil {
		return "", fmt.Errorf("find %s on %s: %w", selector, page, err)
	}
	return chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%q).href", selector)))
}

func shoot(ctx context.Context, o options, target, theme, file string) error {
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		return err
	}
	err := chromedp.Do(ctx, chromedp.EmulateViewport(o.width, o.height, chromedp.EmulateScale(o.scale)), chromedp.Navigate(target), chromedp.WaitReady(chromedp.CSS("main")))
	if err != nil {
		return err
	}
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("document.activeElement.blur(), true")); err != nil {
		return err
	}
	capture := chromedp.CaptureScreenshot()
	if o.full {
		capture = chromedp.FullScreenshot(100)
	}
	picture, err := chromedp.Run(ctx, capture)
	if err != nil {
		return err
	}
	return os.WriteFile(file, picture, 0o644)
}
