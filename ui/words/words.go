// Package words holds every noun and sentence that a person reads, in one
// place, so that the window, the command line and the documents say the same
// thing the same way.
//
// The screen speaks of servers, channels and direct messages; the homeserver
// is always called that in full. Functions take and return plain strings: what
// they are given may be raw, so what they return passes ui/safe before it can
// reach a terminal.
package words

import (
	"strconv"
	"strings"
	"unicode"
)

// Program is the name of the program.
const Program = "hubbub"

// Titles and nouns of the window.
const (
	HomeTitle      = "Home"
	DirectMessages = "DIRECT MESSAGES"
	Invites        = "INVITES"
	UnreadRooms    = "UNREAD"
	Recent         = "RECENT"
	Members        = "MEMBERS"
	OnlyUnread     = "unread only"
	NothingUnread  = "Nothing unread."
	NoRooms        = "No channels yet."
	TooSmall       = "hubbub needs 40×10"
	Loading        = "Loading…"
)

// Count returns a number with its noun: "1 member", "2 members".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// People returns "12 members".
func People(n int) string { return Count(n, "member", "members") }

// Badge returns an unread count as the tree shows it, at most three columns.
func Badge(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}

// ChannelName returns "#name" or "♪ name".
func ChannelName(name string, voice bool) string {
	if voice {
		return "♪ " + name
	}
	return "#" + strings.TrimPrefix(name, "#")
}

// WindowTitle returns the title of the terminal window.
func WindowTitle(room string, unread, mentions int) string {
	var b strings.Builder
	switch {
	case mentions > 0:
		b.WriteString("(@" + strconv.Itoa(mentions) + ") ")
	case unread > 0:
		b.WriteString("(" + strconv.Itoa(unread) + ") ")
	}
	if room != "" {
		b.WriteString(room + " · ")
	}
	b.WriteString(Program)
	return b.String()
}

// Key returns a key as people write it: "ctrl+k" becomes "Ctrl+K".
func Key(k string) string {
	parts := strings.Split(k, "+")
	if strings.HasSuffix(k, "+") { // the plus key itself
		parts = append(strings.Split(strings.TrimSuffix(strings.TrimSuffix(k, "+"), "+"), "+"), "+")
		if k == "+" {
			return k
		}
	}
	last := len(parts) - 1
	for i, p := range parts {
		switch {
		case i == last && len(parts) == 1 && len([]rune(p)) == 1:
			return p
		case i == last && len([]rune(p)) == 1:
			parts[i] = strings.ToUpper(p)
		default:
			parts[i] = keyName(p)
		}
	}
	return strings.Join(parts, "+")
}

func keyName(p string) string {
	switch p {
	case "up":
		return "↑"
	case "down":
		return "↓"
	case "left":
		return "←"
	case "right":
		return "→"
	case "pgup":
		return "PgUp"
	case "pgdown":
		return "PgDn"
	}
	r := []rune(p)
	if len(r) == 0 {
		return p
	}
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}

// Keys returns several keys as people write them.
func Keys(ks []string) string {
	out := make([]string, len(ks))
	for i, k := range ks {
		out[i] = Key(k)
	}
	return strings.Join(out, ", ")
}

// Context returns the heading of a keymap context in the help.
func Context(name string) string {
	switch name {
	case "global":
		return "Everywhere"
	case "composer":
		return "Writing"
	case "message":
		return "Message mode"
	case "tree":
		return "Channel tree"
	case "people":
		return "Member list"
	case "dialog":
		return "Dialogs and lists"
	case "sheet":
		return "Sheets that explain"
	}
	return name
}

// HelpEditing heads the keys that every editor has.
const HelpEditing = "Editing text"

// CrumbCount is what waits elsewhere, in the breadcrumb: mentions, else unread messages.
func CrumbCount(unread, mentions int) string {
	switch {
	case mentions > 0:
		return "@" + Badge(mentions)
	case unread > 0:
		return Badge(unread)
	}
	return ""
}

// Short words of the breadcrumb.
const (
	NoRoomShort  = "no channel"
	MembersShort = "members"
)

// Beyond says how many rows stand above and below what is shown of a text or list, or "".
func Beyond(up, down rune, above, below int) string {
	switch {
	case above > 0 && below > 0:
		return string(up) + " " + strconv.Itoa(above) + " · " + string(down) + " " + strconv.Itoa(below) + " more"
	case above > 0:
		return string(up) + " " + strconv.Itoa(above) + " more"
	case below > 0:
		return string(down) + " " + strconv.Itoa(below) + " more"
	}
	return ""
}

// MorePages says which keys show the rest of a page that has rows above or below, or "".
func MorePages(above, below int) string {
	switch {
	case above > 0 && below > 0:
		return "PgUp PgDn more"
	case above > 0:
		return "PgUp more"
	case below > 0:
		return "PgDn more"
	}
	return ""
}
