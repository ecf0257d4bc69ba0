package ingest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"hubbub/store"
	"hubbub/store/chat"
)

// Limits of one transaction.
const (
	batchRooms = 100     // rooms in the first transactions of a first sync
	mostRooms  = 200     // rooms in the later ones: fewer transactions are less work, larger ones more memory
	batchBytes = 8 << 20 // bytes of responses held at once
)

// Intake takes in one sync response. One goroutine reads (Account, Direct,
// Prepare), one writes (the others); they may be the same.
type Intake struct {
	i     *Ingest
	first bool
	facts *facts
	rooms []*Prepared
	bytes int
	// told are the rooms of the running transaction of which something is to be said once it is on disk.
	told  []*section
	seen  map[chat.RoomID]bool // rooms of a first sync
	asked uint64               // see Asked
	steps []VerificationEvent  // of the transaction that is being written
	// direct is owned by the goroutine that reads the response.
	direct map[chat.RoomID]chat.UserID

	mu   sync.Mutex
	data []dataEvent // account data that waits for the next transaction; guarded by mu
}

// Prepared is a room's part, parsed and decrypted.
type Prepared struct {
	sec   *section
	bytes int
}

// Begin starts a response. first is set for a sync without a token: its rooms
// may be committed before Finish, and nothing in it rings.
func (i *Ingest) Begin(ctx context.Context, first bool) (*Intake, error) {
	f, err := i.load(ctx)
	if err != nil {
		return nil, err
	}
	in := &Intake{i: i, first: first, facts: f, direct: f.direct}
	if first {
		in.seen = make(map[chat.RoomID]bool)
	}
	return in, nil
}

// Asked says how many messages of ours the homeserver had accepted when the
// response was asked for (see store.Store.Answers): what it does not show of
// them is older than what it shows.
func (in *Intake) Asked(answers uint64) { in.asked = answers }

// Account takes the events of the response's own account data, a JSON array.
// The bytes must not change afterwards.
func (in *Intake) Account(events []byte) {
	all := dataEvents(events)
	for _, d := range all {
		if d.typ == typeDirect {
			in.direct = parseDirect(d.content)
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.data = append(in.data, all...)
}

// takeData returns the account data that waits.
func (in *Intake) takeData() []dataEvent {
	in.mu.Lock()
	defer in.mu.Unlock()
	data := in.data
	in.data = nil
	return data
}

// Prepare parses and decrypts a room's part. It may run beside everything else.
func (in *Intake) Prepare(ctx context.Context, s Section) *Prepared {
	return &Prepared{sec: in.i.parse(ctx, s), bytes: len(s.Raw)}
}

// Add takes a prepared room. Of a first sync it commits when a batch is full,
// and returns how many rooms are committed by then.
func (in *Intake) Add(ctx context.Context, p *Prepared) (committed int, err error) {
	if len(p.sec.room) == 0 || len(p.sec.room) > maxRoomID {
		return in.committed(), nil
	}
	in.rooms = append(in.rooms, p)
	in.bytes += p.bytes
	if in.first && (len(in.rooms) >= min(max(batchRooms, in.committed()), mostRooms) || in.bytes >= batchBytes) {
		if err := in.write(ctx, "", nil); err != nil {
			return in.committed(), err
		}
	}
	return in.committed(), nil
}

// Flush commits the rooms that a first sync has waiting. It is called before
// keys are handed on that came behind rooms, so that their events are found.
func (in *Intake) Flush(ctx context.Context) error {
	if len(in.rooms) == 0 {
		return nil
	}
	return in.write(ctx, "", nil)
}

// Empty says that there is nothing to write for the cache.
func (in *Intake) Empty() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.rooms) == 0 && len(in.data) == 0 && in.i.store.Unshown(in.asked) == nil
}

func (in *Intake) committed() int { return len(in.seen) }

// Finish commits what is left, the rooms of rest (nil: none) and the token,
// in one transaction. On an error nothing of that transaction is kept and the
// response must be asked for again.
func (in *Intake) Finish(ctx context.Context, next string, rest iter.Seq2[Section, error]) error {
	return in.write(ctx, next, rest)
}

