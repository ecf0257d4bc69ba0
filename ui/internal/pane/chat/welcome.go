package chat

import (
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Welcome is what the pane tells of the rest of the window while no room is open.
type Welcome struct {
	Fetching bool // the first sync is under way
	Rooms    int  // channels and direct messages
	Invites  int
	Unread   int // rooms with anything unread
	Mentions int
}

// SetWelcome takes what stands where no room is open.
func (p *Pane) SetWelcome(w Welcome) {
	if p.welcome == w {
		return
	}
	p.welcome = w
	if !p.open {
		p.dirty |= partTimeline
	}
}

// welcomeKeys are the keys that lead on, the most useful first.
func (p *Pane) welcomeKeys() []keymap.Action {
	keys := []keymap.Action{keymap.Switcher, keymap.ChannelNext}
	if p.welcome.Unread > 0 {
		keys = append(keys, keymap.UnreadNext)
	}
	if p.welcome.Mentions > 0 {
		keys = append(keys, keymap.MentionNext)
	}
	if p.welcome.Rooms == 0 {
		keys = nil
	}
	return append(keys, keymap.Home, keymap.Join, keymap.DirectMessage, keymap.Palette, keymap.Help)
}

// welcomeLine is one row of the welcome: a sentence, or a key and what it does.
type welcomeLine struct {
	key, text string
	st        screen.Style
}

func (p *Pane) welcomeLines() []welcomeLine {
	th := p.th
	lines := []welcomeLine{{text: words.WelcomeTitle, st: th.Header}, {}}
	for _, s := range words.WelcomeNews(p.welcome.Fetching, p.welcome.Rooms, p.welcome.Invites, p.welcome.Unread, p.welcome.Mentions) {
		lines = append(lines, welcomeLine{text: s, st: th.Accent})
	}
	if len(lines) > 2 {
		lines = append(lines, welcomeLine{})
	}
	for _, a := range p.welcomeKeys() {
		if key := p.key(keymap.Global, a); key != "" {
			title, _ := words.Action(string(a))
			lines = append(lines, welcomeLine{key: key, text: title, st: th.Text})
		}
	}
	return lines
}

// paintWelcome says what one can do while no room is open.
func (p *Pane) paintWelcome(t screen.Canvas) {
	w, h := t.Size()
	wd, th := t.Widths(), p.th
	lines := p.welcomeLines()
	keys, width := 0, 0
	for _, l := range lines {
		if l.key != "" {
			keys = max(keys, wd.Text(safe.Own(l.key))+2)
		}
	}
	for _, l := range lines {
		n := wd.Text(safe.Own(l.text))
		if l.key != "" {
			n += keys
		}
		width = max(width, n)
	}
	left, top := max((w-width)/2, 1), max((h-len(lines))/2, 0)
	for y := range h {
		t.Pad(0, y, w, th.Text)
		i := y - top
		if i < 0 || i >= len(lines) {
			continue
		}
		l := lines[i]
		x := left
		if l.key != "" {
			pane.Label(t, th, x, y, w-x, safe.Own(l.key), th.Accent)
			x += keys
		}
		pane.Label(t, th, x, y, w-x, safe.Own(l.text), l.st)
	}
}
