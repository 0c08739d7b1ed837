package uselite

// kernel multiplies small tiles of matrices; there is one for each kind of processor.
type kernel struct {
	name string
	// mr x nr is the tile that one call computes.
	mr, nr int
	// panel computes c = init + a*b for some tiles below one another. a is packed: for each tile and each step of the
	// depth, mr numbers; so is b: nr numbers for each step. Rows of c are ldc numbers apart, those of init ldi (0: one
	// row for all). init may be c.
	panel func(tiles, depth int, a, b, c []float32, ldc int, init []float32, ldi int)
}

// blockDepth is how many steps of the sum one pass takes: the panel of b that belongs to it stays in the first-level
// cache (16 KB at nr = 16) and the block of a in the second-level one.
const blockDepth = 256

// maxMR and maxNR are the largest tile of any kernel: buffers have room for whole tiles.
const (
	maxMR = 8
	maxNR = 32
)

// matrix is the right factor of a product, packed for a kernel: blocks of at most blockDepth rows, each cut into panels
// of nr columns, each panel row by row.
type matrix struct {
	rows, cols int // cols is a multiple of nr
	data       []float32
}

// pack packs the rows x cols matrix whose element (r, c) is at(r, c) into data, which is as large as the result; columns
// beyond cols are zero.
func (k *kernel) pack(data []float32, rows, cols int, at func(r, c int) float32) matrix {
	width := roundUp(cols, k.nr)
	i := 0
	for r0 := 0; r0 < rows; r0 += blockDepth {
		for c0 := 0; c0 < width; c0 += k.nr {
			for r := r0; r < min(r0+blockDepth, rows); r++ {
				for c := c0; c < c0+k.nr; c++ {
					data[i] = 0
					if c < cols {
						data[i] = at(r, c)
					}
					i++
				}
			}
		}
	}
	return matrix{rows: rows, cols: width, data: data[:i]}
}

// packColumns packs the transpose of n rows of depth numbers, stride apart: the keys of one head.
func (k *kernel) packColumns(data, rows []float32, stride, n, depth int) matrix {
	nr := k.nr
	cols := roundUp(n, nr)
	for c := range cols {
		panel := data[c/nr*nr*depth+c%nr:]
		if c >= n {
			for r := range depth {
				panel[r*nr] = 0
			}
			continue
		}
		at := 0
		for _, v := range rows[c*stride : c*stride+depth] {
			panel[at] = v
			at += nr
		}
	}
	return matrix{rows: depth, cols: cols, data: data[:depth*cols]}
}

// packBlock packs n rows of cols numbers, stride apart: the values of one head. cols is a multiple of nr.
func (k *kernel) packBlock(data, rows []float32, stride, n, cols int) matrix {
	nr := k.nr
	for r := range n {
		row := rows[r*stride : r*stride+cols]
		for c := 0; c < cols; c += nr {
			copy(data[(c*n+r*nr):], row[c:c+nr])
		}
	}
	return matrix{rows: n, cols: cols, data: data[:n*cols]}
}

// multiply computes c = init + a*b. a has n rows of b.rows numbers, lda apart. c has room for n rounded up to whole
// tiles; the rows beyond n hold nothing of use afterwards. init is one row for all, or nil to add to what c holds.
// packed is room for a block of a.
func (k *kernel) multiply(c []float32, ldc int, a []float32, lda, n int, b matrix, init, packed []float32) {
	tiles := (n + k.mr - 1) / k.mr
	for d0 := 0; d0 < b.rows; d0 += blockDepth {
		depth := min(blockDepth, b.rows-d0)
		k.packRows(packed, a[d0:], lda, n, depth)
		block := b.data[d0*b.cols:]
		for j := 0; j < b.cols; j += k.nr {
			from, ldi := c[j:], ldc
			if d0 == 0 && init != nil {
				from, ldi = init[j:], 0
			}
			k.panel(tiles, depth, packed, block[j*depth:(j+k.nr)*depth], c[j:], ldc, from, ldi)
		}
	}
}

// packRows interleaves the rows of each tile, and fills the last tile up with zeros.
func (k *kernel) packRows(packed, a []float32, lda, n, depth int) {
	for i := 0; i < n; i += k.mr {
		tile := packed[i*depth : (i+k.mr)*depth]
		switch rows := a[i*lda:]; {
		case i+k.mr > n:
			clear(tile)
			for r := range n - i {
				for d, v := range rows[r*lda : r*lda+depth] {
					tile[d*k.mr+r] = v
				}
			}
		case k.mr == 8:
			interleave8(tile, rows, lda, depth)
		case k.mr == 6:
			interleave6(tile, rows, lda, depth)
		default:
			interleave2(tile, rows, lda, depth)
		}
	}
}

func interleave8(tile, rows []float32, lda, depth int) {
	r0, r1, r2, r3 := rows[:depth], rows[lda:][:depth], rows[2*lda:][:depth], rows[3*lda:][:depth]
	r4, r5, r6, r7 := rows[4*lda:][:depth], rows[5*lda:][:depth], rows[6*lda:][:depth], rows[7*lda:][:depth]
	for d, v := range r0 {
		t := tile[8*d:][:8]
		t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7] = v, r1[d], r2[d], r3[d], r4[d], r5[d], r6[d], r7[d]
	}
}

func interleave6(tile, rows []float32, lda, depth int) {
	r0, r1, r2 := rows[:depth], rows[lda:][:depth], rows[2*lda:][:depth]
	r3, r4, r5 := rows[3*lda:][:depth], rows[4*lda:][:depth], rows[5*lda:][:depth]
	for d, v := range r0 {
		t := tile[6*d:][:6]
		t[0], t[1], t[2], t[3], t[4], t[5] = v, r1[d], r2[d], r3[d], r4[d], r5[d]
	}
}

func interleave2(tile, rows []float32, lda, depth int) {
	r0, r1 := rows[:depth], rows[lda:][:depth]
	for d, v := range r0 {
		t := tile[2*d:][:2]
		t[0], t[1] = v, r1[d]
	}
}

func roundUp(n, step int) int { return (n + step - 1) / step * step }
