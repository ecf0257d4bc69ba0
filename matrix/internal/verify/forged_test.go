package verify

import (
	"crypto/ed25519"
	"net/http"
	"testing"

	"maunium.net/go/mautrix/crypto/canonicaljson"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// forger is a homeserver's key pair that it passes off as somebody's.
type forger struct {
	t   *testing.T
	key ed25519.PrivateKey
}

func newForger(t *testing.T, name string) forger {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	return forger{t, ed25519.NewKeyFromSeed(seed)}
}

func (f forger) public() string { return encode(f.key.Public().(ed25519.PublicKey)) }

// sign adds a signature to an object.
func (f forger) sign(obj map[string]any, user, keyName string) {
	sigs, _ := obj["signatures"].(map[string]any)
	unsigned := obj["unsigned"]
	delete(obj, "signatures")
	delete(obj, "unsigned")
	raw, err := canonicaljson.Marshal(obj)
	if err != nil {
		f.t.Error(err)
	}
	if sigs == nil {
		sigs = map[string]any{user: map[string]any{}}
	}
	sigs[user].(map[string]any)["ed25519:"+keyName] = encode(ed25519.Sign(f.key, raw))
	obj["signatures"] = sigs
	if unsigned != nil {
		obj["unsigned"] = unsigned
	}
}

// TestForgedIdentity: a homeserver that shows us an identity and session of its
// own in the place of somebody's. All its signatures are right, and so are the
// emoji; the keys are not those of the person whom we compare with.
func TestForgedIdentity(t *testing.T) {
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	s := signIn(t, before, hs.NewAccount(t, "ada")).setUp()
	peer := matrixtest.StartPeer(t, hs, hs.NewAccount(t, "bo"))
	peer.SetUpTrust()
	master, self, device := newForger(t, "master"), newForger(t, "self"), newForger(t, "device")
	bo := peer.UserID
	proxy.On(matrixtest.Match{Method: http.MethodPost, Path: "/_matrix/client/v3/keys/query"}, matrixtest.RewriteJSON(func(answer map[string]any) {
		devices, _ := answer["device_keys"].(map[string]any)
		theirs, _ := devices[bo].(map[string]any)
		keys, ok := theirs[peer.DeviceID].(map[string]any)
		if !ok {
			return
		}
		keys["keys"].(map[string]any)["ed25519:"+peer.DeviceID] = device.public()
		delete(keys, "signatures")
		device.sign(keys, bo, peer.DeviceID)
		self.sign(keys, bo, self.public())
		m := map[string]any{"user_id": bo, "usage": []string{"master"}, "keys": map[string]any{"ed25519:" + master.public(): master.public()}}
		k := map[string]any{"user_id": bo, "usage": []string{"self_signing"}, "keys": map[string]any{"ed25519:" + self.public(): self.public()}}
		master.sign(k, bo, master.public())
		answer["master_keys"] = map[string]any{bo: m}
		answer["self_signing_keys"] = map[string]any{bo: k}
	}))
	room := peer.CreateRoom("harbour", false, s.UserID)
	s.Join(room)
	peer.WaitMember(room, s.UserID, "join")
	peer.WaitIdentity(s.UserID)

	theirs := peer.RequestRoomVerification(room, s.UserID)
	s.m.Accept(s.wait(chat.VerifyRequested).ID)
	if k, err := s.Of(t.Context(), chat.UserID(bo), ""); err != nil || k.Master != master.public() || k.Devices[chat.DeviceID(peer.DeviceID)] != device.public() {
		t.Fatalf("we do not see the forged keys: %+v, %v", k, err)
	}
	theirs.StartSAS()
	ours := s.wait(chat.VerifyCompare)
	sameStrings(t, ours, theirs.SAS())
	s.m.Confirm(ours.ID)
	theirs.ConfirmSAS()
	s.cancelled(codeKey, true)
	matrixtest.Wait(t, waitLimit, "the end for the other side", func() bool {
		state := theirs.State()
		return state.Phase == "cancelled" || state.Failure != ""
	})
	// And with a code, which holds the true keys.
	theirs = peer.RequestRoomVerification(room, s.UserID)
	s.m.Accept(s.wait(chat.VerifyRequested).ID)
	s.m.Scan(s.wait(chat.VerifyReady).ID, theirs.ShowQR())
	s.cancelled(codeKey, true)
	if got := s.verdicts(); len(got) > 0 {
		t.Errorf("signed %v", got)
	}
	people, err := s.Machine.People(t.Context(), chat.UserID(bo))
	if err != nil || people[0].Trust == chat.PersonVerified {
		t.Errorf("they are %+v to us, %v", people, err)
	}
}
