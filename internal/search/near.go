package search

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/sluicehq/sluice/internal/search/inverted"
)

// vocabulary is the words of a segment, ready for comparison.
type vocabulary struct {
	once    sync.Once
	masks   []uint32 // which letters each word has
	lengths []uint8  // in bytes, 255: and more
}

// letterMask tells which letters a word has; words whose masks differ in many bits are far apart.
func letterMask(word string) uint32 {
	var m uint32
	for i := range len(word) {
		switch c := word[i]; {
		case 'a' <= c && c <= 'z':
			m |= 1 << (c - 'a')
		case '0' <= c && c <= '9':
			m |= 1 << 26
		default:
			m |= otherLetter
		}
	}
	return m
}

// otherLetter is the part of a mask for what is no plain letter or digit.
const otherLetter = 1 << 27

// shape is what a word is compared by before its letters are looked at.
type shape struct {
	mask   uint32
	length int // bytes
	most   int // edits
}

// near reports whether a word of another shape may be few enough edits away: an edit that takes a letter away or adds one
// changes one bit of the mask and the length by one letter, another two bits. differ is in how many bits the masks do, and
// is at most twice the edits.
func (s shape) near(mask uint32, differ, length int) bool {
	spread := max(length-s.length, s.length-length)
	if (mask|s.mask)&otherLetter != 0 { // letters of several bytes
		return spread <= utf8.UTFMax*s.most
	}
	return spread <= s.most && differ <= 2*s.most-spread
}

func (v *vocabulary) prepare(h *inverted.Header) {
	v.once.Do(func() {
		v.masks, v.lengths = make([]uint32, len(h.Words)), make([]uint8, len(h.Words))
		for i, w := range h.Words {
			v.masks[i], v.lengths[i] = letterMask(w), uint8(min(len(w), math.MaxUint8))
		}
	})
}

// shortest is the length from which a word is corrected, in bytes; shortWord the one up to which its first letter counts
// as right: few misspell it, and short words have many neighbours.
const (
	shortest  = 4
	shortWord = 5
)

// What a correction is worth, in doublings of its frequency.
const (
	editCost        = 6.0
	sameFirstGain   = 3.0
	sameSkeleton    = 3.0 // only vowels and doubled letters differ
	splitCost       = editCost
	mostCorrections = 8 // that are looked at
)

// correction is a word, or two, that may have been meant.
type correction struct {
	text     string
	words    []string
	distance int
	count    int // of chunks, restricted ones included
	score    float64
}

// nearWords returns what was probably meant by a word: near, frequent, with the same beginning, the likeliest first.
func (s *state) nearWords(word string) []correction {
	length := utf8.RuneCountInString(word)
	if length < shortest {
		return nil
	}
	most := 1
	if length >= 6 {
		most = 2
	}
	near := map[string]*correction{}
	far := map[string]bool{}
	typed := shape{mask: letterMask(word), length: len(word), most: most}
	for _, seg := range s.segments {
		seg.vocabulary.prepare(seg.header)
		for i, m := range seg.vocabulary.masks {
			if differ := bits.OnesCount32(m ^ typed.mask); differ > 2*most || !typed.near(m, differ, int(seg.vocabulary.lengths[i])) {
				continue
			}
			other := seg.header.Words[i]
			if far[other] || other == word {
				continue
			}
			c := near[other]
			if c == nil {
				d := distance(word, other, most)
				if d == 0 || d > most || length <= shortWord && !sameBeginning(word, other) {
					far[other] = true
					continue
				}
				c = &correction{text: other, words: []string{other}, distance: d}
				near[other] = c
			}
			c.count += int(seg.header.Counts[i])
		}
	}
	list := make([]correction, 0, len(near)+1)
	skeleton := skeletonOf(word)
	for _, c := range near {
		c.score = math.Log2(float64(c.count)+1) - editCost*float64(c.distance)
		if c.text[0] == word[0] {
			c.score += sameFirstGain
		}
		if skeletonOf(c.text) == skeleton {
			c.score += sameSkeleton
		}
		list = append(list, *c)
	}
	if len(list) == 0 {
		list = s.splits(word)
	}
	slices.SortFunc(list, func(a, b correction) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.text, b.text))
	})
	return list[:min(len(list), mostCorrections)]
}

// sameBeginning: the first letters are the same, or the first two have changed places.
func sameBeginning(a, b string) bool {
	return a[0] == b[0] || len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0]
}

// skeletonOf returns a word without its vowels and doubled letters, by which words are heard to be the same.
func skeletonOf(word string) string {
	var b strings.Builder
	var last rune
	for i, r := range word {
		if r != last && (i == 0 || !strings.ContainsRune("aeiouy", r)) {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// splits finds two words that were typed as one.
func (s *state) splits(word string) []correction {
	var list []correction
	for i := 3; i+3 <= len(word); i++ {
		if !utf8.RuneStart(word[i]) {
			continue
		}
		left, right := word[:i], word[i:]
		if n := min(s.wordCount(left), s.wordCount(right)); n > 1 {
			list = append(list, correction{
				text: left + " " + right, words: []string{left, right}, distance: 1, count: n, score: math.Log2(float64(n)+1) - splitCost,
			})
		}
	}
	return list
}

// wordCount is in how many chunks a word is.
func (s *state) wordCount(word string) int {
	n := 0
	for _, seg := range s.segments {
		n += seg.header.WordCount(word)
	}
	return n
}

// mostLetters is how long words are that are compared without asking for memory; hardly any is longer.
const mostLetters = 48

// distance is the number of insertions, deletions, replacements and swaps of neighbours between two words, or more than
// most where it is more than most.
func distance(a, b string, most int) int {
	var lettersA, lettersB [mostLetters]rune
	x, y := appendRunes(lettersA[:0], a), appendRunes(lettersB[:0], b)
	if len(x)-len(y) > most || len(y)-len(x) > most {
		return most + 1
	}
	var rows [3][mostLetters + 1]int
	before, last, row := rows[0][:], rows[1][:], rows[2][:]
	if len(y) > mostLetters {
		before, last, row = make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	}
	for j := range len(y) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > most {
			return most + 1
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

func appendRunes(list []rune, s string) []rune {
	for _, r := range s {
		list = append(list, r)
	}
	return list
}
