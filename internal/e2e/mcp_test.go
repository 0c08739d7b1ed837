package e2e_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// bearer adds a token to every request.
type bearer struct{ token string }

// RoundTrip sends the request.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return http.DefaultTransport.RoundTrip(r)
}

// agent connects the SDK's client.
func agent(t *testing.T, transport sdk.Transport) *sdk.ClientSession {
	t.Helper()
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), transport, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

// use calls a tool and returns its text and its structured result.
func use(t *testing.T, session *sdk.ClientSession, tool string, args map[string]any) (text string, result map[string]any, failed bool) {
	t.Helper()
	answer, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	for _, c := range answer.Content {
		if part, ok := c.(*sdk.TextContent); ok {
			text += part.Text
		}
	}
	if answer.StructuredContent != nil {
		encoded, err := json.Marshal(answer.StructuredContent)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(encoded, &result); err != nil {
			t.Fatal(err)
		}
	}
	return text, result, answer.IsError
}

// tryTools uses every tool on an instance with the spaces OPS and EVIL.
func tryTools(t *testing.T, session *sdk.ClientSession) {
	t.Helper()
	tools, err := session.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range tools.Tools {
		names = append(names, tool.Name)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"get_page", "list_spaces", "related_pages", "search"}, names); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	text, result, _ := use(t, session, "search", map[string]any{"query": "scrape interval", "spaces": []string{"OPS"}, "limit": 3})
	hits, _ := result["results"].([]any)
	if len(hits) == 0 || !strings.Contains(text, "Scrape interval") || !strings.Contains(text, "http") {
		t.Errorf("search: %s", text)
	}
	if open := strings.Count(text, "<untrusted-page-text mark="); open == 0 {
		t.Errorf("passages are not marked as untrusted: %s", text)
	}
	text, result, _ = use(t, session, "get_page", map[string]any{"page_id": "7001"})
	if !strings.Contains(text, "30 seconds") || result["title"] != "Scrape interval" {
		t.Errorf("page: %s", text)
	}
	text, _, _ = use(t, session, "get_page", map[string]any{"page_id": "7001", "section": "Changing it"})
	if !strings.Contains(text, "reload") || strings.Contains(text, "30 seconds") {
		t.Errorf("section: %s", text)
	}
	text, _, _ = use(t, session, "list_spaces", nil)
	if !strings.Contains(text, "OPS") {
		t.Errorf("spaces: %s", text)
	}
	_, result, _ = use(t, session, "related_pages", map[string]any{"page_id": "7001"})
	for _, kind := range []string{"siblings", "linked_by", "same_jira"} {
		rows, _ := result[kind].([]any)
		if len(rows) == 0 || !strings.Contains(toJSON(t, rows), "Roll back a deployment") {
			t.Errorf("%s of the page: %v", kind, rows)
		}
	}
	if text, _, failed := use(t, session, "get_page", map[string]any{"page_id": "nowhere"}); !failed || !strings.Contains(text, "no such page") {
		t.Errorf("a page that is not there: %s", text)
	}
	if text, _, failed := use(t, session, "search", map[string]any{"query": ""}); !failed {
		t.Errorf("an empty query: %s", text)
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func TestAgentsOverHTTP(t *testing.T) {
	t.Parallel()
	i := start(t)
	i.connect(t, "OPS")
	i.connect(t, "EVIL")
	transport := &sdk.StreamableClientTransport{Endpoint: i.url + "/mcp", HTTPClient: &http.Client{Transport: bearer{i.reader}}, DisableStandaloneSSE: true}
	session := agent(t, transport)
	tryTools(t, session)

	text, _, _ := use(t, session, "search", map[string]any{"query": "zebra", "max_tokens": 300})
	if strings.Contains(strings.ReplaceAll(text, "untrusted-page-text", ""), "\n</untrusted") || len(text) > 300*5 {
		t.Errorf("%d bytes for 300 tokens: %s", len(text), text)
	}
	stranger := &sdk.StreamableClientTransport{Endpoint: i.url + "/mcp", DisableStandaloneSSE: true}
	if _, err := sdk.NewClient(&sdk.Implementation{Name: "test"}, nil).Connect(t.Context(), stranger, nil); err == nil {
		t.Error("an agent without a token was let in")
	}
}

func TestAgentsOverStdio(t *testing.T) {
	t.Parallel()
	i := start(t)
	i.connect(t, "OPS")
	i.connect(t, "EVIL")
	command := exec.CommandContext(context.WithoutCancel(t.Context()), binary(t), "mcp")
	command.Env = i.environment()
	tryTools(t, agent(t, &sdk.CommandTransport{Command: command}))
}
