package convert

import (
	"strings"

	"hubbub/store/chat"
)

// verifyRequest is the msgtype of a request to verify each other.
//
// Spec: client-server-api#mroommessagemkeyverificationrequest
const verifyRequest = "m.key.verification.request"

// Ends of a verification in a room.
//
// Spec: client-server-api#key-verification-framework
const (
	verifyDone   = "m.key.verification.done"
	verifyCancel = "m.key.verification.cancel"
)

// Relation types that hubbub folds.
//
// Spec: client-server-api#forming-relationships-between-events
const (
	RelReplace    = "m.replace"
	RelAnnotation = "m.annotation"
	RelThread     = "m.thread"
	RelReference  = "m.reference"
)

// Item is what an event looks like on the screen.
type Item struct {
	Kind    chat.MessageKind
	Body    string
	HTML    string
	Problem string // with KindUnreadable

	RelType   string // "" when the event has no relation that can be used
	RelTarget chat.EventID
	RelKey    string // reaction key

	ReplyTo  chat.EventID
	Thread   chat.EventID // thread root
	Mentions Mentions
	Media    *chat.Media
	State    *chat.StateChange
	// Hidden is set for events that are no rows of a timeline by themselves:
	// edits, reactions, redactions, poll votes and verification steps.
	Hidden bool
}

// Mentions says whom an event means.
type Mentions struct {
	// Stated is whether the event has m.mentions; without it, clients look at the body.
	Stated bool
	Room   bool
	Users  []chat.UserID
}

// Item reads the event. Of an encrypted event it is called on the result of
// Clear, with the content of the encrypted event as outer, else nil.
func (ev Event) Item(outer []byte) Item {
	if ev.Problem != "" {
		return Item{Kind: chat.KindUnreadable, Problem: ev.Problem}
	}
	if ev.IsState {
		return Item{Kind: chat.KindState, State: ev.stateChange()}
	}
	if ev.Redacted {
		it := Item{Kind: chat.KindRedacted}
		it.Hidden = ev.Type == "m.reaction" || ev.Type == "m.room.redaction"
		return it
	}
	var it Item
	rel := Get(ev.Content, "m.relates_to")
	if r := Get(outer, "m.relates_to"); r != nil {
		rel = r
	}
	it.relation(rel)
	switch ev.Type {
	case "m.room.encrypted":
		it.Kind = chat.KindUndecrypted
	case "m.room.message":
		it.message(ev.Content, false)
	case "m.sticker":
		it.message(ev.Content, true)
	case "m.reaction":
		it.reaction()
	case "m.room.redaction":
		it.Kind, it.Hidden = chat.KindUnknown, true
	case "m.poll.start", "org.matrix.msc3381.poll.start":
		it.poll(ev.Content)
	case verifyDone, verifyCancel: // the steps between them are nobody's to read
		it.Kind, it.State = chat.KindState, &chat.StateChange{Type: ev.Type}
	default:
		it.Kind = chat.KindUnknown
		it.Body = Cut(text(Get(ev.Content, "body")), MaxBody)
		it.Hidden = it.RelType == RelAnnotation || it.RelType == RelReplace || it.RelType == RelReference ||
			strings.HasPrefix(ev.Type, "m.key.verification.") || strings.HasPrefix(ev.Type, "m.call.") ||
			strings.HasPrefix(ev.Type, "org.matrix.call.")
	}
	if it.RelType == RelReplace {
		it.Hidden = true
	}
	if it.Kind == chat.KindUnreadable { // it folds into nothing
		it.RelType, it.RelTarget, it.RelKey, it.Hidden = "", "", "", false
	}
	return it
}

// relation reads m.relates_to.
func (it *Item) relation(rel []byte) {
	if !IsObject(rel) {
		return
	}
	fallback := false
	Members(rel, func(key, value []byte) bool {
		switch string(key) {
		case "rel_type":
			it.RelType = text(value)
		case "event_id":
			it.RelTarget = chat.EventID(text(value))
		case "key":
			it.RelKey = Cut(text(value), MaxName)
		case "is_falling_back":
			fallback = Bool(value)
		case "m.in_reply_to":
			it.ReplyTo = chat.EventID(text(Get(value, "event_id")))
		}
		return true
	})
	if len(it.ReplyTo) > MaxID {
		it.ReplyTo = ""
	}
	if it.RelType == "" || len(it.RelType) > MaxID || it.RelTarget == "" || len(it.RelTarget) > MaxID {
		it.RelType, it.RelTarget, it.RelKey = "", "", ""
	}
	if it.RelType == RelThread {
		it.Thread = it.RelTarget
		if fallback {
			it.ReplyTo = ""
		}
	}
}

func (it *Item) reaction() {
	it.Hidden = true
	if it.RelType != RelAnnotation || it.RelKey == "" {
		it.Kind, it.Problem = chat.KindUnreadable, "reaction without target or key"
		return
	}
	it.Kind, it.Body = chat.KindUnknown, it.RelKey
}

// body holds the members of a message's content that are looked at.
type body struct {
	msgtype, body, format, formatted, filename, url, file, info, geo, mentions, replacement []byte
}

func readBody(content []byte) body {
	var b body
	Members(content, func(key, value []byte) bool {
		switch string(key) {
		case "msgtype":
			b.msgtype = value
		case "body":
			b.body = value
		case "format":
			b.format = value
		case "formatted_body":
			b.formatted = value
		case "filename":
			b.filename = value
		case "url":
			b.url = value
		case "file":
			b.file = value
		case "info":
			b.info = value
		case "geo_uri":
			b.geo = value
		case "m.mentions":
			b.mentions = value
		case "m.new_content":
			b.replacement = value
		}
		return true
	})
	return b
}

// message reads an m.room.message, or with sticker an m.sticker.
//
// Spec: client-server-api#mroommessage
func (it *Item) message(content []byte, sticker bool) {
	b := readBody(content)
	if it.RelType == RelReplace {
		if IsObject(b.replacement) {
			b = readBody(b.replacement)
		} else {
			it.RelType, it.RelTarget = "", ""
		}
	}
	it.mentions(b.mentions)
	plain, ok := String(b.body)
	if !ok {
		it.Kind, it.Problem = chat.KindUnreadable, "body is not a text"
		return
	}
	it.Body = Cut(plain, MaxBody)
	msgtype := text(b.msgtype)
	if sticker {
		msgtype = "m.sticker"
	}
	switch msgtype {
	case verifyRequest:
		// Its words are only for clients that cannot answer it.
		it.Kind, it.Body, it.State = chat.KindState, "", &chat.StateChange{Type: verifyRequest}
		return
	case "m.emote":
		it.Kind = chat.KindEmote
	case "m.notice", "m.server_notice":
		it.Kind = chat.KindNotice
	case "m.image":
		it.Kind = chat.KindImage
	case "m.video":
		it.Kind = chat.KindVideo
	case "m.audio":
		it.Kind = chat.KindAudio
	case "m.file":
		it.Kind = chat.KindFile
	case "m.sticker":
		it.Kind = chat.KindSticker
	case "m.location":
		it.Kind = chat.KindLocation
		it.location(b)
		return
	case "":
		it.Kind, it.Problem = chat.KindUnreadable, "no message type"
		return
	default:
		it.Kind = chat.KindText
		if strings.HasPrefix(msgtype, "m.key.verification.") {
			it.Hidden = true
		}
	}
	if it.Kind >= chat.KindImage && it.Kind <= chat.KindSticker {
		it.media(b)
	}
	it.formatted(b)
}

// formatted takes formatted_body over and strips the fallback of old replies from both bodies.
func (it *Item) formatted(b body) {
	if text(b.format) == "org.matrix.custom.html" && len(b.formatted) <= 2*MaxHTML {
		if h := text(b.formatted); len(h) <= MaxHTML {
			it.HTML = h
		}
	}
	if it.ReplyTo != "" || it.RelType == RelReplace {
		it.Body = stripQuote(it.Body)
		it.HTML = stripMxReply(it.HTML)
	}
}

// stripQuote removes the `> <@user:…> …` lines that old clients put before an answer.
//
// Spec: client-server-api#rich-replies (removed in v1.13, still sent by old clients)
func stripQuote(s string) string {
	if !strings.HasPrefix(s, "> <@") && !strings.HasPrefix(s, "> * <@") {
		return s
	}
	rest := s
	for strings.HasPrefix(rest, "> ") || rest == ">" || strings.HasPrefix(rest, ">\n") {
		i := strings.IndexByte(rest, '\n')
		if i < 0 {
			return s
		}
		rest = rest[i+1:]
	}
	rest = strings.TrimPrefix(rest, "\n")
	if rest == "" {
		return s
	}
	return rest
}

// stripMxReply removes a leading <mx-reply> element.
func stripMxReply(s string) string {
	if !strings.HasPrefix(s, "<mx-reply>") {
		return s
	}
	if i := strings.Index(s, "</mx-reply>"); i >= 0 {
		return s[i+len("</mx-reply>"):]
	}
	return s
}

func (it *Item) mentions(raw []byte) {
	if !IsObject(raw) {
		return
	}
	it.Mentions.Stated = true
	Members(raw, func(key, value []byte) bool {
		switch string(key) {
		case "room":
			it.Mentions.Room = Bool(value)
		case "user_ids":
			Elements(value, func(v []byte) bool {
				if u := text(v); u != "" && len(u) <= MaxID {
					it.Mentions.Users = append(it.Mentions.Users, chat.UserID(u))
				}
				return len(it.Mentions.Users) < 100
			})
		}
		return true
	})
}
