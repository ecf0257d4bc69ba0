package store

import "encoding/json"

// keptKey says which top-level keys survive a redaction, beside content.
//
// Spec: rooms/v11#redactions
func keptKey(key string) bool {
	switch key {
	case "event_id", "type", "room_id", "sender", "state_key", "hashes", "signatures", "depth", "prev_events", "auth_events",
		"origin_server_ts", "unsigned":
		return true
	}
	return false
}

// keptContent lists the content keys that survive; of m.room.create all do.
//
// Spec: rooms/v11#redactions
func keptContent(eventType string) []string {
	switch eventType {
	case "m.room.member":
		return []string{"membership", "join_authorised_via_users_server", "third_party_invite"}
	case "m.room.join_rules":
		return []string{"join_rule", "allow"}
	case "m.room.power_levels":
		return []string{"ban", "events", "events_default", "invite", "kick", "redact", "state_default", "users", "users_default"}
	case "m.room.history_visibility":
		return []string{"history_visibility"}
	case "m.room.redaction":
		return []string{"redacts"}
	}
	return nil
}

// redactJSON strips an event as a redaction does. What is no JSON object becomes nil.
func redactJSON(raw []byte) []byte {
	var ev map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &ev) != nil || ev == nil {
		return nil
	}
	var eventType string
	_ = json.Unmarshal(ev["type"], &eventType) // a type that is no string keeps no content
	kept := make(map[string]json.RawMessage)
	if eventType == "m.room.create" {
		_ = json.Unmarshal(ev["content"], &kept) // content that is no object is dropped
	} else if names := keptContent(eventType); names != nil {
		var content map[string]json.RawMessage
		_ = json.Unmarshal(ev["content"], &content) // as above
		for _, name := range names {
			if v, ok := content[name]; ok {
				kept[name] = v
			}
		}
	}
	if kept == nil { // content was null
		kept = make(map[string]json.RawMessage)
	}
	for key := range ev {
		if !keptKey(key) {
			delete(ev, key)
		}
	}
	if unsigned, ok := ev["unsigned"]; ok {
		ev["unsigned"] = redactUnsigned(unsigned)
	}
	content, err := json.Marshal(kept)
	if err != nil {
		return nil
	}
	ev["content"] = content
	out, err := json.Marshal(ev)
	if err != nil {
		return nil
	}
	return out
}

// redactUnsigned drops what repeats the content: the newest edit and the state
// before. What is no object becomes an empty one.
func redactUnsigned(raw json.RawMessage) json.RawMessage {
	var unsigned map[string]json.RawMessage
	if json.Unmarshal(raw, &unsigned) != nil || unsigned == nil {
		return json.RawMessage("{}")
	}
	delete(unsigned, "m.relations")
	delete(unsigned, "prev_content")
	out, err := json.Marshal(unsigned)
	if err != nil {
		return json.RawMessage("{}")
	}
	return out
}
