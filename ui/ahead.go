package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
)

// readAhead reads a page that nobody asked for yet: the first of all takes
// several times as long as those after it, and one would wait for it.
func (w *window) readAhead() tea.Cmd {
	reader := w.back.Reader
	for _, r := range w.list.Newest(1) {
		room := r.ID
		return query(w, askAhead, diskLimit, func(ctx context.Context) (chat.Page, error) {
			return reader.Page(ctx, chat.PageQuery{Room: room, Limit: pageSize})
		}, func(chat.Page, error) tea.Cmd { return nil }) // it is read again when the channel opens
	}
	return nil
}
