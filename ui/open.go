package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// Ids of dialogs.
const (
	dialogSwitcher  = "switcher"
	dialogPalette   = "palette"
	dialogHelp      = "help"
	dialogMenu      = "menu"
	dialogReact     = "react"
	dialogDetails   = "details"
	dialogJoin      = "join"
	dialogSendFile  = "send-file"
	dialogCreate    = "create"
	dialogDirect    = "direct"
	dialogAskDirect = "ask-direct"
	dialogInvite    = "invite"
	dialogInvited   = "invited"
	dialogPerson    = "person"
	dialogLeave     = "leave"
	dialogDelete    = "delete"
	dialogDiscard   = "discard"
	dialogPaste     = "paste"
	dialogQuit      = "quit"
	dialogLink      = "link"
	dialogBrowse    = "browse"
	dialogSignOut   = "sign-out"
	dialogSignedOut = "signed-out"
	dialogStopped   = "stopped"
)

// show opens a dialog that a key asked for.
func (w *window) show(d dialog.Dialog) {
	w.shown = w.clock.Now()
	w.dialogs.Open(d, w.shown, false)
	w.arrange()
}

// refused shows why an item of a picker cannot be chosen.
func (w *window) refused(reason string) tea.Cmd {
	w.say(reason, true)
	return nil
}

// joinItem offers to join an address, or to write to a person, that was typed into the switcher.
func (w *window) joinItem(text string) *dialog.Item {
	switch {
	case chat.UserID(text).Valid():
		return &dialog.Item{
			Whole: true, Title: safe.Own(words.WriteTo(text)), Mark: w.theme.Glyphs.Person,
			Do: func() tea.Cmd { w.openDirect(text); return nil },
		}
	case looksLikeAddress(text):
		return &dialog.Item{
			Whole: true, Title: safe.Own(words.JoinAddress(text)), Mark: w.theme.Glyphs.Add,
			Do: func() tea.Cmd { w.join(text); return nil },
		}
	}
	return nil
}

// looksLikeAddress reports whether a text can name a room: an alias, an id or a link.
func looksLikeAddress(s string) bool {
	switch {
	case strings.HasPrefix(s, "https://matrix.to/"), strings.HasPrefix(s, "matrix:"):
		return true
	case strings.HasPrefix(s, "#"), strings.HasPrefix(s, "!"):
		return len(s) > 3 && (strings.Contains(s, ":") || s[0] == '!')
	}
	return false
}

// openPalette lists every action by name with its key.
func (w *window) openPalette() {
	back := w.context()
	seen := map[keymap.Action]bool{}
	var items []dialog.Item
	for _, b := range w.keys.Bindings() {
		if b.Context == keymap.Dialog || b.Context == keymap.Sheet && !forPalette(b.Action) || seen[b.Action] {
			continue
		}
		seen[b.Action] = true
		if here, ok := w.keys.Find(back, b.Action); ok {
			b = here
		}
		it := dialog.Item{
			Title: safe.Own(b.Title), Find: b.Title + " " + string(b.Action), Disabled: b.Reason(w.have()),
			Do: func() tea.Cmd { return w.fromPalette(b.Context, b.Action) },
		}
		if len(b.Keys) > 0 {
			it.Detail = safe.Own(words.Key(b.Keys[0]))
		}
		if n := keymap.IsServer(b.Action); n > 0 {
			servers := w.list.Servers()
			if n > len(servers) {
				continue
			}
			it.Title = safe.Own(words.GoTo(roomTitle(servers[n-1].Room)))
		}
		items = append(items, it)
	}
	p := dialog.NewPicker(dialogPalette, words.PaletteTitle, words.PaletteHint, items)
	p.Refused = w.refused
	w.show(p)
}

// fromPalette does an action where it counts: it first moves the focus there.
func (w *window) fromPalette(c keymap.Context, a keymap.Action) tea.Cmd {
	w.arrange()
	var first tea.Cmd
	switch c {
	case keymap.Tree:
		w.setFocus(focusTree)
	case keymap.People:
		w.setFocus(focusPeople)
	case keymap.Message, keymap.Composer:
		w.setFocus(focusChat)
		if (c == keymap.Message) != w.messageMode() && a != keymap.MessageMode && a != keymap.Write {
			toggle := keymap.MessageMode
			if c == keymap.Composer {
				toggle = keymap.Write
			}
			first = w.chatDo(toggle)
		}
	}
	return tea.Batch(first, w.doIn(c, a))
}

// openQuit asks before leaving while something waits to be sent.
func (w *window) openQuit() {
	w.show(&dialog.Confirm{
		Name: dialogQuit, Head: safe.Lit(words.QuitTitle), Question: safe.Own(words.QuitQuestion),
		Yes: func() tea.Cmd { w.stopTyping(); w.keep(); return w.term.Quit() },
	})
}
