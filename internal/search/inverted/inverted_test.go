package inverted

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/search/analysis"
)

func docs() []Doc {
	a := analysis.New("english")
	var list []Doc
	for i, body := range []string{"Restart the pod.", "Pods and nodes, pods again", "監視 text [link](https://x.example.com/OPS-7)"} {
		d := Analyze(a, Fields{Title: "Title " + body[:3], Heading: "Rolling back", Section: "Rolling back", Body: body, Content: body})
		d.ChunkID, d.SourceID, d.PageID = int64(100+10*i), "S", string(rune('a'+i))
		list = append(list, d)
	}
	return list
}

// decodeDoc reads what Encode wrote.
func decodeDoc(b []byte) (Doc, error) {
	r := reader{b: b}
	if r.uint() != Version {
		return Doc{}, ErrDamaged
	}
	d := Doc{Length: int(r.uint()), Phrase: r.string()}
	n := r.count()
	d.Terms = make([]TermFrequency, 0, n)
	for range n {
		d.Terms = append(d.Terms, TermFrequency{Term: r.string(), Frequency: r.byte()})
	}
	d.Words = r.sorted()
	return d, r.err
}

func TestDocRoundTrip(t *testing.T) {
	t.Parallel()
	for _, want := range docs() {
		got, err := decodeDoc(want.Encode())
		if err != nil {
			t.Fatal(err)
		}
		got.ChunkID, got.SourceID, got.PageID = want.ChunkID, want.SourceID, want.PageID
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// A segment that is built of encoded documents is that which is built of the documents.
func TestBuildEncoded(t *testing.T) {
	t.Parallel()
	list := docs()
	var encoded []Encoded
	for _, d := range slices.Backward(list) { // the order does not matter
		encoded = append(encoded, Encoded{ChunkID: d.ChunkID, Page: PageKey{SourceID: d.SourceID, PageID: d.PageID}, Words: d.Encode()})
	}
	got, err := BuildEncoded(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Build(list), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	whole := list[0].Encode()
	for n := range whole {
		if err := NewBuilder().AddEncoded(1, PageKey{}, whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken for a document", n, len(whole))
		}
	}
}

func TestHeaderRoundTrip(t *testing.T) {
	t.Parallel()
	want := Build(docs()).Header
	got, err := DecodeHeader(want.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Merging segments gives what building one of all their documents gives, without those that are gone.
func TestMergeIsLikeBuilding(t *testing.T) {
	t.Parallel()
	all := docs()
	want := Build([]Doc{all[0], all[2]})
	parts := []Segment{Build([]Doc{all[2], all[1]}), Build([]Doc{all[0]})}
	header, numbers := Merge([]*Header{parts[0].Header, parts[1].Header}, func(id int64) bool { return id != all[1].ChunkID })
	if diff := cmp.Diff(want.Header.ChunkIDs, header.ChunkIDs); diff != "" {
		t.Errorf("chunks (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(want.Header.Lengths, header.Lengths); diff != "" {
		t.Errorf("lengths (-want +got)\n%s", diff)
	}
	got := map[string][]byte{}
	for _, part := range parts {
		for term := range part.Postings {
			if data := MergePostings([][]byte{parts[0].Postings[term], parts[1].Postings[term]}, numbers); data != nil {
				got[term] = data
			}
		}
	}
	if diff := cmp.Diff(want.Postings, got); diff != "" {
		t.Errorf("postings (-want +got)\n%s", diff)
	}
}

func TestPostings(t *testing.T) {
	t.Parallel()
	want := []Posting{{0, Unit}, {1, 25}, {63, Unit}, {64, 255}, {100000, 1}}
	var got []Posting
	data := AppendPostings(nil, want)
	for doc, frequency := range Postings(data) {
		got = append(got, Posting{doc, frequency})
	}
	if diff := cmp.Diff(want, got); diff != "" || CountPostings(data) != len(want) {
		t.Errorf("count %d (-want +got)\n%s", CountPostings(data), diff)
	}
}

func TestDamagedBytesAreRefused(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{nil, {0}, {1, 200}, []byte(strings.Repeat("\xff", 40)), Build(docs()).Header.Encode()[:40]} {
		if _, err := DecodeHeader(b); err == nil {
			t.Errorf("header %x was read", b)
		}
		if _, err := BuildEncoded([]Encoded{{ChunkID: 1, Words: b}}); err == nil && len(b) < 40 {
			t.Errorf("document %x was read", b)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Build(docs()).Header.Encode())
	f.Add(docs()[0].Encode())
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = DecodeHeader(b)
		_, _ = BuildEncoded([]Encoded{{ChunkID: 1, Words: b}})
		for doc := range Postings(b) {
			_ = doc
		}
	})
}
