package uselite

import "testing"

func TestKernelsAreSound(t *testing.T) {
	t.Parallel()
	for _, k := range kernels() {
		if !k.sound() {
			t.Errorf("%s does not multiply correctly on this machine", k.name)
		}
	}
}

// A kernel that is wrong anywhere in a tile, in the last tile only, or in the second block only, is passed over.
func TestUnsoundKernelsArePassedOver(t *testing.T) {
	t.Parallel()
	plain := goKernel()
	type panel = func(tiles, depth int, a, b, c []float32, ldc int, init []float32, ldi int)
	for name, wrong := range map[string]panel{
		"nothing": func(int, int, []float32, []float32, []float32, int, []float32, int) {},
		"last tile": func(tiles, depth int, a, b, c []float32, ldc int, init []float32, ldi int) {
			if tiles > 1 {
				plain.panel(tiles-1, depth, a, b, c, ldc, init, ldi)
			}
		},
		"one element": func(tiles, depth int, a, b, c []float32, ldc int, init []float32, ldi int) {
			plain.panel(tiles, depth, a, b, c, ldc, init, ldi)
			c[ldc+plain.nr-1]++
		},
		"end of the depth": func(tiles, depth int, a, b, c []float32, ldc int, init []float32, ldi int) {
			if depth == blockDepth {
				plain.panel(tiles, depth, a, b, c, ldc, init, ldi)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := &kernel{name: "broken", mr: plain.mr, nr: plain.nr, panel: wrong}
			right := &kernel{name: "right", mr: plain.mr, nr: plain.nr, panel: plain.panel}
			if got := soundest([]*kernel{broken, right, plain}); got != right {
				t.Errorf("took %s", got.name)
			}
			if got := soundest([]*kernel{broken, plain}); got != plain {
				t.Errorf("took %s", got.name)
			}
		})
	}
}

func BenchmarkSound(b *testing.B) {
	for _, k := range kernels() {
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				if !k.sound() {
					b.Fatal("not sound")
				}
			}
		})
	}
}
