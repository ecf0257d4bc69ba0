package screen

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// BurstMsg is text with line ends that came faster than fingers type, from a
// terminal that does not mark what is pasted. Whether it is a paste or keys is
// for the model to say: see [Burst] and [BurstKey].
type BurstMsg struct{ Text string }

// Limits of bursts.
const (
	// burstQuiet is how long the rest of a burst may be on its way.
	burstQuiet = 50 * time.Millisecond
	// burstMax is how much of one is taken at once, in bytes.
	burstMax = 1 << 20
	// burstSide is how many bytes have to stand on both sides of a line end for
	// it alone to make a burst: a slow line delivers a few typed keys together.
	burstSide = 4
	// repliesMax is how much of the terminal's answers may stand between the text, in bytes.
	repliesMax = 1 << 10
	// burstMark stands in the place of a burst: a paste of nothing.
	burstMark = "\x1b[200~\x1b[201~"
)

// Burst reports whether text that came at once is a paste: two line ends with
// text between them, or one in the middle of text. One line with its Enter is
// what a script sends, and is typing.
func Burst(text string) bool {
	first := strings.IndexByte(text, '\r')
	if first < 0 {
		return false
	}
	rest := strings.TrimLeft(text[first:], "\r\n")
	return strings.IndexByte(rest, '\r') > 0 || first >= burstSide && len(rest) >= burstSide
}

// BurstKey returns the key press that the first character of a burst is, and
// what stands behind it. The text must not be empty.
func BurstKey(text string) (key tea.KeyPressMsg, rest string) {
	r, n := utf8.DecodeRuneInString(text)
	switch r {
	case '\r':
		return tea.KeyPressMsg{Code: tea.KeyEnter}, text[n:]
	case '\n':
		return tea.KeyPressMsg{Code: 'j', Mod: tea.ModCtrl}, text[n:]
	case '\t':
		return tea.KeyPressMsg{Code: tea.KeyTab}, text[n:]
	}
	return tea.KeyPressMsg{Code: r, Text: text[:n]}, text[n:]
}

// input is the terminal's input. It tells when the terminal is gone, which
// Bubble Tea does not notice when the read ends without an error, and takes
// bursts out of what is read: in their place stands burstMark.
type input struct {
	*os.File
	closed func()

	// Owned by the goroutine that reads.
	state  inputState
	recent [len(pasteFrom)]byte // the last bytes
	last   time.Time            // of the last read

	mu     sync.Mutex
	bursts []string // taken out and not fetched yet
}

// Read reads from the terminal.
func (i *input) Read(p []byte) (int, error) {
	room := len(p) - len(burstMark) - repliesMax
	if room < repliesMax {
		return i.read(p)
	}
	n, err := i.read(p[:room])
	if i.state == inEsc && time.Since(i.last) > burstQuiet {
		i.state = inGround // it was the key
	}
	if n <= 1 || err != nil || i.state != inGround {
		i.follow(p[:n])
		return n, err
	}
	return i.take(p, n), nil
}

// read reads once.
func (i *input) read(p []byte) (int, error) {
	n, err := i.File.Read(p)
	if err != nil {
		i.closed()
	}
	return n, err
}

// take looks for a burst in the n bytes that were read, and reads on while it
// goes on. It returns how many bytes of p count.
func (i *input) take(p []byte, n int) int {
	text, replies, tail := split(p[:n])
	if len(tail) == 0 && bytes.HasSuffix(text, []byte{'\r'}) && !Burst(string(text)) && len(text) > 1 && i.more(0) {
		// A line with more behind it: the first of several, perhaps.
		k, err := i.read(p[n : len(p)-len(burstMark)-repliesMax/2])
		if err == nil {
			n += k
			text, replies, tail = split(p[:n])
		}
	}
	if !Burst(string(text)) {
		i.follow(p[:n])
		return n
	}
	whole := bytes.Clone(text)
	replies, tail = bytes.Clone(replies), bytes.Clone(tail)
	for (len(tail) == 0 || partial(tail)) && len(whole) < burstMax && len(replies) < repliesMax/2 && i.more(burstQuiet) {
		kept := copy(p, tail)
		k, err := i.read(p[kept : len(p)-len(burstMark)-repliesMax])
		if err != nil || k == 0 {
			break
		}
		t, r, rest := split(p[:kept+k])
		whole, replies, tail = append(whole, t...), append(replies, r...), bytes.Clone(rest)
	}
	i.mu.Lock()
	i.bursts = append(i.bursts, string(whole))
	i.mu.Unlock()
	out := append(append([]byte(burstMark), replies...), tail...)
	n = copy(p, out)
	i.follow(p[:n])
	return n
}

