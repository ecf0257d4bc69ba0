package crypto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"hubbub/store/chat"
)

// policyKey names the value that holds all policies.
const policyKey = "room_policies"

// Bounds of the way up from a room: servers name their channels, so that what
// is read there is not ours.
const (
	maxDepth   = 8
	maxParents = 200
)

// storedPolicy is a policy as it is kept. Under lists servers with a policy
// that the room was once seen in: a homeserver or an administrator that takes
// the room out of the server does not lift what was decided for it.
type storedPolicy struct {
	Share      chat.Policy   `json:"share,omitempty"`
	NeverPlain bool          `json:"never_plain,omitempty"`
	Under      []chat.RoomID `json:"under,omitempty"`
}

func (p storedPolicy) decided() bool { return p.Share != chat.PolicyInherit || p.NeverPlain }

// Decided is what was decided about who gets a room's keys.
type Decided struct {
	Set  chat.RoomPolicy // for the room itself
	Hold chat.RoomPolicy // what holds; Share is never PolicyInherit
	From chat.RoomID     // the server that Hold.Share comes from, or ""
}

// policies returns the stored policies, reading them once. The map is never changed.
func (m *Machine) policies(ctx context.Context) (map[chat.RoomID]storedPolicy, error) {
	m.rooms.mu.Lock()
	all := m.rooms.policies
	m.rooms.mu.Unlock()
	if all != nil {
		return all, nil
	}
	raw, err := m.Value(ctx, policyKey)
	if err != nil {
		return nil, fmt.Errorf("load policies: %w", err)
	}
	all = map[chat.RoomID]storedPolicy{}
	if raw != nil {
		if err := json.Unmarshal(raw, &all); err != nil || all == nil {
			return nil, fmt.Errorf("load policies: %w: %w", ErrCorrupt, err)
		}
	}
	m.rooms.mu.Lock()
	defer m.rooms.mu.Unlock()
	if m.rooms.policies == nil {
		m.rooms.policies = all
	}
	return m.rooms.policies, nil
}

// editPolicies changes the stored policies.
func (m *Machine) editPolicies(ctx context.Context, edit func(all map[chat.RoomID]storedPolicy)) error {
	m.policyEdit.Lock()
	defer m.policyEdit.Unlock()
	now, err := m.policies(ctx)
	if err != nil {
		return err
	}
	next := maps.Clone(now)
	edit(next)
	raw, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("save policies: %w", err)
	}
	if err := m.SetValue(ctx, policyKey, raw); err != nil {
		return fmt.Errorf("save policies: %w", err)
	}
	m.rooms.mu.Lock()
	defer m.rooms.mu.Unlock()
	m.rooms.policies = next
	return nil
}

// SetPolicy decides who gets keys in a room, or in a server and its channels.
// The next message obeys it: who should not have the present key makes it end.
func (m *Machine) SetPolicy(ctx context.Context, room chat.RoomID, p chat.RoomPolicy) error {
	if p.Share > chat.PolicyVerified || room == "" {
		return &chat.Problem{Kind: chat.ProblemBadInput, Detail: "there is no such policy", Err: errors.New("crypto: unknown policy")}
	}
	err := m.editPolicies(ctx, func(all map[chat.RoomID]storedPolicy) {
		next := storedPolicy{Share: p.Share, NeverPlain: p.NeverPlain, Under: all[room].Under}
		all[room] = next
		if !next.decided() {
			for r, other := range all { // what held there because of this room holds no more
				if i := slices.Index(other.Under, room); i >= 0 {
					other.Under = slices.Delete(slices.Clone(other.Under), i, i+1)
					all[r] = other
				}
			}
		}
		maps.DeleteFunc(all, func(_ chat.RoomID, p storedPolicy) bool { return !p.decided() && len(p.Under) == 0 })
	})
	if err != nil {
		return fmt.Errorf("set policy of %s: %w", room, err)
	}
	return nil
}

