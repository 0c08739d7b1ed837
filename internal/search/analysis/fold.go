package analysis

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns text in lower case and without accents, so that "Café" and "cafe" are the same.
func Fold(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		if unicode.Is(unicode.Mn, r) && r < 0x3000 {
			continue
		}
		switch r = unicode.ToLower(r); r {
		case 'ß':
			b.WriteString("ss")
		case 'ø':
			b.WriteRune('o')
		case 'æ':
			b.WriteString("ae")
		case 'ł':
			b.WriteRune('l')
		default:
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}
