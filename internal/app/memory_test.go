package app

import "testing"

func TestGarbageShare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		live uint64
		want int
	}{
		{0, 50},
		{40 << 20, 50},
		{90 << 20, 50},
		{100 << 20, 35},
		{105 << 20, 28},
		{108 << 20, 25},
		{135 << 20, 25},
		{4 << 30, 25},
	} {
		if got := garbageShare(tt.live); got != tt.want {
			t.Errorf("with %d MB in use: %d %%, want %d", tt.live>>20, got, tt.want)
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
