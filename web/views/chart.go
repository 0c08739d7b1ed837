package views

import (
	"strconv"
	"strings"
)

// The plot of the run chart in its own units: 712 wide from 44, 148 high down to 160.
const (
	chartLeft   = 44.0
	chartWidth  = 712.0
	chartHeight = 148.0
	chartBottom = 160.0
)

func num(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

func barClass(t Tone) string {
	switch t {
	case OK:
		return "bar-created"
	case Accent, Info:
		return "bar-updated"
	case Warn:
		return "bar-deleted"
	case Bad:
		return "bar-failed"
	case Plain:
		return "bar-none"
	default:
		return "bar-none"
	}
}

func chartStep(c Chart) float64 { return chartWidth / float64(max(len(c.Bars), 12)) }

func chartBarWidth(c Chart) float64 { return min(chartStep(c)*0.6, 28) }

// chartX is the middle of bar i; the newest stands at the right.
func chartX(c Chart, i int) float64 {
	return chartLeft + chartWidth - (float64(len(c.Bars)-i)-0.5)*chartStep(c)
}

type chartPart struct {
	class string
	y, h  float64
}

// chartParts stacks a run's counts from the bottom; a run without any change shows a thin line.
func chartParts(b ChartBar) []chartPart {
	var parts []chartPart
	y := chartBottom
	for _, p := range []struct {
		class string
		share float64
	}{{"bar-created", b.Created}, {"bar-updated", b.Updated}, {"bar-deleted", b.Deleted}, {"bar-failed", b.Failed}} {
		if p.share <= 0 {
			continue
		}
		h := max(p.share*chartHeight, 1.5)
		y -= h
		parts = append(parts, chartPart{p.class, y, h})
	}
	if len(parts) == 0 {
		class := "bar-none"
		if b.Broken {
			class = "bar-failed"
		}
		parts = append(parts, chartPart{class, chartBottom - 2, 2})
	}
	return parts
}

func chartLine(c Chart) string {
	points := make([]string, len(c.Bars))
	for i, b := range c.Bars {
		points[i] = num(chartX(c, i)) + "," + num(chartBottom-b.Duration*chartHeight)
	}
	return strings.Join(points, " ")
}
