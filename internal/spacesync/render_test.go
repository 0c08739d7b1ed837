package spacesync_test

import (
	"strings"
	"testing"

	"github.com/sluicehq/sluice/internal/confluence/confluencetest"
	"github.com/sluicehq/sluice/internal/spacesync"
)

// Only pages with macros that exist nowhere but rendered cost another request, and only where that is wanted.
func TestRenderMacros(t *testing.T) {
	t.Parallel()
	const macro = `<ac:structured-macro ac:name="contentbylabel" ac:macro-id="b1"><ac:parameter ac:name="cql">label = "x"</ac:parameter></ac:structured-macro>`
	for name, want := range map[string]int{"on": 1, "off": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSim(t, confluencetest.Options{}, spacesync.Options{RenderMacros: name == "on"}, "ENG")
			s.wiki.AddPage("ENG", confluencetest.Page{Title: "Plain", Body: "<p>plain</p>"})
			s.wiki.AddPage("ENG", confluencetest.Page{Title: "Listing", Body: "<p>before</p>" + macro})
			s.compare("eng")
			asked := 0
			for _, r := range s.wiki.Requests() {
				if strings.Contains(r.Query, "body-format=view") {
					asked++
				}
			}
			if asked != want {
				t.Errorf("%d rendered bodies were fetched, want %d", asked, want)
			}
		})
	}
}
