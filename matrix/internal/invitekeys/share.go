package invitekeys

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/attachment"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/convert"
	"hubbub/matrix/internal/crypto"
	"hubbub/store/chat"
)

// bundle is the content of the file.
type bundle struct {
	Keys     []bundleKey `json:"room_keys"`
	Withheld []withheld  `json:"withheld"`
}

type bundleKey struct {
	Algorithm  id.Algorithm      `json:"algorithm"`
	Room       chat.RoomID       `json:"room_id"`
	SenderKey  string            `json:"sender_key"`
	SenderKeys map[string]string `json:"sender_claimed_keys"`
	Session    string            `json:"session_id"`
	Key        string            `json:"session_key"`
}

type withheld struct {
	Algorithm id.Algorithm `json:"algorithm"`
	Code      string       `json:"code"`
	Reason    string       `json:"reason"`
	Room      chat.RoomID  `json:"room_id"`
	SenderKey string       `json:"sender_key"`
	Session   string       `json:"session_id"`
}

// fileInfo says where a file lies and what opens it.
//
// Spec: client-server-api#extensions-to-mroommessage-msgtypes
type fileInfo struct {
	*attachment.EncryptedFile
	URL string `json:"url"`
}

// Share gives the keys of a room's history to somebody who is about to be
// invited. It returns to how many sessions, 0 when there is nothing to give or
// nobody who may have it. An invitation goes out also when this fails.
func (m *Manager) Share(ctx context.Context, room chat.RoomID, user chat.UserID) (sessions int, err error) {
	sessions, err = m.share(ctx, room, user)
	if err != nil {
		return 0, fmt.Errorf("share history of %s: %w", room, err)
	}
	return sessions, nil
}

func (m *Manager) share(ctx context.Context, room chat.RoomID, user chat.UserID) (sessions int, err error) {
	lock, err := m.opt.Keys.Lock(ctx, room)
	if err != nil || !lock.Encrypted || !lock.SharesHistory || user == m.opt.User {
		return 0, err
	}
	own, err := m.opt.Keys.SessionTrust(ctx, m.opt.User, m.opt.Device)
	if err != nil {
		return 0, err
	}
	if own.Trust != chat.SessionVerified {
		m.log.Info("History is not shared by a session that is not verified", slog.String("room", string(room)))
		return 0, nil // nobody would take it
	}
	to, err := m.opt.Keys.MayGetHistory(ctx, room, user)
	if err != nil || len(to) == 0 {
		return 0, err
	}
	shared, kept, err := m.opt.Keys.History(ctx, room)
	if err != nil || len(shared) == 0 {
		return 0, err
	}
	info, err := m.upload(ctx, room, shared, kept)
	if err != nil {
		return 0, err
	}
	content := map[string]any{"room_id": room, "file": info}
	least := max(lock.Policy.Share, chat.PolicySigned)
	if err := m.opt.Keys.SendSecret(ctx, TypeBundle, content, user, to, least); err != nil {
		return 0, err
	}
	m.log.Info("History shared", slog.String("room", string(room)), slog.Int("keys", len(shared)), slog.Int("sessions", len(to)))
	return len(to), nil
}

// upload puts the encrypted file on the homeserver.
func (m *Manager) upload(ctx context.Context, room chat.RoomID, shared, kept []crypto.RoomKey) (fileInfo, error) {
	b := bundle{Keys: []bundleKey{}, Withheld: []withheld{}} // null is no list to other clients
	for _, k := range shared {
		b.Keys = append(b.Keys, bundleKey{
			Algorithm: id.AlgorithmMegolmV1, Room: room, SenderKey: k.SenderKey, SenderKeys: map[string]string{"ed25519": k.SigningKey},
			Session: k.Session, Key: string(k.Key),
		})
	}
	for _, k := range kept {
		b.Withheld = append(b.Withheld, withheld{
			Algorithm: id.AlgorithmMegolmV1, Code: crypto.CodeHistoryNotShared, Reason: "Not meant for people who come later",
			Room: room, SenderKey: k.SenderKey, Session: k.Session,
		})
	}
	raw, err := json.Marshal(b)
	if err != nil {
		return fileInfo{}, fmt.Errorf("encode keys: %w", err)
	}
	file := attachment.NewEncryptedFile()
	file.EncryptInPlace(raw)
	resp, err := m.opt.Client.UploadMedia(ctx, mautrix.ReqUploadMedia{ContentBytes: raw, ContentType: convert.Octets})
	if err != nil {
		return fileInfo{}, fmt.Errorf("upload keys: %w", err)
	}
	if resp.ContentURI.IsEmpty() {
		return fileInfo{}, &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "no address in the answer", Retry: true}
	}
	return fileInfo{file, resp.ContentURI.String()}, nil
}
