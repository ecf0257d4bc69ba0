package ingest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"hubbub/matrix/internal/convert"
	"hubbub/store"
	"hubbub/store/chat"
)

// maxHeroes is how many people a room without a name is called after.
const maxHeroes = 5

// rename calculates the display name of a room anew.
func (i *Ingest) rename(v *view) error {
	r, _, err := v.tx.Room(v.room)
	if err != nil {
		return err
	}
	name, err := i.nameOf(v, &r)
	if err != nil {
		return err
	}
	return v.tx.UpdateRoom(v.room, func(r *store.Room) { r.Name = name })
}

// nameOf calculates what a room is called. It is never empty, and has no words
// of a language: people beyond the heroes are a number.
//
// Spec: client-server-api#calculating-the-display-name-for-a-room
func (i *Ingest) nameOf(v *view, r *store.Room) (string, error) {
	for _, typ := range []string{"m.room.name", "m.room.canonical_alias"} {
		content, err := v.content(typ, "")
		if err != nil {
			return "", err
		}
		if s := strings.TrimSpace(convert.Cut(convert.StateValue(typ, content), convert.MaxName)); s != "" {
			return s, nil
		}
	}
	heroes := r.Heroes
	if len(heroes) == 0 {
		var err error
		if heroes, err = i.heroesOf(v, r); err != nil {
			return "", err
		}
	}
	var names []string
	for _, u := range heroes[:min(len(heroes), maxHeroes)] {
		if u == i.me {
			continue
		}
		m, err := v.member(u)
		if err != nil {
			return "", err
		}
		names = append(names, cmp.Or(m.Name, u.Localpart()))
	}
	return listNames(names, r), nil
}

func listNames(names []string, r *store.Room) string {
	if len(names) == 0 {
		return cmp.Or(r.Alias, string(r.ID))
	}
	slices.Sort(names)
	name := strings.Join(names, ", ")
	if more := r.Joined + r.Invited - 1 - len(names); more > 0 {
		name += " +" + strconv.Itoa(more)
	}
	return convert.Cut(name, convert.MaxName)
}

// heroesOf picks people to name a room after when the homeserver names none:
// who is there, else who was.
func (i *Ingest) heroesOf(v *view, r *store.Room) ([]chat.UserID, error) {
	if r.DirectWith != "" {
		return []chat.UserID{r.DirectWith}, nil
	}
	all, err := v.tx.MembersIn(v.room)
	if err != nil {
		return nil, err
	}
	var here, gone []chat.UserID
	for _, m := range all {
		switch {
		case m.User == i.me:
		case m.Membership == chat.MemberJoined || m.Membership == chat.MemberInvited:
			here = append(here, m.User)
		default:
			gone = append(gone, m.User)
		}
	}
	if len(here) == 0 {
		here = gone
	}
	slices.Sort(here)
	return here[:min(len(here), maxHeroes)], nil
}
