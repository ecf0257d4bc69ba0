package matrix_test

import (
	"context"
	"testing"

	"hubbub/matrix/matrixtest"
	"hubbub/store/chat"
	"hubbub/store/storetest"
)

// Answers, edits, reactions and deletions in an encrypted room mean the same to
// the reference client and to hubbub, whoever makes them.
func TestReferenceClientAndHubbubFoldTheSame(t *testing.T) {
	hs := matrixtest.Stack(t)
	account := hs.NewAccount(t, "ada")
	ada, bo := signIn(t, hs, account, t.TempDir()), matrixtest.StartPeer(t, hs, hs.NewAccount(t, "bo"))
	room := bo.CreateRoom("secret", true, account.UserID)
	id := chat.RoomID(room)
	ada.room(id, chat.MemberInvited)
	ada.made(func() string { return ada.Join(room) })
	bo.WaitMember(room, account.UserID, "join")
	bo.WaitDevice(account.UserID, string(ada.Account().Device))
	hers := ada.say(id, "from ada")
	bo.WaitMessage(room, "from ada")
	his := chat.EventID(bo.SendText(room, "from bo"))
	ada.message(id, "from bo")

	// What bo does, as ada sees it.
	bo.Send(room, "m.room.message", map[string]any{
		"msgtype": "m.text", "body": "* from bo, better", "m.new_content": map[string]any{"msgtype": "m.text", "body": "from bo, better"},
		"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": his},
	})
	bo.Send(room, "m.reaction", map[string]any{"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": hers, "key": "👍"}})
	answer := chat.EventID(bo.Send(room, "m.room.message", map[string]any{
		"msgtype": "m.text", "body": "an answer", "m.relates_to": map[string]any{"m.in_reply_to": map[string]any{"event_id": hers}},
	}))
	ada.wait("bo's edit, reaction and answer", func(context.Context) (bool, error) {
		all := ada.byID(id)
		return all[his].Body == "from bo, better" && all[his].Edited &&
			len(all[hers].Reactions) == 1 && all[hers].Reactions[0].Key == "👍" && all[hers].Reactions[0].Count == 1 &&
			all[answer].Reply != nil && all[answer].Reply.Body == "from ada", nil
	})

	// What ada does, as bo sees it.
	ada.Send(chat.Outgoing{Room: id, Text: "from ada, better", Edit: hers})
	ada.Send(chat.Outgoing{Room: id, Kind: chat.OutReaction, Target: his, Key: "🎉"})
	ada.Send(chat.Outgoing{Room: id, Text: "ada answers", ReplyTo: his})
	bo.WaitMessage(room, "from ada, better")
	bo.WaitMessage(room, "ada answers")
	bo.Eval(`return until(30000, "ada's reaction and answer", () => {
		const room = client.getRoom(args.room);
		const found = room.relations.getChildEventsForEvent(args.his, "m.annotation", "m.reaction")?.getSortedAnnotationsByKey() ?? [];
		const answer = room.getLiveTimeline().getEvents().find((e) => e.getContent().body === "ada answers");
		return found.length === 1 && found[0][0] === "🎉" && found[0][1].size === 1 && answer?.replyEventId === args.his;
	})`, map[string]any{"room": room, "his": his})

	bo.Eval(`await client.redactEvent(args.room, args.answer)`, map[string]any{"room": room, "answer": answer})
	ada.Send(chat.Outgoing{Room: id, Kind: chat.OutRedact, Target: hers, Text: "on second thoughts"})
	ada.wait("bo's deletion, and the own one", func(context.Context) (bool, error) {
		all := ada.byID(id)
		return all[answer].Kind == chat.KindRedacted && all[hers].Kind == chat.KindRedacted && all[hers].Body == "", nil
	})
	bo.Eval(`return until(30000, "ada's deletion", () => client.getRoom(args.room).findEventById(args.hers)?.isRedacted())`,
		map[string]any{"room": room, "hers": hers})
	storetest.Check(t, ada.Store())
}
