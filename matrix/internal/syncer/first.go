package syncer

import (
	"bytes"
	"context"

	"golang.org/x/sync/errgroup"

	"hubbub/matrix/internal/convert"
	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/ingest"
	"hubbub/store/chat"
)

// Shape of a first sync.
const (
	asTheyCome = 100 // rooms that are taken whatever they are
	inFlight   = 8   // prepared rooms between reading and writing
)

// takeFirst takes in the first response of all. One goroutine reads and
// parses, this one writes.
func (s *Syncer) takeFirst(ctx context.Context, in *ingest.Intake, st *stream) (string, error) {
	r := &response{keys: crypto.ToDevice{First: true}, fresh: true}
	g, gctx := errgroup.WithContext(ctx)
	ready := make(chan *ingest.Prepared, inFlight)
	g.Go(func() error {
		defer close(ready)
		return fault.Guard(func() error { return s.readFirst(gctx, in, st, r, ready) })
	})
	var writeErr error
	for p := range ready {
		if writeErr != nil {
			continue // drain, so that the reader ends
		}
		var n int
		if n, writeErr = in.Add(ctx, p); writeErr == nil {
			s.progress(n)
		} else {
			g.Go(func() error { return writeErr }) // ends the reader
		}
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	if r.fresh {
		if err := in.Flush(ctx); err != nil {
			return "", err
		}
		if err := s.handKeys(ctx, r); err != nil {
			return "", err
		}
	}
	return r.next, in.Finish(ctx, r.next, nil)
}

// readFirst sends the rooms of a first response to ready: the first ones as
// they come, then those that matter, then the rest.
func (s *Syncer) readFirst(ctx context.Context, in *ingest.Intake, st *stream, r *response, ready chan<- *ingest.Prepared) error {
	send := func(sec ingest.Section) error {
		select {
		case ready <- in.Prepare(ctx, sec):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	later := &spool{dir: s.o.SpoolDir}
	defer later.close()
	seen := 0
	if err := s.read(st, in, r, func(sec ingest.Section) error {
		if seen == 0 {
			if err := s.handKeys(ctx, r); err != nil {
				return err
			}
		}
		if seen++; seen <= asTheyCome || matters(in, sec) {
			return send(sec)
		}
		return later.add(sec)
	}); err != nil {
		return err
	}
	for sec, err := range later.all() {
		if err != nil {
			return err
		}
		if err := send(sec); err != nil {
			return err
		}
	}
	return nil
}

// matters says whether the person looks for a room first: an invite, a space,
// a direct message, or something unread.
func matters(in *ingest.Intake, sec ingest.Section) bool {
	if sec.Membership != chat.MemberJoined || in.Direct(sec.Room) {
		return true
	}
	unread := false
	convert.Members(sec.Raw, func(key, value []byte) bool {
		switch string(key) {
		case "unread_notifications":
			n, _ := convert.Int(convert.Get(value, "notification_count"))
			unread = unread || n > 0
		case "state", "state_after", "org.matrix.msc4222.state_after":
			unread = unread || bytes.Contains(value, []byte(`"m.space"`))
		}
		return !unread
	})
	return unread
}
