package uselite

import (
	"sync"
	"testing"
)

// shared keeps what takes long to load, for all tests: models are safe for concurrent use.
type shared struct {
	mu     sync.Mutex // guards the map
	models map[string]*Model
}

var loaded = shared{models: map[string]*Model{}}

// modelWith returns the model on a kernel, with two workers.
func modelWith(t testing.TB, k *kernel) *Model {
	t.Helper()
	loaded.mu.Lock()
	defer loaded.mu.Unlock()
	if m := loaded.models[k.name]; m != nil {
		return m
	}
	m, err := load(Options{Workers: 2}, k)
	if err != nil {
		t.Fatal(err)
	}
	loaded.models[k.name] = m
	return m
}

func setup(t testing.TB) *Model {
	t.Helper()
	return modelWith(t, kernels()[0])
}
