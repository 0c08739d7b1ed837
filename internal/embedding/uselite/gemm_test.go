package uselite

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func random(rng *rand.Rand, n int) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = rng.Float32()*2 - 1
	}
	return list
}

func TestKernelsMultiply(t *testing.T) {
	t.Parallel()
	for _, k := range kernels() {
		for _, n := range []int{1, 2, 3, 5, 6, 7, 8, 9, 13, 17, 128} {
			for _, depth := range []int{1, 3, 4, 63, 64, 128, 255, 256, 257, 1536} {
				t.Run(fmt.Sprintf("%s/%dx%d", k.name, n, depth), func(t *testing.T) {
					t.Parallel()
					checkMultiply(t, k, n, depth)
				})
			}
		}
	}
}

// checkMultiply compares with sums in float64, once with a row to start from and once added to what is there.
func checkMultiply(t *testing.T, k *kernel, n, depth int) {
	t.Helper()
	const cols, lda, ldc = 64, 1600, 70
	rng := rand.New(rand.NewPCG(uint64(n), uint64(depth)))
	a, b, bias := random(rng, n*lda), random(rng, depth*cols), random(rng, cols)
	m := k.pack(make([]float32, depth*cols), depth, cols, func(r, c int) float32 { return b[r*cols+c] })
	packed := make([]float32, room*blockDepth)
	c := make([]float32, room*ldc)
	k.multiply(c, ldc, a, lda, n, m, bias, packed)
	k.multiply(c, ldc, a, lda, n, m, nil, packed)
	for i := range n {
		for j := range cols {
			want := 0.0
			for d := range depth {
				want += 2 * float64(a[i*lda+d]) * float64(b[d*cols+j])
			}
			want += float64(bias[j])
			if diff := math.Abs(float64(c[i*ldc+j]) - want); diff > 1e-5*math.Sqrt(float64(depth))+1e-5 {
				t.Fatalf("(%d, %d) = %v, want %v", i, j, c[i*ldc+j], want)
			}
		}
		for j := cols; j < ldc; j++ {
			if c[i*ldc+j] != 0 {
				t.Fatalf("(%d, %d), outside of the matrix, was written", i, j)
			}
		}
	}
}

func TestPackingOfHeads(t *testing.T) {
	t.Parallel()
	const stride, depth = 100, 64
	for _, k := range kernels() {
		for _, n := range []int{1, 7, 33, 128} {
			rng := rand.New(rand.NewPCG(1, uint64(n)))
			rows := random(rng, n*stride)
			keys := k.packColumns(random(rng, depth*(n+maxNR)), rows, stride, n, depth)
			want := k.pack(make([]float32, depth*(n+maxNR)), depth, n, func(r, c int) float32 { return rows[c*stride+r] })
			compare(t, k.name+" keys", keys, want)
			values := k.packBlock(random(rng, depth*n), rows, stride, n, depth)
			want = k.pack(make([]float32, depth*n), n, depth, func(r, c int) float32 { return rows[r*stride+c] })
			compare(t, k.name+" values", values, want)
		}
	}
}

func compare(t *testing.T, what string, got, want matrix) {
	t.Helper()
	if got.rows != want.rows || got.cols != want.cols || len(got.data) != len(want.data) {
		t.Fatalf("%s: %dx%d with %d numbers, want %dx%d with %d", what, got.rows, got.cols, len(got.data), want.rows, want.cols, len(want.data))
	}
	for i, v := range want.data {
		if got.data[i] != v {
			t.Fatalf("%s: number %d is %v, want %v", what, i, got.data[i], v)
		}
	}
}
