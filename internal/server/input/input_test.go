package input

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicehq/sluice/internal/wiki"
)

type List struct {
	Cursor string `query:"cursor"`
}

type sent struct {
	List
	ID   string   `path:"id"`
	Tags []string `query:"tag"`
	Body *struct {
		Name  string     `json:"name,omitempty"`
		At    *time.Time `json:"at"`
		Inner struct {
			Text string `json:"text"`
		} `json:"inner"`
		N int `json:"n"`
	}
	hidden string
}

func TestFaultsNamesTheFieldsThatAreNoText(t *testing.T) {
	t.Parallel()
	var in sent
	in.hidden = "\x00"
	if got := Faults(&in); len(got) != 0 {
		t.Errorf("an empty input: %v", got)
	}
	in.ID, in.Cursor, in.Tags = "a\x00", "\xff", []string{"fine", "\x00", "\xff"}
	in.Body = &struct {
		Name  string     `json:"name,omitempty"`
		At    *time.Time `json:"at"`
		Inner struct {
			Text string `json:"text"`
		} `json:"inner"`
		N int `json:"n"`
	}{Name: "naïve ✓", N: 3}
	now := time.Now()
	in.Body.At, in.Body.Inner.Text = &now, "x\x00"
	want := []wiki.FieldError{{Field: "cursor", Message: NotText}, {Field: "id", Message: NotText}, {Field: "tag", Message: NotText}, {Field: "inner.text", Message: NotText}}
	if diff := cmp.Diff(want, Faults(&in)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}
