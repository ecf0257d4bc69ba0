package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/internal/dialog"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// openCreate makes a channel, in the server that is shown where that takes
// channels from us.
func (w *window) openCreate() tea.Cmd {
	intro := words.CreatedEncrypted
	parent := w.side.Server()
	if r := w.list.Room(parent); r != nil {
		intro = words.CreatedIn(roomTitle(r)) + " " + intro
	}
	form := &dialog.Form{
		Name: dialogCreate, Head: safe.Lit(words.CreateTitle), Intro: safe.Own(intro),
		Fields: []*dialog.Field{
			input(words.NameLabel, "", ""), input(words.TopicLabel, words.ReasonHint, ""),
			toggle(words.PublicLabel, false), toggle(words.EncryptedLabel, true), toggle(words.VoiceLabel, false),
		},
		Toggled: func(f *dialog.Form, i int) {
			if i == 2 { // who may join: what follows from it can be changed after
				f.Fields[3].On = !f.On(2)
			}
		},
		Submit: func(f *dialog.Form) (string, tea.Cmd) {
			if f.Text(0) == "" {
				return words.NeedName, nil
			}
			room := chat.NewRoom{Name: f.Text(0), Topic: f.Text(1), Parent: parent, Public: f.On(2), Voice: f.On(4)}
			if room.Public {
				room.Encrypted = f.On(3)
			} else {
				room.Unencrypted = !f.On(3)
			}
			w.refs[w.back.Rooms.Create(room)] = followUp{open: true}
			return "", nil
		},
	}
	w.show(form)
	if parent == "" {
		return nil
	}
	reader, server := w.back.Reader, parent
	return query(w, askPower, diskLimit, func(ctx context.Context) (chat.Power, error) {
		return reader.Power(ctx, server)
	}, func(p chat.Power, err error) tea.Cmd {
		if r := w.list.Room(server); err == nil && !p.CanAddChannels() && r != nil && w.dialogs.Is(dialogCreate, form) {
			parent = ""
			form.Intro = safe.Own(words.CreateOutside(roomTitle(r)) + " " + words.CreatedEncrypted)
			w.dialogs.Changed()
		}
		return nil
	})
}
