package ui

import (
	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
)

// burstKeys is up to which length a burst is keys where Enter chooses, in bytes:
// more than that no script types.
const burstKeys = 4 << 10

// burst takes lines that came at once. Where Enter sends they are a paste, which
// asks before it is long; where Enter chooses they are the keys of a script.
func (w *window) burst(text string) tea.Cmd {
	if w.dialogs.Has(dialogPaste) && w.burstAsked != "" {
		// The rest of what is asked about: it must not answer the question.
		w.dialogs.Close(dialogPaste)
		w.dialogClosed()
		text = w.burstAsked + text
	}
	w.burstAsked = ""
	var cmds []tea.Cmd
	for ended := true; text != ""; {
		if ended && (w.pastes() && screen.Burst(text) || len(text) > burstKeys) {
			cmds = append(cmds, w.paste(text))
			if w.dialogs.Has(dialogPaste) {
				w.burstAsked = text
			}
			break
		}
		var k tea.KeyPressMsg
		k, text = screen.BurstKey(text)
		ended = k.Code == tea.KeyEnter
		cmds = append(cmds, w.key(k))
	}
	return tea.Batch(cmds...)
}

// pastes reports whether lines are a paste. A dialog or a list takes them as keys;
// what is only read, and the lists of the window, have no use for lines.
func (w *window) pastes() bool { return w.back != nil && w.context() != keymap.Dialog }
