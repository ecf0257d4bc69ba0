package matrix

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/backup"
	"hubbub/matrix/internal/crypto"
	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// Limits of a checkup.
const (
	checkLimit = 15 * time.Second // for each part that asks the homeserver
	clockSlack = 2 * time.Minute  // requests to verify are refused for clocks that are five minutes off
	lowOneTime = 10               // of about 50
	headBytes  = 64 << 10         // of an answer that is read
)

// Checkup looks at everything that encryption needs. It never fails: what
// cannot be looked at is a finding. Query; asks the homeserver.
func (t *Trust) Checkup(ctx context.Context) ([]chat.Finding, error) {
	var all []chat.Finding
	for _, part := range []func(context.Context) []chat.Finding{
		t.checkHomeserver, t.checkSetUp, t.checkOwnKeys, t.checkSessions, t.checkPeople, t.checkRoomKeys, t.checkFiles,
	} {
		limited, cancel := context.WithTimeout(ctx, checkLimit)
		all = append(all, part(limited)...)
		cancel()
		if ctx.Err() != nil {
			return nil, fault.From(ctx.Err())
		}
	}
	return all, nil
}

// broken is the finding that something could not be looked at.
func broken(topic string, err error) []chat.Finding {
	return []chat.Finding{{Topic: topic, State: chat.FindingBroken, Problem: fault.From(err)}}
}

// checkHomeserver asks for the versions of the specification, and looks at the clock in the answer.
//
// Spec: client-server-api#get_matrixclientversions
func (t *Trust) checkHomeserver(ctx context.Context) []chat.Finding {
	began := time.Now()
	head, versions, err := t.c.versions(ctx)
	if err != nil {
		return broken(chat.TopicHomeserver, err)
	}
	took := time.Since(began)
	found := []chat.Finding{{Topic: chat.TopicHomeserver, Detail: t.c.Account().Homeserver + newest(versions)}}
	at, err := http.ParseTime(head.Get("Date"))
	if err != nil {
		return found // the header is optional
	}
	off := began.Add(took / 2).Sub(at)
	clock := chat.Finding{Topic: chat.TopicClock, Detail: off.Round(time.Second).String()}
	if off.Abs() > clockSlack+took {
		clock.State, clock.Fix = chat.FindingWarning, chat.FixClock
	}
	return append(found, clock)
}

// versions asks which versions of the specification the homeserver speaks.
func (c *Client) versions(ctx context.Context) (http.Header, []string, error) {
	var answer struct {
		Versions []string `json:"versions"`
	}
	_, resp, err := c.http.MakeFullRequestWithResp(ctx, mautrix.FullRequest{
		Method: http.MethodGet, URL: c.http.BuildClientURL("versions"), ResponseJSON: &answer, ResponseSizeLimit: headBytes, MaxAttempts: 1,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("ask for versions: %w", err)
	}
	return resp.Header, answer.Versions, nil
}

// newest names the last version that a homeserver speaks.
func newest(versions []string) string {
	if len(versions) == 0 {
		return ""
	}
	return " " + slices.MaxFunc(versions, compareVersions)
}

// compareVersions orders v1.9 before v1.10, and the older r0.6.1 before both.
func compareVersions(a, b string) int {
	return slices.Compare(versionParts(a), versionParts(b))
}

func versionParts(v string) []int {
	var parts []int
	for part := range strings.SplitSeq(strings.TrimLeft(v, "vr"), ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil
		}
		parts = append(parts, n)
	}
	return parts
}

// checkSetUp looks at the identity, secret storage and backup.
func (t *Trust) checkSetUp(ctx context.Context) []chat.Finding {
	st, err := t.Trust(ctx)
	if err != nil {
		return broken(chat.TopicIdentity, err)
	}
	return []chat.Finding{identityFinding(st), sessionFinding(st), secretsFinding(st), recoveryFinding(st), t.checkBackup(ctx)}
}

// checkBackup asks the homeserver about the backup: keys that we gave it and
// that it does not count are lost.
func (t *Trust) checkBackup(ctx context.Context) chat.Finding {
	r, err := ask(ctx, t, func(p *trustParts) (backup.Report, error) { return p.backup.Inspect(ctx) })
	if err != nil {
		return broken(chat.TopicBackup, err)[0]
	}
	f := backupFinding(r.Backup)
	if lost, _ := r.Lag(); lost > 0 && f.State < chat.FindingWarning {
		f.State, f.Count, f.Fix = chat.FindingWarning, lost, chat.FixBackup
	}
	return f
}

func identityFinding(st chat.Trust) chat.Finding {
	f := chat.Finding{Topic: chat.TopicIdentity, Detail: st.MasterKey}
	switch st.Identity {
	case chat.IdentityNone:
		f.State, f.Fix = chat.FindingWarning, chat.FixSetUp
	case chat.IdentityReplaced:
		f.State, f.Fix = chat.FindingBroken, chat.FixVerify
	case chat.IdentityUnknown:
		f.State = chat.FindingInfo
	case chat.IdentityForeign, chat.IdentityOwn:
	}
	return f
}

func sessionFinding(st chat.Trust) chat.Finding {
	f := chat.Finding{Topic: chat.TopicSession}
	switch st.Identity {
	case chat.IdentityForeign, chat.IdentityReplaced:
		f.State, f.Fix = chat.FindingBroken, chat.FixVerify
		if st.CanVerify == 0 && st.Recovery != chat.RecoveryNone {
			f.Fix = chat.FixRecover
		}
	case chat.IdentityNone:
		f.State, f.Fix = chat.FindingInfo, chat.FixSetUp
	case chat.IdentityUnknown:
		f.State = chat.FindingInfo
	case chat.IdentityOwn:
	}
	return f
}

