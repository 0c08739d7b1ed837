package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sluicehq/sluice/internal/app"
	"github.com/sluicehq/sluice/internal/convert"
	"github.com/sluicehq/sluice/internal/embedding"
)

// maxPage bounds what convert reads; Confluence itself takes no more than 5 MB.
const maxPage = 64 << 20

func (p *program) convertCommand() *cobra.Command {
	var contextFile string
	var report bool
	cmd := &cobra.Command{
		Use: "convert", Short: "Convert Confluence storage format on stdin to Markdown as JSON on stdout", Args: noArgs,
		Long: "Shows what becomes of a page; needs no database. The JSON has markdown, jira_keys, links, mentions, attachments,\n" +
			"sections and properties.",
		Example: "  sluice convert < page.xml\n  sluice convert --context look-ups.json --report < page.xml | jq -r .markdown",
		RunE: func(*cobra.Command, []string) error {
			known, err := readContext(contextFile)
			if err != nil {
				return err
			}
			storage, err := io.ReadAll(io.LimitReader(p.stdin, maxPage+1))
			if err != nil {
				return fmt.Errorf("read the page from the input: %w", err)
			}
			if len(storage) > maxPage {
				return fmt.Errorf("the page is larger than %d MB", maxPage>>20)
			}
			return p.printConverted(convert.Convert(string(storage), known), report)
		},
	}
	cmd.Flags().StringVar(&contextFile, "context", "", "JSON file with what look-ups would know: base_url, jira_base_url, page, users, pages")
	cmd.Flags().BoolVar(&report, "report", false, "also say what was repaired, dropped and not known")
	return cmd
}

func readContext(path string) (convert.Context, error) {
	if path == "" {
		return convert.Context{}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return convert.Context{}, fmt.Errorf("read the context: %w", err)
	}
	defer f.Close()
	known, err := convert.ReadContext(f)
	if err != nil {
		return convert.Context{}, fmt.Errorf("%s: %w", path, err)
	}
	return known, nil
}

// converted is the contract's JSON.
type converted struct {
	Markdown    string             `json:"markdown"`
	JiraKeys    []string           `json:"jira_keys"`
	Links       []string           `json:"links"`
	Mentions    []string           `json:"mentions"`
	Attachments []string           `json:"attachments"`
	Sections    []convert.Section  `json:"sections"`
	Properties  convert.Properties `json:"properties"`
	Report      *convert.Report    `json:"report,omitempty"`
}

func (p *program) printConverted(r convert.Result, report bool) error {
	out := converted{
		Markdown: r.Markdown, JiraKeys: []string{}, Links: append([]string{}, r.Links...), Mentions: []string{}, Attachments: []string{},
		Sections: append([]convert.Section{}, r.Sections...), Properties: r.Properties,
	}
	for _, k := range r.JiraKeys {
		out.JiraKeys = append(out.JiraKeys, k.Key)
	}
	slices.Sort(out.JiraKeys)
	for _, m := range r.Mentions {
		out.Mentions = append(out.Mentions, m.ID)
	}
	for _, a := range r.Attachments {
		out.Attachments = append(out.Attachments, a.Name)
	}
	if out.Properties == nil {
		out.Properties = convert.Properties{}
	}
	if report {
		out.Report = &r.Report
	}
	return p.printJSON(out)
}

// How many lines are embedded together, and how long one may be.
const (
	embedBatch = 32
	maxLine    = 16 << 20
)

func (p *program) embedCommand() *cobra.Command {
	return &cobra.Command{
		Use: "embed", Short: "Embed each line of stdin: one JSON array of numbers per line on stdout", Args: noArgs,
		Long:    "Uses the embedder of the settings; needs no database. A line without any text gives an empty array.",
		Example: "  echo \"scrape interval\" | sluice embed\n  sluice embed --embedder openai --embedder-url http://localhost:11434 --embedder-model nomic-embed-text < lines.txt",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.settings(cmd, map[string]string{"SLUICE_LOG_LEVEL": "warn", "SLUICE_LOG_FORMAT": "text"})
			if err != nil {
				return usageError{err}
			}
			embedder, err := app.NewEmbedder(cfg, p.logger(cfg))
			if err != nil {
				return err
			}
			return p.embedLines(cmd.Context(), embedder)
		},
	}
}

func (p *program) embedLines(ctx context.Context, embedder embedding.Embedder) error {
	lines := bufio.NewScanner(p.stdin)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	out := bufio.NewWriter(p.stdout)
	var batch []embedding.Document
	for more := true; more; {
		if more = lines.Scan(); more {
			batch = append(batch, embedding.Document{Text: lines.Text()})
		}
		if len(batch) == embedBatch || !more && len(batch) > 0 {
			if err := writeVectors(ctx, out, embedder, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return fmt.Errorf("a line is longer than %d MB", maxLine>>20)
		}
		return fmt.Errorf("read the input: %w", err)
	}
	return nil
}

func writeVectors(ctx context.Context, out *bufio.Writer, embedder embedding.Embedder, batch []embedding.Document) error {
	vectors, err := embedder.EmbedDocuments(ctx, batch)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	for _, v := range vectors {
		if v == nil {
			v = []float32{}
		}
		if err := encoder.Encode(v); err != nil {
			return err
		}
	}
	return out.Flush()
}
