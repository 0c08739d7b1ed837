package app

import "testing"

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ live, want uint64 }{
		{0, 145},
		{40, 145},
		{105, 145},
		{120, 160},
		{200, 256},
		{4000, 4816},
	} {
		if got := memoryLimit(tt.live << 20); got != int64(tt.want)<<20 {
			t.Errorf("with %d MB in use: %d MB, want %d", tt.live, got>>20, tt.want)
		}
	}
}

// Letting go of the program's pages changes nothing but where they are.
func TestLetGoOfProgram(t *testing.T) {
	t.Parallel()
	if err := letGoOfProgram(); err != nil {
		t.Fatal(err)
	}
}
