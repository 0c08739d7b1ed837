package uselite

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The vocabulary's fixed parts. Its first entries are reserved and never match text.
const (
	unknownID  = 0
	reserved   = 6
	spaceMark  = '▁' // stands for a space, and before the first word
	vocabSize  = 8000
	unknownP   = 0.02 // the frequency taken for pieces without a usable score
	sifWeight  = 0.001
	noPiece    = -1
	scoreUnset = 0 // the published tokenizer takes a best score of 0 for "not reached yet"
)

// tokenizer cuts text into the pieces of the published vocabulary: SentencePiece's unigram model with the faults of the
// published files (scores that are null, ties to the later start, 0 for "unset"), because the encoder was published
// with them.
type tokenizer struct {
	next   map[step]int32 // the trie: node and code point to node
	pieces []piece        // by node
	scores []float64      // by id
}

type step struct {
	node int32
	r    rune
}

// piece is the vocabulary entry that ends at a node of the trie.
type piece struct {
	id    int32 // noPiece: none
	score float64
}

// newTokenizer reads vocab.json: a list of [piece, score].
func newTokenizer(vocab []byte) (*tokenizer, error) {
	var list [][2]any
	if err := json.Unmarshal(vocab, &list); err != nil {
		return nil, fmt.Errorf("vocabulary: %w", err)
	}
	if len(list) != vocabSize {
		return nil, fmt.Errorf("vocabulary: %d pieces, not %d", len(list), vocabSize)
	}
	t := &tokenizer{next: make(map[step]int32, 4*vocabSize), scores: make([]float64, vocabSize)}
	root := t.node()
	for id, entry := range list {
		text, ok := entry[0].(string)
		if !ok {
			return nil, fmt.Errorf("vocabulary: piece %d is no text", id)
		}
		score, _ := entry[1].(float64) // null is 0
		t.scores[id] = score
		if id < reserved {
			continue
		}
		at := root
		for _, r := range text {
			child, ok := t.next[step{at, r}]
			if !ok {
				child = t.node()
				t.next[step{at, r}] = child
			}
			at = child
		}
		t.pieces[at] = piece{id: int32(id), score: score} // of pieces that occur twice, the last counts
	}
	return t, nil
}

func (t *tokenizer) node() int32 {
	t.pieces = append(t.pieces, piece{id: noPiece})
	return int32(len(t.pieces) - 1)
}

// cut is the best way to reach a position of the text.
type cut struct {
	score  float64
	id     int32
	length int32
}

// tokens returns the ids of text. Whitespace other than the space is unknown to the vocabulary.
func (t *tokenizer) tokens(text string) []int32 {
	text = norm.NFKC.String(text)
	if text == "" {
		return nil
	}
	runes := make([]rune, 1, utf8.RuneCountInString(text)+1)
	runes[0] = spaceMark
	for _, r := range text {
		if r == ' ' {
			r = spaceMark
		}
		runes = append(runes, r)
	}
	best := t.best(runes)
	var ids []int32
	for end := len(runes); end > 0; end -= int(best[end].length) {
		id := best[end].id
		if id == unknownID && len(ids) > 0 && ids[len(ids)-1] == unknownID {
			continue // one id for a run of unknown symbols
		}
		ids = append(ids, id)
	}
	slices.Reverse(ids)
	return ids
}

// best finds the best cut that ends at each position.
func (t *tokenizer) best(runes []rune) []cut {
	best := make([]cut, len(runes)+1)
	for i := range best {
		best[i].length = 1
	}
	for start := range runes {
		found := false
		at := int32(0)
		for end := start; end < len(runes); end++ {
			child, ok := t.next[step{at, runes[end]}]
			if !ok {
				break
			}
			at = child
			if p := t.pieces[at]; p.id != noPiece {
				found = true
				relax(best, start, end+1, p)
			}
		}
		if !found {
			relax(best, start, start+1, piece{id: unknownID})
		}
	}
	return best
}

func relax(best []cut, start, end int, p piece) {
	if v := p.score + best[start].score; best[end].score == scoreUnset || v >= best[end].score {
		best[end] = cut{score: v, id: p.id, length: int32(end - start)}
	}
}

// rarity returns, by id, what share a token has in the pooled vector: smooth inverse frequency, a/(a+p), with the
// frequency p that the vocabulary's own score is the logarithm of.
func (t *tokenizer) rarity() []float32 {
	weights := make([]float32, len(t.scores))
	for id, score := range t.scores {
		p := unknownP
		if score < 0 {
			p = math.Exp(score)
		}
		weights[id] = float32(sifWeight / (sifWeight + p))
	}
	return weights
}
