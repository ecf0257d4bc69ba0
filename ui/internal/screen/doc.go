// Package screen owns the terminal: its modes, its cells, its cursor and every
// byte that goes to it. Bubble Tea reads the input and runs Update and Cmds; it
// draws nothing.
//
// # How it is used
//
// [New] checks the terminal and starts nothing. [Screen.Run] takes a [Model],
// puts the terminal into its modes, runs until the program ends and leaves the
// terminal as it was, on every way out: quit, panic, signal, lost connection.
// After each message the screen asks the model whether something looks different
// ([Model.Dirty]) and, when a frame is due, calls [Model.Paint]. The model keeps
// its own flags of what changed: cells keep what was drawn, so Paint draws the
// changed panes only, and overlays after them. After a [tea.WindowSizeMsg] or a
// [WidthsMsg] all cells are blank and everything has to be drawn.
//
// # What is pasted
//
// A paste that the terminal marks is a [tea.PasteMsg]. Lines that come faster than
// fingers type are taken out of the input and become one [BurstMsg]; the model
// knows whether Enter would send there. No key waits for that: a line with its
// Enter is held back only while the terminal has more to read already.
//
// # When it draws
//
// A key press, a mouse click or a paste is urgent: its frame is made at once, in
// the goroutine of Update. Everything else waits until the last frame is 8 ms
// old (33 ms when the window is not focused or the terminal is slow), with one
// timer at most. Nothing runs while nothing changes.
//
// A frame is the difference to what the terminal shows. What the terminal takes
// without waiting is written at once, the rest by the writer goroutine. While
// that writes no frame is made; when it is done, the next shows the latest state.
// A terminal that answers to DA1 is asked for it behind every half kilobyte, and
// has to answer before the next frame: so a slow line does not fill with old
// frames. It has two seconds. A terminal that stops reading therefore never stops
// Update.
//
// # Ways out
//
// Quit, the end of the context, signals to end, a panic in Update, in a Cmd or in
// a goroutine that defers [Screen.Recover], a terminal that is gone: all restore
// the terminal within the limits of tty and make Run return. A program that hangs
// is ended two seconds after a signal. Where the user quits, suspends or opens
// the editor, what the terminal was asked is awaited for half a second: a late
// answer would be typed into the shell. For what leaves no chance, SIGKILL or a
// panic that nobody recovers, a small shell waits beside the program and restores
// the terminal in its place.
//
// # Ownership
//
// The goroutine of Update owns the cells, the painter and all state of pacing.
// The methods that the model calls (title, clipboard, bell …) belong to that
// goroutine. [Screen.Send] and [Screen.Recover] may be called from anywhere. What
// goroutines share, the terminal's modes, is guarded in tty.
//
// # Text
//
// A [Canvas] takes [hubbub/ui/safe.Text] only. Cells whose width terminals
// disagree about are followed by an absolute cursor move, so that a wrong width
// stays within its own cluster.
package screen
