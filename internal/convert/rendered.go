package convert

import (
	"fmt"

	htmltomarkdown "github.com/JohannesKaufmann/html-to-markdown/v2"
	h2m "github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/microcosm-cc/bluemonday"
)

// rendered writes HTML that Confluence made of a macro. It is HTML and not storage format, so a general converter is
// right for it; the sanitiser goes first, because that one passes targets and tags on.
func (c *converter) rendered(html string) error {
	safe := bluemonday.UGCPolicy().Sanitize(html)
	text, err := htmltomarkdown.ConvertString(safe, h2m.WithDomain(c.site.base))
	if err != nil {
		return fmt.Errorf("rendered macro: %w", err)
	}
	c.raw(trimBlankLines(text))
	return nil
}
