package richtext

import (
	"strings"

	uv "github.com/charmbracelet/ultraviolet"

	"hubbub/ui/safe"
)

// Limits of tables that are drawn as such; others become lines.
const (
	maxColumns   = 16
	minColumn    = 6
	maxTableRows = 200
)

// row is a table row: the spans of each cell.
type tableRow struct {
	cells [][]span
	head  bool
}

// table draws a table with columns as wide as they need. Without room for its
// columns, each row becomes one line with bars between the cells. Tables without
// rows, rows without cells and rows of unequal length are all possible.
func (l *layouter) table(b *block) {
	rows, columns := l.rows(b)
	if columns == 0 {
		return
	}
	sep := safe.Own(" " + string(l.Theme.Glyphs.V) + " ")
	if columns > maxColumns || l.width() < columns*(minColumn+3) || len(rows) > maxTableRows {
		for _, r := range rows {
			l.flatRow(r, sep)
		}
		return
	}
	widths := l.columns(rows, columns)
	for _, r := range rows {
		if l.full {
			return
		}
		l.tableRow(r, widths, sep)
	}
}

// rows collects the cells of a table; text outside of cells becomes lines.
func (l *layouter) rows(b *block) (rows []tableRow, columns int) {
	for _, k := range b.kids {
		if k.kind != kindRow {
			l.block(k, "")
			continue
		}
		var r tableRow
		for _, c := range k.kids {
			if c.kind != kindCell {
				l.block(c, "")
				continue
			}
			r.cells = append(r.cells, flatten(c, nil, 0))
			r.head = r.head || c.head
		}
		if len(r.cells) > 0 {
			rows = append(rows, r)
			columns = max(columns, len(r.cells))
		}
	}
	return rows, columns
}

// flatten collects the text of a cell; blocks inside become lines.
func flatten(b *block, into []span, depth int) []span {
	if depth > MaxDepth {
		return into
	}
	for _, k := range b.kids {
		if len(into) > 0 && (len(k.spans) > 0 || len(k.kids) > 0) {
			into = append(into, span{text: safe.Lit("\n")})
		}
		into = append(into, k.spans...)
		into = flatten(k, into, depth+1)
	}
	return into
}

// flatRow draws a row as a line.
func (l *layouter) flatRow(r tableRow, sep safe.Text) {
	var spans []span
	for i, c := range r.cells {
		if i > 0 {
			spans = append(spans, span{text: sep})
		}
		spans = append(spans, c...)
	}
	base := l.Base
	if r.head {
		base.Attrs |= uv.AttrBold
	}
	l.para(spans, base)
}

// columns shares the width out: narrow columns get what they need, the wide
// ones share what is left evenly.
func (l *layouter) columns(rows []tableRow, n int) []int {
	want := make([]int, n)
	for _, r := range rows {
		for i, c := range r.cells {
			for _, line := range lineWidths(c, l) {
				want[i] = max(want[i], line)
			}
		}
	}
	free := l.width() - 3*(n-1)
	got := make([]int, n)
	for left := n; left > 0; {
		share, settled := free/left, false
		for i := range want {
			if got[i] == 0 && max(want[i], 1) <= share {
				got[i] = max(want[i], 1)
				free -= got[i]
				left--
				settled = true
			}
		}
		if settled {
			continue
		}
		for i := range want {
			if got[i] == 0 {
				got[i] = max(share, 1)
			}
		}
		break
	}
	return got
}

func lineWidths(spans []span, l *layouter) []int {
	out := []int{0}
	for _, s := range spans {
		for i, line := range s.text.Lines() {
			if i > 0 {
				out = append(out, 0)
			}
			out[len(out)-1] += l.Widths.Text(line)
		}
	}
	return out
}

// tableRow draws a row, each cell wrapped in its column.
func (l *layouter) tableRow(r tableRow, widths []int, sep safe.Text) {
	base := l.Base
	if r.head {
		base.Attrs |= uv.AttrBold
	}
	cells := make([][][]Run, len(widths))
	height := 1
	for i, c := range r.cells {
		cells[i] = l.cell(c, widths[i], base)
		height = max(height, len(cells[i]))
	}
	bar := Run{Text: sep, Style: over(l.Base, l.Theme.Dim), Width: l.Widths.Text(sep)}
	for y := range height {
		var runs []Run
		for i, width := range widths {
			if i > 0 {
				runs = append(runs, bar)
			}
			used := 0
			if y < len(cells[i]) {
				for _, run := range cells[i][y] {
					used += run.Width
					runs = append(runs, run)
				}
			}
			if pad := width - used; pad > 0 && i < len(widths)-1 {
				runs = append(runs, Run{Text: safe.Own(strings.Repeat(" ", pad)), Style: base, Width: pad})
			}
		}
		l.emit(runs, nil)
	}
}

func (l *layouter) cell(spans []span, width int, base uv.Style) [][]Run {
	w := wrapper{width: width, wd: l.Widths, spans: l.prepare(spans)}
	var out [][]Run
	w.run(func(pieces []piece) bool {
		var runs []Run
		for _, p := range pieces {
			s := w.spans[p.span]
			runs = append(runs, Run{Text: s.text.Slice(p.from, p.to), Style: l.style(s, base), Link: s.link, Width: p.width})
		}
		out = append(out, runs)
		return len(out) < MaxLines
	})
	return out
}
