package ingest

import (
	"maps"
	"slices"
	"testing"

	"hubbub/store"
	"hubbub/store/chat"
)

// TestVerificationStepsAreHandedOver: in order, decrypted, late ones when their key comes, and nothing else.
func TestVerificationStepsAreHandedOver(t *testing.T) {
	r := newRig(t)
	var got []string
	r.ingest.onVerify = func(ev VerificationEvent) {
		got = append(got, string(ev.ID)+" "+ev.Type+" "+string(ev.Target))
	}
	const other = chat.UserID("@bo:x")
	rel := `"m.relates_to":{"rel_type":"m.reference","event_id":"$1"}`
	r.keys.known["here"] = true
	r.sync(false, "", timeline(
		event(1, other, "m.room.message", `{"msgtype":"m.key.verification.request","body":"verify?","to":"`+string(me)+`"}`),
		text(2, other, "speaks of m.key.verification.request only"),
		event(3, other, "m.key.verification.ready", `{`+rel+`}`),
		event(4, other, "m.key.verification.start", `{}`), // belongs to nothing
		state(5, other, "m.key.verification.key", "", `{`+rel+`}`),
		sealed(6, other, "here", `{"type":"m.key.verification.key","content":{`+rel+`}}`),
		sealed(7, other, "late", `{"type":"m.key.verification.mac","content":{`+rel+`}}`),
	))
	want := []string{"$1 m.room.message ", "$3 m.key.verification.ready $1", "$6 m.key.verification.key $1"}
	if !slices.Equal(got, want) {
		t.Errorf("handed over %q\nwant %q", got, want)
	}
	r.keys.known["late"] = true
	if err := r.ingest.Retry(t.Context(), room, "late"); err != nil {
		t.Fatal(err)
	}
	if want = append(want, "$7 m.key.verification.mac $1"); !slices.Equal(got, want) {
		t.Errorf("handed over %q\nwant %q", got, want)
	}
	// In an encrypted room too they may come in clear. That it was asked for, and
	// how it ended, are rows of the timeline, which count as no messages.
	r.sync(false, "", timeline(
		state(8, other, "m.room.encryption", "", `{"algorithm":"m.megolm.v1.aes-sha2"}`),
		event(9, other, "m.room.message", `{"msgtype":"m.key.verification.request","body":"verify?","to":"`+string(me)+`"}`),
		sealed(10, other, "here", `{"type":"m.key.verification.done","content":{`+rel+`}}`),
		event(11, other, "m.room.message", `{"msgtype":"m.text","body":"* got in","m.new_content":{"msgtype":"m.text","body":"got in"},"m.relates_to":{"rel_type":"m.replace","event_id":"$9"}}`),
	))
	if want = append(want, "$9 m.room.message ", "$10 m.key.verification.done $1"); !slices.Equal(got, want) {
		t.Errorf("handed over %q\nwant %q", got, want)
	}
	page, err := r.store.Page(t.Context(), chat.PageQuery{Room: room, Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[chat.EventID]string{}
	for _, m := range page.Items {
		switch m.ID {
		case "$3", "$6", "$7":
			t.Errorf("a step is shown: %+v", m)
		case "$1", "$9", "$10":
			if m.Kind != chat.KindState || m.State == nil || m.Body != "" {
				t.Errorf("shown as %+v", m)
				continue
			}
			shown[m.ID] = m.State.Type
		}
	}
	if want := map[chat.EventID]string{"$1": verifyRequest, "$9": verifyRequest, "$10": "m.key.verification.done"}; !maps.Equal(shown, want) {
		t.Errorf("shown are %v, want %v", shown, want)
	}
	if err := r.store.Write(t.Context(), func(tx *store.Tx) error {
		n, _, known, err := tx.UnreadSince(room, "$8")
		if err == nil && (n != 0 || !known) {
			t.Errorf("%d messages are unread, %t", n, known)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
