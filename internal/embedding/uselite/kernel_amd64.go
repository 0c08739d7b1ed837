package uselite

import "golang.org/x/sys/cpu"

// kernels returns the kernels that this processor can run, best first; plain Go is the last.
func kernels() []*kernel {
	var list []*kernel
	if cpu.X86.HasAVX512F {
		list = append(list, &kernel{name: "avx512", mr: 8, nr: 32, panel: panelAVX512})
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		list = append(list, &kernel{name: "avx2", mr: 6, nr: 16, panel: panelAVX2})
	}
	return append(list, goKernel())
}

//go:noescape
func panelAVX512(tiles, depth int, a, b, c []float32, ldc int, init []float32, ldi int)

//go:noescape
func panelAVX2(tiles, depth int, a, b, c []float32, ldc int, init []float32, ldi int)
