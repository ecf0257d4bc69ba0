package ingest

import (
	"bytes"
	"strings"
	"time"

	"hubbub/matrix/internal/convert"
	"hubbub/store/chat"
)

// Types of events with which two people verify each other in a room.
//
// Spec: client-server-api#key-verification-framework
const (
	verifyPrefix  = "m.key.verification."
	verifyRequest = "m.key.verification.request" // a msgtype here
)

// VerificationEvent is a step of a verification that takes place in a room.
type VerificationEvent struct {
	Room    chat.RoomID
	ID      chat.EventID
	Sender  chat.UserID
	Time    time.Time
	Type    string       // m.room.message for a request
	Content []byte       // a JSON object
	Target  chat.EventID // the request that this step belongs to, "" for a request
}

// verification returns the step of a verification that an event is, if it is
// one. Many clients send them in clear in encrypted rooms too: what a
// verification proves does not rest on how its steps came.
func verification(room chat.RoomID, in *incoming) (VerificationEvent, bool) {
	row := &in.row
	if in.outer.Problem != "" || row.State != nil || row.RedactedBy != "" || row.Kind == chat.KindUnreadable {
		return VerificationEvent{}, false
	}
	request := row.Type == "m.room.message"
	if !request && !strings.HasPrefix(row.Type, verifyPrefix) {
		return VerificationEvent{}, false
	}
	content := in.outer.Content
	if row.Encrypted {
		content = convert.Get(row.Clear, "content")
	}
	if request {
		if !bytes.Contains(content, []byte(verifyRequest)) {
			return VerificationEvent{}, false
		}
		if typ, _ := convert.String(convert.Get(content, "msgtype")); typ != verifyRequest {
			return VerificationEvent{}, false
		}
	} else if row.RelType != convert.RelReference {
		return VerificationEvent{}, false
	}
	ev := VerificationEvent{
		Room: room, ID: row.ID, Sender: row.Sender, Time: row.Time, Type: row.Type, Content: bytes.Clone(content),
	}
	if !request {
		ev.Target = row.RelTarget
	}
	return ev, true
}

// handOver passes on the steps of verifications that were written.
func (i *Ingest) handOver(steps []VerificationEvent) {
	if i.onVerify == nil {
		return
	}
	for _, ev := range steps {
		i.onVerify(ev)
	}
}
