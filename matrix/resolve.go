package matrix

import (
	"context"
	"fmt"
	"net/http"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/convert"
	"hubbub/matrix/internal/fault"
	"hubbub/store/chat"
)

// ResolveAlias asks the homeserver which room has an address. What the state of
// a room says of its own address is a claim: whoever may change it can name the
// address of another room. Query; errors are *chat.Problem, of the kind
// ProblemNotFound when no room has it.
//
// Spec: client-server-api#get_matrixclientv3directoryroomroomalias
func (c *Client) ResolveAlias(ctx context.Context, alias string) (chat.RoomID, error) {
	if err := c.signedIn.wait(ctx); err != nil {
		return "", fault.From(err)
	}
	var answer struct {
		ID chat.RoomID `json:"room_id"`
	}
	url := c.http.BuildURL(mautrix.ClientURLPath{"v3", "directory", "room", alias})
	if _, err := c.http.MakeRequest(ctx, http.MethodGet, url, nil, &answer); err != nil {
		return "", fault.From(fmt.Errorf("resolve %s: %w", alias, err))
	}
	if answer.ID == "" || len(answer.ID) > convert.MaxID {
		return "", &chat.Problem{Kind: chat.ProblemNotFound, Detail: "no room has that address"}
	}
	return answer.ID, nil
}
