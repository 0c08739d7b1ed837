package confluencetest

import (
	"fmt"
	"strings"
)

// token is one word, quoted value or sign of a CQL query.
type token struct {
	kind byte // 'w' word, 'q' quoted, 's' sign, 0 end
	text string
}

// lexCQL cuts a query into tokens.
func lexCQL(query string) ([]token, error) {
	var tokens []token
	for i := 0; i < len(query); {
		switch ch := query[i]; {
		case strings.IndexByte(" \t\r\n", ch) >= 0:
			i++
		case ch == '"' || ch == '\'':
			value, n, err := quoted(query[i:])
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, token{'q', value})
			i += n
		case strings.IndexByte("(),", ch) >= 0:
			tokens = append(tokens, token{'s', string(ch)})
			i++
		case strings.IndexByte("=!<>~", ch) >= 0:
			n := 1
			for i+n < len(query) && strings.IndexByte("=~", query[i+n]) >= 0 && n < 2 {
				n++
			}
			tokens = append(tokens, token{'s', query[i : i+n]})
			i += n
		default:
			n := strings.IndexAny(query[i:], " \t\r\n\"'(),=!<>~")
			if n < 0 {
				n = len(query) - i
			}
			tokens = append(tokens, token{'w', query[i : i+n]})
			i += n
		}
	}
	return append(tokens, token{}), nil
}

// quoted reads a quoted value and tells how many bytes it takes; a backslash takes the next byte as it is.
func quoted(s string) (value string, n int, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case s[0]:
			return b.String(), i + 1, nil
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, fmt.Errorf("a quoted value is never closed: %s", s)
}
