package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path"
	"time"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
)

// Demo is the demonstration site. Step must not be called from two goroutines at once; the site itself may be used by
// any number.
type Demo struct {
	// Site answers requests; it is an http.Handler.
	Site *confluencetest.Site

	author   *author
	clock    func() time.Time
	ids      map[string]string // "KEY/Title" to page id
	markdown map[string]string // "KEY/Title" to the text as written
	picture  []byte
	journal  []string
}

// New builds the site. Ids, titles and texts are the same every time; dates are as written, or moved into the past
// where the clock says that they have not come yet. A nil clock is time.Now.
func New(clock func() time.Time) (*Demo, error) {
	if clock == nil {
		clock = time.Now
	}
	spaces, err := load()
	if err != nil {
		return nil, err
	}
	d := &Demo{
		Site:   confluencetest.New(confluencetest.Options{Clock: clock, Title: "Halyard Confluence", PublicWeb: true, Seed: 7}),
		author: newAuthor(people()), clock: clock, ids: map[string]string{}, markdown: map[string]string{},
	}
	if d.picture, err = picture(); err != nil {
		return nil, err
	}
	addPeople(d.Site)
	shift, err := d.shift(spaces)
	if err != nil {
		return nil, err
	}
	for _, s := range spaces {
		d.Site.AddSpace(confluencetest.Space{Key: s.key, Name: s.name, Author: people()["grace"].id, NoHomepage: true})
		for _, p := range s.pages {
			if err := d.add(s.key, p, shift); err != nil {
				return nil, fmt.Errorf("space %s, page %q: %w", s.key, p.title, err)
			}
		}
	}
	for _, c := range comments() {
		d.Site.AddComment(d.ids[c.page], confluencetest.Comment{Author: people()[c.author].id, Body: "<p>" + c.text + "</p>", Inline: c.inline})
	}
	return d, nil
}

// Spaces returns the keys of the spaces, sorted.
func Spaces() []string { return []string{"OPS", "PLAT", "SHOP", "TEAM"} }

// shift is how far dates must move so that the newest is in the past.
func (d *Demo) shift(spaces []space) (time.Duration, error) {
	var newest time.Time
	for _, s := range spaces {
		for _, p := range s.pages {
			at, err := p.when()
			if err != nil {
				return 0, fmt.Errorf("space %s: %w", s.key, err)
			}
			if at.After(newest) {
				newest = at
			}
		}
	}
	const day = 24 * time.Hour
	if late := newest.Sub(d.clock().Add(-day)); late > 0 {
		return -late.Truncate(day) - day, nil
	}
	return 0, nil
}

// when is the date of the last version, in working hours that depend on the title.
func (p page) when() (time.Time, error) {
	if p.updated == "" {
		return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), nil
	}
	day, err := time.Parse(time.DateOnly, p.updated)
	if err != nil {
		return time.Time{}, fmt.Errorf("page %q: %w", p.title, err)
	}
	return day.Add(8*time.Hour + time.Duration(len(p.title)*13)*time.Minute), nil
}

// add puts a page of a content file on the site.
func (d *Demo) add(key string, p page, shift time.Duration) error {
	at, err := p.when()
	if err != nil {
		return err
	}
	at = at.Add(shift)
	spec := confluencetest.Page{
		Title: p.title, Labels: p.labels, Version: p.version, Modified: at, Author: people()[p.author].id,
		Created: at.Add(-time.Duration(p.version-1) * 9 * 24 * time.Hour),
	}
	home := d.ids[key]
	switch {
	case p.parent != "":
		if spec.Parent = d.ids[key+"/"+p.parent]; spec.Parent == "" {
			return fmt.Errorf("the parent %q comes later or does not exist", p.parent)
		}
	case home != "":
		spec.Parent = home
	default:
		spec.Root = true
	}
	if p.restricted {
		spec.Readers = confluencetest.Readers{Groups: []string{documentation}}
	}
	if p.archived {
		spec.Status = "archived"
	}
	name := key + "/" + p.title
	if spec.Body, err = d.author.storage(p.body); err != nil {
		return err
	}
	switch {
	case p.folder:
		d.ids[name] = d.Site.AddFolder(key, spec)
		return nil
	case p.blog:
		spec.Parent = ""
		d.ids[name] = d.Site.AddBlogPost(key, spec)
	default:
		d.ids[name] = d.Site.AddPage(key, spec)
	}
	d.markdown[name] = p.body
	if home == "" {
		d.ids[key] = d.ids[name]
		d.Site.SetHomePage(d.ids[name])
	}
	for _, f := range p.files {
		d.attach(d.ids[name], f, spec.Author, at)
	}
	return nil
}

// attach adds a file: the picture, or for other kinds of file only its name and size.
func (d *Demo) attach(id, name, by string, at time.Time) {
	file := confluencetest.Attachment{Name: name, Author: by, Created: at, MediaType: "application/octet-stream", Size: 48_213}
	if path.Ext(name) == ".png" {
		file.MediaType, file.Data, file.Size = "image/png", d.picture, 0
	}
	d.Site.Attach(id, file)
}

// picture is a plain image for attachments.
func picture() ([]byte, error) {
	img := image.NewPaletted(image.Rect(0, 0, 320, 120), color.Palette{color.White, color.RGBA{R: 0x0b, G: 0x5c, B: 0xad, A: 0xff}})
	for x := range 320 {
		for y := range 120 {
			if (x/40)%2 == 0 && y > 40 && y < 80 {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("draw the demo picture: %w", err)
	}
	return out.Bytes(), nil
}

// comment is what somebody said about a page.
type comment struct {
	page, author, text string
	inline             bool
}

func comments() []comment {
	return []comment{
		{"OPS/Runbook: PostgreSQL connections exhausted", "tomas", "The limit was raised to 600 after OPS-97, step 3 still says 400.", true},
		{"OPS/Incident checklist", "jon", "Printed and on the wall in Lisbon.", false},
		{"SHOP/Voucher rules", "lena", "VCH-11 needs a better sentence, support gets three calls a day.", true},
		{"SHOP/Express checkout", "mina", "50 % on Monday if the error rate stays below 0.1 %.", false},
		{"PLAT/Feature flags", "omar", "Can we have kill switches per region?", false},
		{"TEAM/RFC 24: passkeys for customers", "grace", "What do we do about the kiosks?", false},
	}
}
