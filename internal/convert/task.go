package convert

import "strings"

// taskList writes a task list; what else stands in it, follows in place.
func (c *converter) taskList(n *node) {
	c.w.endBlock()
	end := 0
	for child := n.first; child != nil; child = child.next {
		if child.kind == elementNode && child.tag == tagTask && !c.w.cell {
			c.below(&end, func() { c.node(child) })
		} else {
			c.node(child)
		}
	}
	c.w.endBlock()
}

// task writes one task and records it. A nested list stands in the body or beside it.
func (c *converter) task(n *node) {
	c.w.endBlock()
	status := n.child(tagTaskStatus)
	done := status != nil && strings.EqualFold(status.label(), "complete")
	box := "[ ] "
	if done {
		box = "[x] "
	}
	if c.w.cell {
		c.w.lead = box
	} else {
		c.w.push("- "+box, "  ")
	}
	outer := c.rec.task
	t := Task{Done: done}
	c.rec.task = &t
	index := len(c.rec.tasks)
	c.rec.tasks = append(c.rec.tasks, t)
	textAt := len(c.w.txt)
	for child := n.first; child != nil; child = child.next {
		if child.kind == elementNode && child.tag == tagTaskList && t.Text == "" {
			t.Text = oneLine(string(c.w.txt[textAt:]))
		}
		c.node(child)
	}
	if t.Text == "" {
		t.Text = oneLine(string(c.w.txt[textAt:]))
	}
	c.rec.task = outer
	c.rec.tasks[index] = t
	c.w.endBlock()
	if c.w.cell {
		c.w.lead = ""
	} else {
		c.w.pop()
	}
}
