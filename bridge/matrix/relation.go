package matrix

import "schalter/bridge"

// readReaction reads a reaction (specification, "Event annotations and reactions"). One that says
// nothing is nothing.
func readReaction(out *bridge.Event, content map[string]any) {
	relation, _ := content["m.relates_to"].(map[string]any)
	target, _ := relation["event_id"].(string)
	key, _ := relation["key"].(string)
	if relation["rel_type"] != "m.annotation" || target == "" || key == "" {
		return
	}
	out.Kind, out.ReplyTo, out.Key = bridge.ClerkReaction, bridge.EventID(target), CleanText(key)
}

// repliedTo is the event that a message answers (specification, "Rich replies"). In a thread,
// clients name an event to fall back on, which nobody meant.
func repliedTo(relation map[string]any) bridge.EventID {
	if relation["rel_type"] == "m.thread" && relation["is_falling_back"] == true {
		root, _ := relation["event_id"].(string)
		return bridge.EventID(root)
	}
	reply, _ := relation["m.in_reply_to"].(map[string]any)
	id, _ := reply["event_id"].(string)
	return bridge.EventID(id)
}

// mostMentions bounds what is kept of a message's mentions.
const mostMentions = 50

// mentioned are the users whom a message mentions (specification, "User and room mentions").
func mentioned(content map[string]any) []bridge.UserID {
	field, _ := content["m.mentions"].(map[string]any)
	list, _ := field["user_ids"].([]any)
	var out []bridge.UserID
	for _, v := range list {
		if user, ok := v.(string); ok && len(out) < mostMentions {
			out = append(out, bridge.UserID(user))
		}
	}
	return out
}

// readRedaction reads a redaction. What it redacts stands in its content since room version 11,
// and beside it before (specification, "m.room.redaction").
func readRedaction(out *bridge.Event, e rawEvent, content map[string]any) {
	target, _ := content["redacts"].(string)
	if beside, ok := e.Redacts.(string); ok && beside != "" {
		target = beside
	}
	if target != "" {
		out.Kind, out.ReplyTo = bridge.Redaction, bridge.EventID(target)
	}
}
