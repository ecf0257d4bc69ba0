// Package theme holds the styles of the screen by meaning, not by place: a
// pane asks for [Theme.Mention], never for a colour.
//
// A [Theme] is a plain value made by [New] from what the terminal can show:
// full colour on a dark or light background, sixteen colours, or attributes
// only. Nothing is told by colour alone: every state that matters also has a
// glyph, a word or an attribute, so the last form loses decoration only. The
// background is the terminal's own; only rows that stand out set one.
package theme

import (
	"hash/fnv"
	"image/color"

	uv "github.com/charmbracelet/ultraviolet"

	"hubbub/store/chat"
)

// Style is the look of a cell: the same type as screen.Style.
type Style = uv.Style

// Colours says how many colours the terminal shows.
type Colours uint8

// Colour depths. With Full the frame writer reduces to 256 colours where the terminal needs it.
const (
	Full    Colours = iota // 24 bit or 256 colours
	Sixteen                // the terminal's own sixteen, whose values nobody knows
	Mono                   // no colour at all: NO_COLOR, or a terminal without any
)

// String returns a stable word for the configuration and the log.
func (c Colours) String() string { return [...]string{"full", "sixteen", "mono"}[c] }

// Options choose a theme.
type Options struct {
	Light   bool // the terminal's background is light
	Colours Colours
	ASCII   bool // draw borders and markers with ASCII only
}

// Theme is every style of the screen.
type Theme struct {
	Options

	// Text is ordinary text, Dim less important, Strong emphasised.
	Text, Dim, Strong Style
	// Accent marks what one should look at; Good, Warn and Error say how something went.
	Accent, Good, Warn, Error Style

	// Border and BorderFocus frame panes and boxes without and with the focus.
	Border, BorderFocus Style
	// Header is the title line of a pane, Topic what stands beside it.
	Header, Topic Style
	// Selected is the row under the cursor of the focused pane, Current the open room's row elsewhere.
	Selected, Current Style
	// Match is the part of a list row that matches what was typed.
	Match Style

	// Channel is a channel without news, Unread one with, Muted one that may not notify.
	Channel, Unread, Muted Style
	// Category heads a group of the tree; Server is an entry of the rail.
	Category, Server Style
	// Badge counts unread messages, MentionBadge counts mentions.
	Badge, MentionBadge Style

	// Time is a clock time or date in the timeline; Edited marks an edit.
	Time, Edited Style
	// Own is the own name where sender colours would mislead.
	Own Style
	// Reply is the line that quotes the message being answered.
	Reply Style
	// State is a folded state change, Deleted a deleted message, Gap a hole in the history.
	State, Deleted, Gap Style
	// Undecrypted is a message that waits for its key, Unreadable a malformed event.
	Undecrypted, Unreadable Style
	// Day is the divider between days, NewDivider the one at the last-read place.
	Day, NewDivider Style
	// Cursor is the gutter and row of the message-mode cursor.
	Cursor Style
	// Sending, Waiting and NotSent are the states of an own message on its way.
	Sending, Waiting, NotSent Style
	// Reaction is a reaction, ReactionMine one that is mine too.
	Reaction, ReactionMine Style
	// Thread is a thread's summary line, File the line of an attachment.
	Thread, File Style
	// Highlight is the gutter of a message that mentions me.
	Highlight Style
	// Pill is a mention of somebody, Mention one of me.
	Pill, Mention Style
	// Link, Code, CodeBlock, Quote, Heading, Spoiler belong to formatted bodies.
	Link, Code, CodeBlock, Quote, Heading, Spoiler Style
	// Syntax colours of code blocks.
	SynKeyword, SynString, SynNumber, SynComment, SynName, SynType Style

	// Placeholder stands in an empty input, Hint explains keys, HintKey is the key itself.
	Placeholder, Hint, HintKey Style
	// Input is text being typed, Selection a selected stretch of it.
	Input, Selection Style
	// Dialog is the text, DialogBorder the frame, DialogTitle the title of an overlay.
	Dialog, DialogBorder, DialogTitle Style
	// Danger is a choice that cannot be taken back.
	Danger Style
	// Shade is laid over what an overlay covers.
	Shade Style
	// Online, Offline and Lock are status marks.
	Online, Offline, Lock Style

	// Glyphs are the marks to draw with.
	Glyphs Glyphs

	senders []Style
}

// New makes the theme for a terminal.
func New(o Options) Theme {
	var t Theme
	switch o.Colours {
	case Mono:
		t = mono()
	case Sixteen:
		t = build(sixteen(o.Light))
	default:
		if o.Light {
			t = build(light())
		} else {
			t = build(dark())
		}
	}
	t.Options = o
	t.Glyphs = unicodeGlyphs()
	if o.ASCII {
		t.Glyphs = asciiGlyphs()
	}
	return t
}

// Sender returns the style of a person's name: the same person has the same
// colour everywhere and always.
func (t *Theme) Sender(user chat.UserID) Style {
	if len(t.senders) == 0 {
		return t.Strong
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(user)) // a hash never fails
	return t.senders[h.Sum32()%uint32(len(t.senders))]
}

// Background returns the colour that contrast is measured against: the
// terminal's own where it is not known.
func (t *Theme) Background() color.Color {
	if t.Light {
		return color.RGBA{0xff, 0xff, 0xff, 0xff}
	}
	return color.RGBA{0x10, 0x11, 0x16, 0xff}
}

// Readable returns c moved towards black or white until it can be read on the
// background (WCAG contrast of at least 4.5), or nil when colours are not in use.
func (t *Theme) Readable(c color.Color) color.Color {
	if t.Colours != Full || c == nil {
		return nil
	}
	target := color.RGBA{0xff, 0xff, 0xff, 0xff}
	if t.Light {
		target = color.RGBA{0, 0, 0, 0xff}
	}
	bg := t.Background()
	for step := range 11 {
		mixed := mix(c, target, float64(step)/10)
		if Contrast(mixed, bg) >= minContrast {
			return mixed
		}
	}
	return target
}
