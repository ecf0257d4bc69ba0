package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	"hubbub/ui/words"
)

// goUnsent opens the channel of the oldest message that was refused, at that message.
func (w *window) goUnsent() tea.Cmd {
	type place struct {
		room chat.RoomID
		item chat.ItemKey
	}
	reader := w.back.Reader
	return query(w, askUnsent, diskLimit, func(ctx context.Context) (place, error) {
		room, item, err := reader.Unsent(ctx)
		return place{room, item}, err
	}, func(at place, err error) tea.Cmd {
		if err != nil {
			w.sayProblem(problemOf(err))
			return nil
		}
		r := w.list.Room(at.room)
		if at.item == 0 || r == nil {
			w.say(words.NothingUnsent, false)
			return nil
		}
		cmd := w.openWith(at.room, nil)
		w.chat.ShowItem(at.item)
		return tea.Batch(cmd, w.intents())
	})
}
