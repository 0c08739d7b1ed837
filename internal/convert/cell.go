package convert

// capture receives the cells of a row instead of the output.
type capture func(col int, text string, cell *node)

// row writes one row of a table, or gives its cells to the capture.
func (c *converter) row(r row, above []covered, to capture) {
	col := 0
	repeat := func() bool { // the position is covered from above
		if col >= len(above) || above[col].rows == 0 {
			return false
		}
		above[col].rows--
		c.repeated(col, above[col].text, above[col].cell, to)
		col++
		return true
	}
	isProperty := c.details > 0 && to == nil && len(r.cells) == 2 && r.cells[0].n.tag != r.cells[1].n.tag
	property := map[tag]string{}
	separator := byte('\n')
	for _, cell := range r.cells {
		for repeat() {
			continue
		}
		c.w.txt = append(c.w.txt, separator)
		separator = '\t'
		start, textStart := len(c.w.md), len(c.w.txt)
		c.cell(cell.n, to == nil)
		text := ""
		switch {
		case to != nil:
			text = string(c.w.md[start:])
			c.w.md = c.w.md[:start]
			to(col, text, cell.n)
		case cell.rowspan > 1 || cell.colspan > 1 || isProperty:
			text = string(c.w.md[start+len("| ") : len(c.w.md)-1])
		}
		if isProperty {
			property[cell.n.tag] = text
			if cell.n.tag == tagTh {
				property[tagTh] = oneLine(string(c.w.txt[textStart:]))
			}
		}
		for k := range cell.colspan {
			if k > 0 && repeat() {
				continue
			}
			if k > 0 {
				c.repeated(col, text, cell.n, to)
			}
			above[col] = covered{rows: cell.rowspan - 1, text: text, cell: cell.n}
			col++
		}
	}
	if key := property[tagTh]; key != "" {
		c.rec.properties[key] = append(c.rec.properties[key], property[tagTd])
	}
	for col < len(above) && c.budget > 0 {
		if !repeat() {
			c.repeated(col, "", nil, to)
			col++
		}
	}
}

// repeated writes a value that stands elsewhere already, or an empty cell, as long as the budget lasts.
func (c *converter) repeated(col int, text string, cell *node, to capture) {
	const overhead = len("|  ")
	c.budget -= len(text) + overhead
	if c.budget < 0 {
		text = ""
	}
	if to != nil {
		to(col, text, cell)
		return
	}
	c.w.md = append(c.w.md, "| "...)
	c.w.md = append(c.w.md, text...)
	c.w.md = append(c.w.md, ' ')
}

// cell writes the content of a cell on one line; of a body row with its borders, th in bold.
func (c *converter) cell(n *node, body bool) {
	if body {
		c.w.md = append(c.w.md, "| "...)
	}
	outer := c.w.inline
	c.w.inline = inline{cell: true, marks: c.w.cellMarks[:0]}
	bold := body && n.tag == tagTh
	if bold {
		c.w.openMark(markBold)
	}
	c.children(n)
	if bold {
		c.w.closeMark()
	}
	c.w.cellMarks = c.w.marks[:0]
	c.w.inline = outer
	if body {
		c.w.md = append(c.w.md, ' ')
	}
}

// nestedTable writes a table in a cell: a line a row, the cells separated by slashes.
func (c *converter) nestedTable(t *tableSpec) {
	for _, r := range t.rows {
		c.w.endBlock()
		start := len(c.w.md)
		for _, cell := range r.cells {
			if len(c.w.md) > start {
				c.w.breaks, c.w.space, c.w.lead = 0, true, "/ "
			}
			c.children(cell.n)
		}
		c.w.lead = ""
		c.w.endBlock()
	}
}