func secretsFinding(st chat.Trust) chat.Finding {
	f := chat.Finding{Topic: chat.TopicSecrets}
	switch {
	case st.Identity != chat.IdentityOwn:
		f.State = chat.FindingInfo // they come with the verification of this session
	case !st.PrivateKeys:
		f.State, f.Fix = chat.FindingWarning, chat.FixRecover
	}
	return f
}

func recoveryFinding(st chat.Trust) chat.Finding {
	f := chat.Finding{Topic: chat.TopicRecovery}
	switch st.Recovery {
	case chat.RecoveryNone:
		f.State, f.Fix = chat.FindingWarning, chat.FixSetUp
	case chat.RecoveryIncomplete:
		f.State, f.Fix = chat.FindingWarning, chat.FixRotate
	case chat.RecoveryUnknown:
		f.State = chat.FindingInfo
	case chat.RecoveryReady:
	}
	return f
}

func backupFinding(b chat.Backup) chat.Finding {
	f := chat.Finding{Topic: chat.TopicBackup, Detail: b.Version, Count: max(b.Total-b.Saved, 0), Problem: b.Problem}
	switch b.State {
	case chat.BackupOn:
		if f.Count > 0 {
			f.State = chat.FindingInfo
		}
	case chat.BackupNone:
		f.State, f.Fix = chat.FindingWarning, chat.FixBackup
	case chat.BackupNoKey:
		f.State, f.Fix = chat.FindingWarning, chat.FixRecover
	case chat.BackupUntrusted, chat.BackupUnsupported, chat.BackupFailed:
		f.State, f.Fix = chat.FindingBroken, chat.FixBackup
	case chat.BackupUnknown:
		f.State = chat.FindingInfo
	}
	return f
}

// checkOwnKeys compares what the homeserver hands out as ours with what is here.
func (t *Trust) checkOwnKeys(ctx context.Context) []chat.Finding {
	stock, err := ask(ctx, t, func(p *trustParts) (crypto.Stock, error) { return p.machine.Stock(ctx) })
	if err != nil {
		return broken(chat.TopicDeviceKeys, err)
	}
	keys := chat.Finding{Topic: chat.TopicDeviceKeys}
	switch {
	case !stock.Listed:
		keys.State = chat.FindingWarning // they are uploaded by themselves
	case !stock.Same:
		keys.State, keys.Fix = chat.FindingBroken, chat.FixSignIn
	}
	one := chat.Finding{Topic: chat.TopicOneTime, Count: stock.OneTime}
	if stock.OneTime < lowOneTime {
		one.State = chat.FindingWarning // they are made anew by themselves: it does not last
	}
	return []chat.Finding{keys, one}
}

// checkSessions counts own sessions that can encrypt and that nobody has verified.
func (t *Trust) checkSessions(ctx context.Context) []chat.Finding {
	all, err := t.Sessions(ctx)
	if err != nil {
		return broken(chat.TopicSessions, err)
	}
	f := chat.Finding{Topic: chat.TopicSessions, Detail: strconv.Itoa(len(all))}
	for _, s := range all {
		if s.Trust != chat.SessionVerified && !s.Current && s.Fingerprint != "" {
			f.Count++
		}
	}
	if f.Count > 0 {
		f.State, f.Fix = chat.FindingWarning, chat.FixSession
	}
	return []chat.Finding{f}
}

// checkPeople names people whose identity changed.
func (t *Trust) checkPeople(ctx context.Context) []chat.Finding {
	people, err := ask(ctx, t, func(p *trustParts) ([]chat.Person, error) { return p.machine.Changed(ctx) })
	if err != nil {
		return broken(chat.TopicPeople, err)
	}
	f := chat.Finding{Topic: chat.TopicPeople, Count: len(people)}
	if len(people) > 0 {
		f.State, f.Fix, f.Detail = chat.FindingWarning, chat.FixPerson, string(people[0].User)
	}
	return []chat.Finding{f}
}

// checkRoomKeys counts the keys that are here and the ones that messages wait for.
func (t *Trust) checkRoomKeys(ctx context.Context) []chat.Finding {
	counts, err := ask(ctx, t, func(p *trustParts) (crypto.Counts, error) { return p.machine.Counts(ctx) })
	if err != nil {
		return broken(chat.TopicKeys, err)
	}
	keys := chat.Finding{Topic: chat.TopicKeys, Count: counts.Megolm}
	wanted, err := t.c.rooms.wanted(ctx)
	if err != nil {
		return append(broken(chat.TopicWaiting, err), keys)
	}
	waiting := chat.Finding{Topic: chat.TopicWaiting, Count: len(wanted)}
	if len(wanted) > 0 {
		waiting.State = chat.FindingInfo
		if st, err := t.Trust(ctx); err == nil && st.Backup.State == chat.BackupNoKey {
			waiting.Fix = chat.FixRecover // the only thing to do that is not done by itself
		}
	}
	return []chat.Finding{keys, waiting}
}

// checkFiles reads the cache, and says where the secrets are.
func (t *Trust) checkFiles(ctx context.Context) []chat.Finding {
	files := chat.Finding{Topic: chat.TopicStore}
	wrong, err := t.c.store.Verify(ctx)
	switch {
	case err != nil:
		files = broken(chat.TopicStore, err)[0]
	case len(wrong) > 0:
		files.State, files.Count, files.Detail = chat.FindingBroken, len(wrong), wrong[0]
	}
	ring := chat.Finding{Topic: chat.TopicKeyring}
	if path := t.c.SecretsFile(); path != "" {
		ring.State, ring.Detail = chat.FindingInfo, path
	}
	return []chat.Finding{files, ring}
}
