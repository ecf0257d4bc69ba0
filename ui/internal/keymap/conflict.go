package keymap

import (
	"strings"
	"unicode/utf8"

	"hubbub/ui/words"
)

// ConflictKind says what is wrong with a configured key.
type ConflictKind uint8

// Conflict kinds.
const (
	UnknownMap    ConflictKind = iota // no keymap of that name
	UnknownAction                     // no action of that name
	BadKey                            // not a key
	TwoActions                        // the key already does something else there
)

// Conflict is one thing that is wrong with the configured keys.
type Conflict struct {
	Kind    ConflictKind
	Name    string // action or keymap
	Other   string // action that keeps the key
	Key     string
	Context Context
}

// String returns a sentence.
func (c Conflict) String() string {
	switch c.Kind {
	case UnknownMap:
		return words.KeymapUnknown(c.Name)
	case UnknownAction:
		return words.KeyUnknownAction(c.Name)
	case BadKey:
		return words.KeyBad(c.Key, c.Name)
	default:
		return words.KeyTaken(c.Key, c.Other, c.Name, c.Context.String())
	}
}

// ValidKey reports whether k is written as the terminal's keys are: modifiers
// in the order ctrl, alt, shift, then one character or the name of a key.
func ValidKey(k string) bool {
	rest := k
	for _, mod := range []string{"ctrl+", "alt+", "shift+"} {
		if len(rest) > len(mod) {
			rest = strings.TrimPrefix(rest, mod)
		}
	}
	if utf8.RuneCountInString(rest) == 1 {
		return rest != " " && (rest == k || rest == strings.ToLower(rest))
	}
	switch rest {
	case "enter", "tab", "backspace", "esc", "space", "up", "down", "left", "right", "insert", "delete",
		"pgup", "pgdown", "home", "end", "menu", "pause", "begin":
		return true
	}
	if n, ok := strings.CutPrefix(rest, "f"); ok && len(n) <= 2 && n != "" {
		return strings.Trim(n, "0123456789") == "" && n[0] != '0'
	}
	return false
}
