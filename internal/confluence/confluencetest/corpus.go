package confluencetest

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// corpusSpace is a space as spaces.json describes it.
type corpusSpace struct {
	ID          string         `json:"id"`
	Key         string         `json:"key"`
	Name        string         `json:"name"`
	Type        string         `json:"type"`
	Description string         `json:"description"`
	HomepageID  string         `json:"homepageId"`
	AuthorID    string         `json:"authorId"`
	CreatedAt   time.Time      `json:"createdAt"`
	Folders     []corpusFolder `json:"folders"`
}

type corpusFolder struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	ParentID  string    `json:"parentId"`
	AuthorID  string    `json:"authorId"`
	CreatedAt time.Time `json:"createdAt"`
}

type corpusUser struct {
	AccountID   string `json:"accountId"`
	AccountType string `json:"accountType"`
	DisplayName string `json:"displayName"`
	Email       string `json:"email"`
	Active      bool   `json:"active"`
	Team        string `json:"team"`
}

type corpusPage struct {
	ID         string    `json:"id"`
	SpaceKey   string    `json:"spaceKey"`
	Title      string    `json:"title"`
	Type       string    `json:"type"`
	Status     string    `json:"status"`
	ParentID   string    `json:"parentId"`
	ParentType string    `json:"parentType"`
	AuthorID   string    `json:"authorId"`
	CreatedAt  time.Time `json:"createdAt"`
	Version    struct {
		Number    int       `json:"number"`
		CreatedAt time.Time `json:"createdAt"`
		AuthorID  string    `json:"authorId"`
	} `json:"version"`
	Labels       []string `json:"labels"`
	RestrictedTo []string `json:"restrictedTo"`
	Attachments  []struct {
		ID        string    `json:"id"`
		Title     string    `json:"title"`
		MediaType string    `json:"mediaType"`
		FileSize  int64     `json:"fileSize"`
		Version   int       `json:"version"`
		CreatedAt time.Time `json:"createdAt"`
	} `json:"attachments"`
	Body string `json:"body_storage"`
}

// CorpusMini as a space of LoadCorpus stands for the small set, mini.jsonl.gz.
const CorpusMini = "mini"

// LoadCorpus loads a corpus of pages from a directory: spaces.json, users.json and, of each wanted space,
// pages-KEY.jsonl.gz with one page a line, parents first. CorpusMini loads mini.jsonl.gz instead; no spaces at all
// means every file that is there, without the small set.
func LoadCorpus(site *Site, dir string, spaces ...string) error {
	var known []corpusSpace
	if err := readJSON(filepath.Join(dir, "spaces.json"), &known); err != nil {
		return err
	}
	var users []corpusUser
	if err := readJSON(filepath.Join(dir, "users.json"), &users); err != nil {
		return err
	}
	for _, u := range users {
		site.AddUser(User{
			ID: u.AccountID, Name: u.DisplayName, Email: u.Email, App: u.AccountType == "app", Inactive: !u.Active,
			Groups: []string{"team-" + strings.ToLower(u.Team)},
		})
	}
	files, err := corpusFiles(dir, spaces)
	if err != nil {
		return err
	}
	l := &corpusLoader{site: site, spaces: map[string]corpusSpace{}, added: map[string]bool{}, ids: map[string]bool{}}
	for _, sp := range known {
		l.spaces[sp.Key] = sp
	}
	for _, file := range files {
		if err := l.load(file); err != nil {
			return fmt.Errorf("load corpus %s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

func corpusFiles(dir string, spaces []string) ([]string, error) {
	var files []string
	for _, key := range spaces {
		name := "pages-" + key + ".jsonl.gz"
		if key == CorpusMini {
			name = "mini.jsonl.gz"
		}
		files = append(files, filepath.Join(dir, name))
	}
	if len(files) > 0 {
		return files, nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "pages-*.jsonl.gz"))
	if err != nil {
		return nil, fmt.Errorf("list the corpus: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no pages-*.jsonl.gz in %s", dir)
	}
	slices.Sort(files)
	return files, nil
}

func readJSON(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the corpus: %w", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read the corpus, %s: %w", filepath.Base(path), err)
	}
	return nil
}

// corpusLoader puts one page after the other on the site.
type corpusLoader struct {
	site   *Site
	spaces map[string]corpusSpace
	added  map[string]bool // spaces, by key
	ids    map[string]bool // pages and folders
}

func (l *corpusLoader) load(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(bufio.NewReaderSize(file, 1<<16))
	if err != nil {
		return fmt.Errorf("unzip: %w", err)
	}
	pages := json.NewDecoder(unzipped)
	for n := 1; ; n++ {
		var p corpusPage
		if err := pages.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("page %d: %w", n, err)
		}
		if err := l.add(p); err != nil {
			return fmt.Errorf("page %d, %q: %w", n, p.Title, err)
		}
	}
}

