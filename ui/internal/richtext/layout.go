package richtext

import (
	"strconv"
	"strings"

	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/theme"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Options say how to lay a document out.
type Options struct {
	Width  int // columns
	Widths screen.Widths
	Theme  *theme.Theme
	Base   screen.Style // what text looks like that has no style of its own
	Reveal bool         // show spoilers, and what stands in folded details
	All    bool         // show what lies beyond MaxLines
	// MoreKey is the key that shows the rest of a long message, for the line that says so.
	MoreKey string
	// Code colours code blocks; nil leaves them plain.
	Code *Highlighter
}

// minText is the width in columns that nesting leaves to the text.
const minText = 12

// prefix stands at the start of the lines of a container: a bullet before the
// first, as many blanks before the others.
type prefix struct {
	first, rest Run
	used        bool
}

type layouter struct {
	Options
	lines    []Line
	limit    int
	full     bool
	prefixes []prefix
	indent   int // columns of all prefixes
}

// Layout returns the lines of the document. more says that lines were left out
// for their number; a line in their place says so.
func (d *Doc) Layout(o Options) (lines []Line, more bool) {
	l := &layouter{Options: o, limit: MaxLines}
	if o.All {
		l.limit = maxLinesAll
	}
	l.Width = max(l.Width, 1)
	l.blocks(d.root.kids)
	switch {
	case l.full && !o.All:
		l.lines = append(l.lines, l.own(words.ShowMore(o.MoreKey), o.Theme.Dim))
	case l.full || d.cut:
		l.lines = append(l.lines, l.own(words.CutHere, o.Theme.Dim))
	}
	return l.lines, l.full && !o.All
}

// own makes a line of the program's own words.
func (l *layouter) own(s string, st screen.Style) Line {
	t := safe.Own(s)
	return Line{Runs: []Run{{Text: t, Style: over(l.Base, st), Width: l.Widths.Text(t)}}}
}

// width returns the columns for text.
func (l *layouter) width() int { return max(l.Width-l.indent, 1) }

// push starts a container whose lines begin with a mark. Where nesting would
// leave too little room, the mark is dropped.
func (l *layouter) push(first, rest Run) {
	if first.Width > 0 && l.Width-l.indent-first.Width < min(minText, l.Width/2) {
		first, rest = Run{}, Run{}
	}
	l.prefixes = append(l.prefixes, prefix{first: first, rest: rest})
	l.indent += first.Width
}

func (l *layouter) pop() {
	last := len(l.prefixes) - 1
	l.indent -= l.prefixes[last].first.Width
	l.prefixes = l.prefixes[:last]
}

// emit adds a line behind the prefixes.
func (l *layouter) emit(runs []Run, fill *screen.Style) {
	if len(l.lines) >= l.limit {
		l.full = true
		return
	}
	if len(l.prefixes) > 0 {
		all := make([]Run, 0, len(l.prefixes)+len(runs))
		for i := range l.prefixes {
			p := &l.prefixes[i]
			r := p.rest
			if !p.used {
				r, p.used = p.first, true
			}
			if r.Width > 0 {
				all = append(all, r)
			}
		}
		runs = append(all, runs...)
	}
	l.lines = append(l.lines, Line{Runs: runs, Fill: fill})
}

// blocks lays out the children of a container.
func (l *layouter) blocks(kids []*block) {
	for i, b := range kids {
		if l.full {
			return
		}
		if b.kind == kindPara && b.gap && i > 0 && kids[i-1].kind == kindPara && len(b.spans) > 0 {
			l.emit(nil, nil)
		}
		l.block(b, "")
	}
}

// block lays out one block; bullet marks a list item.
func (l *layouter) block(b *block, bullet string) {
	g := &l.Theme.Glyphs
	switch b.kind {
	case kindPara:
		if len(b.spans) > 0 {
			l.para(b.spans, l.Base)
		}
	case kindHeading:
		if len(b.spans) > 0 {
			l.para(b.spans, over(l.Base, l.Theme.Heading))
		}
	case kindPre:
		l.pre(b)
	case kindRule:
		t := safe.Own(strings.Repeat(string(g.H), min(l.width(), 40)))
		l.emit([]Run{{Text: t, Style: l.Theme.Dim, Width: l.Widths.Text(t)}}, nil)
	case kindQuote:
		bar := l.mark(string(g.V)+" ", l.Theme.Quote)
		base := l.Base
		l.Base = over(base, l.Theme.Quote)
		l.nest(bar, bar, b.kids)
		l.Base = base
	case kindList:
		l.list(b)
	case kindItem:
		if bullet == "" {
			bullet = string(g.Mine) + " "
		}
		first := l.mark(bullet, l.Theme.Dim)
		rest := Run{Text: safe.Own(strings.Repeat(" ", first.Width)), Style: l.Base, Width: first.Width}
		l.nest(first, rest, b.kids)
	case kindTable:
		l.table(b)
	case kindDetails:
		l.details(b)
	case kindRoot, kindRow, kindCell, kindSummary:
		l.blocks(b.kids)
	}
}

func (l *layouter) nest(first, rest Run, kids []*block) {
	l.push(first, rest)
	before := len(l.lines)
	l.blocks(kids)
	if len(l.lines) == before && first.Width > 0 {
		l.emit(nil, nil) // an empty item still shows its number
	}
	l.pop()
}

func (l *layouter) mark(s string, st screen.Style) Run {
	t := safe.Own(s)
	return Run{Text: t, Style: over(l.Base, st), Width: l.Widths.Text(t)}
}

func (l *layouter) list(b *block) {
	n := b.start
	for _, k := range b.kids {
		if l.full {
			return
		}
		if k.kind != kindItem {
			l.block(k, "")
			continue
		}
		bullet := ""
		if b.ordered {
			bullet = strconv.Itoa(n) + ". "
			n++
		}
		l.block(k, bullet)
	}
}

// details shows the summary, and the rest once it is revealed.
func (l *layouter) details(b *block) {
	mark := string(l.Theme.Glyphs.Unfold) + " "
	if l.Reveal {
		mark = string(l.Theme.Glyphs.Fold) + " "
	}
	first := l.mark(mark, l.Theme.Dim)
	rest := Run{Text: safe.Lit("  "), Style: l.Base, Width: 2}
	var kids []*block
	var summary *block
	for _, k := range b.kids {
		if k.kind == kindSummary && summary == nil {
			summary = k
			continue
		}
		kids = append(kids, k)
	}
	l.push(first, rest)
	before := len(l.lines)
	if summary != nil {
		l.blocks(summary.kids)
	}
	if len(l.lines) == before {
		l.para([]span{{text: safe.Lit(words.DetailsTitle)}}, l.Base)
	}
	if l.Reveal {
		l.blocks(kids)
	}
	l.pop()
}

// para wraps a paragraph.
func (l *layouter) para(spans []span, base screen.Style) {
	w := wrapper{width: l.width(), wd: l.Widths, spans: l.prepare(spans)}
	styles := make([]screen.Style, len(w.spans))
	for i := range w.spans {
		styles[i] = l.style(w.spans[i], base)
	}
	w.run(func(pieces []piece) bool {
		runs := make([]Run, 0, len(pieces))
		for _, p := range pieces {
			s := w.spans[p.span]
			runs = append(runs, Run{Text: s.text.Slice(p.from, p.to), Style: styles[p.span], Link: s.link, Width: p.width})
		}
		l.emit(runs, nil)
		return !l.full
	})
}
