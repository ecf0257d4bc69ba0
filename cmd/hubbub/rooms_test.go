package main_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"hubbub/matrix/matrixtest"
)

func TestInvites(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Stack(t)
	p, ada := newPerson(t, hs, "guest"), hs.NewClient(t, "host")
	ada.SetDisplayName("Ada")
	p.signIn()
	s := p.online(size(120, 30))
	wanted := ada.CreateRoom(map[string]any{"name": "boathouse", "preset": "private_chat", "invite": []string{p.UserID}})
	s.WaitFor("✉ boathouse")
	s.Key("ctrl+k")
	s.WaitFor("─ Go to ─")
	s.Type("boathouse")
	s.WaitFor("▌✉ boathouse")
	s.Key("enter")
	s.WaitFor("─ Invitation ─")
	s.WaitFor("Ada invites you.")
	s.WaitFor(ada.UserID)
	s.Key("enter") // Accept
	s.WaitFor("Message #boathouse")
	ada.SendText(wanted, "welcome aboard")
	s.WaitFor("welcome aboard")

	ada.CreateRoom(map[string]any{"name": "nuisance", "preset": "private_chat", "invite": []string{p.UserID}})
	s.WaitFor("✉ nuisance")
	s.Key("ctrl+k")
	s.WaitFor("─ Go to ─")
	s.Type("nuisance")
	s.WaitFor("▌✉ nuisance")
	s.Key("enter")
	s.WaitFor("─ Invitation ─")
	s.Key("down", "enter") // Decline
	s.WaitFor("Left.")
	s.WaitGone("nuisance")
	s.quit()
}

// roomsOf lists what the account is in, by the homeserver.
func roomsOf(c *matrixtest.Client) []string {
	var joined struct {
		Rooms []string `json:"joined_rooms"`
	}
	c.Call(http.MethodGet, "/_matrix/client/v3/joined_rooms", nil, &joined)
	return joined.Rooms
}

// hasState reports whether a room has a state event of that type.
func hasState(c *matrixtest.Client, room, eventType string) bool {
	return slices.ContainsFunc(c.Events(room), func(e matrixtest.Event) bool { return e.Type == eventType && e.StateKey != nil })
}

func TestCreateJoinInviteLeave(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Stack(t)
	p, ada := newPerson(t, hs, "maker").signIn(), hs.NewClient(t, "ada")
	ada.SetDisplayName("Ada")
	alias := "slip-" + p.Localpart
	public := ada.CreateRoom(map[string]any{"name": "slipway", "preset": "public_chat", "room_alias_name": alias})
	ada.SendText(public, "come in")
	s := p.online(size(120, 34))

	// Create, encrypted by default.
	s.Key("alt+shift+n")
	s.WaitFor("─ Create a channel ─")
	s.Type("drydock")
	s.Key("enter")
	s.WaitFor("Message #drydock")
	s.WaitFor("🔒")
	rooms := roomsOf(p.plain)
	if len(rooms) != 1 || !hasState(p.plain, rooms[0], "m.room.encryption") {
		t.Errorf("rooms %v, encrypted %v", rooms, len(rooms) == 1 && hasState(p.plain, rooms[0], "m.room.encryption"))
	}

	// Invite into it.
	s.Key("alt+i")
	s.WaitFor("─ Invite · #drydock ─")
	s.Type("nobody at all")
	s.WaitFor("Nothing found.")
	s.Key("ctrl+u")
	s.Type(ada.UserID)
	s.Key("enter")
	s.WaitFor("Invited.")
	ada.Join(rooms[0])
	s.WaitFor("joined") // "Ada was invited, joined", over two rows

	// Join by address.
	s.Key("alt+n")
	s.WaitFor("─ Join ─")
	s.Type("#" + alias + ":" + hs.Name)
	s.Key("enter")
	s.WaitFor("Message #slipway")
	s.WaitFor("come in")

	// An address that does not exist says so.
	s.Type("/join #nowhere-" + p.Localpart + ":" + hs.Name)
	s.Key("enter")
	s.WaitFor("There is no channel at that address")

	// Leave: asked first.
	s.Key("alt+shift+w")
	s.WaitFor("─ Leave #slipway ─")
	s.sure()
	s.WaitGone("Message #slipway")
	eventually(t, "to have left", func() bool { return !slices.Contains(roomsOf(p.plain), public) })

	// A direct message, encrypted.
	s.Key("alt+shift+d")
	s.WaitFor("─ New direct message ─")
	s.Type(ada.UserID)
	s.Key("enter")
	s.WaitFor("Message Ada")
	direct := ""
	eventually(t, "the direct message", func() bool {
		var list map[string][]string
		path := "/_matrix/client/v3/user/" + url.PathEscape(p.UserID) + "/account_data/m.direct"
		status, answer, err := p.plain.Do(t.Context(), http.MethodGet, path, nil)
		if err != nil || status != http.StatusOK || json.Unmarshal(answer, &list) != nil || len(list[ada.UserID]) != 1 {
			return false
		}
		direct = list[ada.UserID][0]
		return true
	})
	ada.Join(direct)
	if !hasState(ada, direct, "m.room.encryption") {
		t.Error("the direct message is not encrypted")
	}
	s.send("psst")
	s.sent("psst")
	s.quit()
}

// A server with a category, by keyboard and by mouse.
func TestServersAndPalette(t *testing.T) {
	t.Parallel()
	hs := matrixtest.Stack(t)
	p := newPerson(t, hs, "nav")
	c := p.plain
	space := func(name string) string {
		return c.CreateRoom(map[string]any{"name": name, "creation_content": map[string]any{"type": "m.space"}})
	}
	child := func(parent, room, order string) {
		c.SendState(parent, "m.space.child", room, map[string]any{"via": []string{hs.Name}, "order": order})
	}
	server, category := space("Rust Harbour"), space("Text")
	child(server, category, "a")
	for i, name := range []string{"alpha", "bravo", "charlie"} {
		room := c.CreateRoom(map[string]any{"name": name})
		child(category, room, string(rune('a'+i)))
		c.SendText(room, "this is "+name)
	}
	p.signIn()
	s := p.online(size(120, 30))
	s.Key("alt+1")
	s.WaitFor("▾ Text")
	s.WaitUntil("channels in order", func(screen string) bool {
		a, b, d := strings.Index(screen, "# alpha"), strings.Index(screen, "# bravo"), strings.Index(screen, "# charlie")
		return a >= 0 && a < b && b < d
	})
	s.open("alpha", "#alpha")
	s.WaitFor("this is alpha")
	s.Key("alt+down")
	s.WaitFor("Message #bravo")
	s.WaitFor("this is bravo")
	s.Key("alt+up")
	s.WaitFor("Message #alpha")

	// A click opens what stands there.
	for y, row := range strings.Split(s.Screen(), "\n") {
		if i := strings.Index(row, "# charlie"); i >= 0 {
			s.Click(len([]rune(row[:i]))+3, y)
		}
	}
	s.WaitFor("this is charlie")

	// Everything can be found by name.
	s.Key("ctrl+p")
	s.WaitFor("─ Commands ─")
	s.Type("channel details")
	s.WaitFor("▌Channel details")
	s.Key("enter")
	s.WaitFor("Encryption")
	s.Key("esc")
	s.Key("f1")
	s.WaitFor("─ Help ─")
	s.WaitFor("Send what is written")
	s.Key("esc")
	s.WaitGone("─ Help ─")
	s.quit()
	// It opens where one was.
	s = p.online(size(120, 30))
	s.WaitFor("Message #charlie")
	s.WaitFor("▾ Text")
	s.quit()
}