// Policy returns what was decided for a room: by itself, by the nearest server
// that it stands in (the strictest of several), or everybody.
func (m *Machine) Policy(ctx context.Context, room chat.RoomID) (Decided, error) {
	all, err := m.policies(ctx)
	if err != nil {
		return Decided{}, fmt.Errorf("find policy of %s: %w", room, err)
	}
	own := all[room]
	d := Decided{Set: chat.RoomPolicy{Share: own.Share, NeverPlain: own.NeverPlain}}
	d.Hold = d.Set
	if !slices.ContainsFunc(slices.Collect(maps.Values(all)), storedPolicy.decided) {
		d.Hold.Share = chat.PolicyAll
		return d, nil
	}
	over, err := m.above(ctx, room, all, &d)
	if err != nil {
		return Decided{}, fmt.Errorf("find policy of %s: %w", room, err)
	}
	if d.Hold.Share == chat.PolicyInherit {
		d.Hold.Share = chat.PolicyAll
	}
	over = slices.DeleteFunc(over, func(r chat.RoomID) bool { return slices.Contains(own.Under, r) })
	if len(over) == 0 {
		return d, nil
	}
	err = m.editPolicies(ctx, func(all map[chat.RoomID]storedPolicy) {
		p := all[room]
		for _, r := range over {
			if len(p.Under) < maxParents && !slices.Contains(p.Under, r) {
				p.Under = append(slices.Clone(p.Under), r)
			}
		}
		all[room] = p
	})
	if err != nil {
		return Decided{}, fmt.Errorf("find policy of %s: %w", room, err)
	}
	return d, nil
}

// above goes up from a room, level by level, and fills d. It returns the
// servers with a policy that it met.
func (m *Machine) above(ctx context.Context, room chat.RoomID, all map[chat.RoomID]storedPolicy, d *Decided) (over []chat.RoomID, err error) {
	seen := map[chat.RoomID]bool{room: true}
	level := []chat.RoomID{room}
	for depth := 0; depth < maxDepth && len(level) > 0; depth++ {
		var next []chat.RoomID
		for _, r := range level {
			parents, err := m.opt.Rooms.Parents(ctx, r)
			if err != nil {
				return nil, fmt.Errorf("load servers of %s: %w", r, err)
			}
			for _, p := range parents {
				if !seen[p] && len(seen) < maxParents {
					seen[p] = true
					next = append(next, p)
				}
			}
		}
		slices.Sort(next)
		share, from := chat.PolicyInherit, chat.RoomID("")
		for _, p := range next {
			here := all[p]
			if here.decided() {
				over = append(over, p)
			}
			d.Hold.NeverPlain = d.Hold.NeverPlain || here.NeverPlain
			if here.Share > share {
				share, from = here.Share, p
			}
		}
		if d.Hold.Share == chat.PolicyInherit && share != chat.PolicyInherit {
			d.Hold.Share, d.From = share, from
		}
		level = next
	}
	if d.Set.Share == chat.PolicyInherit {
		d.lost(all, all[room].Under, seen)
	}
	for _, p := range all[room].Under {
		d.Hold.NeverPlain = d.Hold.NeverPlain || all[p].NeverPlain
	}
	return over, nil
}

// lost adds what was decided for servers that do not list the room any more,
// where it is stricter than what the others say.
func (d *Decided) lost(all map[chat.RoomID]storedPolicy, under []chat.RoomID, seen map[chat.RoomID]bool) {
	for _, p := range under {
		if !seen[p] && all[p].Share > d.Hold.Share {
			d.Hold.Share, d.From = all[p].Share, p
		}
	}
}

// Secrecy says whether what is sent to a room must be encrypted, as far as
// crypto.db knows, and whether the person wants nothing readable to go there.
func (m *Machine) Secrecy(ctx context.Context, room chat.RoomID) (encrypted, neverPlain bool, err error) {
	d, err := m.Policy(ctx, room)
	return m.Encrypted(room), d.Hold.NeverPlain, err
}
