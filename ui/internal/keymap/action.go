package keymap

// Action is the stable name of something a key can do. It stands in the
// configuration file and in docs/KEYS.md.
type Action string

// Actions that work everywhere.
const (
	Quit          Action = "quit"
	Help          Action = "help"
	Palette       Action = "palette"
	Switcher      Action = "switcher"
	NextPane      Action = "next-pane"
	PrevPane      Action = "previous-pane"
	ChannelPrev   Action = "previous-channel"
	ChannelNext   Action = "next-channel"
	UnreadPrev    Action = "previous-unread"
	UnreadNext    Action = "next-unread"
	MentionNext   Action = "next-mention"
	Home          Action = "home"
	Server1       Action = "server-1" // Server1 to Server9 differ in the last letter
	Server9       Action = "server-9"
	TogglePeople  Action = "people"
	ToggleSidebar Action = "sidebar"
	Join          Action = "join"
	Browse        Action = "browse"
	CreateChannel Action = "create-channel"
	DirectMessage Action = "direct-message"
	Invite        Action = "invite"
	Leave         Action = "leave"
	LeaveServer   Action = "leave-server"
	MarkRead      Action = "mark-read"
	ChannelInfo   Action = "channel-details"
	Reconnect     Action = "reconnect"
	SignOut       Action = "sign-out"
	Redraw        Action = "redraw"
	Suspend       Action = "suspend"
	ScrollUp      Action = "scroll-up"
	ScrollDown    Action = "scroll-down"
	Newest        Action = "newest"
	FirstNew      Action = "first-new"
	Unsent        Action = "unsent"
	SendFile      Action = "send-file"
)

// Actions of the composer. All but Send, Editor and MessageMode edit text.
const (
	Send          Action = "send"
	NewLine       Action = "new-line"
	MessageMode   Action = "message-mode"
	Complete      Action = "complete"
	Editor        Action = "editor"
	EditUp        Action = "line-up" // in an empty composer: edit my last message
	EditDown      Action = "line-down"
	HistoryPrev   Action = "history-previous"
	HistoryNext   Action = "history-next"
	CharLeft      Action = "char-left"
	CharRight     Action = "char-right"
	WordLeft      Action = "word-left"
	WordRight     Action = "word-right"
	LineStart     Action = "line-start"
	LineEnd       Action = "line-end"
	TextStart     Action = "text-start"
	TextEnd       Action = "text-end"
	SelectLeft    Action = "select-left"
	SelectRight   Action = "select-right"
	SelectAll     Action = "select-all"
	DeleteBack    Action = "delete-back"
	DeleteForward Action = "delete-forward"
	DeleteWord    Action = "delete-word"
	DeleteWordFwd Action = "delete-word-forward"
	KillToStart   Action = "kill-to-start"
	KillToEnd     Action = "kill-to-end"
	Yank          Action = "yank"
	Undo          Action = "undo"
	Redo          Action = "redo"
)

// Actions of message mode.
const (
	MessageDown  Action = "message-down"
	MessageUp    Action = "message-up"
	MessageFirst Action = "message-first"
	MessageLast  Action = "message-last"
	PageUp       Action = "page-up"
	PageDown     Action = "page-down"
	HalfUp       Action = "half-page-up"
	HalfDown     Action = "half-page-down"
	Write        Action = "write" // back to the composer
	Menu         Action = "message-menu"
	Reply        Action = "reply"
	Edit         Action = "edit"
	React        Action = "react"
	Copy         Action = "copy"
	Delete       Action = "delete"
	Open         Action = "open"
	Save         Action = "save"
	MarkUnread   Action = "mark-unread"
	Details      Action = "details"
	Retry        Action = "retry"
	Discard      Action = "discard"
	Expand       Action = "expand" // folded state changes, spoilers, long messages
	JumpReply    Action = "jump-to-reply"
)

// Actions of the channel tree, the member list and of lists in dialogs.
const (
	ListUp     Action = "list-up"
	ListDown   Action = "list-down"
	ListFirst  Action = "list-first"
	ListLast   Action = "list-last"
	ListPgUp   Action = "list-page-up"
	ListPgDown Action = "list-page-down"
	Choose     Action = "choose"
	Fold       Action = "fold"
	Unfold     Action = "unfold"
	OnlyUnread Action = "only-unread"
	FieldNext  Action = "field-next"
	FieldPrev  Action = "field-previous"
	Close      Action = "close"
)
