package ui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/store/chat"
	chatpane "hubbub/ui/internal/pane/chat"
)

// wantLock reads the lock again when it is due.
func (w *window) wantLock() tea.Cmd {
	if due := w.lockDue(); due.IsZero() || w.clock.Now().Before(due) {
		return nil
	}
	return w.readLock()
}

// lockDue returns when the lock is read again, zero for not at all.
func (w *window) lockDue() time.Time {
	if _, busy := w.waiting[askLock]; busy || !w.info.lockStale || w.room == "" || w.back.Trust == nil || w.besides {
		return time.Time{}
	}
	return w.info.lockRead.Add(lockWait)
}

// readLock reads what protects the open channel.
func (w *window) readLock() tea.Cmd {
	r := w.list.Room(w.room)
	if r == nil || w.back.Trust == nil {
		return nil
	}
	w.info.lockStale, w.info.lockRead, w.info.of = false, w.clock.Now(), *r
	room, trust := w.room, w.back.Trust
	return query(w, askLock, networkLimit, func(ctx context.Context) (chat.RoomLock, error) {
		return trust.Lock(ctx, room)
	}, func(l chat.RoomLock, err error) tea.Cmd {
		if err != nil || room != w.room {
			return nil // the header says whether it is encrypted all the same
		}
		w.info.lock = &l
		w.showLock()
		return nil
	})
}

// showLock gives the chat pane the lock of the open channel, with the names of the people who are known by now.
func (w *window) showLock() {
	if l := w.info.lock; l != nil && l.Room == w.room {
		w.chat.SetLock(&chatpane.Lock{RoomLock: *l, Name: w.shortName, Me: w.back.Account.User})
	}
}

// identityChanged reports whether somebody's identity changed and was not accepted, as far as the open channel knows.
func (w *window) identityChanged(user chat.UserID) bool {
	return w.info.lock != nil && w.info.lock.Room == w.room && slices.Contains(w.info.lock.Changed, user)
}

// wantMarks reads the trust of the members who are on the screen and not known yet.
func (w *window) wantMarks() tea.Cmd {
	known := w.back.Known
	if _, busy := w.waiting[askMarks]; busy || known == nil || !shown(w.frame.people) {
		return nil
	}
	users := w.people.Unknown(w.frame.people.Dy() - 1)
	if len(users) == 0 {
		return nil
	}
	return query(w, askMarks, diskLimit, func(ctx context.Context) (map[chat.UserID]chat.PersonTrust, error) {
		people, err := known.People(ctx, users)
		marks := make(map[chat.UserID]chat.PersonTrust, len(users))
		for _, u := range users {
			marks[u] = chat.PersonUnknown // asked: not asked again until it changes
		}
		for i := range people {
			marks[people[i].User] = people[i].Trust
		}
		return marks, err
	}, func(marks map[chat.UserID]chat.PersonTrust, _ error) tea.Cmd {
		w.people.SetTrust(marks) // what could not be read has no mark
		return nil
	})
}
