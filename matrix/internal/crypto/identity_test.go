package crypto

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
)

// identify gives a device's account a new identity, published, and signs the device with it.
func (d *device) identify(a matrixtest.Account) (master string) {
	d.t.Helper()
	ctx := d.t.Context()
	draft, err := d.m.Draft(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	d.publish(a, draft.Body)
	if err := d.m.Adopt(ctx, draft); err != nil {
		d.t.Fatal(err)
	}
	d.vouch(d)
	return draft.Master
}

// publish uploads an identity, with the password where the homeserver asks for it.
func (d *device) publish(a matrixtest.Account, body map[string]json.RawMessage) {
	d.t.Helper()
	const path = "/_matrix/client/v3/keys/device_signing/upload"
	status, answer, err := d.Do(d.t.Context(), http.MethodPost, path, body)
	if err != nil {
		d.t.Fatal(err)
	}
	if status == http.StatusOK {
		return
	}
	var need struct {
		Session string `json:"session"`
	}
	if err := json.Unmarshal(answer, &need); err != nil || need.Session == "" {
		d.t.Fatalf("upload identity: %d %s", status, answer)
	}
	auth := map[string]any{
		"type": "m.login.password", "session": need.Session, "password": a.Password,
		"identifier": map[string]any{"type": "m.id.user", "user": d.UserID},
	}
	with := map[string]any{"auth": auth}
	for k, v := range body {
		with[k] = v
	}
	d.Call(http.MethodPost, path, with, nil)
}

// vouch signs a session of the own account.
func (d *device) vouch(other *device) {
	d.t.Helper()
	ed, _ := other.m.Identity()
	if err := d.m.Refresh(d.t.Context(), chat.UserID(d.UserID)); err != nil {
		d.t.Fatal(err)
	}
	matrixtest.Wait(d.t, waitLimit, "own session", func() bool { d.sync(); return d.knowsID(other.UserID, other.DeviceID) || other == d })
	if err := d.m.SignSession(d.t.Context(), chat.DeviceID(other.DeviceID), ed); err != nil {
		d.t.Fatalf("sign session: %v", err)
	}
}

// verify signs the identity that another person has now.
func (d *device) verify(user, master string) {
	d.t.Helper()
	d.refresh(user)
	if err := d.m.SignPerson(d.t.Context(), chat.UserID(user), master); err != nil {
		d.t.Fatalf("sign person: %v", err)
	}
}

// refresh fetches somebody's keys whatever is known.
func (d *device) refresh(users ...string) {
	d.t.Helper()
	for _, u := range users {
		if err := d.m.Reload(d.t.Context(), chat.UserID(u)); err != nil {
			d.t.Fatalf("reload %s: %v", u, err)
		}
	}
}

// newSession signs the account in on another device, whose machine knows of the room what the first one knows.
func (d *device) newSession(t *testing.T, a matrixtest.Account) *device {
	t.Helper()
	other := newDevice(t, matrixtest.Synapse(t).Login(t, a))
	other.book = d.book
	other.restart()
	return other
}

// person is a person with one session and an identity.
func person(t *testing.T, name string) (*device, matrixtest.Account) {
	t.Helper()
	hs := matrixtest.Synapse(t)
	a := hs.NewAccount(t, name)
	d := newDevice(t, hs.Login(t, a))
	d.identify(a)
	return d, a
}

// roomOf makes an encrypted room of people, and every machine of all knows of it.
func roomOf(t *testing.T, all ...*device) (room string) {
	t.Helper()
	var users []string
	for _, d := range all {
		users = append(users, d.UserID)
	}
	room = all[0].CreateEncryptedRoom(megolm, users[1:]...)
	for _, d := range all[1:] {
		d.Join(room)
	}
	for _, d := range all {
		d.book.set(room, megolm, users...)
		d.sync()
	}
	return room
}

// encrypt tries to encrypt a message.
func (d *device) encrypt(ctx context.Context, room string) error {
	_, err := d.m.Encrypt(ctx, chat.RoomID(room), "m.room.message", []byte(`{"msgtype":"m.text","body":"x"}`))
	return err
}

// acquaintances are two people with identities; alice talks to the homeserver through the proxy.
func acquaintances(t *testing.T) (proxy *matrixtest.Proxy, alice, bob *device, bobs matrixtest.Account, master string) {
	t.Helper()
	hs := matrixtest.Synapse(t)
	proxy, before := hs.Before(t)
	bobs = hs.NewAccount(t, "bob")
	bob = newDevice(t, hs.Login(t, bobs))
	master = bob.identify(bobs)
	alice = newDevice(t, before.NewClient(t, "alice"))
	alice.identify(matrixtest.Account{})
	return proxy, alice, bob, bobs, master
}
