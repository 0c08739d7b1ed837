package wiki

import (
	"errors"
	"strings"
)

// The kinds of error. Adapters translate what they meet (a missing row, a unique violation, HTTP 404, 429) into one
// of these at their border, by wrapping; callers test with errors.Is.
var (
	// ErrNotFound: the thing does not exist, or may not be seen.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: the input is wrong; see InvalidError for which field.
	ErrInvalid = errors.New("invalid")
	// ErrConflict: it is already there, already running, or was changed by somebody else meanwhile.
	ErrConflict = errors.New("conflict")
	// ErrUnavailable: a part that is needed (database, embedder, Confluence) does not answer now; a later try may work.
	ErrUnavailable = errors.New("unavailable")
	// ErrCredentials: Confluence refuses the e-mail and token.
	ErrCredentials = errors.New("credentials refused")
	// ErrForbidden: the credentials are good but may not read this.
	ErrForbidden = errors.New("forbidden")
	// ErrAddress: nothing that speaks Confluence's API answers at the address.
	ErrAddress = errors.New("not a Confluence address")
)

// FieldError is one fault of one input field; Field is the JSON name, Message a sentence for the person who typed it.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// InvalidError is bad input, by field. errors.Is(err, ErrInvalid) holds.
type InvalidError struct {
	Fields []FieldError
}

// Invalid returns an InvalidError with one field.
func Invalid(field, message string) *InvalidError {
	return &InvalidError{Fields: []FieldError{{Field: field, Message: message}}}
}

// Error lists the faults, separated by semicolons.
func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.Field + ": " + f.Message
	}
	return strings.Join(parts, "; ")
}

// Is reports whether target is ErrInvalid.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }
