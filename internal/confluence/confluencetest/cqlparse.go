package confluencetest

import (
	"fmt"
	"slices"
	"strings"
)

// condition tells whether a content is found.
type condition func(e *searcher, x *content) bool

// orderBy is one key of ORDER BY.
type orderBy struct {
	field      string
	descending bool
}

// parsedCQL is a query ready to run.
type parsedCQL struct {
	where condition
	order []orderBy
}

type cqlParser struct {
	tokens []token
	at     int
	depth  int
	env    *searcher
}

// parseCQL reads a query as Confluence does: AND and OR have the same strength and are taken from left to right.
func parseCQL(query string, env *searcher) (*parsedCQL, error) {
	tokens, err := lexCQL(query)
	if err != nil {
		return nil, err
	}
	p := &cqlParser{tokens: tokens, env: env}
	if p.keyword("not") {
		return nil, fmt.Errorf("a negative expression cannot come first")
	}
	where, err := p.expression()
	if err != nil {
		return nil, err
	}
	parsed := &parsedCQL{where: where}
	if p.takeKeyword("order") {
		if parsed.order, err = p.orderBy(); err != nil {
			return nil, err
		}
	}
	if p.peek().kind != 0 {
		return nil, fmt.Errorf("could not parse cql, unexpected %q", p.peek().text)
	}
	return parsed, nil
}

func (p *cqlParser) peek() token { return p.tokens[p.at] }

func (p *cqlParser) next() token {
	t := p.tokens[p.at]
	if t.kind != 0 {
		p.at++
	}
	return t
}

func (p *cqlParser) keyword(word string) bool {
	t := p.peek()
	return t.kind == 'w' && strings.EqualFold(t.text, word)
}

func (p *cqlParser) takeKeyword(word string) bool {
	if p.keyword(word) {
		p.at++
		return true
	}
	return false
}

func (p *cqlParser) takeSign(sign string) bool {
	if t := p.peek(); t.kind == 's' && t.text == sign {
		p.at++
		return true
	}
	return false
}

func (p *cqlParser) expression() (condition, error) {
	if p.depth++; p.depth > 100 {
		return nil, fmt.Errorf("the query is nested too deeply")
	}
	defer func() { p.depth-- }()
	left, err := p.clause()
	if err != nil {
		return nil, err
	}
	for {
		and := p.takeKeyword("and")
		if !and && !p.takeKeyword("or") {
			return left, nil
		}
		before := left
		right, err := p.clause()
		if err != nil {
			return nil, err
		}
		left = func(e *searcher, x *content) bool {
			if and {
				return before(e, x) && right(e, x)
			}
			return before(e, x) || right(e, x)
		}
	}
}

func (p *cqlParser) clause() (condition, error) {
	if p.takeKeyword("not") {
		inner, err := p.clause()
		if err != nil {
			return nil, err
		}
		return func(e *searcher, x *content) bool { return !inner(e, x) }, nil
	}
	if p.takeSign("(") {
		inner, err := p.expression()
		if err != nil {
			return nil, err
		}
		if !p.takeSign(")") {
			return nil, fmt.Errorf("could not parse cql, a parenthesis is never closed")
		}
		return inner, nil
	}
	t := p.next()
	if t.kind != 'w' {
		return nil, fmt.Errorf("could not parse cql, expected a field but found %q", t.text)
	}
	field := strings.ToLower(t.text)
	operator, values, err := p.comparison()
	if err != nil {
		return nil, err
	}
	return p.env.compile(field, operator, values)
}

// comparison reads operator and values.
func (p *cqlParser) comparison() (string, []value, error) {
	negative := p.takeKeyword("not")
	if p.takeKeyword("in") {
		operator := "in"
		if negative {
			operator = "not in"
		}
		if !p.takeSign("(") {
			return "", nil, fmt.Errorf("could not parse cql, IN needs a list")
		}
		var values []value
		for {
			v, err := p.value()
			if err != nil {
				return "", nil, err
			}
			values = append(values, v)
			if p.takeSign(")") {
				return operator, values, nil
			}
			if !p.takeSign(",") {
				return "", nil, fmt.Errorf("could not parse cql, a list is never closed")
			}
		}
	}
	t := p.next()
	if negative || t.kind != 's' || !slices.Contains([]string{"=", "!=", ">", ">=", "<", "<=", "~", "!~"}, t.text) {
		return "", nil, fmt.Errorf("could not parse cql, expected an operator but found %q", t.text)
	}
	v, err := p.value()
	return t.text, []value{v}, err
}

// value is a literal, or a function with its argument.
type value struct {
	text     string
	function bool
	argument string
}

func (p *cqlParser) value() (value, error) {
	t := p.next()
	if t.kind != 'w' && t.kind != 'q' {
		return value{}, fmt.Errorf("could not parse cql, expected a value but found %q", t.text)
	}
	v := value{text: t.text}
	if t.kind == 'w' && p.takeSign("(") {
		v.function = true
		if !p.takeSign(")") {
			v.argument = p.next().text
			if !p.takeSign(")") {
				return value{}, fmt.Errorf("could not parse cql, function %s is never closed", t.text)
			}
		}
	}
	return v, nil
}

func (p *cqlParser) orderBy() ([]orderBy, error) {
	if !p.takeKeyword("by") {
		return nil, fmt.Errorf("could not parse cql, expected BY")
	}
	var order []orderBy
	for {
		field := strings.ToLower(p.next().text)
		if !slices.Contains([]string{"lastmodified", "created", "title", "type", "space"}, field) {
			return nil, fmt.Errorf("the field %q cannot be used in ORDER BY", field)
		}
		o := orderBy{field: field, descending: p.takeKeyword("desc")}
		if !o.descending {
			p.takeKeyword("asc")
		}
		order = append(order, o)
		if !p.takeSign(",") {
			return order, nil
		}
	}
}
