package demo

import (
	"fmt"
	"strings"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
)

// edit is one thing that happens to the site.
type edit struct {
	what string
	do   func(*Demo) error
}

// Steps is how many edits the script has. After them Step keeps a journal on one page.
func (d *Demo) Steps() int { return len(script()) }

// Step makes the n-th edit, counted from 0, and says what it was. The edits build on each other, so they are to be made
// in order.
func (d *Demo) Step(n int) (string, error) {
	edits := script()
	if n < len(edits) {
		if err := edits[n].do(d); err != nil {
			return "", fmt.Errorf("demo edit %d, %s: %w", n, edits[n].what, err)
		}
		return edits[n].what, nil
	}
	return "a line in the handover notes", d.keepJournal(n)
}

// journalLines is how many lines the journal keeps.
const journalLines = 12

// keepJournal adds a line to the handover notes.
func (d *Demo) keepJournal(n int) error {
	notes := []string{
		"`ConsumerLagHigh` on shipping-events, gone after ten minutes", "quiet hour", "disk of `pg-replica-2` at 71 %",
		"certificate of the partner domain renewed", "canary of `catalogue` rolled back by itself", "one page, noise, issue filed",
	}
	line := "- " + d.clock().UTC().Format("15:04") + " " + notes[n%len(notes)]
	d.journal = append(d.journal, line)
	if len(d.journal) > journalLines {
		d.journal = d.journal[len(d.journal)-journalLines:]
	}
	const name = "OPS/Handover notes"
	return d.write(name, d.markdown[name]+"\n\n## This shift\n\n"+strings.Join(d.journal, "\n"), "jon")
}

// write publishes a text as the page's new version.
func (d *Demo) write(name, markdown, by string) error {
	id, ok := d.ids[name]
	if !ok {
		return fmt.Errorf("there is no page %q", name)
	}
	storage, err := d.author.storage(markdown)
	if err != nil {
		return err
	}
	d.Site.Edit(id, storage, people()[by].id)
	return nil
}

// change replaces a piece of a page's text.
func (d *Demo) change(name, old, replacement, by string) error {
	if !strings.Contains(d.markdown[name], old) {
		return fmt.Errorf("page %q does not say %q", name, old)
	}
	d.markdown[name] = strings.Replace(d.markdown[name], old, replacement, 1)
	return d.write(name, d.markdown[name], by)
}

// create adds a page under another.
func (d *Demo) create(key, parent, title, markdown, by string, labels ...string) error {
	storage, err := d.author.storage(markdown)
	if err != nil {
		return err
	}
	name := key + "/" + title
	d.markdown[name] = markdown
	d.ids[name] = d.Site.AddPage(key, confluencetest.Page{
		Title: title, Parent: d.ids[key+"/"+parent], Body: storage, Author: people()[by].id, Labels: labels,
	})
	return nil
}

// page returns the id of a page that the script relies on.
func (d *Demo) page(name string) (string, error) {
	id, ok := d.ids[name]
	if !ok {
		return "", fmt.Errorf("there is no page %q", name)
	}
	return id, nil
}

// on makes an edit that needs only the ids of some pages.
func on(act func(site *confluencetest.Site, ids ...string), names ...string) func(*Demo) error {
	return func(d *Demo) error {
		ids := make([]string, len(names))
		for i, name := range names {
			id, err := d.page(name)
			if err != nil {
				return err
			}
			ids[i] = id
		}
		act(d.Site, ids...)
		return nil
	}
}
