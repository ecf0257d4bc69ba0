package ingest

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"hubbub/matrix/internal/convert"
	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store"
	"hubbub/store/chat"
)

// incoming is an event on its way into the store.
type incoming struct {
	outer convert.Event // as received
	row   store.Event
	// hidden events get no place in the timeline.
	hidden bool
	// again is set when an earlier response has brought it already.
	again bool
	// roomMention is set when the event means everybody; it counts if its sender may do that.
	roomMention bool
	clear       bool // a message that came in clear
	wanted      *store.Wanted
	shield      *store.Shield // what is to be said about the session that it came with
	edit        *incoming     // the newest edit, as bundled by the homeserver
}

// read parses an event and decrypts it. It does no I/O but what the decrypter
// does. An event that a bug of ours keeps from being read is a row that says so:
// otherwise it would end the program at every start, since every start gets it.
func (i *Ingest) read(ctx context.Context, room chat.RoomID, raw []byte, names []string) (in incoming) {
	err := fault.Guard(func() error {
		in = i.readSound(ctx, room, raw, names)
		return nil
	})
	var broken *fault.PanicError
	if errors.As(err, &broken) {
		i.log.Error("Event cannot be read because of a bug", slog.String("room", string(room)), slog.String("stack", string(broken.Stack)))
		return brokenEvent(raw)
	}
	return in
}

// brokenEvent is the row of an event that could not be read because of a bug.
func brokenEvent(raw []byte) (in incoming) {
	if fault.Guard(func() error { in.outer = convert.Parse(raw); return nil }) != nil {
		in.outer = convert.Event{Raw: raw} // the store names it by its bytes
	}
	in.outer.Problem = "an internal error"
	in.outer.IsState, in.outer.Redacted, in.outer.Txn = false, false, ""
	in.row = rowOf(in.outer, in.outer.Item(nil))
	return in
}

// readSound is read without its net.
func (i *Ingest) readSound(ctx context.Context, room chat.RoomID, raw []byte, names []string) incoming {
	in := incoming{outer: convert.Parse(raw)}
	ev := in.outer
	if ev.Problem == "" && !ev.IsState && !ev.Redacted && ev.Type == "m.room.encrypted" {
		i.readEncrypted(ctx, room, &in, names)
	} else {
		it := ev.Item(nil)
		in.row = rowOf(ev, it)
		in.clear = ev.Type == "m.room.message" || ev.Type == "m.sticker" || it.Kind == chat.KindPoll
		i.mention(&in, it, names)
	}
	if ev.Replaced != nil && ev.Problem == "" {
		edit := i.readSound(ctx, room, ev.Replaced, nil)
		if edit.row.RelType == convert.RelReplace && edit.row.RelTarget == ev.ID && edit.edit == nil {
			in.edit = &edit
		}
	}
	return in
}

// readEncrypted decrypts, or says why that is not possible.
func (i *Ingest) readEncrypted(ctx context.Context, room chat.RoomID, in *incoming, names []string) {
	ev := in.outer
	var fail *crypto.Undecryptable
	var clear crypto.Clear
	if i.decrypt == nil {
		session, _ := convert.String(convert.Get(ev.Content, "session_id"))
		fail = &crypto.Undecryptable{Cause: chat.CauseUnknownSession, SessionID: session}
	} else {
		clear, fail = i.decrypt.Decrypt(ctx, room, ev.Raw)
	}
	if fail == nil {
		open := ev.Clear(clear.Raw)
		it := open.Item(ev.Content)
		in.row = rowOf(open, it)
		in.row.Encrypted, in.row.SessionID, in.row.Clear = true, clear.Session, clear.Raw
		if clear.Session != "" {
			in.shield = &store.Shield{Session: clear.Session, Sender: ev.Sender, Shield: clear.Verdict.Shield, Soft: clear.Verdict.Soft}
		}
		i.mention(in, it, names)
		return
	}
	if ev.Outside && (fail.Cause == chat.CauseUnknownSession || fail.Cause == chat.CauseUnknownIndex) && !fail.Store {
		fail.Cause = chat.CauseBeforeJoin
	}
	in.row = rowOf(ev, ev.Item(nil))
	in.row.Encrypted, in.row.Cause, in.row.SessionID = true, fail.Cause, fail.SessionID
	in.row.Extra.Withheld = fail.WithheldCode
	if fail.SessionID != "" && len(fail.SessionID) <= convert.MaxID && waits(fail) {
		in.wanted = &store.Wanted{Room: room, Session: fail.SessionID, Sender: ev.Sender, SenderKey: fail.SenderKey}
	}
}

// waits says whether a key may still come for an event. History from before we
// joined is given on an invite, or lies in the backup.
func waits(fail *crypto.Undecryptable) bool {
	switch fail.Cause {
	case chat.CauseUnknownSession, chat.CauseUnknownIndex, chat.CauseWithheld, chat.CauseBeforeJoin:
		return true
	}
	return fail.Store
}

// rowOf is the row of an event as far as the event alone tells it.
func rowOf(ev convert.Event, it convert.Item) store.Event {
	row := store.Event{
		ID: ev.ID, Txn: ev.Txn, Sender: ev.Sender, Time: time.UnixMilli(ev.TS), Type: ev.Type,
		Kind: it.Kind, Body: it.Body, HTML: it.HTML,
		RelType: it.RelType, RelTarget: it.RelTarget, RelKey: it.RelKey, ReplyTo: it.ReplyTo,
		Raw: ev.Raw,
	}
	if ev.IsState {
		key := ev.Key
		row.State = &key
	}
	row.Extra = store.Extra{Media: it.Media, State: it.State, Problem: it.Problem}
	if ev.Thread != nil {
		row.Extra.ThreadCount, row.Extra.ThreadSender, row.Extra.ThreadTime = ev.Thread.Count, ev.Thread.Sender, ev.Thread.TS
	}
	if ev.Type == "m.room.redaction" && !ev.IsState && !ev.Redacted {
		row.Redacts = ev.Redacts
		reason, _ := convert.String(convert.Get(ev.Content, "reason"))
		row.Reason = convert.Cut(reason, convert.MaxTopic)
	}
	if ev.Redacted {
		row.RedactedBy, row.Reason = ev.RedactedBy, ev.Reason
		if row.RedactedBy == "" {
			row.RedactedBy = ev.Sender
		}
	}
	return row
}

// mention decides whether an event means us, as far as the event alone tells it.
//
// Spec: client-server-api#user-and-room-mentions
func (i *Ingest) mention(in *incoming, it convert.Item, names []string) {
	folded := it.Kind == chat.KindUnreadable || in.row.RelType == convert.RelReplace || in.row.RelType == convert.RelAnnotation ||
		in.row.Type == "m.reaction" || in.row.Type == "m.room.redaction"
	in.hidden = it.Hidden && !folded
	in.row.Hidden = in.hidden
	if in.row.Sender == i.me || it.Kind >= chat.KindState && it.Kind != chat.KindUnknown {
		return
	}
	switch {
	case it.Mentions.Stated:
		in.row.Mention = slices.Contains(it.Mentions.Users, i.me)
		in.roomMention = it.Mentions.Room
	case it.Kind == chat.KindText || it.Kind == chat.KindEmote:
		in.row.Mention = slices.ContainsFunc(names, func(n string) bool { return convert.Names(it.Body, n) })
	}
}
