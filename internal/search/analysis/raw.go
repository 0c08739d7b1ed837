package analysis

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// connectors hold an identifier together from the inside; anything else that is no letter or digit ends a token.
func connector(r rune) bool {
	switch r {
	case '-', '_', '.', '/', ':', '@', '#', '+', '\\', '~', '\'', '’', '=', '&', '?', '%', '$':
		return true
	}
	return false
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// Spans yields the stretches of text that Tokens makes tokens of, each on its own; equal stretches have equal terms.
func Spans(text string) iter.Seq2[int, int] { return raw(text) }

// raw yields the stretches of text that hold together, without punctuation at their ends.
func raw(text string) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		start := -1
		flush := func(end int) bool {
			if start < 0 {
				return true
			}
			s, e := trim(text, start, end)
			start = -1
			return s >= e || yield(s+elided(text[s:e]), e)
		}
		for i, r := range text {
			if wordRune(r) || connector(r) {
				if start < 0 {
					start = i
				}
				continue
			}
			if !flush(i) {
				return
			}
		}
		flush(len(text))
	}
}

// trim takes connectors off both ends, but for those that belong to a name: C++, C#, .NET.
func trim(text string, start, end int) (int, int) {
	for start < end {
		r, size := utf8.DecodeRuneInString(text[start:end])
		if wordRune(r) {
			break
		}
		start += size
	}
	full := end
	for start < end {
		r, size := utf8.DecodeLastRuneInString(text[start:end])
		if wordRune(r) {
			break
		}
		end -= size
	}
	if end-start <= 2 {
		switch suffix := text[end:full]; {
		case len(suffix) >= 2 && suffix[:2] == "++":
			return start, end + 2
		case len(suffix) >= 1 && suffix[:1] == "#":
			return start, end + 1
		}
	}
	return start, end
}

// elided is how many bytes at the beginning are an article or pronoun that has lost its vowel to the word behind it:
// "l'écurie", "dell'acqua". They are the lists of Lucene's French, Italian and Catalan analyzers; in mixed wikis nobody
// says which language a page is in, and English writes its contractions behind the word ("don't").
func elided(s string) int {
	at := 1
	for at < len(s) && at <= longestElision && s[at] != '\'' && !strings.HasPrefix(s[at:], "’") {
		at++
	}
	if at >= len(s) || at > longestElision {
		return 0
	}
	_, size := utf8.DecodeRuneInString(s[at:])
	rest := s[at+size:]
	first, size := utf8.DecodeRuneInString(rest)
	if !unicode.IsLetter(first) || len(rest) == size {
		return 0
	}
	switch strings.ToLower(s[:at]) {
	case "l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu",
		"all", "dall", "dell", "nell", "sull", "coll", "pell", "gl", "agl", "dagl", "degl", "negl", "sugl", "un", "v":
		return len(s) - len(rest)
	}
	return 0
}

const longestElision = len("quoiqu")

type shape uint8

const (
	plain shape = iota // letters, or letters and digits without an inner boundary; apostrophes allowed
	digits
	structured
)

func shapeOf(s string) shape {
	onlyDigits := true
	var last rune
	for _, r := range s {
		switch {
		case r == '\'' || r == '’':
			onlyDigits = false
		case !wordRune(r):
			return structured
		default:
			if unicode.IsUpper(r) && unicode.IsLower(last) {
				return structured
			}
			if !unicode.IsDigit(r) {
				onlyDigits = false
			}
		}
		last = r
	}
	if onlyDigits {
		return digits
	}
	return plain
}

func isCJK(r rune) bool {
	return r >= 0x2E80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// bigrams makes one token of a run: its pairs of characters, and the characters themselves for those who search one.
func bigrams(text string, start, end int) Token {
	t := Token{Start: start, End: end, Kind: CJK, Folded: Fold(text[start:end])}
	runes := []rune(t.Folded)
	if len(runes) == 1 {
		t.Terms = []Term{{Text: string(runes), Share: wholeShare}}
		return t
	}
	for i := 0; i+1 < len(runes); i++ {
		t.Terms = append(t.Terms, Term{Text: string(runes[i : i+2]), Share: wholeShare})
	}
	return t
}

// Characters returns the single characters of a run, which documents have beside its pairs.
func (t Token) Characters() []string {
	if t.Kind != CJK || utf8.RuneCountInString(t.Folded) < 2 {
		return nil
	}
	var list []string
	for _, r := range t.Folded {
		list = append(list, string(r))
	}
	return list
}
