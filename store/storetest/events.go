package storetest

import (
	"encoding/json"
	"fmt"
	"time"

	"hubbub/store"
	"hubbub/store/chat"
)

// At is the time of the event number n: one a second.
func At(n int) time.Time { return time.UnixMilli(1_700_000_000_000 + int64(n)*1000) }

// ID is the event id of the event number n.
func ID(n int) chat.EventID { return chat.EventID(fmt.Sprintf("$event%d", n)) }

func base(n int, sender chat.UserID, eventType string, content map[string]any) store.Event {
	at := At(n)
	raw, err := json.Marshal(map[string]any{
		"event_id": ID(n), "type": eventType, "sender": sender, "origin_server_ts": at.UnixMilli(), "content": content,
	})
	if err != nil {
		panic("storetest: " + err.Error()) // maps of strings always marshal
	}
	return store.Event{ID: ID(n), Sender: sender, Time: at, Type: eventType, Raw: raw}
}

// Text is message number n.
func Text(n int, sender chat.UserID, body string) store.Event {
	ev := base(n, sender, "m.room.message", map[string]any{"msgtype": "m.text", "body": body})
	ev.Body = body
	return ev
}

// Reply is a message that answers another.
func Reply(n int, sender chat.UserID, body string, to int) store.Event {
	ev := Text(n, sender, body)
	ev.ReplyTo = ID(to)
	return ev
}

// InThread is a message in the thread that the event number root begins.
func InThread(n int, sender chat.UserID, body string, root int) store.Event {
	ev := Text(n, sender, body)
	ev.RelType, ev.RelTarget = store.RelThread, ID(root)
	return ev
}

// Edit replaces the text of the event number of.
func Edit(n int, sender chat.UserID, body string, of int) store.Event {
	ev := Text(n, sender, body)
	ev.RelType, ev.RelTarget = store.RelReplace, ID(of)
	return ev
}

// Reaction reacts to the event number to.
func Reaction(n int, sender chat.UserID, key string, to int) store.Event {
	ev := base(n, sender, "m.reaction", map[string]any{"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": ID(to), "key": key}})
	ev.Kind, ev.RelType, ev.RelTarget, ev.RelKey = chat.KindUnknown, store.RelAnnotation, ID(to), key
	return ev
}

// Redaction deletes the event number of.
func Redaction(n int, sender chat.UserID, of int, reason string) store.Event {
	ev := base(n, sender, "m.room.redaction", map[string]any{"redacts": ID(of), "reason": reason})
	ev.Kind, ev.Redacts, ev.Reason = chat.KindUnknown, ID(of), reason
	return ev
}

// Sealed is an encrypted event whose key is missing.
func Sealed(n int, sender chat.UserID, session string) store.Event {
	ev := base(n, sender, "m.room.encrypted", map[string]any{"session_id": session})
	ev.Kind, ev.Encrypted, ev.SessionID = chat.KindUndecrypted, true, session
	return ev
}

// Opened is what Sealed becomes when the key has come.
func Opened(n int, sender chat.UserID, body string) store.Event {
	ev := Text(n, sender, body)
	ev.Clear, ev.Raw, ev.Encrypted = ev.Raw, nil, true
	return ev
}

// Echo queues a message of Me, as the outbox does.
func Echo(tx *store.Tx, room chat.RoomID, txn chat.TxnID, body string) (chat.ItemKey, error) {
	key, err := tx.AddEcho(room, store.Event{Txn: txn, Sender: Me, Time: At(0), Type: "m.room.message", Body: body})
	if err != nil {
		return 0, err
	}
	return key, tx.PutPending(store.Pending{
		Key: key, Room: room, Txn: txn, Type: "m.room.message", Content: []byte(`{"msgtype":"m.text"}`),
		Out: chat.Outgoing{Room: room, Text: body}, State: chat.Sending, Created: At(0),
	})
}
