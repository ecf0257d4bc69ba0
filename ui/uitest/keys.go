package uitest

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// special names the keys that are no character.
var special = map[string]rune{
	"enter": tea.KeyEnter, "tab": tea.KeyTab, "esc": tea.KeyEscape, "space": tea.KeySpace,
	"backspace": tea.KeyBackspace, "delete": tea.KeyDelete, "insert": tea.KeyInsert,
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
	"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	"f1": tea.KeyF1, "f2": tea.KeyF2, "f3": tea.KeyF3, "f4": tea.KeyF4, "f5": tea.KeyF5,
	"f6": tea.KeyF6, "f7": tea.KeyF7, "f8": tea.KeyF8, "f9": tea.KeyF9, "f10": tea.KeyF10,
	"f11": tea.KeyF11, "f12": tea.KeyF12,
}

// ParseKey returns the key press with a name such as "a", "ctrl+k",
// "alt+shift+up" or "f1", as [tea.KeyPressMsg.String] would print it.
func ParseKey(name string) (tea.KeyPressMsg, error) {
	var key tea.KeyPressMsg
	rest := name
	for {
		mod, after, found := strings.Cut(rest, "+")
		if !found || after == "" {
			break
		}
		switch mod {
		case "ctrl":
			key.Mod |= tea.ModCtrl
		case "alt":
			key.Mod |= tea.ModAlt
		case "shift":
			key.Mod |= tea.ModShift
		default:
			return key, fmt.Errorf("key %q: unknown modifier %q", name, mod)
		}
		rest = after
	}
	if code, ok := special[rest]; ok {
		key.Code = code
		if code == tea.KeySpace && key.Mod == 0 {
			key.Text = " "
		}
		return key, nil
	}
	r, n := utf8.DecodeRuneInString(rest)
	if n == 0 || n < len(rest) {
		return key, fmt.Errorf("key %q: unknown name %q", name, rest)
	}
	key.Code = unicode.ToLower(r)
	if unicode.IsUpper(r) {
		key.Mod |= tea.ModShift
		key.ShiftedCode = r
	}
	if key.Mod&^tea.ModShift == 0 {
		if key.Mod == tea.ModShift {
			r = unicode.ToUpper(r)
		}
		key.Text = string(r)
	}
	return key, nil
}

// cursorKeys are the keys whose sequences end in a letter.
var cursorKeys = map[rune]string{
	tea.KeyUp: "A", tea.KeyDown: "B", tea.KeyRight: "C", tea.KeyLeft: "D",
	tea.KeyHome: "H", tea.KeyEnd: "F",
	tea.KeyF1: "P", tea.KeyF2: "Q", tea.KeyF3: "R", tea.KeyF4: "S",
}

// tildeKeys are the keys whose sequences end in a tilde.
var tildeKeys = map[rune]int{
	tea.KeyInsert: 2, tea.KeyDelete: 3, tea.KeyPgUp: 5, tea.KeyPgDown: 6,
	tea.KeyF5: 15, tea.KeyF6: 17, tea.KeyF7: 18, tea.KeyF8: 19, tea.KeyF9: 20,
	tea.KeyF10: 21, tea.KeyF11: 23, tea.KeyF12: 24,
}

// encodeKey returns what a terminal sends for a key. With kitty it is a terminal
// that has flag 1 of the kitty keyboard protocol set; without, one that sends
// what terminals always sent, where the key has such a form.
func encodeKey(k tea.KeyPressMsg, kitty bool) string {
	mod := 1 + int(k.Mod&(tea.ModShift|tea.ModAlt|tea.ModCtrl))
	if end, ok := cursorKeys[k.Code]; ok {
		switch {
		case mod > 1:
			return "\x1b[1;" + strconv.Itoa(mod) + end
		case end >= "P":
			return "\x1bO" + end
		}
		return "\x1b[" + end
	}
	if n, ok := tildeKeys[k.Code]; ok {
		if mod > 1 {
			return fmt.Sprintf("\x1b[%d;%d~", n, mod)
		}
		return fmt.Sprintf("\x1b[%d~", n)
	}
	if k.Text != "" {
		return k.Text
	}
	if k.Code == tea.KeyTab && k.Mod == tea.ModShift {
		return "\x1b[Z"
	}
	if plain := map[rune]string{
		tea.KeyEnter: "\r", tea.KeyTab: "\t", tea.KeyBackspace: "\x7f",
	}[k.Code]; plain != "" && k.Mod == 0 {
		return plain
	}
	if !kitty {
		switch {
		case k.Code == tea.KeyEscape && k.Mod == 0:
			return "\x1b"
		case k.Mod == tea.ModCtrl && k.Code >= 'a' && k.Code <= 'z':
			return string(rune(k.Code - 'a' + 1))
		case k.Mod == tea.ModCtrl && k.Code == tea.KeySpace:
			return "\x00"
		case k.Mod == tea.ModAlt && k.Code > ' ' && k.Code < 0x7F:
			return "\x1b" + string(k.Code)
		}
	}
	if mod > 1 {
		return fmt.Sprintf("\x1b[%d;%du", k.Code, mod)
	}
	return fmt.Sprintf("\x1b[%du", k.Code)
}