func (in *Intake) write(ctx context.Context, next string, rest iter.Seq2[Section, error]) error {
	f := in.facts
	var gone []chat.RoomID
	if in.first && next != "" {
		var err error
		if gone, err = in.unseen(ctx); err != nil {
			return err
		}
	}
	data := in.takeData()
	var typing []chat.Typing
	in.told = nil
	err := in.i.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		in.steps = nil
		for _, d := range data {
			if f, err = in.i.account(tx, f, d.typ, d.content); err != nil {
				return err
			}
		}
		for _, p := range in.rooms {
			if typing, err = in.apply(tx, f, p.sec, typing); err != nil {
				return err
			}
		}
		if rest != nil {
			for s, err := range rest {
				if err != nil {
					return err
				}
				if typing, err = in.apply(tx, f, in.i.parse(ctx, s), typing); err != nil {
					return err
				}
			}
		}
		if next == "" {
			return nil
		}
		for _, id := range gone {
			if in.seen[id] { // by now
				continue
			}
			if err := tx.UpdateRoom(id, func(r *store.Room) { r.Membership = chat.MemberLeft }); err != nil {
				return err
			}
		}
		for _, id := range in.i.store.Unshown(in.asked) {
			if err := tx.Overtaken(id, in.asked); err != nil {
				return err
			}
		}
		return tx.PutSync(store.SyncNextBatch, next)
	})
	if err != nil {
		return fmt.Errorf("write sync response: %w", err)
	}
	in.facts = f
	in.i.setFacts(f)
	done := in.rooms
	in.rooms, in.bytes = nil, 0
	in.tell(ctx)
	for _, t := range typing {
		in.i.store.PublishTyping(t)
	}
	in.i.handOver(in.steps)
	if in.i.onSecrets != nil && slices.ContainsFunc(data, dataEvent.secret) {
		in.i.onSecrets()
	}
	return in.retry(ctx, done)
}

// tell passes on what the last transaction has seen: invitations that were
// accepted, and messages that there is something to say about.
func (in *Intake) tell(ctx context.Context) {
	for _, s := range in.told {
		if s.invitedBy != "" && in.i.joined != nil {
			in.i.joined(s.room, s.invitedBy)
		}
		in.i.rejudge(ctx, s)
	}
}

// retry tries the events again that could not be decrypted: their key may have
// come between the try and the transaction, and found no row then. A first
// sync leaves this to the worker that looks for missing keys.
func (in *Intake) retry(ctx context.Context, rooms []*Prepared) error {
	if in.first || in.i.decrypt == nil {
		return nil
	}
	type session struct {
		room chat.RoomID
		id   string
	}
	tried := map[session]bool{}
	for _, p := range rooms {
		for n := range p.sec.timeline {
			w := p.sec.timeline[n].wanted
			if w == nil || tried[session{w.Room, w.Session}] {
				continue
			}
			tried[session{w.Room, w.Session}] = true
			if err := in.i.Retry(ctx, w.Room, w.Session); err != nil {
				return err
			}
		}
	}
	return nil
}

func (in *Intake) apply(tx *store.Tx, f *facts, sec *section, typing []chat.Typing) ([]chat.Typing, error) {
	if in.first {
		in.seen[sec.room] = true
	}
	apply := in.i.applyRoom
	if sec.membership == chat.MemberInvited || sec.membership == chat.MemberKnocked {
		apply = in.i.applyInvite
	}
	if err := apply(tx, f, sec, !in.first); err != nil {
		return typing, fmt.Errorf("room %s: %w", sec.room, err)
	}
	if len(sec.timeline) > 0 {
		if err := tx.Overtaken(sec.room, in.asked); err != nil {
			return typing, err
		}
	}
	if sec.invitedBy != "" || len(sec.shielded) > 0 {
		in.told = append(in.told, sec)
	}
	for n := range sec.timeline {
		if ev, ok := verification(sec.room, &sec.timeline[n]); ok {
			in.steps = append(in.steps, ev)
		}
	}
	if !sec.typed || in.first && len(sec.typing) == 0 {
		return typing, nil
	}
	t, err := in.i.typingOf(newView(tx, sec.room, false), sec.typing)
	return append(typing, t), err
}

// unseen lists the rooms that the cache still has in the sidebar though a
// complete sync has not named them so far.
func (in *Intake) unseen(ctx context.Context) ([]chat.RoomID, error) {
	all, err := in.i.store.Sidebar(ctx)
	if err != nil {
		return nil, err
	}
	var gone []chat.RoomID
	for n := range all.Rooms {
		if id := all.Rooms[n].ID; !in.seen[id] {
			gone = append(gone, id)
		}
	}
	return gone, nil
}

// Direct says whether a room is a direct message as far as the account data
// that was read tells. It is called by the goroutine that calls Account.
func (in *Intake) Direct(room chat.RoomID) bool {
	_, ok := in.direct[room]
	return ok
}

// Room returns which room it is.
func (p *Prepared) Room() chat.RoomID { return p.sec.room }
