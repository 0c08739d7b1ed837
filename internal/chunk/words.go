package chunk

import "unicode"

// longWord: a longer run counts as another word for each that many bytes, since models cut it up.
const longWord = 16

// Words weighs a text: words, CJK characters as half of one, long runs as several. Markdown's own marks count little.
func Words(text string) int {
	var w weight
	for i, r := range text {
		w.add(i, r)
	}
	return w.total()
}

// weight counts half words.
type weight struct {
	halves int
	start  int // of the current run
	in     bool
}

func (w *weight) add(i int, r rune) {
	switch {
	case r < 0x80:
		c := byte(r)
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		w.run(i, letter || w.in && c > ' ')
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
		w.run(i, false)
		w.halves++
	default:
		w.run(i, !unicode.IsSpace(r))
	}
}

// run begins, continues or ends a run of letters.
func (w *weight) run(i int, letter bool) {
	switch {
	case letter && !w.in:
		w.start = i
		w.halves += 2
	case letter && i-w.start >= longWord:
		w.start = i
		w.halves += 2
	}
	w.in = letter
}

func (w *weight) total() int { return (w.halves + 1) / 2 }

// reach returns how many bytes of text weigh at most target words.
func reach(text string, target int) int {
	var w weight
	for i, r := range text {
		w.add(i, r)
		if i > 0 && w.total() > target {
			return i
		}
	}
	return len(text)
}
