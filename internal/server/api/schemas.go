package api

import (
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/server/problem"
	"github.com/sluicehq/sluice/internal/server/session"
)

var problemType = reflect.TypeFor[problem.Problem]() //nolint:gochecknoglobals // a constant table

// schemaName names a type in the document. Of the types that are called the same in two packages, the accounts' gets
// another name.
func schemaName(t reflect.Type, hint string) string {
	if t == reflect.TypeFor[auth.Link]() {
		return "OneTimeLink"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// finishSchemas corrects what huma cannot know from the types alone: lists are never null (noNullLists), pointers to
// objects may be, and its own error model is never sent.
func (a *API) finishSchemas() {
	schemas := a.huma.OpenAPI().Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	for _, schema := range schemas {
		walk(schema, func(s *huma.Schema) {
			if s.Type == huma.TypeArray || s.Type == huma.TypeObject {
				s.Nullable = false
			}
		})
	}
	if status, ok := schemas["Status"]; ok {
		for _, name := range []string{"run", "last_run"} {
			if run := status.Properties[name]; run != nil && run.Ref != "" {
				status.Properties[name] = &huma.Schema{AnyOf: []*huma.Schema{{Ref: run.Ref}, {Type: "null"}}}
			}
		}
	}
}

func walk(s *huma.Schema, visit func(*huma.Schema)) {
	if s == nil {
		return
	}
	visit(s)
	walk(s.Items, visit)
	for _, property := range s.Properties {
		walk(property, visit)
	}
	if additional, ok := s.AdditionalProperties.(*huma.Schema); ok {
		walk(additional, visit)
	}
}

// OpenAPI returns the description of all calls.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

// Document returns the OpenAPI 3.1 document as JSON and as YAML.
func (a *API) Document() (asJSON, asYAML []byte, err error) {
	if asJSON, err = a.huma.OpenAPI().MarshalJSON(); err != nil {
		return nil, nil, fmt.Errorf("openapi document: %w", err)
	}
	if asYAML, err = a.huma.OpenAPI().YAML(); err != nil {
		return nil, nil, fmt.Errorf("openapi document: %w", err)
	}
	return asJSON, asYAML, nil
}

// Access returns who may make a call, by operation id.
func (a *API) Access(operationID string) session.Access { return a.access[operationID] }
