package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

// description checks answers against the API's own document.
type description struct {
	paths map[string]map[string]operation
	defs  map[string]*jsonschema.Schema
	seen  map[string]bool // operation ids that were answered with success
}

type operation struct {
	ID        string `json:"operationId"`
	Responses map[string]struct {
		Content map[string]struct {
			Schema *jsonschema.Schema `json:"schema"`
		} `json:"content"`
	} `json:"responses"`
}

func (i *instance) description(t *testing.T) *description {
	t.Helper()
	a := i.call(t, "", http.MethodGet, "/openapi.json", nil)
	var document struct {
		OpenAPI    string                                `json:"openapi"`
		Paths      map[string]map[string]json.RawMessage `json:"paths"`
		Components struct {
			Schemas map[string]*jsonschema.Schema `json:"schemas"`
		} `json:"components"`
	}
	// JSON Schema looks definitions up by another path than OpenAPI.
	a.body = []byte(strings.ReplaceAll(string(a.body), "#/components/schemas/", "#/$defs/"))
	a.decode(t, &document)
	if !strings.HasPrefix(document.OpenAPI, "3.1.") {
		t.Fatalf("the document is OpenAPI %s", document.OpenAPI)
	}
	d := &description{paths: map[string]map[string]operation{}, defs: document.Components.Schemas, seen: map[string]bool{}}
	for path, methods := range document.Paths {
		d.paths[path] = map[string]operation{}
		for method, raw := range methods {
			var op operation
			if err := json.Unmarshal(raw, &op); err != nil {
				t.Fatal(err)
			}
			d.paths[path][strings.ToUpper(method)] = op
		}
	}
	return d
}

// check fails the test where the answer is not as described. path is the template.
func (d *description) check(t *testing.T, method, path string, a answer) {
	t.Helper()
	op, ok := d.paths[path][method]
	if !ok {
		t.Fatalf("%s %s is not described", method, path)
	}
	if a.status < 300 {
		d.seen[op.ID] = true
	}
	response, ok := op.Responses[fmt.Sprint(a.status)]
	if !ok {
		response, ok = op.Responses["default"]
	}
	if !ok {
		t.Fatalf("%s %s: status %d is not described", method, path, a.status)
	}
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	if len(a.body) == 0 && len(response.Content) == 0 {
		return
	}
	media, ok := response.Content[kind]
	if !ok {
		t.Fatalf("%s %s: status %d with %q is not described: %s", method, path, a.status, kind, a.body)
	}
	schema := *media.Schema
	schema.Defs = d.defs
	resolved, err := schema.Resolve(&jsonschema.ResolveOptions{})
	if err != nil {
		t.Fatalf("%s %s: schema: %v", method, path, err)
	}
	var value any
	a.decode(t, &value)
	if err := resolved.Validate(value); err != nil {
		t.Errorf("%s %s: status %d is not as described: %v\n%s", method, path, a.status, err, a.body)
	}
}

// missed lists the operations that were never answered with success.
func (d *description) missed() []string {
	var list []string
	for _, methods := range d.paths {
		for _, op := range methods {
			if !d.seen[op.ID] {
				list = append(list, op.ID)
			}
		}
	}
	return list
}
