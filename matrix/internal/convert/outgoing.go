package convert

import (
	"fmt"
	"mime"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hubbub/store/chat"
)

// Limits of what is sent. A homeserver refuses events above 65,536 bytes, and
// encryption makes content longer by a third.
const (
	maxContent  = 60 << 10
	maxWithHTML = 40 << 10
	matrixTo    = "https://matrix.to/#/"
	customHTML  = "org.matrix.custom.html"
	typeMessage = "m.room.message"
)

// ReplyInfo is what the content of a message needs to know about other messages.
type ReplyInfo struct {
	// Sender wrote the message that is answered; he is mentioned.
	Sender chat.UserID
	// ThreadLatest is the newest event of the thread that is sent into, for clients without threads.
	ThreadLatest chat.EventID
	// Mentioned lists whom the edited message mentioned already; they are not notified again.
	Mentioned []chat.UserID
}

// Upload is a file that lies on the homeserver.
type Upload struct {
	Name   string
	Mime   string
	Size   int64 // bytes
	Width  int   // pixels, 0 when unknown
	Height int
	URL    string         // mxc URL
	Keys   jsontext.Value // EncryptedFile with its url, when the file is encrypted
}

type mentionsJSON struct {
	Users []chat.UserID `json:"user_ids,omitempty"`
	Room  bool          `json:"room,omitzero"`
}

type replyJSON struct {
	ID chat.EventID `json:"event_id"`
}

type relationJSON struct {
	Type     string       `json:"rel_type,omitempty"`
	ID       chat.EventID `json:"event_id,omitempty"`
	Key      string       `json:"key,omitempty"`
	Reply    *replyJSON   `json:"m.in_reply_to,omitzero"`
	Fallback bool         `json:"is_falling_back,omitzero"`
}

type infoJSON struct {
	Mime   string `json:"mimetype,omitempty"`
	Size   int64  `json:"size,omitzero"`
	Width  int    `json:"w,omitzero"`
	Height int    `json:"h,omitzero"`
}

type messageJSON struct {
	MsgType     string         `json:"msgtype"`
	Body        string         `json:"body"`
	Format      string         `json:"format,omitempty"`
	HTML        string         `json:"formatted_body,omitempty"`
	Filename    string         `json:"filename,omitempty"`
	URL         string         `json:"url,omitempty"`
	File        jsontext.Value `json:"file,omitempty"`
	Info        *infoJSON      `json:"info,omitzero"`
	Mentions    *mentionsJSON  `json:"m.mentions,omitzero"`
	Replacement *messageJSON   `json:"m.new_content,omitzero"`
	Relates     *relationJSON  `json:"m.relates_to,omitzero"`
}

// Content returns the event type and content of what a person sends, except
// files (see FileContent). info may be nil. Errors are *chat.Problem: nothing
// to send, or too long.
//
// Spec: client-server-api#instant-messaging
func Content(out chat.Outgoing, info *ReplyInfo) (eventType string, content []byte, err error) {
	if info == nil {
		info = &ReplyInfo{}
	}
	switch out.Kind {
	case chat.OutText, chat.OutEmote, chat.OutNotice:
		return textContent(out, info)
	case chat.OutReaction:
		if out.Target == "" || strings.TrimSpace(out.Key) == "" {
			return "", nil, badInput("reaction without target or key")
		}
		return marshal("m.reaction", struct {
			Relates relationJSON `json:"m.relates_to"`
		}{relationJSON{Type: RelAnnotation, ID: out.Target, Key: strings.ToValidUTF8(out.Key, "")}})
	case chat.OutRedact:
		return marshal("m.room.redaction", struct {
			Redacts chat.EventID `json:"redacts,omitempty"`
			Reason  string       `json:"reason,omitempty"`
		}{out.Target, strings.ToValidUTF8(out.Text, "\uFFFD")})
	case chat.OutFile:
		return "", nil, badInput("a file has content only when it is uploaded")
	}
	return "", nil, badInput(fmt.Sprintf("unknown kind %d", out.Kind))
}

func textContent(out chat.Outgoing, info *ReplyInfo) (string, []byte, error) {
	src := strings.TrimRight(strings.ToValidUTF8(out.Text, "\uFFFD"), " \t\r\n")
	src = strings.TrimLeft(src, "\r\n")
	if strings.TrimSpace(src) == "" {
		return "", nil, badInput("nothing to send")
	}
	msg := messageJSON{MsgType: "m.text"}
	switch out.Kind {
	case chat.OutEmote:
		msg.MsgType = "m.emote"
	case chat.OutNotice:
		msg.MsgType = "m.notice"
	}
	var who mentionsJSON
	msg.Body = src
	if !out.Plain {
		msg.Body, msg.HTML, who = render(src)
	}
	if msg.HTML != "" {
		msg.Format = customHTML
	}
	return finish(msg, out, info, who)
}

