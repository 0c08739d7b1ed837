package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sluicehq/sluice/internal/server/problem"
	"github.com/sluicehq/sluice/internal/wiki"
)

// statusContext lets validationProblem choose the status: huma answers bad input with 422, our contract says 400 and
// keeps 422 for what Confluence refuses.
type statusContext struct {
	humaContext
	status int
}

// humaContext is huma.Context under a name that can be embedded: the interface has a method Context.
type humaContext huma.Context

// Unwrap returns the wrapped context, as humaecho.Unwrap needs.
func (c *statusContext) Unwrap() huma.Context { return c.humaContext }

// SetStatus writes the header, with the chosen status where there is one.
func (c *statusContext) SetStatus(code int) {
	if c.status != 0 {
		code = c.status
	}
	c.humaContext.SetStatus(code)
}

func mapStatus(ctx huma.Context, next func(huma.Context)) { next(&statusContext{humaContext: ctx}) }

// validationProblem turns huma's own errors, which arise before a handler runs, into our problems.
func validationProblem(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	status := model.Status
	if status == http.StatusUnprocessableEntity || status == http.StatusInternalServerError {
		status = http.StatusBadRequest // a 500 here is a body that could not be read to its end
	}
	p := problem.New(status, validationDetail(status, model))
	for _, fault := range model.Errors {
		if fault != nil {
			p.Errors = append(p.Errors, fieldError(fault))
		}
	}
	if status != http.StatusBadRequest {
		p.Errors = nil
	}
	if status == http.StatusBadRequest && len(p.Errors) > 0 {
		p.Detail = "Some of the input is wrong: " + (&wiki.InvalidError{Fields: p.Errors}).Error()
	}
	if c, ok := ctx.(*statusContext); ok {
		c.status = status
	}
	return p, nil
}

func validationDetail(status int, model *huma.ErrorModel) string {
	switch status {
	case http.StatusUnsupportedMediaType:
		return "The body must be JSON; send it with Content-Type: application/json."
	case http.StatusRequestEntityTooLarge:
		return "The body is too large; at most 1 MiB is taken."
	case http.StatusBadRequest:
		if model.Detail == "request body is required" {
			return "The body is missing; send a JSON object."
		}
	}
	return model.Detail
}

const (
	requiredPrefix = "expected required property "
	requiredSuffix = " to be present"
)

// fieldError names the field as the client wrote it: "space_key", not "body.space_key".
func fieldError(fault *huma.ErrorDetail) wiki.FieldError {
	field := fault.Location
	for _, prefix := range []string{"body.", "query.", "path.", "header."} {
		field = strings.TrimPrefix(field, prefix)
	}
	message := fault.Message
	switch {
	case strings.HasPrefix(message, requiredPrefix):
		name := strings.TrimSuffix(strings.TrimPrefix(message, requiredPrefix), requiredSuffix)
		if field == "body" || field == "" {
			field = name
		} else if field != name && !strings.HasSuffix(field, "."+name) {
			field += "." + name
		}
		message = "This is required."
	case strings.HasPrefix(message, "required ") && strings.HasSuffix(message, " parameter is missing"):
		message = "This is required."
	case message == "unexpected property":
		message = "There is no such field."
	case field == "body" && fault.Value != nil && strings.Contains(message, "invalid character"),
		field == "body" && strings.Contains(message, "unexpected end of JSON"):
		message = "This is not JSON: " + message
	default:
		message = strings.ToUpper(message[:1]) + message[1:]
	}
	return wiki.FieldError{Field: field, Message: message}
}

// noNullLists makes every nil slice and map in a value that v points to an empty one: clients iterate over lists, and
// null is not one.
func noNullLists(v any) { fillLists(reflect.ValueOf(v)) }

func fillLists(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fillLists(v.Elem())
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				fillLists(f)
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			if v.Type().Elem().Kind() != reflect.Uint8 {
				v.Set(reflect.MakeSlice(v.Type(), 0, 0))
			}
			return
		}
		if !mayHoldLists(v.Type().Elem()) {
			return
		}
		for i := range v.Len() {
			fillLists(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	default: // scalars hold no lists, interfaces are ours to fill
	}
}

func mayHoldLists(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Pointer, reflect.Slice, reflect.Map:
		return true
	default:
		return false
	}
}

// FillLists is for those who print what the API answers: as there, lists are never null.
func FillLists(v any) { noNullLists(v) }
