package chat

import (
	"slices"
	"strconv"

	"hubbub/store/chat"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/timeline"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// maxNamed is how many people a note above the composer names.
const maxNamed = 2

// minTitle is how many columns of the header the lock leaves to the name.
const minTitle = 24

// Lock is what protects the open room, and whom that leaves out.
type Lock struct {
	chat.RoomLock
	// Name names a person in a few letters. The result is raw.
	Name func(chat.UserID) string
	Me   chat.UserID
}

// note is a line above the composer.
type note struct {
	mark  rune
	text  safe.Text
	grave bool
}

// SetLock takes what protects the open room; nil while it is not known.
func (p *Pane) SetLock(l *Lock) {
	if l != nil && l.Room != p.room.ID {
		return
	}
	p.lock = l
	notes := p.lockNotes()
	if len(notes) != len(p.notes) {
		p.dirty = partAll
	}
	p.dirty |= partHeader | partComposer
	p.notes = notes
	p.arrange()
}

// SetBackup takes how the key backup is: rows of messages that wait for their key say so.
func (p *Pane) SetBackup(b chat.BackupState) {
	if p.backup == b {
		return
	}
	p.backup = b
	p.list.Restyle()
	p.dirty |= partTimeline
}

// lockNotes says who would not get what is written, and whose identity changed.
func (p *Pane) lockNotes() []note {
	if p.lock == nil || !p.lock.Encrypted {
		return nil
	}
	var out []note
	key := p.key(keymap.Global, keymap.ChannelInfo)
	if names, more := p.named(p.lock.Changed); len(names) > 0 {
		out = append(out, note{p.th.Glyphs.Warn, safe.Own(words.ChangedNote(names, more, key)), true})
	}
	users := make([]chat.UserID, 0, len(p.lock.Excluded))
	for i := range p.lock.Excluded {
		users = append(users, p.lock.Excluded[i].User)
	}
	if names, more := p.named(users); len(names) > 0 {
		out = append(out, note{p.th.Glyphs.Mine, safe.Own(words.ExcludedNote(names, more, key)), false})
	}
	return out
}

// named names the first few of some people, each once.
func (p *Pane) named(users []chat.UserID) (names []string, more int) {
	users = slices.Clone(users)
	slices.Sort(users)
	users = slices.Compact(users)
	for i, u := range users {
		if i == maxNamed {
			return names, len(users) - maxNamed
		}
		switch {
		case u == p.lock.Me:
			names = append(names, words.SessionsOfYours)
		case p.lock.Name != nil:
			names = append(names, safe.Line(p.lock.Name(u)).String())
		default:
			names = append(names, string(u))
		}
	}
	return names, 0
}

// noteRows returns how many notes there is room for.
func (p *Pane) noteRows() int {
	switch {
	case p.h >= boxHeight:
		return len(p.notes)
	case p.h >= headHeight+3:
		return min(len(p.notes), 1)
	}
	return 0
}

func (p *Pane) paintNotes(c screen.Canvas) {
	w, h := c.Size()
	for y := range h {
		if y >= len(p.notes) {
			c.Pad(0, y, w, p.th.Text)
			continue
		}
		n := p.notes[y]
		st := p.th.Dim
		if n.grave {
			st = p.th.Warn
		}
		c.Rune(0, y, n.mark, st)
		c.Rune(1, y, ' ', p.th.Text)
		used := 2 + pane.Label(c, p.th, 2, y, w-2, n.text, st)
		c.Pad(used, y, w, p.th.Text)
	}
}

// lockText returns what the header says of the encryption, as much of it as
// leaves columns for the name.
func (p *Pane) lockText(room int) (safe.Text, screen.Style) {
	th := p.th
	encrypted := p.room.Encrypted || p.lock != nil && p.lock.Encrypted
	if !encrypted {
		t := safe.Lit(words.NotEncrypted)
		if p.wd.Text(t) > room-minTitle {
			t = safe.Text{}
		}
		return t, th.Dim
	}
	sign, st := th.Glyphs.Lock, th.Lock
	if p.lock == nil {
		return safe.Own(sign), st
	}
	var parts []string
	if word := words.PolicyWord(p.lock.Policy.Share); word != "" {
		parts = append(parts, word)
	}
	short := sign
	if n := p.lock.Unsigned; n > 0 {
		parts = append(parts, words.Unconfirmed(n))
		short += " " + strconv.Itoa(n) + string(th.Glyphs.Warn)
		st = th.Warn
	}
	long := append([]string{words.LockWord(true)}, parts...)
	if p.lock.HasKey {
		long = append(long, words.KeyAge(p.lock.Age))
	}
	for _, try := range []string{words.Join(sign, long), words.Join(sign, parts), short} {
		if t := safe.Own(try); p.wd.Text(t) <= room-minTitle {
			return t, st
		}
	}
	return safe.Own(short), st
}

// shield returns why one should look twice at a message: one that came in clear has that shield.
func shield(m *chat.Message) chat.Shield { return timeline.Shield(m) }

// shieldLook returns the mark and style of a shield. The mark tells a remark
// from a warning without the colour.
func (d *drawing) shieldLook(s chat.Shield) (rune, screen.Style) {
	th := d.p.th
	switch {
	case s == chat.ShieldPlain:
		return th.Glyphs.Warn, th.Warn
	case s.Grave():
		return th.Glyphs.Warn, th.Error
	}
	return th.Glyphs.Remark, th.Dim
}