func (l *corpusLoader) add(p corpusPage) error {
	sp, ok := l.spaces[p.SpaceKey]
	if !ok {
		return fmt.Errorf("spaces.json has no space %q", p.SpaceKey)
	}
	if !l.added[sp.Key] {
		l.site.AddSpace(Space{
			ID: sp.ID, Key: sp.Key, Name: sp.Name, Type: sp.Type, Description: sp.Description, Author: sp.AuthorID,
			Created: sp.CreatedAt, NoHomepage: true,
		})
		l.added[sp.Key] = true
	}
	if p.ParentType == typeFolder && !l.ids[p.ParentID] {
		if err := l.addFolder(sp, p.ParentID, 0); err != nil {
			return err
		}
	}
	if p.ParentID != "" && !l.ids[p.ParentID] {
		return fmt.Errorf("its parent %s is missing", p.ParentID)
	}
	page := Page{
		ID: p.ID, Title: p.Title, Parent: p.ParentID, Root: p.ParentID == "", Body: p.Body, Author: p.AuthorID,
		Editor: p.Version.AuthorID, Created: p.CreatedAt, Modified: p.Version.CreatedAt, Version: p.Version.Number,
		Labels: p.Labels, Readers: Readers{Users: p.RestrictedTo}, Status: p.Status,
	}
	if p.Type == typeBlogPost {
		l.site.AddBlogPost(sp.Key, page)
	} else {
		l.site.AddPage(sp.Key, page)
	}
	l.ids[p.ID] = true
	if p.ID == sp.HomepageID {
		l.site.SetHomePage(p.ID)
	}
	for _, a := range p.Attachments {
		l.site.Attach(p.ID, Attachment{
			ID: a.ID, Name: a.Title, MediaType: a.MediaType, Size: a.FileSize, Author: p.AuthorID, Created: a.CreatedAt,
			Version: a.Version,
		})
	}
	return nil
}

// addFolder adds a folder, and first the folders that it lies in.
func (l *corpusLoader) addFolder(sp corpusSpace, id string, depth int) error {
	i := slices.IndexFunc(sp.Folders, func(f corpusFolder) bool { return f.ID == id })
	if i < 0 || depth > len(sp.Folders) {
		return fmt.Errorf("its folder %s is missing", id)
	}
	f := sp.Folders[i]
	if !l.ids[f.ParentID] {
		if err := l.addFolder(sp, f.ParentID, depth+1); err != nil {
			return err
		}
	}
	l.site.AddFolder(sp.Key, Page{ID: f.ID, Title: f.Title, Parent: f.ParentID, Author: f.AuthorID, Created: f.CreatedAt})
	l.ids[id] = true
	return nil
}

// GrantAll lets an account read every restricted content: it is named wherever somebody is.
func (s *Site) GrantAll(accountID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.contents {
		if !c.readers.empty() && !slices.Contains(c.readers.Users, accountID) {
			s.changeLocked(c, func(c *content) {
				c.readers = Readers{Users: append(slices.Clone(c.readers.Users), accountID), Groups: c.readers.Groups}
			})
		}
	}
}
