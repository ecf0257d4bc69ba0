package keymap

// Actions that say what is known about trust, and change it.
const (
	Doctor        Action = "doctor"
	Sessions      Action = "sessions"
	RetryKey      Action = "retry-key"
	SearchBackup  Action = "search-backup"
	VerifyThis    Action = "verify-this"
	Acknowledge   Action = "acknowledge"
	BlockSession  Action = "block-session"
	RenameSession Action = "rename-session"
	EndSession    Action = "end-session"
	EndOthers     Action = "end-other-sessions"
	KnownSession  Action = "known-session"
	RotateKey     Action = "rotate-key"
	RoomPolicy    Action = "room-policy"
	ServerPolicy  Action = "server-policy"
	NeverPlain    Action = "never-plain"
	CopySheet     Action = "copy-sheet"
	CheckAgain    Action = "check-again"
)

// sheet binds the letters of sheets: texts to read whose lines can be chosen.
// What it does not bind counts as in Dialog.
func sheet() []Entry {
	return in(Sheet, []Entry{
		{Action: ListDown, Keys: keys("down", "j")},
		{Action: ListUp, Keys: keys("up", "k")},
		{Action: ListPgDown, Keys: keys("pgdown", "space"), Vim: keys("pgdown", "space", "ctrl+d", "ctrl+f")},
		{Action: ListPgUp, Keys: keys("pgup"), Vim: keys("pgup", "ctrl+u", "ctrl+b")},
		{Action: ListFirst, Keys: keys("home", "g")},
		{Action: ListLast, Keys: keys("end", "G")},
		{Action: RetryKey, Keys: keys("r")},
		{Action: SearchBackup, Keys: keys("b")},
		{Action: VerifyThis, Keys: keys("v")},
		{Action: Acknowledge, Keys: keys("a")},
		{Action: BlockSession, Keys: keys("x")},
		{Action: RenameSession, Keys: keys("e")},
		{Action: EndSession, Keys: keys("d")},
		{Action: EndOthers, Keys: keys("D")},
		{Action: KnownSession, Keys: keys("m")},
		{Action: RotateKey, Keys: keys("R")},
		{Action: RoomPolicy, Keys: keys("p")},
		{Action: ServerPolicy, Keys: keys("P")},
		{Action: NeverPlain, Keys: keys("n")},
		{Action: CopySheet, Keys: keys("y")},
		{Action: CheckAgain, Keys: keys("c")},
		{Action: Close, Keys: keys("esc", "q")},
	})
}
