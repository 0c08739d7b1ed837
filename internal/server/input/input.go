// Package input looks at what clients send before anything is done with it.
package input

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/wiki"
)

// NotText is what is said of a string that is no text.
const NotText = "This holds characters that are no text (NUL, or bytes that are not UTF-8)."

// IsText reports whether s can be stored and compared as text: PostgreSQL takes neither NUL nor broken UTF-8.
func IsText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// Faults lists the strings in v, a struct or a pointer to one, that are no text. Fields are called what clients call
// them: by their tag json, path, query or header.
func Faults(v any) []wiki.FieldError { return walk(nil, "", reflect.ValueOf(v)) }

func walk(faults []wiki.FieldError, name string, v reflect.Value) []wiki.FieldError {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return walk(faults, name, v.Elem())
		}
	case reflect.String:
		if !IsText(v.String()) {
			return append(faults, wiki.FieldError{Field: name, Message: NotText})
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if more := walk(faults, name, v.Index(i)); len(more) > len(faults) {
				return more // one of a list's faults says it all
			}
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() {
				faults = walk(faults, join(name, nameOf(field)), value)
			}
		}
	default: // numbers and the like hold no text; inputs have no maps
	}
	return faults
}

// nameOf is what clients call a field; nothing for those that only hold others.
func nameOf(field reflect.StructField) string {
	for _, tag := range []string{"json", "path", "query", "header"} {
		if name, _, _ := strings.Cut(field.Tag.Get(tag), ","); name != "" {
			return name
		}
	}
	return ""
}

func join(outer, name string) string {
	if outer == "" || name == "" {
		return outer + name
	}
	return outer + "." + name
}
