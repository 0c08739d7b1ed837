package search

import (
	"errors"
	"slices"

	"github.com/sluicehq/sluice/internal/search/inverted"
)

// Chunks that are in no stored segment are kept in segments in memory, a piece for each time that some came.

// freshPieces is how many pieces there are before they are put together.
const freshPieces = 8

// errGap: a reader was told of fresh chunks that it does not have, because the answers come from another server than
// before. It has to begin anew.
var errGap = errors.New("the reader lacks chunks")

// unknown drops the chunks that a state holds already.
func unknown(old *state, docs []inverted.Encoded) []inverted.Encoded {
	return slices.DeleteFunc(slices.Clone(docs), func(d inverted.Encoded) bool {
		for _, seg := range old.segments {
			if _, ok := slices.BinarySearch(seg.header.ChunkIDs, d.ChunkID); ok {
				return true
			}
		}
		return false
	})
}

// stillFresh drops the chunks that are in a stored segment, or gone, by now: all that are not among ids, which ascend. Each
// of ids has to be in a piece or among those that have just come; errGap where one is not.
func stillFresh(pieces []*segment, came []inverted.Encoded, ids []int64) ([]*segment, error) {
	there := 0
	for _, d := range came {
		if _, fresh := slices.BinarySearch(ids, d.ChunkID); fresh {
			there++
		}
	}
	left := make([]*segment, 0, len(pieces))
	for _, piece := range pieces {
		now := piece
		for doc, id := range piece.header.ChunkIDs {
			if _, fresh := slices.BinarySearch(ids, id); fresh {
				there++
				continue
			}
			if piece.isGone(doc) {
				continue
			}
			if now == piece {
				now = piece.copied()
			}
			now.drop(doc)
		}
		if now.live > 0 {
			left = append(left, now)
		}
	}
	if there < len(ids) {
		return nil, errGap
	}
	return left, nil
}

// joinFresh makes one of several segments of fresh chunks.
func (s *state) joinFresh(list []*segment) *segment {
	headers := make([]*inverted.Header, len(list))
	gone := map[int64]bool{}
	terms := map[string]bool{}
	for i, seg := range list {
		headers[i] = seg.header
		for doc, is := range seg.gone {
			if is {
				gone[seg.header.ChunkIDs[doc]] = true
			}
		}
		for term := range seg.memory {
			terms[term] = true
		}
	}
	header, numbers := inverted.Merge(headers, func(id int64) bool { return !gone[id] })
	postings := make(map[string][]byte, len(terms))
	for term := range terms {
		var lists [][]byte
		var renumber [][]int32
		for i, seg := range list {
			if data := seg.memory[term]; data != nil {
				lists, renumber = append(lists, data), append(renumber, numbers[i])
			}
		}
		if data := inverted.MergePostings(lists, renumber); data != nil {
			postings[term] = data
		}
	}
	return s.newSegment(0, header, postings)
}
