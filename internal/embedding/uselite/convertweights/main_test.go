package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"testing"
)

func sample() []tensor {
	return []tensor{
		{name: "b", rows: 1, cols: 3, values: []float32{0.5, -2, 3}},
		{name: "a", rows: 2, cols: 3, scale: column, values: []float32{1, 0, -127, -0.5, 0, 63.4}},
	}
}

func TestEncodeIsDeterministicAndSorted(t *testing.T) {
	t.Parallel()
	tensors := sample()
	first, err := encode(tensors)
	if err != nil {
		t.Fatal(err)
	}
	turned := sample()
	slices.Reverse(turned)
	second, err := encode(turned)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("the order of the input changes the output")
	}
	if got := string(first[:len(magic)]); got != magic {
		t.Errorf("magic = %q", got)
	}
	n := int(binary.LittleEndian.Uint32(first[len(magic):]))
	body := first[len(magic)+4:]
	var header []entry
	if err := json.Unmarshal(body[:n], &header); err != nil {
		t.Fatal(err)
	}
	if header[0].Name != "a" || header[1].Name != "b" {
		t.Errorf("order: %v", header)
	}
	data := body[n:][header[1].Offset:]
	if got := math.Float32frombits(binary.LittleEndian.Uint32(data[4:])); got != -2 {
		t.Errorf("second number of b = %v, want -2", got)
	}
}

func TestQuantizeKeepsValuesWithinHalfAStep(t *testing.T) {
	t.Parallel()
	for _, scale := range []axis{row, column} {
		in := sample()[1]
		in.scale = scale
		values, scales := quantize(in)
		for i, q := range values {
			group := i % in.cols
			if scale == row {
				group = i / in.cols
			}
			s := scales[group]
			if diff := math.Abs(float64(in.values[i] - float32(q)*s)); diff > float64(s)/2+1e-6 {
				t.Errorf("%s: value %d is off by %v, step %v", scale, i, diff, s)
			}
		}
	}
}

func TestTensorsRefusesAnotherModel(t *testing.T) {
	t.Parallel()
	var m model
	if err := json.Unmarshal([]byte(`{"weightsManifest":[{"paths":["x"],"weights":[{"name":"module/Embeddings_en","shape":[2,2],"dtype":"float32"}]}]}`), &m); err != nil {
		t.Fatal(err)
	}
	if _, err := m.tensors(make([]byte, 16)); err == nil {
		t.Error("a model of another shape is accepted")
	}
	if _, err := m.tensors(make([]byte, 12)); err == nil {
		t.Error("shards that are too short are accepted")
	}
}
