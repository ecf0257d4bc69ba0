package verify

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"hubbub/store/chat"
)

// Limits of what is kept.
const (
	maxPerUser = 3   // open requests of one user
	maxOthers  = 20  // open requests of all other users
	maxQueue   = 500 // events that wait for Run; more are dropped
	maxEarly   = 32  // events of a room that wait for our request's id
	maxGone    = 200 // ended verifications that are remembered
	maxEnded   = 20  // ended verifications that List has
	maxAnswers = 20  // answers to unknown transactions in timeLimit
	maxAsks    = 10  // requests of one user that are looked at in timeLimit
	maxAllAsks = 60  // requests of all other users that are looked at in timeLimit
	maxDevices = 200 // sessions that one request goes to
)

// ask is a request that was looked at: that may cost a question to the homeserver.
type ask struct {
	user chat.UserID
	at   time.Time
}

// goneKey names a verification that ended.
type goneKey struct {
	room chat.RoomID
	user chat.UserID
	txn  string
}

// crowd reports whether a request is one too many. A session that asks while
// another verification with it goes on gets all of them cancelled.
//
// Spec: client-server-api#error-and-exception-handling
func (m *Manager) crowd(ctx context.Context, k goneKey, user chat.UserID, device chat.DeviceID) bool {
	same, others, again := 0, 0, false
	for _, f := range m.flows {
		if f.ended() {
			continue
		}
		if f.user == user && f.device == device {
			f.cancel(codeUnexpected, nil)
			again = true
			continue
		}
		if f.incoming && f.user == user {
			same++
		}
		if f.incoming && f.user != m.opt.User {
			others++
		}
	}
	switch {
	case again:
		m.dismiss(ctx, k, user, codeUnexpected, device)
	case same < maxPerUser && (user == m.opt.User || others < maxOthers) && m.affordable(user):
		return false
	}
	m.log.Info("Verification request is one too many", slog.String("user", string(user)))
	return true
}

// affordable counts the requests that are looked at, and reports whether this one may be.
func (m *Manager) affordable(user chat.UserID) bool {
	now, same, others := m.opt.Now(), 0, 0
	m.asks = slices.DeleteFunc(m.asks, func(a ask) bool { return now.Sub(a.at) > timeLimit })
	for _, a := range m.asks {
		if a.user == user {
			same++
		}
		if a.user != m.opt.User {
			others++
		}
	}
	if same >= maxAsks || (user != m.opt.User && others >= maxAllAsks) {
		return false
	}
	m.asks = append(m.asks, ask{user, now})
	return true
}

// unknown answers a message of a verification that we do not know.
//
// Spec: client-server-api#error-and-exception-handling
func (m *Manager) unknown(ctx context.Context, k goneKey, device chat.DeviceID) {
	now := m.opt.Now()
	m.answers = slices.DeleteFunc(m.answers, func(t time.Time) bool { return now.Sub(t) > timeLimit })
	if len(m.answers) >= maxAnswers {
		return
	}
	if device == "" {
		if k.user == m.opt.User {
			return // it would reach own sessions that do know the transaction
		}
		device = "*"
	}
	m.answers = append(m.answers, now)
	m.dismiss(ctx, k, k.user, codeUnknownTxn, device)
}

// dismiss cancels a verification that we do not take part in.
func (m *Manager) dismiss(ctx context.Context, k goneKey, user chat.UserID, reason string, devices ...chat.DeviceID) {
	f := &flow{txn: k.txn, room: k.room, user: user, state: stateCancelled, told: true, hidden: true}
	f.sendTo(typeCancel, cancelled(reason), devices...)
	m.flows = append(m.flows, f)
	m.pump(ctx, f)
	m.forget(k)
}

// forget remembers the name of a verification that is over.
func (m *Manager) forget(k goneKey) {
	m.gone = append(m.gone, k)
	m.gone = m.gone[max(0, len(m.gone)-maxGone):]
}
