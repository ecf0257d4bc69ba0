package ui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/ui/internal/keymap"
	"hubbub/ui/internal/screen"
	"hubbub/ui/internal/term"
	"hubbub/ui/words"
)

// Options are what [Run] needs.
type Options struct {
	// Backend is the signed-in account; nil shows the sign-in screen, which uses Login.
	Backend *Backend
	// Login signs in. It may be nil while Backend is not.
	Login Login
	// Address is the homeserver to offer at sign-in, or "".
	Address string
	// DeviceName names the new session at sign-in.
	DeviceName string

	// In and Out are the terminal, Env its environment as of os.Environ.
	In, Out *os.File
	Env     []string
	// Log takes what goes wrong. It never gets what was written.
	Log *slog.Logger
	// CrashFile gets what goes to standard error while the screen is on; "" for a temporary file.
	CrashFile string

	// Theme is "dark", "light" or "" for what the terminal says.
	Theme string
	// ASCII draws without box drawing characters and symbols.
	ASCII bool
	// NoBell and NoNotify switch the bell and desktop notifications off.
	NoBell, NoNotify bool
	// NoMouse leaves the mouse to the terminal, for its own selection.
	NoMouse bool
	// Keymap is "default" or "vim"; Keys replaces keys of single actions, as in
	// docs/KEYS.md. See [CheckKeys].
	Keymap string
	Keys   map[string][]string
	// Notice is shown at start: something that one should know, or "".
	Notice string

	known terminalFact // what the terminal was like the last time
}

// Pauses between batches of changes. The first ones after quiet follow each
// other at once; a stream of them is drawn at a rate that the eye still takes
// for motion and that leaves the machine to others.
const (
	batchBurst   = 3
	batchPause   = 4 * time.Millisecond  // after a batch of the burst
	batchEvery   = 25 * time.Millisecond // 40 a second
	batchBlurred = 33 * time.Millisecond // 30 a second
	openLimit    = 200 * time.Millisecond
)

// KeyFault is one thing that is wrong with configured keys.
type KeyFault struct {
	Actions []string // whose keys it is about
	Text    string   // a sentence
}

// CheckKeys returns what is wrong with configured keys, each fault once.
func CheckKeys(base string, keys map[string][]string) []KeyFault {
	_, wrong := keymap.New(base, keys)
	var out []KeyFault
	for _, c := range wrong {
		text := c.String()
		if !slices.ContainsFunc(out, func(f KeyFault) bool { return f.Text == text }) { // an action has its key in several places
			out = append(out, KeyFault{Actions: []string{c.Name, c.Other}, Text: text})
		}
	}
	return out
}

// ExitCode returns the exit code for an error of [Run].
func ExitCode(err error) int { return screen.ExitCode(err) }

// Run shows the window until the person quits, ctx ends, or the terminal goes
// away. It returns nil after quitting.
func Run(ctx context.Context, opts Options) error {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var profile term.Profile
	opts.known, profile = knownTerminal(ctx, opts)
	scr, err := screen.New(screen.Options{
		In: opts.In, Out: opts.Out, Env: opts.Env, Log: opts.Log, CrashFile: opts.CrashFile,
		NoBell: opts.NoBell, CrashNote: words.Died(opts.CrashFile), Profile: profile,
	})
	if err != nil {
		return fmt.Errorf("open the terminal: %w", err)
	}
	if opts.NoMouse {
		scr.SetMouse(false)
	}
	p := &pump{scr: scr, backend: make(chan *Backend, 1)}
	clk := &wallClock{scr: scr}
	defer clk.Wake(-1)
	model := &watched{window: newWindow(opts, scr, scr.Widths(), clk, newAsker(ctx), func(b *Backend) { p.backend <- b }), blurred: &p.blurred}
	if opts.Backend != nil {
		p.backend <- opts.Backend
	}
	var running sync.WaitGroup
	running.Go(func() {
		defer scr.Recover()
		p.run(ctx)
	})
	err = scr.Run(ctx, model)
	cancel()
	running.Wait()
	return err
}

// knownTerminal returns what the terminal was like the last time: how it drew
// glyphs, so that nothing shifts after the first frame, and whether it was light.
func knownTerminal(ctx context.Context, opts Options) (terminalFact, term.Profile) {
	name := environ(opts.Env, "TERM")
	fresh := terminalFact{Key: name + " "}
	if opts.Backend == nil {
		return fresh, term.Profile{}
	}
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	raw, err := opts.Backend.Reader.UIState(ctx, uiTerminal)
	if err != nil || len(raw) == 0 {
		return fresh, term.Profile{}
	}
	var fact terminalFact
	if json.Unmarshal(raw, &fact) != nil || !strings.HasPrefix(fact.Key, name+" ") {
		return fresh, term.Profile{}
	}
	var profile term.Profile
	if len(fact.Profile) == 0 || json.Unmarshal(fact.Profile, &profile) != nil {
		return terminalFact{Key: fact.Key, Light: fact.Light}, term.Profile{}
	}
	return fact, profile
}

func environ(env []string, name string) string {
	value := ""
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}

// watched tells the pump whether the terminal has the focus.
type watched struct {
	*window
	blurred *atomic.Bool
}

// Update implements screen.Model.
func (w *watched) Update(msg tea.Msg) tea.Cmd {
	switch msg.(type) {
	case tea.FocusMsg:
		w.blurred.Store(false)
	case tea.BlurMsg:
		w.blurred.Store(true)
	}
	return w.window.Update(msg)
}

// pump carries changes from the backend's feed to Update. One goroutine runs it.
type pump struct {
	scr     *screen.Screen
	backend chan *Backend // of one; the account, once there is one
	blurred atomic.Bool
}

func (p *pump) run(ctx context.Context) {
	var b *Backend
	select {
	case b = <-p.backend:
	case <-ctx.Done():
		return
	}
	if b.Feed == nil {
		return
	}
	pause := time.NewTimer(0)
	defer pause.Stop()
	quick := bucket{}
	for {
		changes, err := b.Feed(ctx)
		if ctx.Err() != nil || (err != nil && errors.Is(err, context.Canceled)) {
			return
		}
		p.scr.Send(feedMsg{changes, err})
		if err != nil {
			return
		}
		every := batchEvery
		if p.blurred.Load() {
			every = batchBlurred
		}
		pause.Reset(quick.take(time.Now(), every))
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
	}
}

// bucket counts the batches that may follow each other quickly: full after
// quiet, empty in a stream.
type bucket struct {
	tokens float64
	last   time.Time
}

// take notes a batch and returns the pause after it; every is the pause in a stream.
func (b *bucket) take(now time.Time, every time.Duration) time.Duration {
	b.tokens = min(b.tokens+float64(now.Sub(b.last))/float64(every), batchBurst) - 1
	b.last = now
	return max(batchPause, time.Duration(-b.tokens*float64(every)))
}

// Awaited implements screen.Awaited: what comes into the open channel is looked
// at, and batches of it have their pauses already.
func (m feedMsg) Awaited() bool { return len(m.changes.Timeline) > 0 }

// wallClock is the real time. It belongs to Update's goroutine.
type wallClock struct {
	scr   *screen.Screen
	timer *time.Timer
}

// Now implements clock.
func (*wallClock) Now() time.Time { return time.Now() }

// Wake implements clock.
func (c *wallClock) Wake(d time.Duration) {
	if c.timer != nil {
		c.timer.Stop()
	}
	if d >= 0 {
		c.timer = time.AfterFunc(d, func() { c.scr.Send(wakeMsg{}) })
	}
}
