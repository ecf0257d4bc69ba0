package store

import (
	"slices"

	"hubbub/store/chat"
)

// maxEnded bounds how many ended verifications wait for a reader.
const maxEnded = 50

// trustNews is what a feed has to tell about trust: the latest state of each.
type trustNews struct {
	trust  *chat.Trust
	verify []chat.Verification
	people []chat.UserID
}

// PublishTrust says how the account is set up for encryption.
func (s *Store) PublishTrust(t chat.Trust) {
	s.toFeeds(func(f *Feed) { f.trust.trust = &t })
}

// PublishVerifications says which verifications there are, ended ones
// included once. One that ended stays in a feed until it is read, also when it
// is not among the next ones any more.
func (s *Store) PublishVerifications(all []chat.Verification) {
	s.toFeeds(func(f *Feed) { f.trust.merge(all) })
}

// PublishPeople says whose identity or sessions changed.
func (s *Store) PublishPeople(users ...chat.UserID) {
	s.toFeeds(func(f *Feed) { f.trust.meet(users) })
}

func (t *trustNews) merge(all []chat.Verification) {
	out := make([]chat.Verification, 0, len(all))
	for _, v := range t.verify {
		if !v.Open() && !slices.ContainsFunc(all, func(x chat.Verification) bool { return x.ID == v.ID }) {
			out = append(out, v)
		}
	}
	if len(out) > maxEnded {
		out = out[len(out)-maxEnded:]
	}
	t.verify = append(out, all...)
}

func (t *trustNews) meet(users []chat.UserID) {
	t.people = append(t.people, users...)
	slices.Sort(t.people)
	t.people = slices.Compact(t.people)
}

func (t *trustNews) take(set *chat.ChangeSet) {
	set.Trust, set.Verifications, set.People = t.trust, t.verify, t.people
	*t = trustNews{}
}

// putBack restores what was taken; what came meanwhile is newer.
func (t *trustNews) putBack(set *chat.ChangeSet) {
	if t.trust == nil {
		t.trust = set.Trust
	}
	if set.Verifications != nil {
		newer := t.verify
		t.verify = set.Verifications
		if newer != nil {
			t.merge(newer)
		}
	}
	t.meet(set.People)
}
