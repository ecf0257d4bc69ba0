package history

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/ingest"
	"hubbub/store"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// TestAnswersThatAreNoPage: an answer that is not what was asked for, or is cut
// off, does not end the history of a room, nor does an empty list the
// membership of everybody.
func TestAnswersThatAreNoPage(t *testing.T) {
	const room = chat.RoomID("!r:x")
	event := `{"event_id":"$1","type":"m.room.message","sender":"@a:x","origin_server_ts":1,"content":{"msgtype":"m.text","body":"one"}}`
	answer := ""
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
	defer hs.Close()
	client, err := mautrix.NewClient(hs.URL, "@me:example.org", "token")
	if err != nil {
		t.Fatal(err)
	}
	s := storetest.New(t)
	storetest.Limited(t, s, room, "t0", storetest.Text(5, "@a:x", "five"))
	storetest.Write(t, s, func(tx *store.Tx) error {
		return tx.PutMember(room, store.Member{User: "@a:x", Membership: chat.MemberJoined})
	})
	h := New(Options{Client: client, Store: s, Ingest: ingest.New(ingest.Options{Store: s, User: storetest.Me})})
	for _, answer = range []string{
		`{}`, `{"error":"sign in to the network first"}`, `{"chunk":{}}`, `{"chunk":null}`, `{"chunk":[` + event + `],"end":7}`,
		`{"chunk":[` + event + `],"sta`, `{"chunk":[` + event + `],"end":"t1"`, `[]`, `<html>`,
	} {
		var p *chat.Problem
		if err := h.fill(t.Context(), room, "t0"); !errors.As(err, &p) && err == nil {
			t.Errorf("%s was taken", answer)
		}
		if page := storetest.Page(t, s, room, 10); page.AtStart || len(page.Items) != 2 {
			t.Errorf("%s: the room begins with %+v", answer, page.Items)
		}
	}
	for _, answer = range []string{`{}`, `{"chunk":[]}`, `{"chunk":[` + event + `]}`, `{"chunk":[5,{},null]}`} {
		if err := h.Members(t.Context(), room); err == nil {
			t.Errorf("%s was taken for the members", answer)
		}
		if all, err := s.MembersIn(t.Context(), room); err != nil || len(all) != 1 {
			t.Errorf("%s: members are %+v, %v", answer, all, err)
		}
	}
	answer = `{"chunk":[` + event + `],"end":null}`
	if err := h.fill(t.Context(), room, "t0"); err != nil || !storetest.Page(t, s, room, 10).AtStart {
		t.Errorf("a whole page was not taken: %v", err)
	}
}
