package matrixtest

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestPeersReadEachOthersEncryptedMessages(t *testing.T) {
	for name, hs := range map[string]*Homeserver{"synapse": Synapse(t), "dendrite": Dendrite(t)} {
		t.Run(name, func(t *testing.T) {
			adaAccount, boAccount := hs.NewAccount(t, "ada"), hs.NewAccount(t, "bo")
			kept := t.TempDir()
			ada, bo := StartPeerIn(t, hs, adaAccount, kept), StartPeer(t, hs, boAccount)
			room := ada.CreateRoom("harbour", true, bo.UserID)
			bo.Join(room)
			ada.WaitMember(room, bo.UserID, "join")

			first := ada.SendText(room, "the light is on")
			if m := bo.WaitMessage(room, "the light is on"); !m.Encrypted || !m.Decrypted || m.EventID != first {
				t.Fatalf("bo sees %+v, want %s decrypted", m, first)
			}
			bo.WaitEncrypted(room)
			answer := bo.SendText(room, "I see it")
			before := ada.WaitEvent(room, answer)
			bo.Rotate(room)
			after := ada.WaitEvent(room, bo.SendText(room, "still there"))
			if after.SessionID == before.SessionID || after.SessionID == "" {
				t.Fatalf("session %q after rotation, %q before", after.SessionID, before.SessionID)
			}

			device := ada.DeviceID
			ada.Stop()
			missed := bo.SendText(room, "while you were away")
			ada = StartPeerIn(t, hs, adaAccount, kept)
			if ada.DeviceID != device {
				t.Fatalf("device %s after a restart, want %s", ada.DeviceID, device)
			}
			ada.WaitEvent(room, missed)
			ada.WaitEvent(room, answer)

			second := ada.NewDevice(t)
			bo.WaitDevice(ada.UserID, second.DeviceID)
			second.WaitEvent(room, bo.SendText(room, "hello, new device"))
			for _, m := range second.Messages(room, 100) {
				if m.EventID == first && m.Failure == "" {
					t.Fatal("a new device reads a message from before it existed")
				}
			}
			second.Logout()
			if got := string(bo.Eval("return client.getUserId() + args.mark", map[string]any{"mark": "!"})); got != `"`+bo.UserID+`!"` {
				t.Fatalf("eval gives %s", got)
			}
			if _, err := bo.Try("eval", map[string]any{"source": "throw new Error('on purpose')"}); err == nil || !strings.Contains(err.Error(), "on purpose") {
				t.Fatalf("an error in the peer arrives as %v", err)
			}
		})
	}
}

func TestPlainClientSeesWhatTheHomeserverHas(t *testing.T) {
	for name, hs := range map[string]*Homeserver{"synapse": Synapse(t), "dendrite": Dendrite(t)} {
		t.Run(name, func(t *testing.T) {
			ada, bo := hs.NewClient(t, "ada"), hs.NewClient(t, "bo")
			if ids := ada.DeviceIDs(); len(ids) != 1 {
				t.Fatalf("a new account has the devices %v, want the one signed in", ids)
			}
			room := ada.CreateRoom(map[string]any{"preset": "private_chat", "name": "pier"})
			ada.Invite(room, bo.UserID)
			bo.Join(room)
			id := bo.SendText(room, "ahoy")
			bo.Typing(room, 0)
			bo.Receipt(room, "m.read", id)
			events := ada.Events(room)
			if events[0].Type != "m.room.create" {
				t.Fatalf("first event %s, want m.room.create", events[0].Type)
			}
			if last := events[len(events)-1]; last.ID != id || last.Body() != "ahoy" || last.Sender != bo.UserID {
				t.Fatalf("last event %+v, want bo's message", last)
			}
			answer, next := ada.Sync("", 0)
			var sync struct {
				Rooms struct {
					Join map[string]json.RawMessage `json:"join"`
				} `json:"rooms"`
			}
			if err := json.Unmarshal(answer, &sync); err != nil || sync.Rooms.Join[room] == nil || next == "" {
				t.Fatalf("sync without the room (next %q, error %v)", next, err)
			}
			ada.Redact(room, id, "test")
			bo.Logout()
			if status, _, err := bo.Do(t.Context(), "GET", "/_matrix/client/v3/account/whoami", nil); err != nil || status != 401 {
				t.Fatalf("whoami after logout: %d, %v", status, err)
			}
		})
	}
}
