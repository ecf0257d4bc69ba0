package matrix

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/convert"
	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// Limits of Browse.
const (
	browsePages = 10
	browsePage  = 100
	browseDepth = 4 // categories in categories
)

// listedRoom is a room in an answer of /hierarchy. Each is read by itself, so
// that a damaged one hides no other.
type listedRoom struct {
	ID       chat.RoomID `json:"room_id"`
	Name     string      `json:"name"`
	Topic    string      `json:"topic"`
	Alias    string      `json:"canonical_alias"`
	Type     string      `json:"room_type"`
	Members  int         `json:"num_joined_members"`
	JoinRule string      `json:"join_rule"`
	Children []struct {
		Type    string      `json:"type"`
		Child   chat.RoomID `json:"state_key"`
		Content struct {
			Via []string `json:"via"`
		} `json:"content"`
	} `json:"children_state"`
}

// Browse lists the channels and categories of a server, joined or not, in the
// order of the homeserver, itself not included. Query; errors are *chat.Problem.
//
// Spec: client-server-api#get_matrixclientv1roomsroomidhierarchy
func (c *Client) Browse(ctx context.Context, space chat.RoomID) ([]chat.Listed, error) {
	list, err := c.browse(ctx, space)
	if err != nil {
		return nil, fault.From(fmt.Errorf("browse %s: %w", space, err))
	}
	return list, nil
}

func (c *Client) browse(ctx context.Context, space chat.RoomID) ([]chat.Listed, error) {
	if err := c.signedIn.wait(ctx); err != nil {
		return nil, err
	}
	b := browsed{space: space, from: map[chat.RoomID]listedIn{}, seen: map[chat.RoomID]bool{space: true}}
	query := map[string]string{"limit": strconv.Itoa(browsePage), "max_depth": strconv.Itoa(browseDepth)}
	for range browsePages {
		var page struct {
			Rooms []json.RawMessage `json:"rooms"`
			Next  string            `json:"next_batch"`
		}
		url := c.http.BuildURLWithQuery(mautrix.ClientURLPath{"v1", "rooms", string(space), "hierarchy"}, query)
		if _, err := c.http.MakeRequest(ctx, http.MethodGet, url, nil, &page); err != nil {
			return nil, err
		}
		for _, raw := range page.Rooms {
			b.add(raw)
		}
		if page.Next == "" || page.Next == query["from"] {
			break
		}
		query["from"] = page.Next
	}
	return b.list, nil
}

// listedIn says by which space a room is listed first, and how it is reached.
type listedIn struct {
	parent chat.RoomID
	via    []string
}

// browsed collects what /hierarchy lists.
type browsed struct {
	space chat.RoomID
	list  []chat.Listed
	from  map[chat.RoomID]listedIn
	seen  map[chat.RoomID]bool
}

func (b *browsed) add(raw json.RawMessage) {
	var r listedRoom
	if json.Unmarshal(raw, &r) != nil || r.ID == "" || len(r.ID) > convert.MaxID {
		return // not a room
	}
	for _, e := range r.Children {
		if _, known := b.from[e.Child]; !known && e.Type == "m.space.child" {
			b.from[e.Child] = listedIn{r.ID, cleanVia(e.Content.Via)}
		}
	}
	if b.seen[r.ID] {
		return
	}
	b.seen[r.ID] = true
	in := b.from[r.ID]
	b.list = append(b.list, chat.Listed{
		ID: r.ID, Parent: in.parent, Name: convert.Cut(r.Name, convert.MaxName), Topic: convert.Cut(r.Topic, convert.MaxTopic), Alias: convert.Cut(r.Alias, convert.MaxID),
		Type: typeOf(r.Type), Members: max(r.Members, 0), JoinRule: convert.Cut(r.JoinRule, convert.MaxID), Via: in.via,
	})
}

// typeOf reads the type of a room.
func typeOf(s string) chat.RoomType {
	switch s {
	case typeSpace:
		return chat.RoomSpace
	case typeCall:
		return chat.RoomVoice
	}
	return chat.RoomText
}
