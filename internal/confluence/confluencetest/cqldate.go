package confluencetest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dateClause compares dates at the precision that literals have.
func (e *searcher) dateClause(field, operator string, values []value) (condition, error) {
	var bounds []time.Time
	for _, v := range values {
		bound, err := e.date(v)
		if err != nil {
			return nil, err
		}
		bounds = append(bounds, e.floor(bound))
	}
	in := func(t time.Time) bool { return slices.ContainsFunc(bounds, t.Equal) }
	compare := map[string]func(time.Time) bool{
		"=": in, "in": in,
		"!=": func(t time.Time) bool { return !in(t) }, "not in": func(t time.Time) bool { return !in(t) },
		">": func(t time.Time) bool { return t.After(bounds[0]) }, ">=": func(t time.Time) bool { return !t.Before(bounds[0]) },
		"<": func(t time.Time) bool { return t.Before(bounds[0]) }, "<=": func(t time.Time) bool { return !t.After(bounds[0]) },
	}[operator]
	if compare == nil {
		return nil, fmt.Errorf("the operator %s cannot be used with the field %s", operator, field)
	}
	return func(e *searcher, x *content) bool {
		if field == "created" {
			return compare(e.floor(x.created))
		}
		return compare(e.floor(x.modified))
	}, nil
}

// floor cuts a time to the minute, or to the day of the site.
func (e *searcher) floor(t time.Time) time.Time {
	t = t.In(e.zone)
	if e.day {
		return startOf(t, 'd')
	}
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, e.zone)
}

// date reads a literal in the site's zone, or a function.
func (e *searcher) date(v value) (time.Time, error) {
	if v.function {
		return e.dateFunction(v)
	}
	for _, layout := range []string{"2006/01/02 15:04", "2006-01-02 15:04", "2006/01/02", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, v.text, e.zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a date, expected yyyy/MM/dd HH:mm, yyyy-MM-dd HH:mm, yyyy/MM/dd or yyyy-MM-dd", v.text)
}

var increment = regexp.MustCompile(`^([+-]?)(\d{1,7})([yMwdhm])$`)

func (e *searcher) dateFunction(v value) (time.Time, error) {
	t := e.now.In(e.zone)
	name := strings.ToLower(v.text)
	for _, edge := range []string{"startof", "endof"} {
		unit, ok := strings.CutPrefix(name, edge)
		if !ok {
			continue
		}
		letter := map[string]byte{"day": 'd', "week": 'w', "month": 'M', "year": 'y'}[unit]
		if letter == 0 {
			return time.Time{}, fmt.Errorf("there is no function %q", v.text)
		}
		t = startOf(t, letter)
		if edge == "endof" {
			t = shift(t, 1, letter).Add(-time.Minute)
		}
		name = "now"
	}
	if name != "now" {
		return time.Time{}, fmt.Errorf("there is no function %q", v.text)
	}
	if v.argument == "" {
		return t, nil
	}
	m := increment.FindStringSubmatch(v.argument)
	if m == nil {
		return time.Time{}, fmt.Errorf("%q is not an increment, expected one like -90m", v.argument)
	}
	n, _ := strconv.Atoi(m[1] + m[2])
	return shift(t, n, m[3][0]), nil
}

func shift(t time.Time, n int, unit byte) time.Time {
	switch unit {
	case 'y':
		return t.AddDate(n, 0, 0)
	case 'M':
		return t.AddDate(0, n, 0)
	case 'w':
		return t.AddDate(0, 0, 7*n)
	case 'd':
		return t.AddDate(0, 0, n)
	case 'h':
		return t.Add(time.Duration(n) * time.Hour)
	default:
		return t.Add(time.Duration(n) * time.Minute)
	}
}

func startOf(t time.Time, unit byte) time.Time {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	switch unit {
	case 'w':
		return day.AddDate(0, 0, -int(day.Weekday()))
	case 'M':
		return day.AddDate(0, 0, 1-day.Day())
	case 'y':
		return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, t.Location())
	default:
		return day
	}
}
