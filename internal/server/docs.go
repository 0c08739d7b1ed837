package server

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
)

//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle []byte

// call is an API call as the page of documentation shows it.
type call struct {
	ID, Method, Path, Summary, Description, Access string
	Parameters                                     []parameter
	Body, Answer, Curl                             string
	Status                                         string
}

type parameter struct {
	Name, In, Type, Doc string
	Required            bool
}

type callGroup struct {
	Name, Doc string
	Calls     []call
}

// docs returns the handler of a page that shows the API to a person. It is rendered once, from the same description as
// the document, and needs no script.
func (s *Server) docs() (echo.HandlerFunc, error) {
	page, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return nil, fmt.Errorf("page of the API's documentation: %w", err)
	}
	api := s.api.OpenAPI()
	var buf bytes.Buffer
	err = page.Execute(&buf, map[string]any{"Info": api.Info, "Groups": groups(api)})
	if err != nil {
		return nil, fmt.Errorf("page of the API's documentation: %w", err)
	}
	s.echo.GET("/docs/style.css", func(c echo.Context) error {
		return c.Blob(http.StatusOK, "text/css; charset=utf-8", docsStyle)
	})
	return func(c echo.Context) error { return c.HTMLBlob(http.StatusOK, buf.Bytes()) }, nil
}

func groups(api *huma.OpenAPI) []callGroup {
	list := make([]callGroup, len(api.Tags))
	place := map[string]int{}
	for i, tag := range api.Tags {
		list[i] = callGroup{Name: tag.Name, Doc: tag.Description}
		place[tag.Name] = i
	}
	for path, item := range api.Paths {
		for method, op := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
		} {
			if op != nil {
				g := &list[place[op.Tags[0]]]
				g.Calls = append(g.Calls, describe(api, method, path, op))
			}
		}
	}
	for _, g := range list {
		slices.SortFunc(g.Calls, func(a, b call) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
		})
	}
	return list
}

func describe(api *huma.OpenAPI, method, path string, op *huma.Operation) call {
	c := call{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Description: op.Description}
	c.Access, _ = op.Extensions["x-access"].(string)
	for _, p := range op.Parameters {
		c.Parameters = append(c.Parameters, parameter{Name: p.Name, In: p.In, Type: typeName(p.Schema), Doc: p.Description, Required: p.Required})
	}
	if op.RequestBody != nil {
		c.Body = example(api, op.RequestBody.Content["application/json"], true)
	}
	for status, response := range op.Responses {
		if strings.HasPrefix(status, "2") {
			c.Status = status
			c.Answer = example(api, response.Content["application/json"], false)
		}
	}
	c.Curl = curl(c, op)
	return c
}

// placeholder is a part of a path that stands for an id.
var placeholder = regexp.MustCompile(`\{\w+\}`)

// curl is a command that makes the call. Ids that only the reader knows are variables of the shell.
func curl(c call, op *huma.Operation) string {
	path := strings.ReplaceAll(c.Path, "{id}", "confluence_OPS")
	path = placeholder.ReplaceAllStringFunc(path, func(name string) string { return "$" + strings.ToUpper(strings.Trim(name, "{}")) })
	var query []string
	for _, p := range op.Parameters {
		if p.In == "query" && p.Required {
			query = append(query, p.Name+"=scrape+interval")
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	command := "curl -H \"Authorization: Bearer $SLUICE_TOKEN\""
	if c.Method != http.MethodGet {
		command += " -X " + c.Method
	}
	if c.Body != "" {
		command += " \\\n  -H 'Content-Type: application/json' -d '" + c.Body + "'"
	}
	return command + " \\\n  \"$SLUICE_URL" + path + "\""
}

func typeName(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	if s.Type == huma.TypeArray {
		return "list of " + typeName(s.Items)
	}
	if len(s.Enum) > 0 {
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			values[i] = fmt.Sprint(v)
		}
		return strings.Join(values, " | ")
	}
	return s.Type
}

// example is a JSON value of the schema, as far as types tell. One that is to be sent has only the fields that are required
// or that the schema knows a value for.
func example(api *huma.OpenAPI, media *huma.MediaType, sent bool) string {
	if media == nil || media.Schema == nil {
		return ""
	}
	text, err := json.MarshalIndent(sampler{api.Components.Schemas, sent}.sample(media.Schema, 0), "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}

// deepest is how far examples follow schemas that hold others.
const deepest = 4

type sampler struct {
	all  huma.Registry
	sent bool
}

func (e sampler) sample(s *huma.Schema, depth int) any {
	if s.Ref != "" {
		s = e.all.SchemaFromRef(s.Ref)
	}
	if s == nil || depth > deepest {
		return nil
	}
	if len(s.AnyOf) > 0 {
		return e.sample(s.AnyOf[0], depth+1)
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	switch s.Type {
	case huma.TypeObject:
		object := map[string]any{}
		for name, property := range s.Properties {
			known := len(property.Examples) > 0 || property.Default != nil || len(property.Enum) > 0
			if !e.sent || known || slices.Contains(s.Required, name) {
				object[name] = e.sample(property, depth+1)
			}
		}
		return object
	case huma.TypeArray:
		return []any{e.sample(s.Items, depth+1)}
	case huma.TypeInteger, huma.TypeNumber:
		return 0
	case huma.TypeBoolean:
		return false
	}
	switch s.Format {
	case "date-time":
		return "2026-01-31T15:04:05Z"
	default:
		return "…"
	}
}
