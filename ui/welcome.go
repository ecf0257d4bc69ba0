package ui

import (
	"hubbub/store/chat"
	chatpane "hubbub/ui/internal/pane/chat"
)

// greet keeps what stands where no channel is open up to date.
func (w *window) greet() {
	if w.room != "" {
		return
	}
	n, conn := w.list.Waiting(), w.status.Connection().State
	w.chat.SetWelcome(chatpane.Welcome{
		Fetching: conn == chat.ConnFirstSync || conn == chat.ConnConnecting && n.Rooms == 0,
		Rooms:    n.Rooms, Invites: n.Invites, Unread: n.Unread, Mentions: w.list.Total().Mentions,
	})
}
