package uselite

// goKernel is plain Go: for processors without a kernel of their own, and what the others are tested against. Its
// tile is the largest whose sums stay in registers.
func goKernel() *kernel { return &kernel{name: "go", mr: 2, nr: 4, panel: panelGo} }

func panelGo(tiles, depth int, a, b, c []float32, ldc int, init []float32, ldi int) {
	const mr = 2
	for i := range tiles {
		tileGo(a[i*mr*depth:][:mr*depth], b, c[i*mr*ldc:], ldc, init[i*mr*ldi:], ldi)
	}
}

func tileGo(a, b, c []float32, ldc int, init []float32, ldi int) {
	const mr, nr = 2, 4
	i0, i1 := init[:nr], init[ldi:ldi+nr]
	c00, c01, c02, c03 := i0[0], i0[1], i0[2], i0[3]
	c10, c11, c12, c13 := i1[0], i1[1], i1[2], i1[3]
	for len(a) >= mr && len(b) >= nr {
		a0, a1 := a[0], a[1]
		b0, b1, b2, b3 := b[0], b[1], b[2], b[3]
		c00 += a0 * b0
		c01 += a0 * b1
		c02 += a0 * b2
		c03 += a0 * b3
		c10 += a1 * b0
		c11 += a1 * b1
		c12 += a1 * b2
		c13 += a1 * b3
		a, b = a[mr:], b[nr:]
	}
	r0, r1 := c[:nr], c[ldc:ldc+nr]
	r0[0], r0[1], r0[2], r0[3] = c00, c01, c02, c03
	r1[0], r1[1], r1[2], r1[3] = c10, c11, c12, c13
}
