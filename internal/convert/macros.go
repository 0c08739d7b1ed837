package convert

// macros is the table of all macros that are known, by name. A new one is a function in a file of its own or of its
// family, an entry here, and a golden pair in testdata. Handlers reach it through the converter only.
var macros = func() map[string]macroSpec { //nolint:gochecknoglobals // a table
	table := map[string]macroSpec{
		"anchor":  {write: drop, inline: true},
		"toc":     {write: drop, inline: true},
		"profile": {write: profile, inline: true},
		"status":  {write: status, inline: true},
		"gallery": {write: titleOnly},

		"jira":       {write: jira, inline: true, apart: true},
		"jiraissues": {write: jira, inline: true, apart: true},

		"include":         {write: include},
		"excerpt-include": {write: include},

		"expand":  {write: expand, bodies: true},
		"excerpt": {write: body, bodies: true},
		"details": {write: details, bodies: true},
		"chart":   {write: titleAndBody, bodies: true},
		"roadmap": {write: roadmap},

		"markdown":                 {write: markdown},
		"markdown-from-url":        {write: drop},
		"markdownmacro":            {write: markdown},
		"markdown-macro":           {write: markdown},
		"html":                     {write: rawHTML, bodies: true},
		"widget":                   {write: embedded, apart: true},
		"iframe":                   {write: embedded, apart: true},
		"plantumlcloud":            {write: plantumlCloud},
		"confluence-mermaid-macro": {write: mermaidRevisions},
	}
	add := func(spec macroSpec, names ...string) {
		for _, name := range names {
			table[name] = spec
		}
	}
	add(macroSpec{write: code}, "code", "paste-code-macro")
	add(macroSpec{write: noformat}, "noformat")
	add(macroSpec{write: panel, bodies: true}, "info", "note", "tip", "warning", "panel")
	add(macroSpec{write: body, bodies: true}, "section", "column", "toc-zone", "center", "align", "div")
	add(macroSpec{write: body, inline: true, bodies: true}, "span")
	add(macroSpec{write: file, inline: true, apart: true}, "view-file", "viewpdf", "viewdoc", "viewxls", "viewppt", "multimedia")
	add(macroSpec{write: diagram}, "drawio", "inc-drawio", "drawio-sketch", "gliffy", "lucidchart", "mermaid-cloud")
	add(macroSpec{write: fenced("mermaid")}, "mermaid", "mermaid-macro")
	add(macroSpec{write: fenced("plantuml")}, "plantuml", "plantumlrender")
	add(macroSpec{write: inlineFormula, inline: true},
		"mathinline", "eazy-math-inline", "easy-math-inline", "latex-inline", "mathjax-inline-macro")
	add(macroSpec{write: blockFormula}, "mathblock", "eazy-math-block", "easy-math-block", "latex", "mathjax-block-macro")
	add(macroSpec{write: dynamic}, dynamicMacros...)
	return table
}()
