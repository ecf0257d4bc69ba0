package keymap

import "fmt"

// Entries returns the table.
func Entries() []Entry {
	var out []Entry
	for _, part := range [][]Entry{global(), composer(), message(), tree(), people(), dialog(), sheet()} {
		out = append(out, part...)
	}
	return out
}

// in sets the context of entries.
func in(c Context, es []Entry) []Entry {
	for i := range es {
		es[i].Context = c
	}
	return es
}

func keys(k ...string) []string { return k }

func global() []Entry {
	es := []Entry{
		{Action: Switcher, Keys: keys("ctrl+k")},
		{Action: Palette, Keys: keys("ctrl+p")},
		{Action: Help, Keys: keys("f1")},
		{Action: NextPane, Keys: keys("tab")},
		{Action: PrevPane, Keys: keys("shift+tab")},
		{Action: ChannelPrev, Keys: keys("alt+up"), Vim: keys("alt+up", "alt+k")},
		{Action: ChannelNext, Keys: keys("alt+down"), Vim: keys("alt+down", "alt+j")},
		{Action: UnreadPrev, Keys: keys("alt+shift+up"), Vim: keys("alt+shift+up", "alt+shift+k")},
		{Action: UnreadNext, Keys: keys("alt+shift+down"), Vim: keys("alt+shift+down", "alt+shift+j")},
		{Action: MentionNext, Keys: keys("alt+a")},
		{Action: Home, Keys: keys("alt+0")},
		{Action: ToggleSidebar, Keys: keys("alt+s")},
		{Action: TogglePeople, Keys: keys("alt+p")},
		{Action: ScrollUp, Keys: keys("pgup"), Vim: keys("pgup", "ctrl+b")},
		{Action: ScrollDown, Keys: keys("pgdown"), Vim: keys("pgdown", "ctrl+f")},
		{Action: Newest, Keys: keys("alt+end"), Need: NeedRoom},
		{Action: FirstNew, Keys: keys("alt+u"), Need: NeedRoom},
		{Action: Unsent, Keys: keys("alt+x")},
		{Action: SendFile, Keys: keys("alt+o"), Need: NeedRoom | NeedSend},
		{Action: Join, Keys: keys("alt+n")},
		{Action: Browse, Keys: keys("alt+c"), Need: NeedServer},
		{Action: CreateChannel, Keys: keys("alt+shift+n")},
		{Action: DirectMessage, Keys: keys("alt+shift+d")},
		{Action: Invite, Keys: keys("alt+i"), Need: NeedRoom | NeedJoined},
		{Action: ChannelInfo, Keys: keys("alt+t"), Need: NeedRoom},
		{Action: Sessions, Keys: keys("f4")},
		{Action: Doctor, Keys: keys("f2")},
		{Action: MarkRead, Keys: keys("alt+r"), Need: NeedRoom},
		{Action: Leave, Keys: keys("alt+shift+w"), Need: NeedRoom},
		{Action: LeaveServer, Keys: keys("alt+shift+s"), Need: NeedServer},
		{Action: Reconnect, Keys: keys("f5"), Need: NeedOffline},
		{Action: Redraw, Keys: keys("ctrl+l")},
		{Action: Suspend, Keys: keys("ctrl+z")},
		{Action: SignOut, Keys: keys("alt+shift+q")},
		{Action: Quit, Keys: keys("ctrl+q", "ctrl+c")},
	}
	for n := 1; n <= 9; n++ {
		es = append(es, Entry{Action: Action(fmt.Sprintf("server-%d", n)), Keys: keys(fmt.Sprintf("alt+%d", n))})
	}
	return in(Global, append(es, trust()...))
}

func composer() []Entry {
	return in(Composer, []Entry{
		{Action: Send, Keys: keys("enter"), Need: NeedRoom},
		{Action: NewLine, Keys: keys("shift+enter", "alt+enter", "ctrl+j")},
		{Action: MessageMode, Keys: keys("esc"), Need: NeedRoom},
		{Action: Complete, Keys: keys("ctrl+space")},
		{Action: Editor, Keys: keys("ctrl+x"), Need: NeedRoom},
		{Action: EditUp, Keys: keys("up")},
		{Action: EditDown, Keys: keys("down")},
		{Action: HistoryPrev, Keys: keys("ctrl+up")},
		{Action: HistoryNext, Keys: keys("ctrl+down")},
		{Action: CharLeft, Keys: keys("left")},
		{Action: CharRight, Keys: keys("right")},
		{Action: WordLeft, Keys: keys("ctrl+left", "alt+left", "alt+b")},
		{Action: WordRight, Keys: keys("ctrl+right", "alt+right", "alt+f")},
		{Action: LineStart, Keys: keys("home", "ctrl+a")},
		{Action: LineEnd, Keys: keys("end", "ctrl+e")},
		{Action: TextStart, Keys: keys("ctrl+home")},
		{Action: TextEnd, Keys: keys("ctrl+end")},
		{Action: SelectLeft, Keys: keys("shift+left")},
		{Action: SelectRight, Keys: keys("shift+right")},
		{Action: SelectAll, Keys: keys("alt+shift+a")},
		{Action: DeleteBack, Keys: keys("backspace", "shift+backspace")},
		{Action: DeleteForward, Keys: keys("delete", "ctrl+d")},
		{Action: DeleteWord, Keys: keys("ctrl+w", "alt+backspace", "ctrl+backspace", "ctrl+h")},
		{Action: DeleteWordFwd, Keys: keys("ctrl+delete")},
		{Action: KillToStart, Keys: keys("ctrl+u")},
		{Action: KillToEnd, Keys: keys("alt+k"), Vim: keys("alt+e")},
		{Action: Yank, Keys: keys("ctrl+y")},
		{Action: Undo, Keys: keys("ctrl+_", "ctrl+/")},
		{Action: Redo, Keys: keys("alt+_", "alt+/")},
	})
}

