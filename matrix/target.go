package matrix

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"hubbub/store/chat"
)

const (
	maxID  = 255 // bytes of a room id or alias
	maxVia = 10  // homeservers to try
)

// viaName is what a `via` may look like; the homeserver judges the rest.
var viaName = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]{1,255}$`)

// Target is a room that somebody named: by id, alias, matrix.to link or matrix: URI.
type Target struct {
	Room  string       // room id or alias
	Event chat.EventID // a message in it, or ""
	Via   []string     // homeservers that may know it
}

// ParseTarget reads what a person typed or pasted. An alias without a
// homeserver is taken to be on the own one. The error is a chat.Problem.
//
// Spec: appendices#matrixto-navigation
// Spec: appendices#matrix-uri-scheme
func ParseTarget(s, ownHomeserver string) (Target, error) {
	s = strings.TrimSpace(s)
	var t Target
	lower := strings.ToLower(s)
	switch {
	case strings.HasPrefix(lower, "https://matrix.to/#/"):
		t = fromLink(s[len("https://matrix.to/#/"):])
	case strings.HasPrefix(lower, "matrix:"):
		t = fromURI(s[len("matrix:"):])
	default:
		t.Room = s
	}
	if strings.HasPrefix(t.Room, "#") && len(t.Room) > 1 && !strings.Contains(t.Room, ":") && ownHomeserver != "" {
		t.Room += ":" + ownHomeserver
	}
	if !validTarget(t.Room) {
		return Target{}, &chat.Problem{Kind: chat.ProblemBadInput, Detail: "not the address of a channel"}
	}
	if len(t.Event) > maxID || !strings.HasPrefix(string(t.Event), "$") {
		t.Event = ""
	}
	return t, nil
}

func validTarget(room string) bool {
	if len(room) < 2 || len(room) > maxID || strings.ContainsFunc(room, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	switch room[0] {
	case '!':
		return true // from room version 12 on an id has no homeserver
	case '#':
		name, host, ok := strings.Cut(room[1:], ":")
		return ok && name != "" && host != ""
	}
	return false
}

// fromLink reads what follows `https://matrix.to/#/`.
func fromLink(s string) Target {
	path, query, _ := strings.Cut(s, "?")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	t := Target{Via: vias(query)}
	if room, err := url.PathUnescape(parts[0]); err == nil {
		t.Room = room
	}
	if len(parts) > 1 {
		if event, err := url.PathUnescape(parts[1]); err == nil {
			t.Event = chat.EventID(event)
		}
	}
	return t
}

// fromURI reads what follows `matrix:`.
func fromURI(s string) Target {
	s, _, _ = strings.Cut(s, "#")
	path, query, _ := strings.Cut(s, "?")
	if rest, ok := strings.CutPrefix(path, "//"); ok { // an authority, which the path follows
		_, path, _ = strings.Cut(rest, "/")
	}
	parts := strings.Split(path, "/")
	t := Target{Via: vias(query)}
	for i := 0; i+1 < len(parts); i += 2 {
		id, err := url.PathUnescape(parts[i+1])
		if err != nil {
			continue
		}
		switch parts[i] {
		case "r", "room":
			t.Room = "#" + id
		case "roomid":
			t.Room = "!" + id
		case "e", "event":
			t.Event = chat.EventID("$" + id)
		}
	}
	return t
}

func vias(query string) []string {
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil
	}
	return cleanVia(q["via"])
}

func cleanVia(all []string) []string {
	var out []string
	for _, v := range all {
		if viaName.MatchString(v) && !slices.Contains(out, v) && len(out) < maxVia {
			out = append(out, v)
		}
	}
	return out
}
