package main

import (
	"encoding/binary"
	"fmt"
	"math"
)

// model is what is read of model.json: where the numbers of each tensor are.
type model struct {
	WeightsManifest []struct {
		Paths   []string `json:"paths"`
		Weights []struct {
			Name  string `json:"name"`
			Shape []int  `json:"shape"`
			Type  string `json:"dtype"`
		} `json:"weights"`
	} `json:"weightsManifest"`
}

// tensor is a published tensor under the name that package uselite knows it by. Vectors have one row.
type tensor struct {
	name       string
	rows, cols int
	values     []float32
	scale      axis
}

// axis says along what values share a scale.
type axis string

const (
	none   axis = ""       // float32
	column axis = "column" // int8
	row    axis = "row"    // int8
)

const bytesPerNumber = 4 // of every published type

// role is what a tensor is for.
type role struct {
	published, name string
	rows, cols      int
	scale           axis
}

// roles lists the tensors that the encoder needs. The published table of embeddings has two unused rows at the end.
func roles() []role {
	const (
		applied = "module_apply_default/Encoder_en/KonaTransformer/Encode/"
		module  = "module/Encoder_en/KonaTransformer/Encode/"
		concat  = "/ConcatPartitions/concat"
		head    = "module/Encoder_en/hidden_layers/tanh_layer_0/"
		width   = 512
		inner   = 1536
	)
	list := []role{
		{"module/Embeddings_en", "embedding", 8002, 256, row},
		{applied + "TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1", "inverse_timescales", 1, 128, none},
		{applied + "Layer_0/TransformerLayer/dense/kernel" + concat, "layer0.residual", 256, width, column},
		{applied + "Layer_0/TransformerLayer/dense/bias" + concat, "layer0.residual.bias", 1, width, none},
		{head + "weights", "head", width, width, column},
		{head + "bias", "head.bias", 1, width, none},
	}
	for l, d := range []int{256, width} {
		name := fmt.Sprintf("layer%d.", l)
		layer := fmt.Sprintf("Layer_%d/TransformerLayer/", l)
		list = append(list,
			role{applied + layer + "layer_prepostprocess/layer_norm/layer_norm_scale" + concat, name + "norm1.scale", 1, d, none},
			role{applied + layer + "layer_prepostprocess/layer_norm/layer_norm_bias" + concat, name + "norm1.bias", 1, d, none},
			role{module + layer + "MultiheadAttention/qkv_transform_single/kernel/part_0", name + "qkv", d, 3 * d, column},
			role{applied + layer + "MultiheadAttention/qkv_transform_single/bias" + concat, name + "qkv.bias", 1, 3 * d, none},
			role{module + layer + "MultiheadAttention/output_transform_single/kernel/part_0", name + "output", d, width, column},
			role{applied + layer + "MultiheadAttention/output_transform_single/bias" + concat, name + "output.bias", 1, width, none},
			role{applied + layer + "FFN/layer_prepostprocess/layer_norm/layer_norm_scale" + concat, name + "norm2.scale", 1, width, none},
			role{applied + layer + "FFN/layer_prepostprocess/layer_norm/layer_norm_bias" + concat, name + "norm2.bias", 1, width, none},
			role{applied + "TransformerStack/" + layer + "FFN/conv1/Tensordot/Reshape_1", name + "ffn1", width, inner, column},
			role{applied + layer + "FFN/conv1/bias" + concat, name + "ffn1.bias", 1, inner, none},
			role{applied + "TransformerStack/" + layer + "FFN/conv2/Tensordot/Reshape_1", name + "ffn2", inner, width, column},
			role{applied + layer + "FFN/conv2/bias" + concat, name + "ffn2.bias", 1, width, none},
		)
	}
	return list
}

// tensors cuts the shards into the tensors of roles.
func (m model) tensors(shards []byte) ([]tensor, error) {
	type place struct{ offset, count int }
	places := map[string]place{}
	offset := 0
	for _, w := range m.WeightsManifest[0].Weights {
		count := 1
		for _, n := range w.Shape {
			count *= n
		}
		if w.Type == "float32" {
			places[w.Name] = place{offset, count}
		}
		offset += count * bytesPerNumber
	}
	if offset != len(shards) {
		return nil, fmt.Errorf("model.json speaks of %d bytes of weights, the shards have %d", offset, len(shards))
	}
	var list []tensor
	for _, r := range roles() {
		p, ok := places[r.published]
		if !ok || p.count != r.rows*r.cols {
			return nil, fmt.Errorf("tensor %s (%s): %d numbers, not %d x %d", r.name, r.published, p.count, r.rows, r.cols)
		}
		t := tensor{name: r.name, rows: r.rows, cols: r.cols, scale: r.scale, values: make([]float32, p.count)}
		for i := range t.values {
			t.values[i] = math.Float32frombits(binary.LittleEndian.Uint32(shards[p.offset+i*bytesPerNumber:]))
		}
		list = append(list, t)
	}
	return list, nil
}
