package syncer

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"os"

	"hubbub/matrix/internal/ingest"
	"hubbub/store/chat"
)

// spoolMemory is how many bytes of rooms wait in memory before a file is used.
const spoolMemory = 4 << 20

// spool keeps rooms of a response until their turn comes: in memory, beyond a
// limit in a file that has no name any more.
type spool struct {
	dir   string
	held  []ingest.Section
	bytes int
	file  *os.File
	w     *bufio.Writer
}

// add takes a section over.
func (s *spool) add(sec ingest.Section) error {
	if s.file == nil && s.bytes < spoolMemory {
		s.held = append(s.held, sec)
		s.bytes += len(sec.Raw)
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "sync-*")
		if err != nil {
			return fmt.Errorf("make spool: %w", err)
		}
		s.file, s.w = f, bufio.NewWriterSize(f, 256<<10)
		if err := os.Remove(f.Name()); err != nil {
			return fmt.Errorf("make spool: %w", err)
		}
	}
	head := []byte{byte(sec.Membership)}
	head = binary.AppendUvarint(head, uint64(len(sec.Room)))
	head = append(head, sec.Room...)
	head = binary.AppendUvarint(head, uint64(len(sec.Raw)))
	for _, b := range [][]byte{head, sec.Raw} {
		if _, err := s.w.Write(b); err != nil {
			return fmt.Errorf("write spool: %w", err)
		}
	}
	return nil
}

// all yields what was added, in order, once.
func (s *spool) all() iter.Seq2[ingest.Section, error] {
	return func(yield func(ingest.Section, error) bool) {
		for n := range s.held {
			sec := s.held[n]
			s.held[n].Raw = nil // it is not needed here any more
			if !yield(sec, nil) {
				return
			}
		}
		s.held = nil
		if s.file == nil {
			return
		}
		if err := s.rewind(); err != nil {
			yield(ingest.Section{}, err)
			return
		}
		r := bufio.NewReaderSize(s.file, 256<<10)
		for {
			sec, err := readSection(r)
			if err == io.EOF {
				return
			}
			if err != nil {
				err = fmt.Errorf("read spool: %w", err)
			}
			if !yield(sec, err) || err != nil {
				return
			}
		}
	}
}

func (s *spool) rewind() error {
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("write spool: %w", err)
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read spool: %w", err)
	}
	return nil
}

// readSection returns io.EOF at the end.
func readSection(r *bufio.Reader) (ingest.Section, error) {
	kind, err := r.ReadByte()
	if err != nil {
		return ingest.Section{}, err
	}
	room, err := readBytes(r)
	if err != nil {
		return ingest.Section{}, err
	}
	raw, err := readBytes(r)
	return ingest.Section{Room: chat.RoomID(room), Membership: chat.Membership(kind), Raw: raw}, err
}

func readBytes(r *bufio.Reader) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err == nil && n > maxValue {
		err = errTooLarge
	}
	var buf bytes.Buffer
	if err == nil {
		buf.Grow(int(n))
		_, err = io.CopyN(&buf, r, int64(n))
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return buf.Bytes(), err
}

// close frees the file.
func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close() // it has no name and nobody reads it again
	}
	s.held, s.file = nil, nil
}
