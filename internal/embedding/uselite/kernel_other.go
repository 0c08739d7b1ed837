//go:build !amd64 && !arm64

package uselite

// kernels returns the kernels that this processor can run: plain Go.
func kernels() []*kernel { return []*kernel{goKernel()} }