func message() []Entry {
	return in(Message, []Entry{
		{Action: MessageDown, Keys: keys("j", "down")},
		{Action: MessageUp, Keys: keys("k", "up")},
		{Action: MessageFirst, Keys: keys("g", "home")},
		{Action: MessageLast, Keys: keys("G", "end")},
		{Action: PageUp, Keys: keys("pgup"), Vim: keys("pgup", "ctrl+b")},
		{Action: PageDown, Keys: keys("pgdown"), Vim: keys("pgdown", "ctrl+f")},
		{Action: HalfUp, Keys: keys("ctrl+u")},
		{Action: HalfDown, Keys: keys("ctrl+d")},
		{Action: Write, Keys: keys("esc", "a"), Vim: keys("i", "a", "esc")},
		{Action: Menu, Keys: keys("enter"), Need: NeedRoom},
		{Action: Reply, Keys: keys("r"), Need: NeedMessage | NeedSend},
		{Action: Edit, Keys: keys("e"), Need: NeedMessage | NeedUndeleted | NeedOwn | NeedText | NeedSend},
		{Action: React, Keys: keys("+"), Need: NeedMessage | NeedUndeleted | NeedSend},
		{Action: Copy, Keys: keys("y"), Need: NeedText},
		{Action: Delete, Keys: keys("d"), Need: NeedSelected | NeedUndeleted | NeedDelete},
		{Action: Open, Keys: keys("o"), Need: NeedLink},
		{Action: Save, Keys: keys("s"), Need: NeedFile},
		{Action: MarkUnread, Keys: keys("u"), Need: NeedRoom},
		{Action: Details, Keys: keys("i"), Vim: keys("K"), Need: NeedRoom},
		{Action: Retry, Keys: keys("R"), Need: NeedRetry},
		{Action: Discard, Keys: keys("x"), Need: NeedFailed},
		{Action: Expand, Keys: keys("space")},
		{Action: JumpReply, Keys: keys("b"), Need: NeedReply},
		{Action: Palette, Keys: keys(":")},
		{Action: Help, Keys: keys("?")},
	})
}

func lists() []Entry {
	return []Entry{
		{Action: ListDown, Keys: keys("down", "j")},
		{Action: ListUp, Keys: keys("up", "k")},
		{Action: ListFirst, Keys: keys("home", "g")},
		{Action: ListLast, Keys: keys("end", "G")},
		{Action: ListPgUp, Keys: keys("pgup"), Vim: keys("pgup", "ctrl+u", "ctrl+b")},
		{Action: ListPgDown, Keys: keys("pgdown"), Vim: keys("pgdown", "ctrl+d", "ctrl+f")},
		{Action: Choose, Keys: keys("enter")},
		{Action: Write, Keys: keys("esc"), Vim: keys("esc", "i")},
		{Action: Palette, Keys: keys(":")},
		{Action: Help, Keys: keys("?")},
	}
}

func tree() []Entry {
	return in(Tree, append(lists(),
		Entry{Action: Fold, Keys: keys("left", "h")},
		Entry{Action: Unfold, Keys: keys("right", "l")},
		Entry{Action: OnlyUnread, Keys: keys("u")},
		Entry{Action: ChannelInfo, Keys: keys("i"), Vim: keys("K"), Need: NeedRoom},
	))
}

func people() []Entry {
	return in(People, append(lists(), Entry{Action: Details, Keys: keys("i"), Vim: keys("K")}, Entry{Action: VerifyPerson, Keys: keys("v")}))
}

// dialog binds no letters: they go into the dialog's input.
func dialog() []Entry {
	return in(Dialog, []Entry{
		{Action: ListDown, Keys: keys("down", "ctrl+n"), Vim: keys("down", "ctrl+n", "ctrl+j")},
		{Action: ListUp, Keys: keys("up", "ctrl+p"), Vim: keys("up", "ctrl+p", "ctrl+k")},
		{Action: ListPgUp, Keys: keys("pgup")},
		{Action: ListPgDown, Keys: keys("pgdown")},
		{Action: ListFirst, Keys: keys("ctrl+home")},
		{Action: ListLast, Keys: keys("ctrl+end")},
		{Action: Choose, Keys: keys("enter")},
		{Action: FieldNext, Keys: keys("tab")},
		{Action: FieldPrev, Keys: keys("shift+tab")},
		{Action: CharLeft, Keys: keys("left")},
		{Action: CharRight, Keys: keys("right")},
		{Action: LineStart, Keys: keys("home", "ctrl+a")},
		{Action: LineEnd, Keys: keys("end", "ctrl+e")},
		{Action: DeleteBack, Keys: keys("backspace", "shift+backspace")},
		{Action: DeleteForward, Keys: keys("delete", "ctrl+d")},
		{Action: DeleteWord, Keys: keys("ctrl+w", "alt+backspace", "ctrl+backspace", "ctrl+h")},
		{Action: KillToStart, Keys: keys("ctrl+u")},
		{Action: Reveal, Keys: keys("ctrl+r")},
		{Action: Close, Keys: keys("esc")},
		{Action: Quit, Keys: keys("ctrl+c", "ctrl+q")},
	})
}
