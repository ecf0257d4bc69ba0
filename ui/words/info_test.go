package words

import (
	"strings"
	"testing"
	"time"

	"hubbub/store/chat"
)

// Every state of trust has words, and what explains one is a sentence.
func TestTrustHasWords(t *testing.T) {
	said := func(what string, texts ...string) {
		t.Helper()
		for _, s := range texts {
			if strings.TrimSpace(s) == "" {
				t.Errorf("%s has no words", what)
			}
		}
	}
	sentence := func(what, s string) {
		t.Helper()
		if s == "" || !strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
			t.Errorf("%s: %q is no sentence", what, s)
		}
	}
	for s := chat.SessionUnsigned; s <= chat.SessionGone; s++ {
		said("session", SessionWord(s), OwnSessionWord(s))
		sentence("session", SessionWhy(s, true))
		sentence("session", SessionWhy(s, false))
	}
	for p := chat.PersonUnknown; p <= chat.PersonWithdrawn; p++ {
		said("person", PersonWord(p))
		sentence("person", PersonWhy(p, true))
		sentence("person", PersonWhy(p, false))
	}
	for s := chat.ShieldUnknownOrigin; s <= chat.ShieldPlain; s++ {
		what, next := ShieldWhy(s)
		said("shield", ShieldWord(s))
		sentence("shield", what)
		sentence("shield", next)
	}
	for p := chat.PolicyInherit; p <= chat.PolicyVerified; p++ {
		said("policy", PolicyName(p))
		sentence("policy", PolicyWhy(p))
	}
	for b := chat.BackupUnknown; b <= chat.BackupFailed; b++ {
		said("backup", BackupWord(b), BackupKey(b))
		sentence("backup", UndecryptedBackup(&chat.MessageTrust{Backup: b}))
	}
	for k := chat.KeyUnknown; k <= chat.KeyShared; k++ {
		said("key source", KeySource(k, "@ada:example.org"))
	}
}

func TestEveryFindingIsASentence(t *testing.T) {
	topics := []string{
		chat.TopicHomeserver, chat.TopicClock, chat.TopicIdentity, chat.TopicSession, chat.TopicSecrets, chat.TopicRecovery, chat.TopicBackup,
		chat.TopicDeviceKeys, chat.TopicOneTime, chat.TopicSessions, chat.TopicKeys, chat.TopicWaiting, chat.TopicPeople, chat.TopicStore,
		chat.TopicKeyring, chat.TopicTerminal, chat.TopicLocale,
	}
	fixes := []string{
		"", chat.FixVerify, chat.FixSetUp, chat.FixRecover, chat.FixRotate, chat.FixBackup, chat.FixSession, chat.FixPerson, chat.FixSignIn, chat.FixClock,
	}
	for _, topic := range topics {
		if FindingName(topic) == topic {
			t.Errorf("%s has no name", topic)
		}
		for s := chat.FindingGood; s <= chat.FindingBroken; s++ {
			for _, fix := range fixes {
				for _, p := range []*chat.Problem{nil, {Kind: chat.ProblemTimeout}} {
					f := chat.Finding{Topic: topic, State: s, Fix: fix, Count: 1, Detail: "x", Problem: p}
					if got := Finding(&f); !strings.HasSuffix(got, ".") || strings.Contains(got, "..") {
						t.Errorf("%s %d %s: %q", topic, s, fix, got)
					}
				}
			}
		}
	}
	for _, fix := range fixes[1:] {
		if FixWord(fix) == "" || FixCommand(fix) == "" {
			t.Errorf("%s has no words", fix)
		}
	}
}

func TestAges(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "just now", 59 * time.Second: "just now", time.Minute: "1 min ago", 59 * time.Minute: "59 min ago",
		time.Hour: "1 h ago", 47 * time.Hour: "47 h ago", 48 * time.Hour: "2 d ago",
	} {
		if got := Ago(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
	if got := Fingerprint("abcdefghi"); got != "abcd efgh i" {
		t.Errorf("fingerprint %q", got)
	}
}
