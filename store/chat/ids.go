// Package chat is the vocabulary that the store, the Matrix side, voice and
// the screen share: ids, rooms, messages, members, drafts, change sets and
// error kinds.
//
// It holds data and tiny methods, does no I/O and imports only the standard
// library. Every string that came from a homeserver is raw here: it passes
// ui/safe before it can reach a terminal.
package chat

import "strings"

// RoomID is a Matrix room id (`!opaque:domain`, or `!hash` from room version 12 on).
type RoomID string

// EventID is a Matrix event id (`$…`). A local echo has none.
type EventID string

// UserID is a full Matrix user id (`@localpart:homeserver`; the homeserver part may hold a port).
type UserID string

// DeviceID is a Matrix device id, unique per user.
type DeviceID string

// TxnID is a client transaction id, unique per device.
type TxnID string

// ItemKey names a timeline item for its whole life: a local echo keeps its key
// when the homeserver gives it an event id. Never reused within one cache. The
// key of a gap row is negative, and unique within its room only.
type ItemKey int64

// Seq orders the items of one room's timeline, oldest first. It is comparable
// within a room only. Local echoes sort after everything else (see [SeqLocal]).
type Seq int64

// SeqLocal is the lowest Seq of a local echo.
const SeqLocal Seq = 1 << 62

// Localpart returns the part between `@` and the first `:`, or the whole id if it has no such shape.
func (u UserID) Localpart() string {
	s := strings.TrimPrefix(string(u), "@")
	if i := strings.IndexByte(s, ':'); i > 0 {
		return s[:i]
	}
	return s
}

// Homeserver returns the part after the first `:` (host, or host:port), or "".
func (u UserID) Homeserver() string {
	if i := strings.IndexByte(string(u), ':'); i >= 0 {
		return string(u)[i+1:]
	}
	return ""
}

// Valid reports whether the id has the shape `@localpart:homeserver` within 255 bytes.
//
// Spec: appendices#user-identifiers
func (u UserID) Valid() bool {
	return len(u) <= 255 && strings.HasPrefix(string(u), "@") && u.Localpart() != "" && u.Homeserver() != ""
}
