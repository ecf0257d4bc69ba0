package chat

import (
	"strconv"
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/richtext"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/timeline"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

const (
	nameColumns  = 10 // names are padded to this, so that times stand below each other
	maxName      = 32 // columns of a name
	minReply     = 16 // columns below which the reply gets a line of its own
	maxReactions = 30 // kinds that are shown
	maxReplyText = 300
)

// message draws a message with everything that belongs to it.
func (d *drawing) message(it *timeline.Item) {
	m := it.Message()
	th := d.p.th
	d.bar = m.Mention && !m.Own
	if !it.Grouped && m.Kind != chat.KindEmote {
		d.header(m)
	} else if m.Send != chat.Sent {
		d.mark, d.markS = d.sendMark(m)
	}
	doubt := shield(m)
	mark, look := d.shieldLook(doubt)
	if doubt != chat.ShieldNone {
		d.mark, d.markS = mark, look
	}
	d.content(it, m)
	// A remark is the mark in the gutter alone, and "why?" explains it: after a
	// restore it stands at everything that was said before.
	if doubt.Grave() && !it.Grouped && !d.told {
		d.suffix(string(mark)+" "+words.ShieldWord(doubt), look)
	}
	if m.Edited {
		d.suffix(words.Edited, th.Edited)
	}
	d.sendState(m)
	d.reactions(m)
	if m.Thread != nil {
		d.thread(m.Thread)
	}
	if m.Key == d.p.seenKey && len(d.p.seenBy) > 0 {
		d.seen(d.p.seenBy)
	}
}

// header is the line above a group: who, when, and what it answers.
func (d *drawing) header(m *chat.Message) {
	th := d.p.th
	st := th.Sender(m.Sender)
	d.head = &st
	if m.Send != chat.Sent {
		d.head = nil
		d.mark, d.markS = d.sendMark(m)
	}
	room := d.room()
	limit, doubtful := min(maxName, max(room-8, 4)), timeline.Doubtful(m.SenderName, m.Sender, m.SenderAmbiguous)
	if doubtful {
		limit = min(limit, max((room-8)/2, 4)) // the id needs room too
	}
	name := d.fit(safe.Line(timeline.Name(m)), limit)
	runs := []richtext.Run{d.textRun(name, st)}
	used := runs[0].Width
	if doubtful {
		id := d.fit(safe.Own(" "+safe.Line(string(m.Sender)).String()), max(room-used-8, 0))
		runs = append(runs, d.textRun(id, th.Dim))
		used += runs[len(runs)-1].Width
	}
	pad := 2
	if room >= 56 {
		pad = max(nameColumns+1-used, 2)
	}
	push := func(s string, st screen.Style) bool {
		r := d.run(s, st)
		if used+r.Width > room {
			return false
		}
		runs = append(runs, r)
		used += r.Width
		return true
	}
	push(strings.Repeat(" ", pad), th.Text)
	push(m.Time.In(d.p.opts.Zone).Format(words.ClockLayout), th.Time)
	if m.Send == chat.Sending {
		push("  "+words.Sending, th.Sending)
	}
	if doubt := shield(m); doubt.Grave() {
		mark, look := d.shieldLook(doubt)
		d.told = push("  "+string(mark)+" "+words.ShieldWord(doubt), look)
	}
	if m.ThreadRoot != "" {
		push("  ", th.Text) // not underlined where the rest is
		push(string(th.Glyphs.Thread)+" "+words.InThread, th.Thread)
	}
	if m.Reply == nil {
		d.add(runs, nil)
		return
	}
	reply := replyText(m.Reply, th.Glyphs.Reply)
	if left := room - used - 2; left >= minReply {
		runs = append(runs, d.run("  ", th.Text), d.textRun(d.fit(reply, left), th.Reply))
		d.add(runs, nil)
		return
	}
	d.add(runs, nil)
	d.add([]richtext.Run{d.textRun(d.fit(reply, room), th.Reply)}, nil)
}

// replyText is the preview of what a message answers, in one line.
func replyText(r *chat.ReplyPreview, glyph rune) safe.Text {
	if r.Sender == "" {
		return safe.Own(string(glyph) + " " + words.UnknownReply)
	}
	name := timeline.NameAlone(r.SenderName, r.Sender, false)
	text := oneLine(r.Body, r.HTML)
	switch r.Kind {
	case chat.KindRedacted:
		text = words.Deleted("", "")
	case chat.KindUndecrypted:
		text = words.WaitingForKey
	}
	return safe.Own(string(glyph) + " " + name + ": " + text)
}

// maxReplyHTML is how much of a formatted body is looked at for a preview, in bytes.
const maxReplyHTML = 4 << 10

// oneLine returns the beginning of a body in one line, as it is shown: without
// the marks of markdown, and with its spoilers hidden.
func oneLine(body, html string) string {
	if html != "" {
		if d := richtext.HTML(strings.ToValidUTF8(html[:min(len(html), maxReplyHTML)], ""), ""); !d.Empty() {
			body = d.Text(false)
		}
	}
	if len(body) > maxReplyText {
		body = strings.ToValidUTF8(body[:maxReplyText], "")
	}
	return safe.Line(body).String()
}

// Preview returns the beginning of a message in one line, as it is shown.
func Preview(m *chat.Message) safe.Text { return safe.Own(oneLine(m.Body, m.HTML)) }

// content is the message itself.
func (d *drawing) content(it *timeline.Item, m *chat.Message) {
	th := d.p.th
	switch m.Kind {
	case chat.KindEmote:
		d.emote(it, m)
	case chat.KindNotice:
		d.rich(it, m, th.Dim)
	case chat.KindImage:
		d.file(it, m, words.ImageFile)
	case chat.KindVideo:
		d.file(it, m, words.VideoFile)
	case chat.KindAudio:
		d.file(it, m, words.AudioFile)
	case chat.KindFile:
		d.file(it, m, words.PlainFile)
	case chat.KindSticker:
		d.file(it, m, words.StickerFile)
	case chat.KindLocation:
		d.wrap(safe.Line(words.Location+m.Body).String(), th.Text)
	case chat.KindPoll:
		d.wrap(safe.Line(words.Poll+m.Body).String(), th.Text)
	case chat.KindRedacted:
		by := ""
		if m.RedactedBy != "" && m.RedactedBy != m.Sender {
			by = timeline.NameAlone(m.RedactedByName, m.RedactedBy, false)
		}
		d.wrap(safe.Line(words.Deleted(by, m.Reason)).String(), italic(th.Deleted))
	case chat.KindUndecrypted:
		d.mark, d.markS = th.Glyphs.Warn, th.Undecrypted
		d.wrap(words.UndecryptedRow(m, d.p.backup, d.p.key(keymap.Message, keymap.Retry), d.p.key(keymap.Message, keymap.Details)), th.Undecrypted)
	case chat.KindUnreadable:
		d.mark, d.markS = th.Glyphs.Warn, th.Unreadable
		d.wrap(safe.Line(words.Unreadable(m.Type, m.Problem)).String(), th.Unreadable)
	case chat.KindUnknown:
		d.wrap(safe.Line(words.UnknownEvent(m.Type)).String(), th.State)
	case chat.KindText, chat.KindState, chat.KindGap:
		d.rich(it, m, th.Text)
	}
}

// rich is a formatted body.
func (d *drawing) rich(it *timeline.Item, m *chat.Message, base screen.Style) {
	o := d.options(base)
	o.Reveal, o.All = it.Open(), it.Open()
	if m.Send == chat.Sending || m.Send == chat.Waiting {
		o.Base = richtext.Over(base, d.p.th.Sending)
	}
	doc := d.p.body(m)
	lines, _ := doc.Layout(o)
	for _, l := range lines {
		d.add(l.Runs, l.Fill)
	}
	if len(lines) == 0 {
		d.add(nil, nil)
	}
	if hint := words.Reveal(d.p.key(keymap.Message, keymap.Expand)); doc.Hides() && !it.Open() && hint != "" {
		d.suffix(hint, d.p.th.Dim)
	}
}

// emote is a message in the third person: the name stands before the text.
func (d *drawing) emote(it *timeline.Item, m *chat.Message) {
	th := d.p.th
	name := d.fit(safe.Line(timeline.Name(m)), maxName)
	if timeline.Doubtful(m.SenderName, m.Sender, m.SenderAmbiguous) {
		name = safe.Own(name.String() + " (" + d.fit(safe.Line(string(m.Sender)), maxName).String() + ")")
	}
	head := d.run("* ", th.Dim)
	who := d.textRun(safe.Own(name.String()+" "), th.Sender(m.Sender))
	o := d.options(th.Text)
	o.Reveal, o.All = it.Open(), it.Open()
	o.Width = max(o.Width-head.Width-who.Width, min(12, o.Width))
	lines, _ := d.p.body(m).Layout(o)
	rest := d.run("  ", th.Text)
	for i, l := range lines {
		if i == 0 {
			d.add(append([]richtext.Run{head, who}, l.Runs...), l.Fill)
			continue
		}
		d.add(append([]richtext.Run{rest}, l.Runs...), l.Fill)
	}
}

// file is a line with what is known of an attachment, and its caption.
func (d *drawing) file(it *timeline.Item, m *chat.Message, kind string) {
	th := d.p.th
	media := m.Media
	if media == nil {
		media = &chat.Media{Name: m.Body}
	}
	shown := *media
	if shown.Name == "" {
		shown.Name = m.Body
	}
	shown.Name = safe.Line(shown.Name).String()
	shown.Mime = safe.Line(shown.Mime).String()
	d.wrap(words.FileLine(kind, &shown), th.File)
	if m.Body != "" && m.Body != media.Name && m.Body != shown.Name {
		d.rich(it, m, th.Text)
	}
}

// suffix puts a word behind the last line, or below it.
func (d *drawing) suffix(word string, st screen.Style) {
	r := d.run("  "+word, st)
	if n := len(d.lines); n > 0 && d.lines[n-1].Fill == nil && d.lines[n-1].Width()+r.Width < d.width {
		l := &d.lines[n-1]
		l.Runs = append(l.Runs[:len(l.Runs):len(l.Runs)], r)
		return
	}
	d.add([]richtext.Run{d.run(word, st)}, nil)
}

func (d *drawing) sendMark(m *chat.Message) (rune, screen.Style) {
	th := d.p.th
	switch m.Send {
	case chat.Waiting:
		return th.Glyphs.Waiting, th.Waiting
	case chat.SendError:
		return th.Glyphs.NotSent, th.NotSent
	case chat.Sending, chat.Sent:
	}
	return th.Glyphs.Sending, th.Sending
}

// sendState says why a message of our own is not sent yet.
func (d *drawing) sendState(m *chat.Message) {
	th := d.p.th
	switch m.Send {
	case chat.Waiting:
		d.wrap(safe.Own(words.WaitingBecause(m.SendProblem)).String(), th.Waiting)
	case chat.SendError:
		d.wrap(safe.Own(words.NotSent(m.SendProblem, d.p.key(keymap.Message, keymap.Retry), d.p.key(keymap.Message, keymap.Discard), d.p.key(keymap.Message, keymap.Details))).String(), th.NotSent)
	case chat.Sending, chat.Sent:
	}
}

// reactions are a row of keys with counts; mine have a mark.
func (d *drawing) reactions(m *chat.Message) {
	if len(m.Reactions) == 0 {
		return
	}
	th := d.p.th
	var runs []richtext.Run
	used := 0
	for i, r := range m.Reactions {
		if i == maxReactions {
			break
		}
		st, mark := th.Reaction, ""
		if r.Mine != "" || r.MineKey != 0 {
			st, mark = th.ReactionMine, string(th.Glyphs.Mine)
		}
		key := d.fit(safe.Line(r.Key), 20)
		run := d.run(mark+key.String()+" "+strconv.Itoa(r.Count), st)
		if used > 0 && used+2+run.Width > d.room() {
			d.add(runs, nil)
			runs, used = nil, 0
		}
		if used > 0 {
			runs = append(runs, d.run("  ", th.Text))
			used += 2
		}
		runs = append(runs, run)
		used += run.Width
	}
	d.add(runs, nil)
}

// thread summarises the thread that a message began.
func (d *drawing) thread(t *chat.ThreadSummary) {
	clock := ""
	if !t.LastTime.IsZero() {
		clock = t.LastTime.In(d.p.opts.Zone).Format(words.ClockLayout)
	}
	name := t.LastName
	if name == "" {
		name = t.LastSender.Localpart()
	}
	line := string(d.p.th.Glyphs.Thread) + " " + words.ThreadLine(t.Count, timeline.NameAlone(name, t.LastSender, false), clock)
	d.add([]richtext.Run{d.textRun(d.fit(safe.Own(line), d.room()), d.p.th.Thread)}, nil)
}

// seen names the people who have read the newest own message.
func (d *drawing) seen(names []string) {
	const most = 3
	clean := make([]string, 0, most)
	for _, n := range names[:min(len(names), most)] {
		clean = append(clean, safe.Line(n).String())
	}
	line := safe.Own(string(d.p.th.Glyphs.Check) + " " + words.SeenBy(clean, len(names)))
	d.add([]richtext.Run{d.textRun(d.fit(line, d.room()), d.dimmed())}, nil)
}
