package uselite

// soundest returns the first of the kernels that computes on this processor what it should, and the last one unasked:
// plain Go. A kernel that is wrong would fill the index with useless vectors and never fail.
func soundest(list []*kernel) *kernel {
	for _, k := range list[:len(list)-1] {
		if k.sound() {
			return k
		}
	}
	return list[len(list)-1]
}

// sound multiplies two matrices of small whole numbers, whose sums are exact in any order, and compares every element with
// plain arithmetic. The depth is beyond one block and the last tile is part full. It takes less than a millisecond.
func (k *kernel) sound() bool {
	const rows, depth, cols = 2*maxMR + 1, blockDepth + 3, 2 * maxNR
	a, b := make([]float32, rows*depth), make([]float32, depth*cols)
	for i := range a {
		a[i] = float32(i*7%11 - 5)
	}
	for i := range b {
		b[i] = float32(i*5%13 - 6)
	}
	bias := b[:cols]
	m := k.pack(make([]float32, depth*cols), depth, cols, func(r, c int) float32 { return b[r*cols+c] })
	got := make([]float32, (rows+maxMR)*cols)
	k.multiply(got, cols, a, depth, rows, m, bias, make([]float32, (rows+maxMR)*blockDepth))
	want := make([]float32, cols)
	for i := range rows {
		copy(want, bias)
		for d, v := range a[i*depth : (i+1)*depth] {
			for j, w := range b[d*cols : (d+1)*cols] {
				want[j] += v * w
			}
		}
		for j, v := range want {
			if got[i*cols+j] != v {
				return false
			}
		}
	}
	return true
}
