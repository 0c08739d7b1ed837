package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// magic opens weights.bin; package uselite checks it.
const magic = "SLUSE001"

// entry describes one tensor in the header of weights.bin. Offsets count from the end of the header.
type entry struct {
	Name   string `json:"name"`
	Rows   int    `json:"rows"`
	Cols   int    `json:"cols"`
	Scale  axis   `json:"scale,omitempty"`
	Offset int    `json:"offset"`
	Scales int    `json:"scales,omitempty"` // offset of the float32 scales
}

// encode writes magic, the header's length (uint32), the header, and the data: all little-endian, tensors by name.
func encode(tensors []tensor) ([]byte, error) {
	slices.SortFunc(tensors, func(a, b tensor) int { return strings.Compare(a.name, b.name) })
	var header []entry
	var data bytes.Buffer
	for _, t := range tensors {
		e := entry{Name: t.name, Rows: t.rows, Cols: t.cols, Scale: t.scale, Offset: data.Len()}
		if t.scale == none {
			writeFloats(&data, t.values)
		} else {
			quantized, scales := quantize(t)
			for _, q := range quantized {
				data.WriteByte(byte(q))
			}
			for data.Len()%bytesPerNumber != 0 {
				data.WriteByte(0)
			}
			e.Scales = data.Len()
			writeFloats(&data, scales)
		}
		header = append(header, e)
	}
	text, err := json.Marshal(header)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	out := append([]byte(magic), binary.LittleEndian.AppendUint32(nil, uint32(len(text)))...)
	return append(append(out, text...), data.Bytes()...), nil
}

// quantize rounds to -127..127 times a scale, symmetric about zero.
func quantize(t tensor) (values []int8, scales []float32) {
	group := func(i int) int {
		if t.scale == row {
			return i / t.cols
		}
		return i % t.cols
	}
	scales = make([]float32, t.cols)
	if t.scale == row {
		scales = make([]float32, t.rows)
	}
	for i, v := range t.values {
		scales[group(i)] = max(scales[group(i)], float32(math.Abs(float64(v))))
	}
	for i := range scales {
		scales[i] /= math.MaxInt8
	}
	values = make([]int8, len(t.values))
	for i, v := range t.values {
		if s := scales[group(i)]; s > 0 {
			values[i] = int8(math.RoundToEven(float64(v) / float64(s)))
		}
	}
	return values, scales
}

func writeFloats(w *bytes.Buffer, list []float32) {
	for _, v := range list {
		w.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
	}
}
