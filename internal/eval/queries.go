// Package eval measures how well search answers: a judged set of queries over the demonstration's pages, the usual
// measures, the legs on their own, and what others would have built on the same data. It is a tool and a test; nothing of
// it is part of the program.
package eval

import (
	"bufio"
	"fmt"
	"strings"
)

// Query is a judged query.
type Query struct {
	Kind   string
	Text   string
	Grades map[string]int // by title
}

// ParseQueries reads the format that testdata/queries.txt explains.
func ParseQueries(text string) ([]Query, error) {
	var list []Query
	kind := ""
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			kind = line[1 : len(line)-1]
		case strings.HasPrefix(line, "  "):
			grade := 0
			if _, err := fmt.Sscan(line, &grade); err != nil || len(list) == 0 || len(line) < 5 {
				return nil, fmt.Errorf("line %d: %q is no grade with a title", n, line)
			}
			list[len(list)-1].Grades[strings.TrimSpace(line)[2:]] = grade
		default:
			list = append(list, Query{Kind: kind, Text: line, Grades: map[string]int{}})
		}
	}
	return list, lines.Err()
}
