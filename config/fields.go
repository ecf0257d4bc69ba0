package config

import (
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// field is one key of the file: its documentation, its allowed words, and how
// a value gets into a Config.
type field struct {
	key    string
	doc    string
	words  []string // allowed values of a text, nil for any
	sample func(c Config) any
	set    func(c *Config, v any, home string) (wrong string)
}

// fields is the one list of keys, in the order of the file.
func fields() []field {
	return []field{
		text("keymap", "Which keys do what: default, or vim for a modal feel. F1 shows them.",
			[]string{KeymapDefault, KeymapVim}, func(c *Config) *string { return &c.Keymap }),
		text("theme", "Colours: auto asks the terminal for its background.",
			[]string{ThemeAuto, ThemeDark, ThemeLight}, func(c *Config) *string { return &c.Theme }),
		flag("mouse", "Clicks and the wheel. Off leaves selecting text to the terminal.",
			func(c *Config) *bool { return &c.Mouse }),
		flag("bell", "Ring on mentions and direct messages while you look elsewhere.",
			func(c *Config) *bool { return &c.Bell }),
		flag("notifications", "Also ask the terminal for a desktop notification then.",
			func(c *Config) *bool { return &c.Notifications }),
		text("read_receipts", "Who learns what you have read: public (everybody in the room), private (your own sessions), off.",
			[]string{string(ReceiptsPublic), string(ReceiptsPrivate), string(ReceiptsOff)},
			func(c *Config) *string { return (*string)(&c.Receipts) }),
		flag("typing", "Tell others that you are typing.", func(c *Config) *bool { return &c.Typing }),
		downloads(),
		sessionName(),
		flag("ascii", "Draw with plain letters, for terminals and fonts without lines and symbols.",
			func(c *Config) *bool { return &c.ASCII }),
	}
}

func text(key, doc string, words []string, at func(*Config) *string) field {
	return field{
		key: key, doc: doc, words: words,
		sample: func(c Config) any { return *at(&c) },
		set: func(c *Config, v any, _ string) string {
			s, ok := v.(string)
			for _, w := range words {
				if ok && s == w {
					*at(c) = s
					return ""
				}
			}
			return key + ` is one of "` + strings.Join(words, `", "`) + `"`
		},
	}
}

func flag(key, doc string, at func(*Config) *bool) field {
	return field{
		key: key, doc: doc,
		sample: func(c Config) any { return *at(&c) },
		set: func(c *Config, v any, _ string) string {
			b, ok := v.(bool)
			if !ok {
				return key + " is true or false"
			}
			*at(c) = b
			return ""
		},
	}
}

func downloads() field {
	return field{
		key: "download_dir", doc: "Where saved files go. ~/ is your home directory.",
		sample: func(Config) any { return "~/Downloads" },
		set: func(c *Config, v any, home string) string {
			s, ok := v.(string)
			if rest, cut := strings.CutPrefix(s, "~/"); cut {
				s = filepath.Join(home, rest)
			} else if s == "~" {
				s = home
			}
			if !ok || !filepath.IsAbs(s) || strings.ContainsRune(s, 0) {
				return `download_dir is a full path, such as "~/Downloads"`
			}
			c.DownloadDir = filepath.Clean(s)
			return ""
		},
	}
}

// maxSessionName bounds a session's name, in characters.
const maxSessionName = 100

// SessionName returns a name for a session without blanks around it, and
// whether it is one: printable, and of 1 to 100 characters.
func SessionName(s string) (name string, ok bool) {
	name = strings.TrimSpace(s)
	n := utf8.RuneCountInString(name)
	return name, n > 0 && n <= maxSessionName && utf8.ValidString(name) && !strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) })
}

func sessionName() field {
	const key = "session_name"
	return field{
		key: key, doc: "What your other sessions call one that you sign in here. On some homeservers others can read it too.",
		sample: func(c Config) any { return c.SessionName },
		set: func(c *Config, v any, _ string) string {
			s, ok := v.(string)
			if ok {
				s, ok = SessionName(s)
			}
			if !ok {
				return key + " is a text of 1 to 100 printable characters"
			}
			c.SessionName = s
			return ""
		},
	}
}
