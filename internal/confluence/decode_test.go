package confluence

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/wiki"
)

func TestFlexTime(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC)
	whole := want.Truncate(time.Second)
	for in, want := range map[string]time.Time{
		`"2026-03-04T05:06:07.089Z"`: want, `"2026-03-04T05:06:07.089+0000"`: want, `"2026-03-04T07:06:07.089+02:00"`: want,
		`"2026-03-04T05:06:07Z"`: whole, `"2026-03-04T10:36:07+0530"`: whole, `1772600767089`: want, `null`: {}, `""`: {},
	} {
		var got flexTime
		if err := json.Unmarshal([]byte(in), &got); err != nil || !got.Equal(want) {
			t.Errorf("%s = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{`"yesterday"`, `{}`, `1.5`, `true`} {
		if err := json.Unmarshal([]byte(in), new(flexTime)); err == nil {
			t.Errorf("%s is taken for a time", in)
		}
	}
}

func TestFlexID(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]flexID{`"44001"`: "44001", `98310`: "98310", `4400100000000`: "4400100000000", `null`: "", `"att1"`: "att1"} {
		var got flexID
		if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{`1.5`, `{}`, `[]`, `true`} {
		if err := json.Unmarshal([]byte(in), new(flexID)); err == nil {
			t.Errorf("%s is taken for an id", in)
		}
	}
}

func TestRefOfEitherAPI(t *testing.T) {
	t.Parallel()
	c := serve(t, wiki.Cloud, nil)
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	made := time.Date(2024, 5, 6, 7, 8, 9, 101_000_000, time.UTC)
	want := wiki.ContentRef{
		ID: "44001", Type: wiki.TypePage, Status: wiki.StatusCurrent, Title: "Deploy guide", SpaceID: "98310", SpaceKey: "ENG", ParentID: "44000", ParentType: "folder",
		Position: 412, Version: 7, VersionAt: at, EditorID: "e1", AuthorID: "a1", CreatedAt: made, URL: c.base + "/spaces/ENG/pages/44001/Deploy+guide",
	}
	var v2 v2Content
	decodeInto(t, `{"id":"44001","status":"current","title":"Deploy guide","spaceId":"98310","parentId":"44000","parentType":"folder","position":412,"authorId":"a1",
		"createdAt":"2024-05-06T07:08:09.101Z","version":{"number":7,"createdAt":"2026-01-02T03:04:05.678Z","authorId":"e1"},"body":{"storage":{"value":"<p/>"}},
		"_links":{"webui":"/spaces/ENG/pages/44001/Deploy+guide"}}`, &v2)
	if diff := cmp.Diff(wiki.Content{ContentRef: want, Storage: "<p/>", HasBody: true}, v2.content(c, wiki.TypePage)); diff != "" || v2.check() != nil {
		t.Errorf("v2: %v (-want +got)\n%s", v2.check(), diff)
	}
	var v1 v1Content
	decodeInto(t, `{"id":44001,"type":"page","status":"current","title":"Deploy guide","space":{"id":98310,"key":"ENG"},
		"version":{"number":7,"when":"2026-01-02T03:04:05.678+0000","by":{"accountId":"e1"}},"history":{"createdDate":"2024-05-06T07:08:09.101Z","createdBy":{"accountId":"a1"}},
		"ancestors":[{"id":"98402","type":"page","title":"Home"},{"id":"44000","type":"folder","title":"Runbooks"}],"extensions":{"position":412},
		"body":{"storage":{"value":null}},"_links":{"webui":"/spaces/ENG/pages/44001/Deploy+guide"}}`, &v1)
	if diff := cmp.Diff(wiki.Content{ContentRef: want}, v1.content(c)); diff != "" || v1.checkRef() != nil {
		t.Errorf("v1: %v (-want +got)\n%s", v1.checkRef(), diff)
	}
	nodes := []wiki.Node{{ID: "98402", Type: "page", Title: "Home", SpaceID: "98310"}, {ID: "44000", Type: "folder", Title: "Runbooks", ParentID: "98402", ParentType: "page", SpaceID: "98310"}}
	if diff := cmp.Diff(nodes, v1.nodes()); diff != "" {
		t.Errorf("ancestors (-want +got)\n%s", diff)
	}
}

func decodeInto(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatal(err)
	}
}

func TestLinksStayOnTheSite(t *testing.T) {
	t.Parallel()
	c := serve(t, wiki.Cloud, nil)
	c.base, c.human = "https://acme.atlassian.net/wiki", "https://acme.atlassian.net/wiki"
	for path, want := range map[string]string{
		"/spaces/ENG/overview": c.human + "/spaces/ENG/overview",
		"//evil.example.com":   c.human + "//evil.example.com",
		"javascript:alert(1)":  c.human + "/pages/viewpage.action?pageId=9",
		"":                     c.human + "/pages/viewpage.action?pageId=9",
	} {
		if got := c.link(path, "9"); got != want {
			t.Errorf("link(%q) = %q, want %q", path, got, want)
		}
	}
	c.learnBase(links{Base: "https://evil.example.com"})
	if got := c.link("/x", "9"); got != c.base+"/x" {
		t.Errorf("link after a foreign base = %q", got)
	}
}

func TestLabelNames(t *testing.T) {
	t.Parallel()
	got := labelNames([]v2Label{{Name: "Runbook", Prefix: "global"}, {Name: "mine", Prefix: "my"}, {Name: "a/b"}, {Name: "runbook"}})
	if diff := cmp.Diff([]string{"a/b", "runbook"}, got); diff != "" {
		t.Errorf("labels (-want +got)\n%s", diff)
	}
}

// Whatever a site answers is refused or understood; nothing of it makes the client panic.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(listJSON("x", 1, 2)))
	f.Add([]byte(`{"results":[{"id":1,"version":{"number":1,"when":"2026-01-02T03:04:05Z"},"ancestors":[{"id":null}],"metadata":{"labels":null},"restrictions":{"read":{}}}]}`))
	f.Add([]byte(`{"errors":[{"status":"404","title":"x"}]}`))
	f.Add([]byte(`{"statusCode":404,"data":{"errors":[{"message":{"translation":"No content"}}]}}`))
	f.Add([]byte(`[]`))
	c := newClient(Options{}.WithDefaults(), newSite(Options{}.WithDefaults()), "https://acme.atlassian.net/wiki", wiki.Cloud, "a@b.c", testToken)
	f.Fuzz(func(t *testing.T, body []byte) {
		if message, _ := explain(body); strings.ContainsAny(message, "\n\x00\x1b") || len([]rune(message)) > maxMessage {
			t.Errorf("explain gives %q", message)
		}
		l1, l2 := new(list[v1Ref]), new(list[v2Content])
		if decode(body, l1) == nil {
			if all, err := rows(l1); err == nil {
				for _, v := range all {
					v.content(c)
					v.containerID()
					v.attachment(c, "1")
					if v.Version.Number < 1 {
						t.Error("a row without a version was accepted")
					}
				}
			}
		}
		if decode(body, l2) == nil {
			if cursor, err := nextCursor(l2.Links, http.Header{}); err == nil && cursor == "" && l2.Links.Next != "" {
				t.Errorf("next %q is taken for the end", l2.Links.Next)
			}
			if all, err := rows(l2); err == nil {
				for _, v := range all {
					if ref := v.ref(c, wiki.TypePage); ref.ID == "" || !strings.HasPrefix(ref.URL, c.base) {
						t.Errorf("ref %+v", ref)
					}
				}
			}
		}
	})
}
