package convert

import (
	"encoding/json"
	"net/url"
	"strings"
)

// roadmapSource is what a roadmap keeps, percent-encoded, in its source parameter.
type roadmapSource struct {
	Title string `json:"title"`
	Lanes []struct {
		Title string       `json:"title"`
		Bars  []roadmapBar `json:"bars"`
	} `json:"lanes"`
	Markers []struct {
		Title      string `json:"title"`
		MarkerDate string `json:"markerDate"`
	} `json:"markers"`
}

type roadmapBar struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	StartDate   string `json:"startDate"`
}

// roadmap writes the lanes with their bars, and the markers, as lists.
func roadmap(c *converter, m macro) error {
	p := m.param("source")
	if p == nil {
		return errNotUsable
	}
	text, err := url.PathUnescape(strings.TrimSpace(p.text()))
	if err != nil {
		return errNotUsable
	}
	var source roadmapSource
	if err := json.Unmarshal([]byte(text), &source); err != nil {
		return errNotUsable
	}
	c.boldLine(source.Title)
	first := true
	for _, lane := range source.Lanes {
		c.listItem(&first, lane.Title, func() {
			first := true
			for _, bar := range lane.Bars {
				c.listItem(&first, bar.line(), func() {})
			}
		})
	}
	for _, marker := range source.Markers {
		c.listItem(&first, dated(marker.Title, marker.MarkerDate), func() {})
	}
	return nil
}

func (b roadmapBar) line() string {
	line := dated(b.Title, b.StartDate)
	if b.Description != "" {
		line += ": " + b.Description
	}
	return line
}

func dated(title, date string) string {
	if day, _, _ := strings.Cut(date, " "); day != "" {
		return title + " (" + day + ")"
	}
	return title
}

// listItem writes an item of a list that the source does not have as such.
func (c *converter) listItem(first *bool, text string, more func()) {
	c.w.endBlock()
	if c.w.cell {
		c.w.lead = "• "
		c.plain(text)
		more()
		c.w.endBlock()
		return
	}
	if !*first {
		c.w.sep = sepTight
	}
	*first = false
	c.w.push("- ", "  ")
	c.plain(text)
	c.w.endBlock()
	more()
	c.w.pop()
}
