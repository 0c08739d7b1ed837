package search

import (
	"slices"
	"strings"
)

// shingles are the triples of words of a text as hashes, ascending, each once.
type shingles []uint64

func shinglesOf(text string) shingles {
	set := make(shingles, 0, len(text)/5)
	var last [2]uint64
	for w := range strings.FieldsSeq(text) {
		h := uint64(14695981039346656037) // FNV-1a
		for i := range len(w) {
			h = (h ^ uint64(w[i]|0x20)) * 1099511628211
		}
		set = append(set, last[0]*31+last[1]*17+h)
		last[0], last[1] = last[1], h
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// overlap is the share of what two sets have in common in both together.
func overlap(a, b shingles) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	n := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			n, i, j = n+1, i+1, j+1
		}
	}
	return float64(n) / float64(len(a)+len(b)-n)
}
