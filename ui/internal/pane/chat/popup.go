package chat

import (
	"cmp"
	"slices"
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/internal/compose"
	"hubbub/ui/internal/emoji"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Command is a slash command that completion offers.
type Command struct {
	Name string // without the slash
	Args string // usage behind the name
	Help string
}

// candidate is one line of the completion list.
type candidate struct {
	insert string // goes in place of what was typed
	label  safe.Text
	note   safe.Text // dim, behind the label
	who    *person   // insert is the id of this one
}

// popup is the completion list above the composer.
type popup struct {
	trigger compose.Trigger
	found   []candidate
	at      int
	from    int             // first line that is shown
	closed  compose.Trigger // Esc closed the list for this one
	drawn   bool            // this list, and not the one before, was painted last
}

// maxFound bounds the completion list.
const maxFound = 8

// table returns the emoji, loaded on first use.
func (p *Pane) table() *emoji.Table {
	if p.emoji == nil {
		p.emoji = emoji.Load()
	}
	return p.emoji
}

// complete finds what could be completed at the cursor.
func (p *Pane) complete() {
	was := len(p.popup.found)
	closed := p.popup.closed
	p.popup = popup{}
	t, ok := p.ed.Trigger()
	if ok && p.mode == Writing {
		if closed.From == t.From && closed.Kind == t.Kind && closed.To != 0 {
			p.popup.closed = closed
		} else {
			p.popup.trigger = t
			p.popup.found = p.find(t)
		}
	}
	if was > 0 || len(p.popup.found) > 0 {
		p.dirty |= partTimeline
	}
}

func (p *Pane) find(t compose.Trigger) []candidate {
	switch t.Kind {
	case compose.CompleteEmoji:
		var out []candidate
		for _, m := range p.table().Search(t.Query, maxFound) {
			out = append(out, candidate{insert: m.Char + " ", label: safe.Own(m.Char + " :" + m.Code + ":")})
		}
		return out
	case compose.CompleteMember:
		return p.findMembers(strings.ToLower(t.Query))
	case compose.CompleteRoom:
		return p.findRooms(strings.ToLower(t.Query))
	case compose.CompleteCommand:
		return p.findCommands(strings.ToLower(t.Query))
	}
	return nil
}

// rank orders matches: the whole, the start, the start of a word, inside; -1 is none. Both are in lower case.
func rank(s, query string) int {
	switch i := strings.Index(s, query); {
	case i < 0:
		return -1
	case i == 0 && len(s) == len(query):
		return 0
	case i == 0:
		return 1
	case s[i-1] == ' ' || s[i-1] == '-' || s[i-1] == '_':
		return 2
	}
	return 3
}

type ranked struct {
	candidate
	rank int
}

func best(all []ranked) []candidate {
	slices.SortStableFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.label.Len(), b.label.Len()), strings.Compare(a.insert, b.insert))
	})
	out := make([]candidate, 0, maxFound)
	for _, r := range all[:min(len(all), maxFound)] {
		out = append(out, r.candidate)
	}
	return out
}

// person is a member as completion looks for it: names in lower case.
type person struct {
	chat.Member
	name, local, id string
}

// people prepares members for completion, once for many keys.
func people(members []chat.Member, me chat.UserID) []person {
	out := make([]person, 0, len(members))
	for _, m := range members {
		if m.User == me || m.Membership != chat.MemberJoined && m.Membership != chat.MemberInvited {
			continue
		}
		if len(strings.Fields(string(m.User))) != 1 {
			continue // no id: behind the blank could stand "@room"
		}
		if m.Name == "" {
			m.Name = m.User.Localpart()
		}
		id := strings.ToLower(strings.TrimPrefix(string(m.User), "@"))
		out = append(out, person{m, strings.ToLower(m.Name), strings.ToLower(m.User.Localpart()), id})
	}
	return out
}

