package members

import (
	"cmp"
	"slices"
	"strings"

	"hubbub/store/chat"
	"hubbub/ui/words"
)

// Row is a heading or a person.
type Row struct {
	Heading string // role and count, or ""
	Member  chat.Member
}

// List is the sorted rows of a channel.
type List struct {
	Room   chat.RoomID
	Rows   []Row
	People []chat.Member // joined, as given
	Joined int
}

// Build sorts members into rows: roles from high to low, names in each, the
// invited last. It may take milliseconds in a big channel: call it in a command.
func Build(room chat.RoomID, all []chat.Member) List {
	type person struct {
		chat.Member
		role string
		rank int
		fold string
	}
	people := make([]person, 0, len(all))
	for _, m := range all {
		p := person{Member: m, role: words.Role(m.Power), fold: strings.ToLower(Name(m))}
		switch {
		case m.Membership == chat.MemberInvited:
			p.role, p.rank = words.InvitedRole, 9
		case m.Membership != chat.MemberJoined:
			continue
		default:
			p.rank = rank(m.Power)
		}
		people = append(people, p)
	}
	slices.SortFunc(people, func(a, b person) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.fold, b.fold), strings.Compare(string(a.User), string(b.User)))
	})
	list := List{Room: room}
	for i := 0; i < len(people); {
		n := i
		for n < len(people) && people[n].rank == people[i].rank {
			n++
		}
		list.Rows = append(list.Rows, Row{Heading: words.Heading(people[i].role, n-i)})
		for ; i < n; i++ {
			list.Rows = append(list.Rows, Row{Member: people[i].Member})
			if people[i].Membership == chat.MemberJoined {
				list.Joined++
				list.People = append(list.People, people[i].Member)
			}
		}
	}
	return list
}

func rank(power int) int {
	switch {
	case power >= chat.PowerCreator:
		return 0
	case power >= 100:
		return 1
	case power >= 50:
		return 2
	case power < 0:
		return 4
	}
	return 3
}

// Name returns the display name of a member, or the id where there is none.
func Name(m chat.Member) string {
	if strings.TrimSpace(m.Name) == "" {
		return string(m.User)
	}
	return m.Name
}
