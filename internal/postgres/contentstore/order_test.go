package contentstore

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func hashN(n int) [32]byte { return [32]byte{byte(n), byte(n >> 8), 1} }

// Whatever changes, each new chunk has a number of its own in order, kept ones are matched by hash and used once, and
// what is left over is removed.
func TestPlanChunks(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	var old []oldChunk
	next := int64(0)
	for round := range 2000 {
		hashes := make([][32]byte, 0, 30)
		for _, o := range old {
			switch r.IntN(12) {
			case 0: // deleted
			case 1:
				hashes = append(hashes, o.hash, hashN(r.IntN(5))) // something after it, which may be there twice
			default:
				hashes = append(hashes, o.hash)
			}
		}
		if r.IntN(4) == 0 && len(hashes) > 1 {
			i, j := r.IntN(len(hashes)), r.IntN(len(hashes))
			hashes[i], hashes[j] = hashes[j], hashes[i]
		}
		for len(hashes) < 3 {
			hashes = append(hashes, hashN(100+r.IntN(1000)))
		}
		p := planChunks(old, hashes)
		used := map[int64]bool{}
		for _, id := range p.removed {
			used[id] = true
		}
		if !slices.IsSorted(p.numbers) || len(slices.Compact(slices.Clone(p.numbers))) != len(hashes) || p.numbers[0] <= 0 {
			t.Fatalf("round %d: numbers %v", round, p.numbers)
		}
		now := make([]oldChunk, len(hashes))
		for i, h := range hashes {
			now[i] = oldChunk{hash: h, number: p.numbers[i]}
			if k := p.kept[i]; k >= 0 {
				if old[k].hash != h || used[old[k].id] {
					t.Fatalf("round %d: chunk %d keeps row %d wrongly", round, i, old[k].id)
				}
				used[old[k].id] = true
				now[i].id = old[k].id
				continue
			}
			next++
			now[i].id = next
		}
		if len(used) != len(old) && len(old) > 0 {
			t.Fatalf("round %d: %d of %d rows accounted for", round, len(used), len(old))
		}
		old = now
	}
}

// An insertion moves nobody, a swap moves one.
func TestPlanChunksMovesLittle(t *testing.T) {
	t.Parallel()
	old := make([]oldChunk, 10)
	hashes := make([][32]byte, 10)
	for i := range old {
		old[i] = oldChunk{id: int64(i), hash: hashN(i), number: (i + 1) * chunkStep}
		hashes[i] = old[i].hash
	}
	moved := func(hashes [][32]byte) (n int) {
		p := planChunks(old, hashes)
		for i, k := range p.kept {
			if k >= 0 && old[k].number != p.numbers[i] {
				n++
			}
		}
		return n
	}
	if n := moved(slices.Insert(slices.Clone(hashes), 4, hashN(99))); n != 0 {
		t.Errorf("an insertion moved %d", n)
	}
	if n := moved(slices.Delete(slices.Clone(hashes), 2, 5)); n != 0 {
		t.Errorf("a deletion moved %d", n)
	}
	swapped := slices.Clone(hashes)
	swapped[3], swapped[4] = swapped[4], swapped[3]
	if n := moved(swapped); n != 1 {
		t.Errorf("a swap moved %d", n)
	}
}