// Octets is the type of a file of which nothing is known, or told.
const Octets = "application/octet-stream"

// MimeOf returns the type that the system has for a file of that name, or Octets.
func MimeOf(path string) string {
	kind, _, _ := strings.Cut(mime.TypeByExtension(strings.ToLower(filepath.Ext(path))), ";")
	if kind == "" {
		return Octets
	}
	return kind
}

// FileContent returns the event type and content of an uploaded file; out.Text
// is its caption (markdown).
//
// Spec: client-server-api#mimage and its neighbours; captions as of v1.10
func FileContent(out chat.Outgoing, up Upload, info *ReplyInfo) (eventType string, content []byte, err error) {
	if info == nil {
		info = &ReplyInfo{}
	}
	up.Name = strings.ToValidUTF8(up.Name, "\uFFFD")
	msg := messageJSON{MsgType: "m.file", Body: up.Name, Filename: up.Name}
	if kind, _, err := mime.ParseMediaType(up.Mime); err == nil {
		switch major, _, _ := strings.Cut(kind, "/"); major {
		case "image", "video", "audio":
			msg.MsgType = "m." + major
		}
	}
	if up.Keys != nil {
		msg.File = up.Keys
	} else {
		msg.URL = up.URL
	}
	msg.Info = &infoJSON{Mime: up.Mime, Size: up.Size, Width: up.Width, Height: up.Height}
	var who mentionsJSON
	if caption := strings.TrimSpace(strings.ToValidUTF8(out.Text, "\uFFFD")); caption != "" {
		msg.Body = caption
		if !out.Plain {
			msg.Body, msg.HTML, who = render(caption)
		}
	}
	if msg.HTML != "" {
		msg.Format = customHTML
	}
	return finish(msg, out, info, who)
}

// finish adds mentions and relations, and keeps the limits.
func finish(msg messageJSON, out chat.Outgoing, info *ReplyInfo, who mentionsJSON) (string, []byte, error) {
	if out.ReplyTo != "" && info.Sender != "" && !slices.Contains(who.Users, info.Sender) && out.Edit == "" {
		who.Users = append(who.Users, info.Sender)
	}
	msg.Mentions = &who
	if out.Edit != "" {
		msg = replacement(msg, out.Edit, info.Mentioned)
	} else {
		msg.Relates = relates(out, info)
	}
	typ, content, err := marshal(typeMessage, msg)
	if len(content) > maxWithHTML && msg.HTML != "" {
		msg.Format, msg.HTML = "", ""
		if msg.Replacement != nil {
			msg.Replacement.Format, msg.Replacement.HTML = "", ""
		}
		typ, content, err = marshal(typeMessage, msg)
	}
	if err == nil && len(content) > maxContent {
		return "", nil, &chat.Problem{Kind: chat.ProblemTooLarge, Detail: fmt.Sprintf("%d bytes of %d", len(content), maxContent)}
	}
	return typ, content, err
}

// replacement wraps msg as an edit, with a fallback for clients that do not know edits.
//
// Spec: client-server-api#event-replacements
func replacement(msg messageJSON, target chat.EventID, mentioned []chat.UserID) messageJSON {
	inner := msg
	outer := msg
	outer.Body = "* " + msg.Body
	if msg.HTML != "" {
		outer.HTML = "* " + msg.HTML
	}
	added := mentionsJSON{Room: false}
	for _, u := range msg.Mentions.Users {
		if !slices.Contains(mentioned, u) {
			added.Users = append(added.Users, u)
		}
	}
	outer.Mentions = &added
	outer.Replacement = &inner
	outer.Relates = &relationJSON{Type: RelReplace, ID: target}
	return outer
}

// relates is the relation of a reply or of a message in a thread.
//
// Spec: client-server-api#threading, client-server-api#rich-replies
func relates(out chat.Outgoing, info *ReplyInfo) *relationJSON {
	var r relationJSON
	if out.ReplyTo != "" {
		r.Reply = &replyJSON{ID: out.ReplyTo}
	}
	if out.Thread != "" {
		r.Type, r.ID = RelThread, out.Thread
		if r.Reply == nil {
			latest := info.ThreadLatest
			if latest == "" {
				latest = out.Thread
			}
			r.Reply, r.Fallback = &replyJSON{ID: latest}, true
		}
	}
	if r.Reply == nil {
		return nil
	}
	return &r
}

func marshal(typ string, v any) (string, []byte, error) {
	content, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true), json.Deterministic(true))
	if err != nil {
		return "", nil, badInput(err.Error())
	}
	return typ, content, nil
}

func badInput(detail string) *chat.Problem {
	return &chat.Problem{Kind: chat.ProblemBadInput, Detail: detail}
}