// findMembers offers the people of the room, those whose name begins so first.
func (p *Pane) findMembers(query string) []candidate {
	type hit struct {
		who        *person
		name, rank int // of the name, and of whatever fits best
	}
	var hits []hit
	for i := range p.people {
		who := &p.people[i]
		best := -1
		for _, s := range [...]string{who.name, who.local, who.id} {
			if k := rank(s, query); k >= 0 && (best < 0 || k < best) {
				best = k
			}
		}
		if best >= 0 {
			name := rank(who.name, query)
			if name < 0 || name > 1 {
				name = 2
			}
			hits = append(hits, hit{who, name, best})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.rank, b.rank), cmp.Compare(len(a.who.name), len(b.who.name)))
	})
	var out []candidate
	for _, h := range hits[:min(len(hits), maxFound)] {
		user := string(h.who.User)
		out = append(out, candidate{insert: user + " ", label: safe.Line(h.who.Name), note: safe.Line(user), who: h.who})
	}
	return out
}

// isAlias reports whether the address that a channel claims may be put into a
// message: another text could be a command.
func isAlias(s string) bool {
	return strings.HasPrefix(s, "#") && strings.Contains(s, ":") && len(strings.Fields(s)) == 1
}

func (p *Pane) findRooms(query string) []candidate {
	var all []ranked
	if p.rooms == nil {
		return nil
	}
	for r := range p.rooms {
		if r.Membership != chat.MemberJoined || !isAlias(r.Alias) || r.Type == chat.RoomSpace || r.Direct {
			continue
		}
		k := rank(strings.ToLower(strings.TrimPrefix(r.Name, "#")), query)
		if id := rank(strings.ToLower(strings.TrimPrefix(r.Alias, "#")), query); id >= 0 && (k < 0 || id < k) {
			k = id
		}
		if k >= 0 {
			all = append(all, ranked{candidate{
				insert: r.Alias + " ", label: safe.Line(words.ChannelName(r.Name, r.Type == chat.RoomVoice)), note: safe.Line(r.Alias),
			}, k})
		}
	}
	return best(all)
}

func (p *Pane) findCommands(query string) []candidate {
	var out []candidate
	for _, c := range p.commands {
		if strings.HasPrefix(c.Name, query) {
			label := "/" + c.Name
			if c.Args != "" {
				label += " " + c.Args
			}
			out = append(out, candidate{insert: "/" + c.Name + " ", label: safe.Own(label), note: safe.Own(c.Help)})
		}
	}
	return out[:min(len(out), maxFound)]
}

// accept takes the chosen line.
func (p *Pane) accept() {
	c := p.popup.found[p.popup.at]
	t := p.popup.trigger
	p.popup = popup{}
	p.dirty |= partTimeline
	p.ed.Replace(t.From, t.To, p.written(c))
	p.typed()
}

// written returns what a line of the list puts into the composer.
func (p *Pane) written(c candidate) string {
	if c.who == nil {
		return c.insert
	}
	return p.mention(c.who.User, c.who.Name) + " "
}

// finished reports whether what was typed is the chosen line already, so that
// Enter sends instead of completing.
func (p *Pane) finished() bool {
	c, t := p.popup.found[p.popup.at], p.popup.trigger
	typed := p.ed.Text()[t.From:t.To]
	if c.who != nil && typed == "@"+c.who.Name {
		return p.mention(c.who.User, c.who.Name) == typed // written in full: it is known from here on whom it means
	}
	return strings.TrimSpace(c.insert) == typed || t.Kind == compose.CompleteCommand && strings.TrimSpace(c.insert) == strings.ToLower(typed)
}

func (p *Pane) choose(by int) {
	n := len(p.popup.found)
	p.popup.at = (p.popup.at + by + n) % n
	p.dirty |= partTimeline
}

// closePopup closes the list until another one could be opened.
func (p *Pane) closePopup() {
	p.popup = popup{closed: p.popup.trigger}
	p.dirty |= partTimeline
}
