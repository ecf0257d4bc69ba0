package crypto

import (
	"context"
	"fmt"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"
)

// Stock is what the homeserver has of this device's keys.
type Stock struct {
	Listed  bool // the device is in the answer at all
	Same    bool // with the keys that are here
	OneTime int  // one-time keys that nobody has claimed
}

// Stock asks the homeserver what it has of this device's keys.
//
// Spec: client-server-api#post_matrixclientv3keysquery
func (m *Machine) Stock(ctx context.Context) (Stock, error) {
	var s Stock
	user, dev := id.UserID(m.opt.User), id.DeviceID(m.opt.Device)
	listed, err := within(ctx, func(ctx context.Context) (*mautrix.RespQueryKeys, error) {
		return m.opt.Client.QueryKeys(ctx, &mautrix.ReqQueryKeys{
			DeviceKeys: mautrix.DeviceKeysRequest{user: mautrix.DeviceIDList{}}, Timeout: claimTimeout,
		})
	})
	if err != nil {
		return s, fmt.Errorf("ask for own keys: %w", err)
	}
	eng, err := m.engine(ctx)
	if err != nil {
		return s, err
	}
	theirs, ok := listed.DeviceKeys[user][dev]
	s.Listed, s.Same = ok, ok && eng.has(theirs, dev)
	counts, err := within(ctx, func(ctx context.Context) (*mautrix.RespUploadKeys, error) {
		return m.opt.Client.UploadKeys(ctx, &mautrix.ReqUploadKeys{})
	})
	if err != nil {
		return s, fmt.Errorf("ask for the stock of one-time keys: %w", err)
	}
	s.OneTime = counts.OneTimeKeyCounts.SignedCurve25519
	return s, nil
}

// has reports whether what the homeserver lists are the account's keys.
func (e *engine) has(theirs mautrix.DeviceKeys, dev id.DeviceID) bool {
	signing, identity := e.mach.GetAccount().Keys()
	return theirs.Keys.GetEd25519(dev) == signing && theirs.Keys.GetCurve25519(dev) == identity
}
