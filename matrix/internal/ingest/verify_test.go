package ingest

import (
	"slices"
	"testing"

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
	// In an encrypted room too they may come in clear, and are no rows of the timeline.
	r.sync(false, "", timeline(
		state(8, other, "m.room.encryption", "", `{"algorithm":"m.megolm.v1.aes-sha2"}`),
		event(9, other, "m.room.message", `{"msgtype":"m.key.verification.request","body":"verify?","to":"`+string(me)+`"}`),
	))
	if want = append(want, "$9 m.room.message "); !slices.Equal(got, want) {
		t.Errorf("handed over %q\nwant %q", got, want)
	}
	page, err := r.store.Page(t.Context(), chat.PageQuery{Room: room, Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range page.Items {
		if m.ID == "$1" || m.ID == "$7" || m.ID == "$9" {
			t.Errorf("a verification is shown: %+v", m)
		}
	}
}
