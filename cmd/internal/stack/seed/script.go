package seed

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
)

//go:embed script.txt
var scriptText string

//go:embed scenes.txt
var scenesText string

// act is one thing that somebody does in a room.
type act struct {
	room string
	who  []string // one, except for reactions
	kind kind
	// label names the message for later acts of the same room; target is the label that the act is about.
	label, target string
	text          string // message, reason of a deletion, reaction, caption, new topic
	file          string // name of the file
	line          int    // in the script
	scene         int    // number of the section
}

type kind byte

// Kinds of acts, by the character that stands for them in the script.
const (
	say      kind = 0
	reply    kind = '>'
	thread   kind = '|'
	edit     kind = '~'
	remove   kind = '-'
	react    kind = '+'
	send     kind = '!' // a file
	topic    kind = '*' // a change of the topic
	seen     kind = '.' // a read receipt
	labelled kind = '=' // gives the message a name; not an act by itself
)

// errScript says that a text of the demo is malformed.
var errScript = errors.New("malformed script")

// parse reads a script. A section begins with "== " and the key of its room. An act is one line,
//
//	who [modifier…]: text
//
// where the modifiers are =label, >label (reply), |label (in the thread of), ~label (edit), -label (delete), +label
// (react: who may be a list with commas), !file, * (the text is the new topic) and . (has read everything up to here).
// Lines that begin with two spaces belong to the text before; empty lines between them do too. "@name" in a text is a
// mention. Lines that begin with // are left out.
func parse(text string) ([]act, error) {
	var acts []act
	room, scene, blank := "", 0, 0
	for i, line := range strings.Split(text, "\n") {
		more, inside := strings.CutPrefix(line, "  ")
		switch {
		case strings.HasPrefix(line, "//"):
		case line == "":
			blank++
			continue
		case inside && len(acts) > 0:
			last := &acts[len(acts)-1]
			last.text += strings.Repeat("\n", blank+1) + more
		case strings.HasPrefix(line, "== "):
			room, scene = strings.TrimPrefix(line, "== "), scene+1
		default:
			a, err := parseAct(line)
			if err != nil || room == "" {
				return nil, fmt.Errorf("line %d: %w", i+1, errors.Join(errScript, err))
			}
			a.room, a.line, a.scene = room, i+1, scene
			acts = append(acts, a)
		}
		blank = 0
	}
	return acts, nil
}

func parseAct(line string) (act, error) {
	head, text, ok := strings.Cut(line, ":")
	words := strings.Fields(head)
	if !ok || len(words) == 0 {
		return act{}, fmt.Errorf("%q is no act", line)
	}
	a := act{who: strings.Split(words[0], ","), text: strings.TrimPrefix(text, " ")}
	for _, word := range words[1:] {
		switch k, rest := kind(word[0]), word[1:]; k {
		case labelled:
			a.label = rest
		case send:
			a.kind, a.file = k, rest
		case reply, thread, edit, remove, react, topic, seen:
			a.kind, a.target = k, rest
		default:
			return act{}, fmt.Errorf("%q is no modifier", word)
		}
	}
	return a, nil
}
