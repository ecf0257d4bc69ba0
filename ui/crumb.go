package ui

import (
	"slices"

	"hubbub/ui/internal/pane"
	"hubbub/ui/internal/screen"
	"hubbub/ui/safe"
	"hubbub/ui/words"
)

// paintCrumbs draws the breadcrumb of a narrow window: its panes, and what waits in all channels.
func (w *window) paintCrumbs(c screen.Canvas) {
	th := &w.theme
	x := 0
	for i, t := range w.crumbs() {
		if i > 0 {
			x += c.Text(x, 0, w.width-x, safe.Lit(" › "), th.Dim, "")
		}
		st := th.Dim
		if focus(i) == w.crumbFocus() {
			st = th.Header
		}
		x += c.Text(x, 0, w.width-x, t, st, "")
	}
	end := w.width
	if count := w.crumbCount(); !count.Empty() && x+w.columns(count)+2 <= end {
		st := th.Badge
		if w.list.Total().Mentions > 0 {
			st = th.MentionBadge
		}
		end = pane.Right(c, end-1, 0, count, st)
		c.Pad(w.width-1, 0, w.width, th.Text)
	}
	c.Pad(x, 0, end, th.Text)
}

// recrumb paints the breadcrumb again when what it says has changed.
func (w *window) recrumb() {
	if !w.frame.crumb {
		return
	}
	if now := append(w.crumbs(), w.crumbCount()); !slices.Equal(now, w.crumbed) {
		w.crumbed, w.dirty = now, true
	}
}

// crumbCount is what waits in all channels: in a narrow window the tree that says where is not in sight.
func (w *window) crumbCount() safe.Text {
	total := w.list.Total()
	return safe.Own(words.CrumbCount(total.Unread, total.Mentions))
}

// crumbs names the panes of a narrow window, in the order tree, chat, people.
func (w *window) crumbs() []safe.Text {
	server := safe.Lit(words.HomeTitle)
	if r := w.list.Room(w.side.Server()); r != nil {
		server = cutText(safe.Line(r.Name), 16)
	}
	room := safe.Lit(words.NoRoomShort)
	if r := w.list.Room(w.room); r != nil {
		room = cutText(safe.Own(roomTitle(r)), 20)
	}
	return []safe.Text{server, room, safe.Lit(words.MembersShort)}
}

// crumbFocus returns the index of the focused pane in crumbs.
func (w *window) crumbFocus() focus {
	switch w.focus {
	case focusTree:
		return 0
	case focusPeople:
		return 2
	}
	return 1
}
