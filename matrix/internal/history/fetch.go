package history

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"maunium.net/go/mautrix"

	"hubbub/matrix/internal/convert"
	"hubbub/matrix/internal/fault"
	"hubbub/matrix/internal/ingest"
	"hubbub/store/chat"
)

// fill goes back from a token until there is something to show, the gap is
// closed, or the room begins.
func (h *History) fill(ctx context.Context, room chat.RoomID, token string) error {
	added := 0
	for range maxPages {
		body, err := h.get(ctx, map[string]string{
			"dir": "b", "from": token, "limit": fmt.Sprint(pageSize), "filter": `{"lazy_load_members":true}`,
		}, "v3", "rooms", string(room), "messages")
		if err != nil {
			return err
		}
		page, err := pageOf(room, token, body)
		if err != nil {
			return err
		}
		res, more, err := h.ingest.History(ctx, page)
		if err != nil {
			return err
		}
		if added += res.Added; added >= enough || !more {
			return nil
		}
		token = page.Next
	}
	return nil
}

// pageOf reads an answer of /messages. Only one that has a list of events may
// say, by leaving out the next token, that the room begins here: what a proxy
// made up does not end the history.
//
// Spec: client-server-api#get_matrixclientv3roomsroomidmessages
func pageOf(room chat.RoomID, token string, body []byte) (ingest.HistoryPage, error) {
	p := ingest.HistoryPage{Room: room, Token: token, Events: convert.Get(body, "chunk"), State: convert.Get(body, "state")}
	if !convert.Elements(p.Events, func([]byte) bool { return true }) {
		return p, errChunk
	}
	if end := convert.Get(body, "end"); end != nil && string(end) != "null" {
		var ok bool
		if p.Next, ok = convert.String(end); !ok {
			return p, errEnd
		}
	}
	if p.Next == token {
		p.Next = "" // some homeservers repeat the token at the beginning of the room
	}
	return p, nil
}

// membersOnce fetches a member list unless it is in the store.
func (h *History) membersOnce(ctx context.Context, room chat.RoomID) error {
	r, _, err := h.store.Room(ctx, room)
	if err != nil || r.MembersComplete {
		return err
	}
	return h.Members(ctx, room)
}

// Members fetches the whole member list of a room from the homeserver and
// returns when it is in the store. Calls at the same time share one request.
func (h *History) Members(ctx context.Context, room chat.RoomID) error {
	h.mu.Lock()
	get := h.fetches[room]
	if get != nil {
		h.mu.Unlock()
		select {
		case <-get.done:
			return get.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	get = &memberGet{done: make(chan struct{})}
	h.fetches[room] = get
	h.mu.Unlock()
	get.err = h.members(ctx, room)
	h.mu.Lock()
	delete(h.fetches, room)
	h.mu.Unlock()
	close(get.done)
	return get.err
}

func (h *History) members(ctx context.Context, room chat.RoomID) error {
	h.ingest.BeginMembers(room)
	defer h.ingest.EndMembers(room)
	body, err := h.get(ctx, nil, "v3", "rooms", string(room), "members")
	if err != nil {
		return err
	}
	list := convert.Get(body, "chunk")
	if list == nil {
		return errChunk
	}
	return h.ingest.Members(ctx, room, list)
}

// Event fetches a single event into the store, without a place in the timeline.
func (h *History) Event(ctx context.Context, room chat.RoomID, id chat.EventID) error {
	if _, known, err := h.store.EventKey(ctx, room, id); err != nil || known {
		return err
	}
	if !strings.HasPrefix(string(id), "$") { // somebody else's text, which becomes a part of a path
		return &chat.Problem{Kind: chat.ProblemBadInput, Detail: "not an event id"}
	}
	body, err := h.get(ctx, nil, "v3", "rooms", string(room), "event", string(id))
	if err != nil {
		return err
	}
	return h.ingest.Event(ctx, room, body)
}

// get does a GET request and waits as often as the homeserver asks for it, within limits.
func (h *History) get(ctx context.Context, query map[string]string, path ...any) ([]byte, error) {
	url := h.client.BuildURLWithQuery(mautrix.ClientURLPath(path), query)
	for try := 1; ; try++ {
		limited, cancel := context.WithTimeout(ctx, timeLimit)
		body, err := h.client.MakeFullRequest(limited, mautrix.FullRequest{Method: http.MethodGet, URL: url, MaxAttempts: 1})
		cancel()
		if err == nil {
			if !convert.Members(body, func(_, _ []byte) bool { return true }) { // cut off, or none
				return nil, &chat.Problem{Kind: chat.ProblemNotMatrix, Detail: "answer is not a JSON object", Retry: true}
			}
			return body, nil
		}
		p := fault.From(err)
		if p.Kind != chat.ProblemRateLimit || p.RetryAfter > maxWait || try == maxTries {
			return nil, err
		}
		timer := time.NewTimer(max(p.RetryAfter, time.Second))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
}
