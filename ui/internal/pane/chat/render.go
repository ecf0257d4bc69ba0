package chat

import (
	"strings"

	uv "github.com/charmbracelet/ultraviolet"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/richtext"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/timeline"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// source gives the list the items of the timeline as lines.
type source struct{ p *Pane }

// Len implements list.Source.
func (s source) Len() int { return s.p.tl.Len() }

// Key implements list.Source.
func (s source) Key(i int) timeline.Key { return s.p.tl.At(i).Key }

// Index implements list.Source.
func (s source) Index(k timeline.Key) (int, bool) { return s.p.tl.Index(k) }

// Stamp implements list.Source. The readers stand below one message only, so
// only that one changes with them.
func (s source) Stamp(i int) uint64 {
	it := s.p.tl.At(i)
	stamp := it.Stamp << 2
	if s.apart(i) {
		stamp |= 2
	}
	if s.p.seenKey != 0 && it.Kind == timeline.KindMessage && it.Key.ID == s.p.seenKey {
		stamp = stamp<<16 | 1<<15 | s.p.seenStamp&(1<<15-1)
	}
	return stamp
}

// roomyHeight is the number of rows from which groups of messages stand apart.
const roomyHeight = 24

// apart reports whether a blank row stands before an item: before a name line or
// a run of state changes, unless a divider parts them already.
func (s source) apart(i int) bool {
	if i == 0 || s.p.layout.list.Dy() < roomyHeight {
		return false
	}
	it, before := s.p.tl.At(i), s.p.tl.At(i-1).Kind
	return (it.Kind == timeline.KindStates || it.Kind == timeline.KindMessage && !it.Grouped) &&
		(before == timeline.KindStates || before == timeline.KindMessage)
}

// Selectable implements list.Source.
func (s source) Selectable(i int) bool {
	switch s.p.tl.At(i).Kind {
	case timeline.KindDay, timeline.KindNew:
		return false
	case timeline.KindMessage, timeline.KindStates, timeline.KindGap:
	}
	return true
}

// gutter is the number of columns left of every text. Messages cannot draw
// there, so what stands in it is always the program's own.
const gutter = 2

// Lines implements list.Source.
func (s source) Lines(i, width int) []richtext.Line {
	d := drawing{p: s.p, width: width}
	if s.apart(i) {
		d.lines = append(d.lines, richtext.Line{})
	}
	it := s.p.tl.At(i)
	switch it.Kind {
	case timeline.KindDay:
		d.day(it)
	case timeline.KindNew:
		d.divider(safe.Own(words.NewBelow(it.Count)), s.p.th.NewDivider)
	case timeline.KindGap:
		d.gap(it)
	case timeline.KindStates:
		d.states(it)
	case timeline.KindMessage:
		d.message(it)
	}
	return d.lines
}

// drawing collects the lines of one item.
type drawing struct {
	p     *Pane
	width int
	lines []richtext.Line
	mark  rune // glyph in the gutter of the next line, 0 for none
	markS screen.Style
	head  *screen.Style // the next line is the name line of a group
	told  bool          // the name line says that the message came in the clear
	bar   bool          // a bar in the gutter of every line: the message mentions me
}

// room is the number of columns for text.
func (d *drawing) room() int { return max(d.width-gutter-1, 1) }

func (d *drawing) run(s string, st screen.Style) richtext.Run {
	return d.textRun(safe.Own(s), st)
}

func (d *drawing) textRun(t safe.Text, st screen.Style) richtext.Run {
	return richtext.Run{Text: t, Style: st, Width: d.p.wd.Text(t)}
}

// add adds a line behind the gutter: a column for marks, and one for the head of
// a group and the cursor.
func (d *drawing) add(runs []richtext.Run, fill *screen.Style) {
	th := d.p.th
	mark, st := ' ', th.Text
	switch {
	case d.mark != 0:
		mark, st = d.mark, d.markS
	case d.bar:
		mark, st = th.Glyphs.Bar, th.Highlight
	}
	head, hst := ' ', th.Text
	if d.head != nil {
		head, hst = th.Glyphs.Head, *d.head
	}
	d.mark, d.head = 0, nil
	lead := make([]richtext.Run, 0, len(runs)+gutter)
	if mark == ' ' && head == ' ' {
		lead = append(lead, richtext.Run{Text: safe.Lit("  "), Style: th.Text, Width: gutter})
	} else {
		lead = append(lead, d.run(string(mark), st), d.run(string(head), hst))
	}
	d.lines = append(d.lines, richtext.Line{Runs: append(lead, runs...), Fill: fill})
}

// wrap adds text of the program's own words, wrapped.
func (d *drawing) wrap(s string, st screen.Style) {
	lines, _ := richtext.Plain(s, "").Layout(d.options(st))
	for _, l := range lines {
		d.add(l.Runs, nil)
	}
}

func (d *drawing) options(base screen.Style) richtext.Options {
	return richtext.Options{
		Width: d.room(), Widths: d.p.wd, Theme: d.p.th, Base: base, Code: d.p.code,
		MoreKey: d.p.key(keymap.Message, keymap.Expand),
	}
}

// fit cuts text to a number of columns, with an ellipsis where it was cut.
func (d *drawing) fit(t safe.Text, columns int) safe.Text {
	wd := d.p.wd
	if columns <= 0 {
		return safe.Text{}
	}
	if wd.Text(t) <= columns {
		return t
	}
	at, used := 0, 0
	for s := t.String(); at < len(s); {
		n := pane.ClusterLen(s[at:])
		w := wd.Cluster(s[at : at+n])
		if used+w > columns-1 {
			break
		}
		used += w
		at += n
	}
	return safe.Own(strings.TrimRight(t.Slice(0, at).String(), " ") + string(d.p.th.Glyphs.Ellipsis))
}

// divider adds a line across the pane with a title in the middle.
func (d *drawing) divider(title safe.Text, st screen.Style) {
	h := string(d.p.th.Glyphs.H)
	room := d.width - 2
	title = d.fit(title, room-4)
	w := d.p.wd.Text(title)
	left := max((room-w-2)/2, 0)
	right := max(room-w-2-left, 0)
	text := safe.Own(strings.Repeat(h, left) + " " + title.String() + " " + strings.Repeat(h, right))
	d.lines = append(d.lines, richtext.Line{Runs: []richtext.Run{d.run(" ", d.p.th.Text), d.textRun(text, st)}})
}

func (d *drawing) day(it *timeline.Item) {
	layout := words.DayLayout
	if last := d.p.tl.Newest(); last != nil && last.Time.In(it.Day.Location()).Year() != it.Day.Year() {
		layout = words.DayYearLayout
	}
	d.divider(safe.Own(it.Day.Format(layout)), d.p.th.Day)
}

// gap says what is missing, why, and what helps.
func (d *drawing) gap(it *timeline.Item) {
	e := it.Messages[0]
	th := d.p.th
	text, st := words.HoleIdle, th.Gap
	if e.GapAtStart {
		text = words.GapIdle
	}
	switch {
	case e.Problem() != nil:
		text, st = words.GapFailed(e.Problem(), d.p.key(keymap.Message, keymap.Expand)), th.Warn
		d.mark, d.markS = th.Glyphs.Warn, th.Warn
		d.wrap(text, st)
		return
	case e.Asked() && e.GapAtStart:
		text = words.GapLoading
	case e.Asked():
		text = words.HoleLoading
	}
	d.divider(safe.Own(text), st)
}

// states shows a run of state changes in one line, or each in its own.
func (d *drawing) states(it *timeline.Item) {
	th := d.p.th
	if len(it.Messages) == 1 || it.Open() {
		for _, e := range it.Messages {
			d.mark, d.markS = th.Glyphs.Mine, th.State
			d.wrap(safe.Line(timeline.StateLine(&e.Message)).String(), th.State)
		}
		return
	}
	d.mark, d.markS = th.Glyphs.Unfold, th.State
	d.wrap(safe.Own(timeline.Summary(it.Messages)).String(), th.State)
}

// body parses the text of a message.
func (p *Pane) body(m *chat.Message) *richtext.Doc {
	if m.HTML != "" {
		if d := richtext.HTML(m.HTML, p.opts.Me); !d.Empty() {
			return d
		}
	}
	return richtext.Plain(m.Body, p.opts.Me)
}

// dimmed is a style for text that matters less.
func (d *drawing) dimmed() screen.Style { return d.p.th.Dim }

func italic(st screen.Style) screen.Style {
	st.Attrs |= uv.AttrItalic
	return st
}
