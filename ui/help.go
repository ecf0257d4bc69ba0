package ui

import (
	"hubbub/ui/internal/dialog"
	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/pane/info"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// chapter is a part of the help: the bindings of a context, all or some of them.
type chapter struct {
	title   string
	context keymap.Context
	of      func(keymap.Binding) bool // nil: all
}

// chapters are what the help tells in a context: what counts there, what counts
// everywhere, and last what every editor has. offers says what the open sheet has.
func chapters(c keymap.Context, offers func(keymap.Binding) bool) []chapter {
	all := func(c keymap.Context) chapter { return chapter{words.Context(c.String()), c, nil} }
	switch c {
	case keymap.Composer:
		return []chapter{
			{words.Context(c.String()), c, func(b keymap.Binding) bool { return !keymap.Edits(b.Action) }},
			all(keymap.Global),
			{words.HelpEditing, c, func(b keymap.Binding) bool { return keymap.Edits(b.Action) }},
		}
	case keymap.Sheet:
		return []chapter{{words.Context(c.String()), c, offers}, all(keymap.Dialog), all(keymap.Global)}
	case keymap.Dialog: // has the keys to itself
		return []chapter{all(c)}
	}
	return []chapter{all(c), all(keymap.Global)}
}

// openHelp shows the keys that count where one is.
func (w *window) openHelp() {
	var lines []dialog.Line
	have := w.have()
	for _, ch := range chapters(w.context(), w.sheetOffers) {
		if len(lines) > 0 {
			lines = append(lines, dialog.Line{Text: safe.Lit(" ")})
		}
		lines = append(lines, dialog.Line{Text: safe.Own(ch.title), Heading: true})
		for _, b := range w.keys.Bindings() {
			if b.Context != ch.context || len(b.Keys) == 0 || keymap.IsServer(b.Action) > 1 || ch.of != nil && !ch.of(b) {
				continue
			}
			lines = append(lines, helpLine(b, have))
		}
	}
	w.show(&dialog.Text{Name: dialogHelp, Head: safe.Lit(words.HelpTitle), Lines: lines, Column: 24})
}

// sheetOffers reports whether the uppermost dialog is a sheet that a binding does something in.
func (w *window) sheetOffers(b keymap.Binding) bool {
	s, ok := w.dialogs.Top().(*info.Sheet)
	return ok && s.Offers(b.Action)
}

func helpLine(b keymap.Binding, have keymap.Need) dialog.Line {
	name, help := words.Keys(b.Keys), b.Help
	if keymap.IsServer(b.Action) == 1 {
		name, help = words.Key(b.Keys[0])+"…9", words.ServersHelp
	}
	if why := b.Reason(have); why != "" {
		help += " (" + why + ")"
	}
	return dialog.Line{Name: safe.Own(name), Text: safe.Own(help)}
}
