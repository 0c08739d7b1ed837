package convert

import (
	"strconv"
	"strings"
)

const (
	maxColspan = 100
	// maxColumns: in wider tables merged cells count as one, so that no input makes a table much larger than itself.
	maxColumns = 1000
)

// cellSpec is a cell and where it stands in the grid.
type cellSpec struct {
	n       *node
	rowspan int
	colspan int
}

// row is a row of the source.
type row struct {
	cells  []cellSpec
	header bool // every cell is a th
}

// covered is a grid position that a cell of a row above reaches into.
type covered struct {
	rows int // how many rows it still covers
	text string
	cell *node
}

// table writes a pipe table; in a cell, a line a row.
func (c *converter) table(n *node) {
	c.w.endBlock()
	t := c.readTable(n)
	if t.caption != nil {
		c.w.openMark(markBold)
		c.children(t.caption)
		c.w.closeMark()
		c.w.endBlock()
	}
	for _, loose := range t.loose {
		c.node(loose)
	}
	c.w.endBlock()
	switch {
	case len(t.rows) == 0:
	case c.w.cell:
		c.nestedTable(t)
	default:
		start := c.w.save()
		c.grid(t)
		if len(oneLine(string(c.w.txt[start.txt:]))) == 0 && !t.images {
			c.w.undo(start)
		}
	}
}

// tableSpec is a table as it is read from the source.
type tableSpec struct {
	rows    []row
	header  int // rows at the top that are the header
	caption *node
	loose   []*node // content outside cells
	images  bool    // there is a picture in it
}

func (c *converter) readTable(n *node) *tableSpec {
	t := &tableSpec{}
	t.read(n)
	for t.header < len(t.rows) && t.rows[t.header].header {
		t.header++
	}
	for i, r := range t.rows {
		for j, cell := range r.cells {
			r.cells[j].rowspan = min(cell.rowspan, len(t.rows)-i)
		}
	}
	return t
}

func (t *tableSpec) read(n *node) {
	var open *row // for cells without a row
	for child := n.first; child != nil; child = child.next {
		if child.kind != elementNode {
			if !child.blank() {
				t.loose = append(t.loose, child)
			}
			continue
		}
		switch child.tag {
		case tagTd, tagTh:
			if open == nil {
				t.rows = append(t.rows, row{header: true})
				open = &t.rows[len(t.rows)-1]
			}
			t.addCell(open, child)
			continue
		case tagTr:
			r := row{header: true}
			t.readRow(&r, child)
			if len(r.cells) > 0 {
				t.rows = append(t.rows, r)
			}
		case tagTbody:
			t.read(child)
		case tagCaption:
			t.caption = child
		case tagOther: // colgroup, and wrappers that have no business here
			t.read(child)
		default:
			t.loose = append(t.loose, child)
		}
		open = nil
	}
}

func (t *tableSpec) readRow(r *row, n *node) {
	for child := n.first; child != nil; child = child.next {
		switch {
		case child.kind == elementNode && (child.tag == tagTd || child.tag == tagTh):
			t.addCell(r, child)
		case child.kind == elementNode && child.tag == tagVoid || child.blank():
		default:
			t.loose = append(t.loose, child)
		}
	}
}

func (t *tableSpec) addCell(r *row, n *node) {
	cell := cellSpec{n: n, rowspan: 1, colspan: 1}
	if strings.Contains(n.data, "span") {
		cell.rowspan = span(n.attr("rowspan"))
		cell.colspan = min(span(n.attr("colspan")), maxColspan)
		if len(r.cells) > maxColumns/2 {
			cell.colspan = 1
		}
	}
	r.cells = append(r.cells, cell)
	r.header = r.header && n.tag == tagTh
	t.images = t.images || n.find(tagImage, tagImg) != nil
}

// span reads a rowspan or colspan; what is no positive number is 1.
func span(s string) int {
	if s == "" {
		return 1
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// columns counts the columns of the grid.
func (t *tableSpec) columns() int {
	most := 0
	var reach []int // rows that each column is still covered for
	for _, r := range t.rows {
		col := 0
		for _, cell := range r.cells {
			for col < len(reach) && reach[col] > 0 {
				reach[col]--
				col++
			}
			for range cell.colspan {
				if col == len(reach) {
					reach = append(reach, 0)
				}
				if reach[col] > 0 { // overlapping spans: the cell above stays
					reach[col]--
				} else {
					reach[col] = cell.rowspan - 1
				}
				col++
			}
		}
		for ; col < len(reach); col++ {
			if reach[col] == 0 {
				continue
			}
			reach[col]--
			most = max(most, col+1)
		}
		most = max(most, col)
	}
	return max(most, len(reach))
}

// grid writes the rows, merged cells repeated in every position they cover.
func (c *converter) grid(t *tableSpec) {
	width := t.columns()
	above := make([]covered, width)
	header := make([][]string, width)
	heads := make([]*node, width)
	for _, r := range t.rows[:t.header] {
		c.row(r, above, func(col int, text string, cell *node) {
			if text != "" && heads[col] != cell {
				header[col] = append(header[col], text)
			}
			heads[col] = cell
		})
	}
	c.w.beginBlock()
	for _, parts := range header {
		c.w.md = append(c.w.md, "| "...)
		c.w.md = append(c.w.md, strings.Join(parts, " / ")...)
		c.w.md = append(c.w.md, ' ')
	}
	c.w.md = append(c.w.md, "|\n"...)
	c.w.beginLine()
	for range width {
		c.w.md = append(c.w.md, "| --- "...)
	}
	c.w.md = append(c.w.md, '|')
	for _, r := range t.rows[t.header:] {
		c.w.md = append(c.w.md, '\n')
		c.w.beginLine()
		c.row(r, above, nil)
		c.w.md = append(c.w.md, '|')
	}
	c.w.finishBlock()
}
