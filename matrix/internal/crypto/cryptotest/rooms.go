package cryptotest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// rooms are what the homeserver says about them now.
type rooms struct{ c *matrixtest.Client }

func (r rooms) get(ctx context.Context, room chat.RoomID, path string, into any) bool {
	status, answer, err := r.c.Do(ctx, http.MethodGet, "/_matrix/client/v3/rooms/"+url.PathEscape(string(room))+path, nil)
	return err == nil && status == http.StatusOK && json.Unmarshal(answer, into) == nil
}

// Encryption implements crypto.Rooms.
func (r rooms) Encryption(ctx context.Context, room chat.RoomID) ([]byte, bool, error) {
	var content json.RawMessage
	on := r.get(ctx, room, "/state/m.room.encryption", &content)
	return content, on, nil
}

// Members implements crypto.Rooms.
func (r rooms) Members(ctx context.Context, room chat.RoomID) (crypto.Members, error) {
	var list struct {
		Joined map[chat.UserID]any `json:"joined"`
	}
	m := crypto.Members{Complete: r.get(ctx, room, "/joined_members", &list)}
	for u := range list.Joined {
		m.Joined = append(m.Joined, u)
	}
	return m, nil
}

// FetchMembers implements crypto.Rooms.
func (rooms) FetchMembers(context.Context, chat.RoomID) error { return nil }

// HistoryVisibility implements crypto.Rooms.
func (rooms) HistoryVisibility(context.Context, chat.RoomID) (string, error) { return "", nil }

// Parents implements crypto.Rooms.
func (rooms) Parents(context.Context, chat.RoomID) ([]chat.RoomID, error) { return nil, nil }
