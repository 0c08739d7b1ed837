package uselite

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// magic opens weights.bin; convertweights writes it.
const magic = "SLUSE001"

// tensor is one stored tensor: float32, or int8 with a scale for each row or column.
type tensor struct {
	Name   string `json:"name"`
	Rows   int    `json:"rows"`
	Cols   int    `json:"cols"`
	Scale  string `json:"scale"` // "", "row", "column"
	Offset int    `json:"offset"`
	Scales int    `json:"scales"`

	bytes  string    // int8
	floats []float32 // the numbers themselves, or the scales
}

// readWeights reads weights.bin. int8 data is not copied.
func readWeights(data string) (map[string]*tensor, error) {
	if len(data) < len(magic)+4 || data[:len(magic)] != magic {
		return nil, errors.New("weights: not a file of this program")
	}
	n := int(binary.LittleEndian.Uint32([]byte(data[len(magic) : len(magic)+4])))
	data = data[len(magic)+4:]
	if n > len(data) {
		return nil, errors.New("weights: the header is cut off")
	}
	var list []*tensor
	if err := json.Unmarshal([]byte(data[:n]), &list); err != nil {
		return nil, fmt.Errorf("weights: header: %w", err)
	}
	byName := make(map[string]*tensor, len(list))
	for _, t := range list {
		if err := t.read(data[n:]); err != nil {
			return nil, fmt.Errorf("weights: %s: %w", t.Name, err)
		}
		byName[t.Name] = t
	}
	return byName, nil
}

func (t *tensor) read(data string) error {
	size, floats, at := t.Rows*t.Cols, 0, t.Scales
	switch t.Scale {
	case "":
		size, floats, at = 0, size, t.Offset
	case "row":
		floats = t.Rows
	case "column":
		floats = t.Cols
	default:
		return fmt.Errorf("scale %q", t.Scale)
	}
	if t.Rows < 0 || t.Cols < 0 || t.Offset < 0 || at < 0 || t.Offset+size > len(data) || at+4*floats > len(data) {
		return errors.New("the data is cut off")
	}
	t.bytes = data[t.Offset : t.Offset+size]
	t.floats = make([]float32, floats)
	numbers := []byte(data[at : at+4*floats])
	for i := range t.floats {
		t.floats[i] = math.Float32frombits(binary.LittleEndian.Uint32(numbers[4*i:]))
	}
	return nil
}

// reader takes tensors out and remembers what was missing.
type reader struct {
	tensors map[string]*tensor
	err     error
}

func (r *reader) get(name string, rows, cols int, scale string) *tensor {
	t := r.tensors[name]
	if t == nil || t.Rows != rows || t.Cols != cols || t.Scale != scale {
		r.err = errors.Join(r.err, fmt.Errorf("weights: %s is missing or has another shape", name))
		return nil
	}
	return t
}

func (r *reader) vector(name string, n int) []float32 {
	if t := r.get(name, 1, n, ""); t != nil {
		return t.floats
	}
	return nil
}

func (r *reader) matrix(k *kernel, name string, rows, cols int) matrix {
	t := r.get(name, rows, cols, "column")
	if t == nil {
		return matrix{}
	}
	return k.pack(make([]float32, rows*roundUp(cols, k.nr)), rows, cols, func(r, c int) float32 {
		return float32(int8(t.bytes[r*cols+c])) * t.floats[c]
	})
}

// model is the weights in the form that the encoder works with.
type model struct {
	embedding  *tensor // stays int8: 2 MB instead of 8
	timescales []float32
	layers     [2]layer
	residual   matrix // of layer 0, whose output is wider than its input
	head       matrix
	headBias   []float32
}

type layer struct {
	width, heads          int // width of the input
	norm1Scale, norm1Bias []float32
	qkv, output           matrix
	qkvBias, outputBias   []float32
	norm2Scale, norm2Bias []float32
	ffn1, ffn2            matrix
	ffn1Bias, ffn2Bias    []float32
}

// The model's sizes.
const (
	tokenWidth = 256
	width      = 512
	innerWidth = 1536
	heads      = 4
	maxTokens  = 128 // positions that the model was trained on: quality collapses beyond
)

func newModel(data string, k *kernel) (*model, error) {
	tensors, err := readWeights(data)
	if err != nil {
		return nil, err
	}
	r := &reader{tensors: tensors}
	m := &model{
		embedding:  r.get("embedding", vocabSize+2, tokenWidth, "row"),
		timescales: r.vector("inverse_timescales", tokenWidth/2),
		residual:   r.matrix(k, "layer0.residual", tokenWidth, width),
		head:       r.matrix(k, "head", width, width),
		headBias:   r.vector("head.bias", width),
	}
	for l, d := range [...]int{tokenWidth, width} {
		name := fmt.Sprintf("layer%d.", l)
		m.layers[l] = layer{
			width: d, heads: heads,
			norm1Scale: r.vector(name+"norm1.scale", d), norm1Bias: r.vector(name+"norm1.bias", d),
			qkv: r.matrix(k, name+"qkv", d, 3*d), qkvBias: r.vector(name+"qkv.bias", 3*d),
			output: r.matrix(k, name+"output", d, width), outputBias: r.vector(name+"output.bias", width),
			norm2Scale: r.vector(name+"norm2.scale", width), norm2Bias: r.vector(name+"norm2.bias", width),
			ffn1: r.matrix(k, name+"ffn1", width, innerWidth), ffn1Bias: r.vector(name+"ffn1.bias", innerWidth),
			ffn2: r.matrix(k, name+"ffn2", innerWidth, width), ffn2Bias: r.vector(name+"ffn2.bias", width),
		}
	}
	residualBias := r.vector("layer0.residual.bias", width)
	if r.err != nil {
		return nil, r.err
	}
	// The residual of layer 0 and its attention are summed into the same place: one bias for both.
	add(m.layers[0].outputBias, residualBias)
	return m, nil
}
