package ingest

import (
	"time"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

type receipt = store.Receipt

// maxReceipts bounds how many receipts of other people are taken per room of one response.
const maxReceipts = 5000

// ephemeral reads typing and receipts.
//
// Spec: client-server-api#typing-notifications, client-server-api#receipts
func (sec *section) ephemeral(raw []byte) {
	convert.Elements(convert.Get(raw, "events"), func(v []byte) bool {
		typ, _ := convert.String(convert.Get(v, "type"))
		content := convert.Get(v, "content")
		switch typ {
		case "m.typing":
			sec.typed, sec.typing = true, nil
			convert.Elements(convert.Get(content, "user_ids"), func(v []byte) bool {
				if u, ok := convert.String(v); ok && len(u) <= convert.MaxID {
					sec.typing = append(sec.typing, chat.UserID(u))
				}
				return len(sec.typing) < 50
			})
		case "m.receipt":
			sec.addReceipts(content)
		}
		return true
	})
}

func (sec *section) addReceipts(content []byte) {
	convert.Members(content, func(event, types []byte) bool {
		if len(event) == 0 || len(event) > convert.MaxID {
			return true
		}
		convert.Members(types, func(kind, users []byte) bool {
			private := string(kind) == "m.read.private"
			if !private && string(kind) != "m.read" {
				return true
			}
			convert.Members(users, func(user, v []byte) bool {
				if len(user) == 0 || len(user) > convert.MaxID || len(sec.receipts) >= maxReceipts && chat.UserID(user) != sec.me {
					return true
				}
				thread, _ := convert.String(convert.Get(v, "thread_id"))
				ts, _ := convert.Int(convert.Get(v, "ts"))
				sec.receipts = append(sec.receipts, receipt{
					User: chat.UserID(user), Thread: convert.Cut(thread, convert.MaxID), Private: private,
					Event: chat.EventID(event), Time: time.UnixMilli(min(max(ts, 0), 1<<47)),
				})
				return true
			})
			return true
		})
		return true
	})
}

// typingOf says who types, with names. Who is known not to be in the room does not.
func (i *Ingest) typingOf(v *view, users []chat.UserID) (chat.Typing, error) {
	t := chat.Typing{Room: v.room}
	r, _, err := v.tx.Room(v.room)
	if err != nil {
		return t, err
	}
	for _, u := range users {
		if u == i.me {
			continue
		}
		m, err := v.member(u)
		if err != nil {
			return t, err
		}
		if m.Membership != chat.MemberJoined && (m.Membership != chat.MemberNone || r.MembersComplete) {
			continue
		}
		name := m.Name
		if name == "" {
			name = u.Localpart()
		}
		t.Users, t.Names = append(t.Users, u), append(t.Names, name)
	}
	return t, nil
}
