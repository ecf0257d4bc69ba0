package identity

import (
	"encoding/json"
	"testing"

	"maunium.net/go/mautrix/crypto/ssss"

	"hubbub/store/chat"
)

// FuzzRecoveryKey reads whatever is typed: a key of the right length, or none.
func FuzzRecoveryKey(f *testing.F) {
	key, err := ssss.NewKey("")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(key.RecoveryKey())
	f.Add("EsT5 \n\t1111")
	f.Add("\u200bEsUH ")
	f.Fuzz(func(t *testing.T, typed string) {
		if got := recoveryKey(chat.Secret(typed)); got != nil && len(got) != 32 {
			t.Errorf("a key of %d bytes", len(got))
		}
	})
}

// FuzzKeyMeta opens whatever description of a key and whatever secret a
// homeserver shows with a key that fits none of them.
func FuzzKeyMeta(f *testing.F) {
	key, err := ssss.NewKey("")
	if err != nil {
		f.Fatal(err)
	}
	meta, err := json.Marshal(key.Metadata)
	if err != nil {
		f.Fatal(err)
	}
	secret, err := json.Marshal(sealed{Encrypted: map[string]ssss.EncryptedKeyData{"k": key.Encrypt("m.cross_signing.master", make([]byte, 32))}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(meta, secret)
	f.Add([]byte(`{"algorithm":"m.secret_storage.v1.aes-hmac-sha2","passphrase":{"algorithm":"m.pbkdf2","salt":"x","iterations":2}}`), secret)
	f.Add([]byte(`{"algorithm":"m.secret_storage.v1.aes-hmac-sha2","iv":"AA","mac":"AA=="}`), []byte(`{"encrypted":{"k":{"iv":"","ciphertext":"","mac":""}}}`))
	typed, err := ssss.NewKey("")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, rawMeta, rawSecret []byte) {
		var m *ssss.KeyMetadata
		var s sealed
		if json.Unmarshal(rawMeta, &m) != nil || json.Unmarshal(rawSecret, &s) != nil {
			return
		}
		if m != nil && m.Passphrase != nil && m.Passphrase.Iterations > 100 {
			m.Passphrase.Iterations %= 100
		}
		v := &view{known: true, keyID: "k", secrets: map[string]sealed{"m.cross_signing.master": s}}
		for _, secret := range []chat.Secret{chat.Secret(typed.RecoveryKey()), "some words"} {
			if got, err := tryKey("k", m, v, secret); err == nil {
				t.Errorf("%s opened with a key that it was not made with (%v)", rawMeta, got != nil)
			}
		}
	})
}

// FuzzChallenge reads whatever a homeserver asks for.
func FuzzChallenge(f *testing.F) {
	f.Add([]byte(`{"session":"S","flows":[{"stages":["m.login.password"]}],"completed":[],"params":{}}`))
	f.Add([]byte(`{"flows":[{"stages":[]},{"stages":["m.oauth"]}],"params":{"m.oauth":{"url":"https://a.b/"}}}`))
	f.Add([]byte(`{"flows":[{"stages":["m.login.sso"]}],"params":{"m.login.sso":5}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var c challenge
		if json.Unmarshal(raw, &c) != nil {
			return
		}
		if len(c.names()) > 10 {
			t.Error("more names than can be shown")
		}
		r := authRound{m: &Manager{}}
		if stage := c.stage(); stage == stageOAuth || stage == stageReset {
			if page, err := r.page(stage, &c); err == nil && len(page) < len("http://a") {
				t.Errorf("page %q", page)
			}
		}
	})
}
