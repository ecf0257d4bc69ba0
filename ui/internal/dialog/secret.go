package dialog

import (
	"hubbub/store/chat"
	"hubbub/ui/internal/pane"
)

// Secret makes a field for a password, a passphrase or a recovery key: it is
// drawn as dots until keymap.Reveal shows it, and takes what is pasted without
// echo.
func Secret(label, hint string) *Field {
	return &Field{Input: pane.Input{Label: label, Placeholder: hint, Masked: true}}
}

// Reveal shows what a secret field holds, or hides it again.
func (f *Field) Reveal() {
	if f.Input.Masked {
		f.Input.Revealed = !f.Input.Revealed
	}
}

// Secret returns what a secret field holds.
func (f *Field) Secret() chat.Secret { return chat.Secret(f.Input.Text()) }

// Wipe empties the field and hides what is typed next.
func (f *Field) Wipe() {
	f.Input.Set("")
	f.Input.Revealed = false
}
