// Package demo is the demonstration Confluence: a made-up company's engineering documentation, and a script of edits
// that keeps it moving, so that everything can be tried without credentials.
//
// The pages are written in content/*.md, one file a space, in Markdown with a few marks for what only Confluence has;
// this package turns them into storage format and loads them into the simulator.
package demo

import (
	"bufio"
	"embed"
	"fmt"
	"io/fs"
	"sort"
	"strings"
)

//go:embed content/*.md
var contentFS embed.FS

// page is one page as written in a content file.
type page struct {
	title      string
	parent     string // title; empty: under the space's home page
	blog       bool
	folder     bool
	restricted bool // only the documentation team may read it
	archived   bool
	labels     []string
	author     string // key of people
	updated    string // date of the last version, 2026-03-04
	version    int
	files      []string // attachments
	body       string   // Markdown
}

// space is one content file. Its first page is the home page.
type space struct {
	key, name string
	pages     []page
}

// load reads every content file, sorted by name.
func load() ([]space, error) {
	names, err := fs.Glob(contentFS, "content/*.md")
	if err != nil {
		return nil, fmt.Errorf("list demo content: %w", err)
	}
	sort.Strings(names)
	var spaces []space
	for _, name := range names {
		raw, err := contentFS.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read demo content: %w", err)
		}
		s, err := parseSpace(string(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		spaces = append(spaces, s)
	}
	return spaces, nil
}

// parseSpace reads a file that starts with "# KEY Name"; each page starts with a line "=== Title", then "key: value"
// lines up to an empty line, then its Markdown.
func parseSpace(text string) (space, error) {
	head, rest, _ := strings.Cut(text, "\n")
	key, name, ok := strings.Cut(strings.TrimPrefix(head, "# "), " ")
	if !ok {
		return space{}, fmt.Errorf("the first line is not \"# KEY Name\"")
	}
	s := space{key: key, name: name}
	for i, part := range strings.Split("\n"+rest, "\n=== ") {
		if i == 0 {
			continue
		}
		p, err := parsePage(part)
		if err != nil {
			return space{}, err
		}
		s.pages = append(s.pages, p)
	}
	return s, nil
}

func parsePage(text string) (page, error) {
	title, rest, _ := strings.Cut(text, "\n")
	p := page{title: strings.TrimSpace(title), version: 1}
	head, body, _ := strings.Cut(rest, "\n\n")
	p.body = strings.TrimSpace(body)
	lines := bufio.NewScanner(strings.NewReader(head))
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "parent":
			p.parent = value
		case "type":
			p.blog, p.folder = value == "blog", value == "folder"
		case "restricted":
			p.restricted = value == "yes"
		case "archived":
			p.archived = value == "yes"
		case "labels":
			p.labels = strings.Fields(value)
		case "author":
			p.author = value
		case "updated":
			p.updated = value
		case "files":
			p.files = strings.Fields(value)
		case "version":
			if _, err := fmt.Sscan(value, &p.version); err != nil {
				return page{}, fmt.Errorf("page %q: version %q: %w", p.title, value, err)
			}
		case "":
		default:
			return page{}, fmt.Errorf("page %q: unknown line %q", p.title, lines.Text())
		}
	}
	return p, nil
}
