package contentstore

import (
	"slices"
	"sort"
)

// chunkStep is the distance between the numbers of neighbouring chunks of a new page: room for ten insertions at one
// place before the page is numbered anew.
const chunkStep = 1024

// oldChunk is a stored chunk of the page that is being replaced.
type oldChunk struct {
	id     int64
	hash   [32]byte
	number int
	url    string
	anchor string
}

// plan says which stored chunks stay, and the number of each new chunk. Changing the number of a stored chunk costs as
// much as writing it again (its row moves in every index), so the numbers have gaps and only chunks that changed places
// get another.
type plan struct {
	kept    []int // by new chunk: index into the old ones, or -1
	numbers []int // by new chunk
	removed []int64
}

// planChunks matches new chunks (by hash, in order) with the stored ones (in order of their numbers).
func planChunks(old []oldChunk, hashes [][32]byte) plan {
	p := plan{kept: make([]int, len(hashes)), numbers: make([]int, len(hashes))}
	byHash := make(map[[32]byte][]int, len(old))
	for i, o := range old {
		byHash[o.hash] = append(byHash[o.hash], i)
	}
	for i, h := range hashes {
		p.kept[i] = -1
		if same := byHash[h]; len(same) > 0 {
			p.kept[i] = same[0]
			byHash[h] = same[1:]
		}
	}
	for _, rest := range byHash {
		for _, i := range rest {
			p.removed = append(p.removed, old[i].id)
		}
	}
	slices.Sort(p.removed)
	if !p.fill(old, stayers(p.kept)) {
		for i := range p.numbers {
			p.numbers[i] = (i + 1) * chunkStep
		}
	}
	return p
}

// fill numbers the new chunks so that those in stay keep their old number; false where the gaps are too narrow.
func (p *plan) fill(old []oldChunk, stay map[int]bool) bool {
	low, run := 0, 0
	for i := 0; i <= len(p.kept); i++ {
		if i < len(p.kept) && !stay[i] {
			run++
			continue
		}
		high := low + (run+1)*chunkStep
		if i < len(p.kept) {
			high = old[p.kept[i]].number
		}
		if high-low <= run {
			return false
		}
		for j := range run {
			p.numbers[i-run+j] = low + (high-low)*(j+1)/(run+1)
		}
		if i < len(p.kept) {
			p.numbers[i] = high
		}
		low, run = high, 0
	}
	return true
}

// stayers returns the new positions of a longest series of kept chunks whose old order is the new order.
func stayers(kept []int) map[int]bool {
	var tails []int // positions: the lowest old index that ends a series of each length
	before := make([]int, len(kept))
	for i, k := range kept {
		if k < 0 {
			continue
		}
		n := sort.Search(len(tails), func(j int) bool { return kept[tails[j]] >= k })
		before[i] = -1
		if n > 0 {
			before[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	stay := make(map[int]bool, len(tails))
	if len(tails) > 0 {
		for i := tails[len(tails)-1]; i >= 0; i = before[i] {
			stay[i] = true
		}
	}
	return stay
}