// fetch returns the oldest burst that was taken out.
func (i *input) fetch() (string, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.bursts) == 0 {
		return "", false
	}
	text := i.bursts[0]
	i.bursts = i.bursts[1:]
	return text, true
}

// more reports whether there is something to read within a time.
func (i *input) more(within time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(i.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(within.Milliseconds()))
	return err == nil && n > 0 && fds[0].Revents&unix.POLLIN != 0
}

// split takes text apart from what is not: answers of the terminal, which come
// when they like, and from the first key on that is no text, everything.
func split(b []byte) (text, replies, tail []byte) {
	text = make([]byte, 0, len(b))
	for len(b) > 0 {
		switch c := b[0]; {
		case c >= ' ' && c < utf8.RuneSelf && c != 0x7f, c == '\r', c == '\n', c == '\t':
			text, b = append(text, c), b[1:]
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(b)
			if r == utf8.RuneError && n == 1 {
				return text, replies, b
			}
			text, b = append(text, b[:n]...), b[n:]
		default:
			n := reply(b)
			if n == 0 {
				return text, replies, b
			}
			replies, b = append(replies, b[:n]...), b[n:]
		}
	}
	return text, replies, nil
}

// partial reports whether b may be the beginning of a character or an answer.
func partial(b []byte) bool {
	if b[0] >= utf8.RuneSelf {
		return !utf8.FullRune(b)
	}
	return len(b) < 64 && bytes.HasPrefix(b, []byte("\x1b[?")) && reply(b) == 0 && bytes.IndexFunc(b[3:], final) < 0
}

// final reports whether r ends a control sequence.
func final(r rune) bool { return r >= '@' && r <= '~' }

// reply returns the length of the terminal's answer at the start of b: a control
// sequence with a question mark, or a report of the focus. 0 is none.
func reply(b []byte) int {
	switch {
	case bytes.HasPrefix(b, []byte("\x1b[I")), bytes.HasPrefix(b, []byte("\x1b[O")):
		return 3
	case !bytes.HasPrefix(b, []byte("\x1b[?")):
		return 0
	}
	n := bytes.IndexFunc(b[3:], final)
	if n < 0 {
		return 0
	}
	return 3 + n + 1
}

// inputState says in what the input stands between two reads.
type inputState uint8

// States.
const (
	inGround inputState = iota
	inEsc               // behind ESC
	inCSI               // in a control sequence
	inSS3               // before the last byte of one of three
	inString            // in a control string
	inPaste             // in a paste that the terminal marks
)

// pasteFrom and pasteTo are the parameters of the marks of a paste.
const pasteFrom, pasteTo = "\x1b[200~", "\x1b[201~"

// follow keeps the state up to date.
func (i *input) follow(b []byte) {
	i.last = time.Now()
	for _, c := range b {
		copy(i.recent[:], i.recent[1:])
		i.recent[len(i.recent)-1] = c
		switch i.state {
		case inPaste:
			if string(i.recent[:]) == pasteTo {
				i.state = inGround
			}
		case inGround:
			if c == 0x1b {
				i.state = inEsc
			}
		case inEsc:
			i.state = afterEsc(c)
		case inCSI:
			if !final(rune(c)) {
				continue
			}
			i.state = inGround
			if string(i.recent[:]) == pasteFrom {
				i.state = inPaste
			}
		case inSS3:
			i.state = inGround
		case inString:
			if c == 0x07 {
				i.state = inGround
			} else if c == 0x1b {
				i.state = inEsc // of its end
			}
		}
	}
}

// afterEsc returns the state behind ESC and c.
func afterEsc(c byte) inputState {
	switch c {
	case '[':
		return inCSI
	case 'O':
		return inSS3
	case ']', 'P', '_', '^', 'X':
		return inString
	case 0x1b:
		return inEsc
	}
	return inGround
}
