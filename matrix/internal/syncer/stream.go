package syncer

import (
	"errors"
	"fmt"
	"io"

	"hubbub/matrix/internal/convert"
)

// maxValue is the longest single value (one room, one event list) that is
// taken, in bytes. It bounds what a homeserver can make us hold in memory.
const maxValue = 256 << 20

// Errors of the reader.
var (
	errShape    = errors.New("answer is not the JSON that was expected")
	errTooLarge = errors.New("value too large")
)

// stream reads a JSON text piece by piece. Values come out raw: it looks for
// where they end, not at what they say, so that one bad event spoils nothing
// but itself. It never holds more than one value.
type stream struct {
	r    io.Reader
	buf  []byte
	pos  int // next byte in buf
	read int64
}

func newStream(r io.Reader) *stream { return &stream{r: r, buf: make([]byte, 0, 64<<10)} }

// fill reads more bytes. What lies before keep is dropped; it returns by how
// many bytes everything moved.
func (s *stream) fill(keep int) (moved int, err error) {
	if keep > 0 && (keep == len(s.buf) || len(s.buf) == cap(s.buf)) {
		n := copy(s.buf, s.buf[keep:])
		s.buf = s.buf[:n]
		moved = keep
		s.pos -= keep
	}
	if len(s.buf) == cap(s.buf) {
		if cap(s.buf) >= maxValue {
			return moved, errTooLarge
		}
		grown := make([]byte, len(s.buf), 2*cap(s.buf))
		copy(grown, s.buf)
		s.buf = grown
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		s.read += int64(n)
		if n > 0 {
			return moved, nil
		}
		if errors.Is(err, io.EOF) {
			return moved, io.ErrUnexpectedEOF
		}
		if err != nil {
			return moved, err
		}
	}
	return moved, io.ErrNoProgress
}

// peek returns the next byte that is not white space without taking it.
func (s *stream) peek() (byte, error) {
	for {
		for ; s.pos < len(s.buf); s.pos++ {
			switch c := s.buf[s.pos]; c {
			case ' ', '\t', '\r', '\n':
			default:
				return c, nil
			}
		}
		if _, err := s.fill(s.pos); err != nil {
			return 0, err
		}
	}
}

// expect takes the byte c.
func (s *stream) expect(c byte) error {
	got, err := s.peek()
	if err != nil {
		return err
	}
	if got != c {
		return fmt.Errorf("%w: %q at byte %d, not %q", errShape, got, s.offset(), c)
	}
	s.pos++
	return nil
}

func (s *stream) offset() int64 { return s.read - int64(len(s.buf)-s.pos) }

// object reads an object and calls fn for every member, which must take the
// value. A value that is no object is taken and ignored.
func (s *stream) object(fn func(key string) error) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != '{' {
		_, err := s.value()
		return err
	}
	s.pos++
	for first := true; ; first = false {
		c, err := s.peek()
		if err != nil {
			return err
		}
		if c == '}' {
			s.pos++
			return nil
		}
		if !first {
			if err := s.expect(','); err != nil {
				return err
			}
			if c, err = s.peek(); err != nil {
				return err
			}
		}
		if c != '"' {
			return fmt.Errorf("%w: %q at byte %d, not a key", errShape, c, s.offset())
		}
		raw, err := s.value()
		if err != nil {
			return err
		}
		key, _ := convert.String(raw)
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := fn(key); err != nil {
			return err
		}
	}
}

// value takes the next value. The bytes are valid until the next call of the stream.
func (s *stream) value() ([]byte, error) {
	c, err := s.peek()
	if err != nil {
		return nil, err
	}
	switch c {
	case '{', '[', '"':
		return s.compound()
	case ',', '}', ']', ':':
		return nil, fmt.Errorf("%w: %q at byte %d, not a value", errShape, c, s.offset())
	}
	for i := s.pos; ; i++ {
		if i == len(s.buf) {
			moved, err := s.fill(s.pos)
			if err != nil {
				return nil, err
			}
			i -= moved
		}
		switch s.buf[i] {
		case ',', '}', ']', ' ', '\t', '\r', '\n':
			v := s.buf[s.pos:i]
			s.pos = i
			return v, nil
		case '"', '{', '[', ':', '<':
			return nil, fmt.Errorf("%w: %q at byte %d, inside a value", errShape, s.buf[i], s.offset())
		}
	}
}

// compound takes an object, array or string.
func (s *stream) compound() ([]byte, error) {
	depth, inString := 0, false
	for i := s.pos; ; i++ {
		for i >= len(s.buf) {
			moved, err := s.fill(s.pos)
			if err != nil {
				return nil, err
			}
			i -= moved
		}
		c := s.buf[i]
		if inString {
			switch c {
			case '\\':
				i++ // the byte behind it may not be read yet; it is skipped either way
			case '"':
				inString = false
			}
		} else {
			switch c {
			case '"':
				inString = true
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
		}
		if depth == 0 && !inString {
			v := s.buf[s.pos : i+1]
			s.pos = i + 1
			return v, nil
		}
	}
}
