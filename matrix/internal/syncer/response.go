package syncer

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hubbub/matrix/internal/convert"
	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/ingest"
	"hubbub/store/chat"
)

// response is what is read of an answer, but for its rooms.
type response struct {
	next  string
	keys  crypto.ToDevice
	fresh bool // keys holds something that was not handed on yet
}

// once asks for one response and takes it in. It returns the token behind it.
func (s *Syncer) once(ctx context.Context, token string) (string, error) {
	answers, held, asked := s.o.Store.Answers(), s.conn.State == chat.ConnOnline, time.Now()
	a, err := s.request(ctx, token, held)
	if err != nil {
		return "", err
	}
	defer a.close()
	in, err := s.o.Ingest.Begin(ctx, token == "")
	if err != nil {
		return "", err
	}
	in.Asked(answers)
	if token == "" {
		s.set(receiving, nil, 0)
		return s.takeFirst(ctx, in, newStream(a))
	}
	st := newStream(a)
	if _, err := st.peek(); err != nil {
		return "", err
	}
	start := time.Now()
	next, something, err := s.takeNormal(ctx, in, st)
	s.pace.worked(time.Since(start))
	s.pace.answered(!held || something && next != token, start.Sub(asked))
	return next, err
}

// takeNormal takes in a response in one transaction. Its rooms are held back
// until all of it has been read and its keys are on disk. It also returns
// whether there was anything in it.
func (s *Syncer) takeNormal(ctx context.Context, in *ingest.Intake, st *stream) (next string, something bool, err error) {
	wait := &spool{dir: s.o.SpoolDir}
	defer wait.close()
	r := &response{}
	if err := s.read(st, in, r, wait.add); err != nil {
		return "", false, err
	}
	acked := len(r.keys.Events) > 0
	something = acked || len(r.keys.Changed)+len(r.keys.Left) > 0
	if err := s.handKeys(ctx, r); err != nil {
		return "", false, err
	}
	if wait.file != nil {
		return r.next, true, in.Finish(ctx, r.next, wait.all())
	}
	for sec, err := range wait.all() {
		if err != nil {
			return "", false, err
		}
		if _, err := in.Add(ctx, in.Prepare(ctx, sec)); err != nil {
			return "", false, err
		}
	}
	if in.Empty() && !acked {
		return r.next, something, nil // an idle client writes nothing; the older token on disk says the same
	}
	return r.next, true, in.Finish(ctx, r.next, nil)
}

// handKeys gives what was read about keys to the key handler.
func (s *Syncer) handKeys(ctx context.Context, r *response) error {
	if !r.fresh || s.o.Keys == nil {
		return nil
	}
	td := r.keys
	r.keys, r.fresh = crypto.ToDevice{}, false
	return s.o.Keys.HandleSync(ctx, td)
}

// read reads a whole response and calls room for each room's part, in the
// order of the answer.
func (s *Syncer) read(st *stream, in *ingest.Intake, r *response, room func(ingest.Section) error) error {
	err := st.object(func(key string) error {
		if key == "rooms" {
			return readRooms(st, room)
		}
		v, err := st.value()
		if err != nil {
			return err
		}
		switch key {
		case "next_batch":
			r.next, _ = convert.String(v)
		case "account_data":
			in.Account(bytes.Clone(convert.Get(v, "events")))
		default:
			r.addKeys(key, v)
		}
		return nil
	})
	if err == nil && r.next == "" {
		err = fmt.Errorf("%w: no next_batch", errShape)
	}
	return err
}

// membershipOf names the membership of a member of `rooms`, MemberNone for others.
func membershipOf(key string) chat.Membership {
	switch key {
	case "join", "invite", "knock":
		return chat.ParseMembership(key)
	case "leave":
		return chat.MemberLeft
	}
	return chat.MemberNone
}

func readRooms(st *stream, room func(ingest.Section) error) error {
	return st.object(func(kind string) error {
		is := membershipOf(kind)
		if is == chat.MemberNone {
			_, err := st.value()
			return err
		}
		return st.object(func(id string) error {
			v, err := st.value()
			if err != nil {
				return err
			}
			return room(ingest.Section{Room: chat.RoomID(id), Membership: is, Raw: bytes.Clone(v)})
		})
	})
}

// addKeys reads the members of a response that are about keys and devices.
//
// Spec: client-server-api#extensions-to-sync-1
func (r *response) addKeys(key string, v []byte) {
	switch key {
	case "to_device":
		convert.Elements(convert.Get(v, "events"), func(ev []byte) bool {
			r.keys.Events = append(r.keys.Events, jsontext.Value(bytes.Clone(ev)))
			r.fresh = true
			return true
		})
	case "device_lists":
		r.keys.Changed = append(r.keys.Changed, users(convert.Get(v, "changed"))...)
		r.keys.Left = append(r.keys.Left, users(convert.Get(v, "left"))...)
		r.fresh = r.fresh || len(r.keys.Changed)+len(r.keys.Left) > 0
	case "device_one_time_keys_count":
		r.keys.OTKCounts, r.keys.HasOTKCounts, r.fresh = map[string]int{}, true, true
		convert.Members(v, func(alg, n []byte) bool {
			if count, ok := convert.Int(n); ok {
				r.keys.OTKCounts[string(alg)] = int(max(0, min(count, 1<<20)))
			}
			return true
		})
	case "device_unused_fallback_key_types", "org.matrix.msc2732.device_unused_fallback_key_types":
		r.keys.FallbackTypes, r.fresh = nil, true
		r.keys.HasFallback = convert.Elements(v, func(alg []byte) bool {
			if s, ok := convert.String(alg); ok {
				r.keys.FallbackTypes = append(r.keys.FallbackTypes, s)
			}
			return true
		})
	}
}

func users(list []byte) []chat.UserID {
	var all []chat.UserID
	convert.Elements(list, func(v []byte) bool {
		if s, ok := convert.String(v); ok && s != "" && len(s) <= convert.MaxID {
			all = append(all, chat.UserID(s))
		}
		return true
	})
	return all
}
