package inverted

import "encoding/binary"

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// appendSorted writes sorted strings, each without what it shares with the one before.
func appendSorted(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	last := ""
	for _, s := range list {
		n := 0
		for n < len(last) && n < len(s) && n < 255 && last[n] == s[n] {
			n++
		}
		b = append(b, byte(n))
		b = appendString(b, s[n:])
		last = s
	}
	return b
}

// reader reads what the append functions write; the first fault sticks.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() {
	r.err, r.b = ErrDamaged, nil
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads the length of a list whose entries take at least a byte each.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// bytes returns a string as a part of what is read.
func (r *reader) bytes() []byte {
	n := r.count()
	if r.err != nil {
		return nil
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *reader) string() string { return string(r.bytes()) }

func (r *reader) sorted() []string {
	n := r.count()
	list := make([]string, 0, n)
	last := ""
	for range n {
		shared := int(r.byte())
		rest := r.string()
		if r.err != nil || shared > len(last) {
			r.fail()
			return nil
		}
		last = last[:shared] + rest
		list = append(list, last)
	}
	return list
}
