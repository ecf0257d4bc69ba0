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
func (m *Machine) Stock(ctx context.Context) (Stock, error) {
	listed, same, err := m.ownListing(ctx)
	if err != nil {
		return Stock{}, err
	}
	count, err := m.oneTimeStock(ctx)
	if err != nil {
		return Stock{}, err
	}
	return Stock{Listed: listed, Same: same, OneTime: count}, nil
}

// compareOwn looks once at what the homeserver has for this device. Other
// keys than ours mean that ours were lost or that somebody replaced them:
// nothing is uploaded over them.
func (m *Machine) compareOwn(ctx context.Context) error {
	m.mu.Lock()
	done := m.todo.keys.compared
	m.mu.Unlock()
	if done {
		return nil
	}
	listed, same, err := m.ownListing(ctx)
	switch {
	case err != nil:
		return err
	case listed && !same:
		return ErrDeviceKeys
	}
	m.olm.Lock()
	if e := m.eng.Load(); e != nil {
		e.mach.GetAccount().Shared = listed
	}
	m.olm.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.todo.keys.compared, m.todo.keys.uploaded = true, listed
	if !listed {
		m.todo.keys.low, m.todo.keys.fallback = true, true
	}
	return nil
}

// ownListing asks the homeserver whether it lists this device, and with the keys that are here.
func (m *Machine) ownListing(ctx context.Context) (listed, same bool, err error) {
	theirs, err := m.listedOwn(ctx)
	if err != nil {
		return false, false, fmt.Errorf("ask for own keys: %w", err)
	}
	eng, err := m.engine(ctx)
	if err != nil {
		return false, false, err
	}
	signing, identity := eng.mach.GetAccount().Keys()
	keys, listed := theirs[m.this]
	return listed, keys.Keys.GetEd25519(m.this) == signing && keys.Keys.GetCurve25519(m.this) == identity, nil
}

// listedOwn asks the homeserver for the keys of own sessions; with none named,
// of all. Nothing of the answer is checked.
//
// Spec: client-server-api#post_matrixclientv3keysquery
func (m *Machine) listedOwn(ctx context.Context, devices ...id.DeviceID) (map[id.DeviceID]mautrix.DeviceKeys, error) {
	resp, err := within(ctx, func(ctx context.Context) (*mautrix.RespQueryKeys, error) {
		return m.opt.Client.QueryKeys(ctx, &mautrix.ReqQueryKeys{
			DeviceKeys: mautrix.DeviceKeysRequest{m.own: append(mautrix.DeviceIDList{}, devices...)}, Timeout: claimTimeout,
		})
	})
	if err != nil {
		return nil, err
	}
	return resp.DeviceKeys[m.own], nil
}

// oneTimeStock asks the homeserver how many one-time keys of this device it has.
//
// Spec: client-server-api#post_matrixclientv3keysupload
func (m *Machine) oneTimeStock(ctx context.Context) (int, error) {
	resp, err := within(ctx, func(ctx context.Context) (*mautrix.RespUploadKeys, error) {
		return m.opt.Client.UploadKeys(ctx, &mautrix.ReqUploadKeys{})
	})
	if err != nil {
		return 0, fmt.Errorf("ask for the stock of one-time keys: %w", err)
	}
	return max(0, resp.OneTimeKeyCounts.SignedCurve25519), nil
}
