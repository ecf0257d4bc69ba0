package roomlist

import (
	"strings"

	"hubbub/store/chat"
)

// Finding is a room that one can look for, with what it is found by. The room
// is the model's own: do not change it.
type Finding struct {
	ID         chat.RoomID
	Room       *chat.Room
	Name, Also string
}

// Findings returns the rooms that one can go to or answer: those joined or
// invited to, without categories, in no order. It is valid until the model
// changes. All names stand one after the other in memory, so that looking
// through thousands of them waits for no memory.
func (m *Model) Findings() []Finding {
	m.order()
	if !m.unfound {
		return m.findings
	}
	m.unfound = false
	servers := make(map[*entry]bool, len(m.servers))
	for _, e := range m.servers {
		servers[e] = true
	}
	clear(m.findings)
	m.findings = m.findings[:0]
	size := 0
	for _, e := range m.rooms {
		r := &e.room
		category := r.Type == chat.RoomSpace && r.Membership == chat.MemberJoined && !servers[e]
		if category || r.Membership != chat.MemberJoined && r.Membership != chat.MemberInvited {
			continue
		}
		f := Finding{r.ID, r, r.Name, also(r)}
		size += len(f.Name) + len(f.Also)
		m.findings = append(m.findings, f)
	}
	var names strings.Builder
	names.Grow(size)
	for i := range m.findings {
		f := &m.findings[i]
		f.Name, f.Also = copyTo(&names, f.Name), copyTo(&names, f.Also)
	}
	return m.findings
}

// copyTo writes s behind what b holds, which must have room for it, and returns
// the copy there.
func copyTo(b *strings.Builder, s string) string {
	at := b.Len()
	b.WriteString(s)
	return b.String()[at:]
}

// also is what a room is found by beside its name.
func also(r *chat.Room) string {
	if r.Direct {
		return string(r.DirectWith)
	}
	return r.Alias
}
