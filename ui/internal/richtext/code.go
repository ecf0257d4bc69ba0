package richtext

import (
	"strings"

	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
)

// pre shows a code block: long lines go on in the next row, nothing is wrapped by words.
func (l *layouter) pre(b *block) {
	base := over(l.Base, l.Theme.CodeBlock)
	var text strings.Builder
	for _, s := range b.spans {
		text.WriteString(s.text.String())
	}
	code := strings.TrimRight(text.String(), "\n")
	spans := b.spans
	if tokens := l.Code.lookup(b.lang, code); tokens != nil {
		spans = tokenSpans(code, tokens)
	}
	w := wrapper{width: max(l.width()-1, 1), wd: l.Widths, spans: l.prepare(spans), hard: true}
	bar := Run{Text: safe.Lit(" "), Style: base, Width: 1}
	if l.Width < minText {
		bar, w.width = Run{}, l.width()
	}
	end := false
	emit := func(pieces []piece) bool {
		runs := make([]Run, 0, len(pieces)+1)
		if bar.Width > 0 {
			runs = append(runs, bar)
		}
		for _, p := range pieces {
			s := w.spans[p.span]
			runs = append(runs, Run{Text: s.text.Slice(p.from, p.to), Style: l.codeStyle(s, base), Width: p.width})
		}
		l.emit(runs, &base)
		return !l.full
	}
	// Line breaks at the end of the block make no rows.
	var held int
	w.run(func(pieces []piece) bool {
		if len(pieces) == 0 {
			held++
			return true
		}
		for ; held > 0 && !end; held-- {
			end = !emit(nil)
		}
		return !end && emit(pieces)
	})
}

// codeStyle returns the look of a token or of a span of a code block.
func (l *layouter) codeStyle(s span, base screen.Style) screen.Style {
	th := l.Theme
	if s.color&tokenMark == 0 {
		return l.style(s, base)
	}
	switch class(s.color &^ tokenMark) {
	case classKeyword:
		return over(base, th.SynKeyword)
	case classString:
		return over(base, th.SynString)
	case classNumber:
		return over(base, th.SynNumber)
	case classComment:
		return over(base, th.SynComment)
	case className:
		return over(base, th.SynName)
	case classType:
		return over(base, th.SynType)
	case classPlain:
	}
	return base
}
