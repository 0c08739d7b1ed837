package uselite

// kernels returns the kernels that this processor can run, best first; plain Go is the last. Every arm64 has NEON.
func kernels() []*kernel {
	return []*kernel{{name: "neon", mr: 8, nr: 8, panel: panelNEON}, goKernel()}
}

//go:noescape
func panelNEON(tiles, depth int, a, b, c []float32, ldc int, init []float32, ldi int)
