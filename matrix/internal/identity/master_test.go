package identity

import (
	"encoding/json"
	"net/http"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/olm"
	"maunium.net/go/mautrix/crypto/signatures"
	"maunium.net/go/mautrix/id"

	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// A homeserver that makes a master key of its own, has it sign the account's
// real self-signing key, and hides the real master key in secret storage, does
// not get its own key trusted: the real self-signing key proves nothing of it.
func TestForgedMasterAboveRealKeys(t *testing.T) {
	hs := matrixtest.Synapse(t)
	d, a, key := full(t, hs, "forged", chat.SetUp{})
	var answer struct {
		Self map[id.UserID]mautrix.CrossSigningKeys `json:"self_signing_keys"`
		User map[id.UserID]mautrix.CrossSigningKeys `json:"user_signing_keys"`
	}
	d.Call(http.MethodPost, "/_matrix/client/v3/keys/query", map[string]any{"device_keys": map[string]any{a.UserID: []string{}}}, &answer)
	own := id.UserID(a.UserID)
	forged, err := olm.NewPKSigning()
	if err != nil {
		t.Fatal(err)
	}
	public := string(forged.PublicKey())
	again := func(k mautrix.CrossSigningKeys) any {
		k.Signatures = nil
		sig, err := forged.SignJSON(k)
		if err != nil {
			t.Fatal(err)
		}
		k.Signatures = signatures.NewSingleSignature(own, id.KeyAlgorithmEd25519, public, sig)
		return asMap(t, k)
	}
	shown := map[string]any{
		"master_keys": asMap(t, mautrix.CrossSigningKeys{
			UserID: own, Usage: []id.CrossSigningUsage{id.XSUsageMaster},
			Keys: map[id.KeyID]id.Ed25519{id.NewKeyID(id.KeyAlgorithmEd25519, public): forged.PublicKey()},
		}),
		"self_signing_keys": again(answer.Self[own]),
		"user_signing_keys": again(answer.User[own]),
	}
	proxy, before := hs.Before(t)
	proxy.On(matrixtest.Match{Path: "**/keys/query"}, matrixtest.RewriteJSON(func(answer map[string]any) {
		for part, value := range shown {
			if byUser, ok := answer[part].(map[string]any); ok {
				byUser[a.UserID] = value
			}
		}
	}))
	proxy.On(matrixtest.Match{Path: "**/account_data/" + crypto.SecretMaster}, matrixtest.Refuse(http.StatusNotFound, "M_NOT_FOUND", nil))
	e := signIn(t, before, a)
	now := e.wait("a foreign identity", func(t chat.Trust) bool { return t.Identity == chat.IdentityForeign })
	if now.MasterKey != public {
		t.Fatal("the attack does not work")
	}
	wantKind(t, "recovery below a forged master key", e.i.Recover(t.Context(), key), chat.ProblemNoRecovery)
	e.untouched("a forged master key")
	if n := len(proxy.Requests(matrixtest.Match{Path: "**/keys/signatures/upload"})); n > 0 {
		t.Errorf("%d signatures were given", n)
	}
}

func asMap(t *testing.T, v any) (out map[string]any) {
	t.Helper()
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
