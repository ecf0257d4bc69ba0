package verify

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hubbub/store/chat"
)

// Types of verification events.
const (
	typeRequest = "m.key.verification.request" // also the msgtype of a request in a room
	typeReady   = "m.key.verification.ready"
	typeStart   = "m.key.verification.start"
	typeAccept  = "m.key.verification.accept"
	typeKey     = "m.key.verification.key"
	typeMAC     = "m.key.verification.mac"
	typeDone    = "m.key.verification.done"
	typeCancel  = "m.key.verification.cancel"
	typeMessage = "m.room.message"
	typePrefix  = "m.key.verification."
	reference   = "m.reference"
)

// Methods of verification.
const (
	methodSAS         = "m.sas.v1"
	methodShow        = "m.qr_code.show.v1"
	methodScan        = "m.qr_code.scan.v1"
	methodReciprocate = "m.reciprocate.v1"
)

// Reasons for which a verification is cancelled.
//
// Spec: client-server-api#mkeyverificationcancel
const (
	codeUser        = "m.user"
	codeTimeout     = "m.timeout"
	codeUnknownTxn  = "m.unknown_transaction"
	codeMethod      = "m.unknown_method"
	codeUnexpected  = "m.unexpected_message"
	codeKey         = "m.key_mismatch"
	codeInvalid     = "m.invalid_message"
	codeAccepted    = "m.accepted"
	codeSAS         = "m.mismatched_sas"
	codeCommitment  = "m.mismatched_commitment"
	maxReason       = 64 // bytes of a foreign reason that are kept
	fallbackMessage = "This is a request to verify keys. It needs a client that can verify people in a room."
)

// cancelled is the content of a cancellation: the reason in a word for clients,
// and in a sentence for people whose client does not know the word.
func cancelled(code string) content {
	text := map[string]string{
		codeUser: "The verification was called off.", codeTimeout: "The verification took too long.",
		codeUnknownTxn: "This verification is not known.", codeMethod: "There is no way of verifying that both sides know.",
		codeUnexpected: "A message came out of turn.", codeKey: "The keys are not the expected ones.",
		codeInvalid: "A message cannot be read.", codeAccepted: "Another session has answered.",
		codeSAS: "The two sides do not show the same.", codeCommitment: "The key is not the promised one.",
	}[code]
	return content{Code: code, Reason: text}
}

// Limits of what a peer may send.
const (
	maxContent = 32 << 10 // bytes of an event's content
	maxText    = 255      // bytes of an id
	maxMethods = 32
	maxMACs    = 16
)

// content holds the fields of all verification events.
type content struct {
	Txn        string            `json:"transaction_id,omitzero"`
	Relates    *relation         `json:"m.relates_to,omitzero"`
	From       chat.DeviceID     `json:"from_device,omitzero"`
	Methods    []string          `json:"methods,omitzero"`
	At         int64             `json:"timestamp,omitzero"` // ms
	MsgType    string            `json:"msgtype,omitzero"`
	Body       string            `json:"body,omitzero"`
	To         chat.UserID       `json:"to,omitzero"`
	Method     string            `json:"method,omitzero"`
	Agreements []string          `json:"key_agreement_protocols,omitzero"`
	Hashes     []string          `json:"hashes,omitzero"`
	MACMethods []string          `json:"message_authentication_codes,omitzero"`
	SAS        []string          `json:"short_authentication_string,omitzero"`
	Secret     string            `json:"secret,omitzero"`
	Agreement  string            `json:"key_agreement_protocol,omitzero"`
	Hash       string            `json:"hash,omitzero"`
	MACMethod  string            `json:"message_authentication_code,omitzero"`
	Commitment string            `json:"commitment,omitzero"`
	Key        string            `json:"key,omitzero"`
	MAC        map[string]string `json:"mac,omitzero"`
	Keys       string            `json:"keys,omitzero"`
	Code       string            `json:"code,omitzero"`
	Reason     string            `json:"reason,omitzero"`
}

type relation struct {
	Type  string       `json:"rel_type"`
	Event chat.EventID `json:"event_id"`
}

// message is a verification event that came.
type message struct {
	typ    string
	device chat.DeviceID // session that provably sent it, or ""
	raw    jsontext.Value
	content
	bad bool // only the id of the verification could be read
}

// fingerprint tells whether the same message came twice.
func (m message) fingerprint() [sha256.Size]byte {
	return sha256.Sum256(append([]byte(m.typ+"\x00"), m.raw...))
}

// at is when a request says that it was made.
func (m message) at() time.Time { return time.UnixMilli(m.At) }

// parse reads a message. When only the id of the verification that it belongs
// to can be read, it is marked as bad; without an id it is an error.
func parse(eventType string, device chat.DeviceID, raw jsontext.Value) (message, error) {
	m := message{typ: eventType, device: device, raw: raw}
	if len(raw) > maxContent || len(device) > maxText {
		return m, errShape
	}
	if err := json.Unmarshal(raw, &m.content); err != nil {
		var head struct {
			Txn     string    `json:"transaction_id"`
			Relates *relation `json:"m.relates_to"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return m, fmt.Errorf("%w: %w", errShape, err)
		}
		m.content, m.bad = content{Txn: head.Txn, Relates: head.Relates}, true
	}
	if m.Relates != nil && m.Relates.Type != reference {
		m.Relates = nil
	}
	if len(m.Txn) > maxText || len(m.From) > maxText || (m.Relates != nil && len(m.Relates.Event) > maxText) {
		return m, errShape
	}
	m.bad = m.bad || !m.fits()
	return m, nil
}

// fits checks the limits and the fields that a type cannot be without.
func (m message) fits() bool {
	for _, list := range [][]string{m.Methods, m.Agreements, m.Hashes, m.MACMethods, m.SAS} {
		if len(list) > maxMethods {
			return false
		}
	}
	switch m.typ {
	case typeRequest, typeReady, typeMessage:
		return m.From != "" && m.Methods != nil
	case typeStart:
		return m.From != "" && m.Method != ""
	case typeAccept:
		return m.Commitment != "" && (m.Method == "" || m.Method == methodSAS)
	case typeKey:
		return m.Key != ""
	case typeMAC:
		return len(m.MAC) > 0 && len(m.MAC) <= maxMACs && m.Keys != ""
	}
	return true
}

// withRelation returns the content of a room event as its sender wrote it:
// where the relation stood only in the clear part of an encrypted event it is
// put back.
func withRelation(raw jsontext.Value, to chat.EventID) (jsontext.Value, error) {
	var fields map[string]jsontext.Value
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("%w: %w", errShape, err)
	}
	if _, ok := fields["m.relates_to"]; ok || fields == nil {
		return raw, nil
	}
	rel, err := json.Marshal(relation{reference, to})
	if err != nil {
		return nil, fmt.Errorf("write relation: %w", err)
	}
	fields["m.relates_to"] = rel
	out, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("write relation: %w", err)
	}
	return out, nil
}

// ownMethods are all methods we know.
func ownMethods() []string {
	return []string{methodSAS, methodShow, methodScan, methodReciprocate}
}

// answerMethods are those of ours that fit the methods of the other side.
func answerMethods(theirs []string) []string {
	has := func(m string) bool { return slices.Contains(theirs, m) }
	var out []string
	if has(methodSAS) {
		out = append(out, methodSAS)
	}
	if has(methodReciprocate) {
		if has(methodScan) {
			out = append(out, methodShow)
		}
		if has(methodShow) {
			out = append(out, methodScan)
		}
		if has(methodScan) || has(methodShow) {
			out = append(out, methodReciprocate)
		}
	}
	return out
}
