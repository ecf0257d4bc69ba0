package keymap

import (
	"slices"
	"strings"

	"hubbub/ui/words"
)

// Document returns docs/KEYS.md.
func Document() string {
	var b strings.Builder
	b.WriteString("# " + words.KeysTitle + "\n\n" + words.KeysIntro + "\n")
	entries := Entries()
	for _, c := range Contexts() {
		b.WriteString("\n## " + words.Context(c.String()) + " (`" + c.String() + "`)\n\n| Key | Vim | Action | Does |\n|---|---|---|---|\n")
		for _, e := range entries {
			if e.Context != c {
				continue
			}
			vim := words.KeysSame
			if e.Vim != nil && !slices.Equal(e.Vim, e.Keys) {
				vim = cell(e.Vim)
			}
			_, help := words.Action(string(e.Action))
			b.WriteString("| " + cell(e.Keys) + " | " + vim + " | `" + string(e.Action) + "` | " + help + " |\n")
		}
	}
	return b.String()
}

func cell(keys []string) string {
	return strings.ReplaceAll(words.Keys(keys), "|", "\\|")
}
