package theme

// Glyphs are the marks that the screen draws beside text. All runes are one
// column wide.
type Glyphs struct {
	Home, Hash, Voice, Fold, Unfold, Bar, Dot, Ring, Add rune
	// Person marks a direct message, Invite an invitation.
	Person, Invite rune
	// Reply, Thread, Sending, Waiting, NotSent and Mine stand in the timeline.
	Reply, Thread, Sending, Waiting, NotSent, Mine rune
	// Head stands in the gutter before the name line of a group of messages,
	// where no message can draw.
	Head rune
	// Ellipsis ends a text that was cut, Down points to newer messages.
	Ellipsis, Down, Up, Left, Right rune
	// Box drawing: horizontal, vertical and the four corners.
	H, V, TL, TR, BL, BR rune
	// Check and Cross say that something is or is not so; Warn asks for a look.
	Check, Cross, Warn rune
	// Remark stands beside a message that there is something to know about.
	Remark rune
	// Mask hides a character of a password.
	Mask rune
	// Lock marks an encrypted room: one cluster of up to three columns.
	Lock string
}

func unicodeGlyphs() Glyphs {
	return Glyphs{
		Home: '⌂', Hash: '#', Voice: '♪', Fold: '▾', Unfold: '▸', Bar: '▌', Dot: '●', Ring: '○', Add: '+',
		Person: '@', Invite: '✉',
		Reply: '↳', Thread: '⤷', Sending: '◌', Waiting: '◔', NotSent: '✗', Mine: '•',
		Head: '▏', Ellipsis: '…', Down: '↓', Up: '↑', Left: '←', Right: '→',
		H: '─', V: '│', TL: '╭', TR: '╮', BL: '╰', BR: '╯',
		Check: '✓', Cross: '✗', Warn: '!', Remark: '?', Mask: '•', Lock: "🔒",
	}
}

func asciiGlyphs() Glyphs {
	return Glyphs{
		Home: '~', Hash: '#', Voice: '%', Fold: 'v', Unfold: '>', Bar: '|', Dot: '*', Ring: 'o', Add: '+',
		Person: '@', Invite: '!',
		Reply: '^', Thread: '\\', Sending: '.', Waiting: ':', NotSent: 'x', Mine: '*',
		Head: ':', Ellipsis: '~', Down: 'v', Up: '^', Left: '<', Right: '>',
		H: '-', V: '|', TL: '+', TR: '+', BL: '+', BR: '+',
		Check: 'y', Cross: 'x', Warn: '!', Remark: '?', Mask: '*', Lock: "enc",
	}
}
