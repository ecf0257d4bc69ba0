package crypto

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// maxRequests bounds how many requests of own devices wait for an answer.
const maxRequests = 200

type keyRequest struct {
	sender id.UserID
	req    event.RoomKeyRequestEventContent
}

// noteRequest queues a key request of another device. Only own devices can
// get an answer: what another user's device should have, it was given.
func (m *Machine) noteRequest(sender id.UserID, req event.RoomKeyRequestEventContent) {
	if sender != m.own || req.RequestingDeviceID == m.this {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if req.Action != event.KeyRequestActionRequest {
		m.todo.requests = slices.DeleteFunc(m.todo.requests, func(r keyRequest) bool {
			return r.req.RequestID == req.RequestID && r.req.RequestingDeviceID == req.RequestingDeviceID
		})
		return
	}
	if len(m.todo.requests) < maxRequests {
		m.todo.requests = append(m.todo.requests, keyRequest{sender, req})
	}
}

// forwards says whether an own device may give us keys of others: one that the
// own identity has confirmed, or any that is listed as long as this session
// belongs to no identity that could.
func (m *Machine) forwards(ctx context.Context, dev *id.Device) (bool, error) {
	b, err := m.trustBook(ctx, nil)
	if err != nil {
		return false, err
	}
	trust := b.session(dev, b.person(b.own))
	return trust == chat.SessionVerified || (b.pins[b.own].verified == "" && (trust == chat.SessionUnsigned || trust == chat.SessionSigned)), nil
}

// answer gives own verified devices the keys they asked for. What the
// homeserver does not take now is given later.
//
// Spec: client-server-api#mroom_key_request
func (m *Machine) answer(ctx context.Context, eng *engine) error {
	for {
		m.mu.Lock()
		if len(m.todo.requests) == 0 {
			m.mu.Unlock()
			return nil
		}
		r := m.todo.requests[0]
		m.mu.Unlock()
		err := m.answerOne(ctx, eng, r)
		if err == nil || !fault.From(err).Retry {
			m.mu.Lock()
			m.todo.requests = slices.DeleteFunc(m.todo.requests, func(other keyRequest) bool { return other == r })
			m.mu.Unlock()
		}
		if err != nil {
			return fmt.Errorf("answer key request: %w", err)
		}
	}
}

func (m *Machine) answerOne(ctx context.Context, eng *engine, r keyRequest) error {
	if err := m.freshen(ctx, eng, []id.UserID{r.sender}); err != nil {
		return err
	}
	dev, err := eng.store.GetDevice(ctx, r.sender, r.req.RequestingDeviceID)
	if err != nil || dev == nil || dev.Deleted {
		return err
	}
	// The keys that are judged are those that are written to, also when the list changes meanwhile.
	trust, _, err := m.trustOf(ctx, []*id.Device{dev})
	if err != nil {
		return err
	}
	if trust[recipientOf(dev)] != chat.SessionVerified {
		m.log.Info("Key request of an own session that is not verified", slog.String("device", string(dev.DeviceID)))
		return nil
	}
	igs, err := eng.store.SQLCryptoStore.GetGroupSession(ctx, r.req.Body.RoomID, r.req.Body.SessionID)
	if err != nil || igs == nil {
		return nil //nolint:nilerr // a session that was refused or cannot be read is one that is not there
	}
	exported, err := igs.Internal.Export(igs.Internal.FirstKnownIndex())
	if err != nil {
		return fmt.Errorf("export session: %w", err)
	}
	_, err = m.sendSealed(ctx, target{dev, event.ToDeviceForwardedRoomKey, event.Content{Parsed: &event.ForwardedRoomKeyEventContent{
		RoomKeyEventContent: event.RoomKeyEventContent{
			Algorithm: id.AlgorithmMegolmV1, RoomID: igs.RoomID, SessionID: igs.ID(),
			SessionKey: string(exported), SharedHistory: igs.SharedHistory,
		},
		SenderKey: igs.SenderKey, ForwardingKeyChain: igs.ForwardingChains, SenderClaimedKey: igs.SigningKey,
	}}})
	return err
}
