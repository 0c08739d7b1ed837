package uselite

import "math"

// encoder computes the vector of one window of tokens. It is read-only and safe for concurrent use, each use with a
// scratch of its own.
type encoder struct {
	k     *kernel
	m     *model
	waves []float32 // the timing signal, maxTokens rows of tokenWidth
	// pool is the share of each token, by id, in the pooled vector; nil: all alike, as in the published model.
	pool []float32
	zero []float32 // where sums start that have no bias
}

// scratch is the memory that one window takes.
type scratch struct {
	x, y, norm  []float32 // rows of width
	wide        []float32 // rows of innerWidth: query, key and value, or the inside of the feed-forward part
	joined      []float32 // the heads' outputs, rows of width
	scores      []float32 // of one head
	keys, vals  []float32 // of one head, packed
	packed      []float32
	pooled, out []float32
	window      []float32 // the vector of one window
}

// room is how many rows the buffers have: whole tiles for every kernel.
const room = maxTokens + maxMR

func newScratch() *scratch {
	f := func(n int) []float32 { return make([]float32, n) }
	return &scratch{
		x: f(room * width), y: f(room * width), norm: f(room * width), wide: f(room * innerWidth), joined: f(room * width),
		scores: f(room * (maxTokens + maxNR)), keys: f(width / heads * (maxTokens + maxNR)), vals: f(maxTokens * width / heads),
		packed: f(room * blockDepth), pooled: f(width), out: f(maxMR * width), window: f(width),
	}
}

func newEncoder(k *kernel, m *model, pool []float32) *encoder {
	e := &encoder{k: k, m: m, pool: pool, waves: make([]float32, maxTokens*tokenWidth), zero: make([]float32, width)}
	for p := range maxTokens {
		row := e.waves[p*tokenWidth : (p+1)*tokenWidth]
		for i, inverse := range m.timescales {
			angle := float64(float32(p) * inverse)
			row[i] = float32(math.Sin(angle))
			row[i+tokenWidth/2] = float32(math.Cos(angle))
		}
	}
	return e
}

// encode writes the vector of ids, at least one and at most maxTokens, to out. It calls pause between its parts, which
// take a millisecond or two each, so that others can have the processor.
func (e *encoder) encode(out []float32, ids []int32, s *scratch, pause func()) {
	n := len(ids)
	e.embed(s.x, ids)
	for l := range e.m.layers {
		e.layer(l, n, s, pause)
	}
	e.pooling(s, ids)
	e.k.multiply(s.out, width, s.pooled, width, 1, e.m.head, e.m.headBias, s.packed)
	for i := range out {
		out[i] = float32(math.Tanh(float64(s.out[i])))
	}
	normalize(out)
}

// embed writes the first layer's input. The published graph adds the timing signal as a residual of the embedding, so
// the embedding counts twice.
func (e *encoder) embed(x []float32, ids []int32) {
	table := e.m.embedding
	for p, id := range ids {
		row := x[p*tokenWidth : (p+1)*tokenWidth]
		numbers := table.bytes[int(id)*tokenWidth : (int(id)+1)*tokenWidth]
		scale := 2 * table.floats[id]
		wave := e.waves[p*tokenWidth : (p+1)*tokenWidth]
		for i := range tokenWidth {
			row[i] = float32(int8(numbers[i]))*scale + wave[i]
		}
	}
}

// layer is one transformer layer over s.x: attention and feed-forward, each after a layer norm and around a residual.
func (e *encoder) layer(l, n int, s *scratch, pause func()) {
	k, p := e.k, &e.m.layers[l]
	layerNorm(s.norm, s.x, n, p.norm1Scale, p.norm1Bias)
	k.multiply(s.wide, 3*p.width, s.norm, p.width, n, p.qkv, p.qkvBias, s.packed)
	pause()
	e.attention(p, n, s)
	pause()
	if p.width == width {
		spread(s.y, s.x, n, p.outputBias)
	} else {
		k.multiply(s.y, width, s.x, p.width, n, e.m.residual, p.outputBias, s.packed)
	}
	k.multiply(s.y, width, s.joined, p.width, n, p.output, nil, s.packed)
	layerNorm(s.norm, s.y, n, p.norm2Scale, p.norm2Bias)
	pause()
	k.multiply(s.wide, innerWidth, s.norm, width, n, p.ffn1, p.ffn1Bias, s.packed)
	relu(s.wide[:n*innerWidth])
	pause()
	spread(s.x, s.y, n, p.ffn2Bias)
	k.multiply(s.x, width, s.wide, innerWidth, n, p.ffn2, nil, s.packed)
	pause()
}

// spread sets the n rows of to to those of from plus bias.
func spread(to, from []float32, n int, bias []float32) {
	for i := range n {
		a, b := to[i*width:(i+1)*width], from[i*width:(i+1)*width]
		for j, v := range bias {
			a[j] = b[j] + v
		}
	}
}

// attention reads query, key and value of every head from s.wide and leaves the heads' outputs side by side in s.joined.
func (e *encoder) attention(p *layer, n int, s *scratch) {
	d := p.width / p.heads
	stride := 3 * p.width
	scale := float32(1 / math.Sqrt(float64(d)))
	for i := range n {
		q := s.wide[i*stride : i*stride+p.width]
		for j := range q {
			q[j] *= scale
		}
	}
	for h := range p.heads {
		q, key, value := s.wide[h*d:], s.wide[p.width+h*d:], s.wide[2*p.width+h*d:]
		keys := e.k.packColumns(s.keys, key, stride, n, d)
		e.k.multiply(s.scores, keys.cols, q, stride, n, keys, e.zero, s.packed)
		for i := range n {
			softmax(s.scores[i*keys.cols : i*keys.cols+n])
		}
		values := e.k.packBlock(s.vals, value, stride, n, d)
		e.k.multiply(s.joined[h*d:], p.width, s.scores, keys.cols, n, values, e.zero, s.packed)
	}
}

// pooling averages the tokens.
func (e *encoder) pooling(s *scratch, ids []int32) {
	clear(s.pooled)
	var total float32
	for i, id := range ids {
		share := float32(1)
		if e.pool != nil {
			share = e.pool[id]
		}
		total += share
		row := s.x[i*width : (i+1)*width]
		for j, v := range row {
			s.pooled[j] += share * v
		}
	}
	for j := range s.pooled {
		s.pooled[j] /= total
	}
}
