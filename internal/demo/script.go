package demo

import (
	"time"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
)

// script is the story that the demonstration tells, one edit a step: everything that a sync has to notice happens once.
func script() []edit {
	return append(morning(), afternoon()...)
}

func morning() []edit {
	return []edit{
		{"edit: the connection limit in a runbook", func(d *Demo) error {
			return d.change("OPS/Runbook: PostgreSQL connections exhausted", "must stay below 400", "must stay below 520 (raised from 400 with OPS-151)", "priya")
		}},
		{"new page: a runbook for rate limits", func(d *Demo) error {
			return d.create("OPS", "Runbooks", "Runbook: partner gets 429", partnerRunbook, "lena", "runbook", "partners", "rate-limit")
		}},
		{"label: the new runbook is reviewed", on(func(site *confluencetest.Site, ids ...string) {
			site.Label(ids[0], "reviewed")
		}, "OPS/Runbook: partner gets 429")},
		{"rename: emails are late, not lost", func(d *Demo) error {
			return d.rename("OPS/Runbook: emails are not delivered", "OPS/Runbook: emails arrive late or never", "Runbook: emails arrive late or never")
		}},
		{"edit: express checkout goes to half of the customers", func(d *Demo) error {
			return d.change("SHOP/Express checkout", "at 25 % since 2 November", "at 50 % since this morning", "lena")
		}},
		{"move: the load test goes to capacity planning in another space", func(d *Demo) error {
			capacity, err := d.page("OPS/Capacity planning")
			if err != nil {
				return err
			}
			return on(func(site *confluencetest.Site, ids ...string) { site.MoveToSpace(ids[0], "OPS", capacity) }, "SHOP/Checkout load test")(d)
		}},
		{"restrict: a postmortem with customer data", on(func(site *confluencetest.Site, ids ...string) {
			site.Restrict(ids[0], confluencetest.Readers{Groups: []string{"security"}})
		}, "OPS/Postmortem: duplicate charges in June")},
		{"new page: an incident is going on", func(d *Demo) error {
			return d.create("OPS", "Incident management", "Incident: carrier labels fail", carrierIncident, "grace", "incident", "shipping")
		}},
		{"edit: the incident is mitigated", func(d *Demo) error {
			return d.change("OPS/Incident: carrier labels fail", "{{status Red INVESTIGATING}}", "{{status Yellow MITIGATED}}", "grace")
		}},
		{"comment: a question under the incident", on(func(site *confluencetest.Site, ids ...string) {
			site.AddComment(ids[0], confluencetest.Comment{Author: people()["mina"].id, Body: "<p>Were the 18:30 parcels affected?</p>"})
		}, "OPS/Incident: carrier labels fail")},
	}
}

func afternoon() []edit {
	return []edit{
		{"attachment: a graph for the incident", func(d *Demo) error {
			id, err := d.page("OPS/Incident: carrier labels fail")
			if err != nil {
				return err
			}
			d.attach(id, "label-errors.png", people()["grace"].id, time.Time{})
			return nil
		}},
		{"edit: RFC 24 is accepted", func(d *Demo) error {
			return d.change("TEAM/RFC 24: passkeys for customers", "{{status Yellow IN REVIEW}}", "{{status Green ACCEPTED}}", "aisha")
		}},
		{"move: a runbook under incident management", on(func(site *confluencetest.Site, ids ...string) {
			site.Move(ids[0], ids[1])
		}, "OPS/Runbook: cron job did not run", "OPS/Change management")},
		{"delete: the rejected RFC goes to the trash", on(func(site *confluencetest.Site, ids ...string) {
			site.Trash(ids[0])
		}, "TEAM/RFC 19: monorepo for the frontends")},
		{"archive: scrape configuration", on(func(site *confluencetest.Site, ids ...string) {
			site.Archive(ids[0])
		}, "PLAT/Scrape configuration")},
		{"blog post: what happened today", func(d *Demo) error {
			storage, err := d.author.storage(carrierNews)
			if err != nil {
				return err
			}
			d.Site.AddBlogPost("SHOP", confluencetest.Page{Title: "Carrier labels: what happened", Body: storage, Author: people()["mina"].id, Labels: []string{"shipping", "news"}})
			return nil
		}},
		{"rename: the parent page of the runbooks", func(d *Demo) error {
			return d.rename("OPS/Runbooks", "OPS/Runbook library", "Runbook library")
		}},
		{"restore: the rejected RFC comes back", on(func(site *confluencetest.Site, ids ...string) {
			site.Restore(ids[0])
		}, "TEAM/RFC 19: monorepo for the frontends")},
		{"label removed: feature-flags", on(func(site *confluencetest.Site, ids ...string) {
			site.Unlabel(ids[0], "feature-flags")
		}, "SHOP/Express checkout")},
		{"restriction lifted: the postmortem is public again", on(func(site *confluencetest.Site, ids ...string) {
			site.Restrict(ids[0], confluencetest.Readers{})
		}, "OPS/Postmortem: duplicate charges in June")},
		{"delete for good: the old meeting notes template", on(func(site *confluencetest.Site, ids ...string) {
			site.Purge(ids[0])
		}, "TEAM/Meeting notes template")},
		{"edit: the glossary learns a word", func(d *Demo) error {
			return d.change("TEAM/Glossary", "| WAL |", "| SBOM | software bill of materials, what is in a build |\n| WAL |", "jon")
		}},
	}
}

// rename changes a page's title and the name that the script knows it by.
func (d *Demo) rename(name, newName, title string) error {
	id, err := d.page(name)
	if err != nil {
		return err
	}
	d.Site.Rename(id, title)
	d.ids[newName], d.markdown[newName] = id, d.markdown[name]
	return nil
}

const partnerRunbook = `A partner writes that they get ` + "`429 Too Many Requests`" + ` although they call rarely.

1. Look up the client in the gateway: ` + "`gatewayctl clients show acme --bucket`" + `.
2. One client id for many servers? The bucket is shared between them; see [the limits](page:SHOP/Partner_API_rate_limits).
3. Raise the burst for a day with ` + "`--burst 120 --until tomorrow`" + ` and file an issue such as {{jira SHOP-322}}.

Never raise the steady rate without the owner of the order service.`

const carrierIncident = `{{status Red INVESTIGATING}} Labels of Postline fail with ` + "`SOAP-ENV:Client unknown element shipToResidential`" + ` since 08:40. {{jira OPS-152}}

- Orders are accepted, parcels wait in the warehouse.
- Cut-off today is 18:30, so there is time.
- Workaround: print with Northwind for parcels below 5 kg.`

const carrierNews = `From 08:40 to 11:15 we could not print labels of one carrier. They had added an element to their schema without a version; our parser refuses what it does not know. 412 parcels left with another carrier, none was late. The parser now ignores unknown elements and counts them.`
