package uselite

import "math"

const (
	normEpsilon = 1e-6
	lengthFloor = 1e-12 // of a squared length
)

func add(to, values []float32) {
	to = to[:len(values)]
	for i, v := range values {
		to[i] += v
	}
}

// layerNorm writes the normalised rows of x to out; both have n rows of len(scale) numbers.
func layerNorm(out, x []float32, n int, scale, bias []float32) {
	d := len(scale)
	bias = bias[:d]
	for i := range n {
		in, to := x[i*d:(i+1)*d], out[i*d:(i+1)*d]
		mean := sum(in) / float32(d)
		var s0, s1, s2, s3 float32
		for j := 0; j+3 < len(in); j += 4 {
			a, b, c, e := in[j]-mean, in[j+1]-mean, in[j+2]-mean, in[j+3]-mean
			s0 += a * a
			s1 += b * b
			s2 += c * c
			s3 += e * e
		}
		variance := (s0 + s1 + s2 + s3) / float32(d)
		inverse := 1 / float32(math.Sqrt(float64(variance)+normEpsilon))
		for j, v := range in {
			to[j] = scale[j]*((v-mean)*inverse) + bias[j]
		}
	}
}

// sum adds in four lanes, so that additions do not wait for one another. The length is a multiple of 4.
func sum(x []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(x) >= 4 {
		s0 += x[0]
		s1 += x[1]
		s2 += x[2]
		s3 += x[3]
		x = x[4:]
	}
	return s0 + s1 + s2 + s3
}

func relu(x []float32) {
	for i, v := range x {
		x[i] = max(v, 0)
	}
}

// softmax turns scores into shares that sum up to one.
func softmax(x []float32) {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var total float32
	for i, v := range x {
		e := exp(v - top)
		x[i] = e
		total += e
	}
	share := 1 / total
	for i := range x {
		x[i] *= share
	}
}

// exp is e^x for x <= 0, to about 1e-7: 2^n times a polynomial over half a step on either side. Below -87 it is 0.
func exp(x float32) float32 {
	const (
		log2e  = 1.44269504
		high   = 0.693359375
		low    = -2.12194440e-4
		lowest = -87
	)
	if x < lowest {
		return 0
	}
	n := int32(x*log2e - 0.5)
	f := float32(n)
	r := x - f*high - f*low
	p := float32(1.9875691500e-4)
	p = p*r + 1.3981999507e-3
	p = p*r + 8.3334519073e-3
	p = p*r + 4.1665795894e-2
	p = p*r + 1.6666665459e-1
	p = p*r + 5.0000001201e-1
	p = p*r*r + r + 1
	return p * math.Float32frombits(uint32(n+127)<<23)
}

// normalize scales x to length one.
func normalize(x []float32) {
	var total float64
	for _, v := range x {
		total += float64(v) * float64(v)
	}
	inverse := float32(1 / math.Sqrt(max(total, lengthFloor)))
	for i := range x {
		x[i] *= inverse
	}
}
