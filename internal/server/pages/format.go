package pages

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sluicehq/sluice/web/views"
)

// stamp words a moment relative to now.
func stamp(t, now time.Time) views.Stamp {
	if t.IsZero() {
		return views.Stamp{}
	}
	t = t.UTC()
	return views.Stamp{ISO: t.Format(time.RFC3339), Text: relative(t, now), Exact: t.Format("2 Jan 2006, 15:04:05 UTC")}
}

func stampOf(t *time.Time, now time.Time) views.Stamp {
	if t == nil {
		return views.Stamp{}
	}
	return stamp(*t, now)
}

// relative is "5 minutes ago" or "in 3 hours", and a date beyond 30 days.
func relative(t, now time.Time) string {
	d := now.Sub(t)
	future := d < 0
	d = d.Abs()
	var text string
	switch {
	case d < 45*time.Second:
		if future {
			return "in a moment"
		}
		return "just now"
	case d < time.Hour:
		text = plural(max(int(math.Round(d.Minutes())), 1), "minute")
	case d < 36*time.Hour:
		text = plural(int(math.Round(d.Hours())), "hour")
	case d < 30*24*time.Hour:
		text = plural(int(math.Round(d.Hours()/24)), "day")
	default:
		return t.Format("2 Jan 2006")
	}
	if future {
		return "in " + text
	}
	return text + " ago"
}

// duration is "850 ms", "12 s", "3 min 20 s", "2 h 5 min".
func duration(seconds float64) string {
	switch {
	case seconds < 1:
		return fmt.Sprintf("%.0f ms", seconds*1000)
	case seconds < 10:
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	case seconds < 60:
		return fmt.Sprintf("%.0f s", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%d min %d s", int(seconds)/60, int(seconds)%60)
	default:
		return fmt.Sprintf("%d h %d min", int(seconds)/3600, int(seconds)%3600/60)
	}
}

// left is a rough "about 3 min left", which does not jump about.
func left(seconds *int) string {
	switch {
	case seconds == nil:
		return ""
	case *seconds < 10:
		return "a few seconds left"
	case *seconds < 90:
		return fmt.Sprintf("%d s left", (*seconds+4)/5*5)
	case *seconds < 3600:
		return fmt.Sprintf("%d min left", (*seconds+30)/60)
	default:
		return fmt.Sprintf("%d h %d min left", *seconds/3600, *seconds%3600/60)
	}
}

// count writes a number with thin groups: 12,345.
func count(n int) string {
	s := strconv.Itoa(n)
	if n < 0 {
		return "-" + count(-n)
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural is "1 page", "2 pages".
func plural(n int, noun string) string {
	ending := "s"
	if strings.HasSuffix(noun, "ch") {
		ending = "es"
	}
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + ending
}

// share is part of whole in percent; it says 100% only when nothing is missing, and 0% only when nothing is there.
func share(part, whole int) string {
	switch {
	case whole == 0:
		return "–"
	case part >= whole:
		return "100%"
	case part <= 0:
		return "0%"
	}
	return strconv.Itoa(min(max(part*100/whole, 1), 99)) + "%"
}

// size is a number of bytes as people read it.
func size(n int64) string {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for f >= 1000 && i < len(units)-1 {
		f, i = f/1000, i+1
	}
	if i == 0 || f >= 100 {
		return fmt.Sprintf("%.0f %s", f, units[i])
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

// host is an address without its scheme.
func host(url string) string {
	_, rest, found := strings.Cut(url, "://")
	if !found {
		return url
	}
	return strings.TrimSuffix(rest, "/")
}

// upperFirst begins a text with a capital letter.
func upperFirst(s string) string {
	if s == "" {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// sentence makes an error's text a sentence.
func sentence(s string) string {
	if s == "" {
		return s
	}
	s = upperFirst(s)
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "!") && !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}
