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
	const cols = 64
	for _, depth := range []int{1, 3, 4, 63, 64, 255, 256, 257, 1536} {
		rows := 17
		if depth == 64 {
			rows = maxTokens
		}
		t.Run(fmt.Sprint(depth), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, uint64(depth)))
			p := product{a: random(rng, rows*depth), b: random(rng, depth*cols), bias: random(rng, cols), depth: depth, cols: cols}
			p.multiply(rows)
			for _, k := range kernels() {
				for _, n := range []int{1, 2, 3, 5, 6, 7, 8, 9, 13, rows} {
					p.check(t, k, n)
				}
			}
		})
	}
}

// product is a, b and what c = bias + 2*a*b must be.
type product struct {
	a, b, bias  []float32
	want        []float64
	depth, cols int
}

func (p *product) multiply(rows int) {
	p.want = make([]float64, rows*p.cols)
	for i := range rows {
		c := p.want[i*p.cols:][:p.cols]
		for j, v := range p.bias {
			c[j] = float64(v)
		}
		for d, v := range p.a[i*p.depth:][:p.depth] {
			for j, w := range p.b[d*p.cols:][:p.cols] {
				c[j] += 2 * float64(v) * float64(w)
			}
		}
	}
}

// check multiplies twice: from a row to start with, and added to what is there.
func (p *product) check(t *testing.T, k *kernel, n int) {
	t.Helper()
	const ldc = 70
	m := k.pack(make([]float32, p.depth*p.cols), p.depth, p.cols, func(r, c int) float32 { return p.b[r*p.cols+c] })
	packed := make([]float32, room*blockDepth)
	c := make([]float32, room*ldc)
	k.multiply(c, ldc, p.a, p.depth, n, m, p.bias, packed)
	k.multiply(c, ldc, p.a, p.depth, n, m, nil, packed)
	for i := range n {
		for j := range p.cols {
			got, want := float64(c[i*ldc+j]), p.want[i*p.cols+j]
			if diff := math.Abs(got - want); diff > 1e-5*math.Sqrt(float64(p.depth))+1e-5 {
				t.Fatalf("%s, %d rows: (%d, %d) = %v, want %v", k.name, n, i, j, got, want)
			}
		}
		for j := p.cols; j < ldc; j++ {
			if c[i*ldc+j] != 0 {
				t.Fatalf("%s, %d rows: (%d, %d), outside of the matrix, was written", k.name, n, i, j)
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
