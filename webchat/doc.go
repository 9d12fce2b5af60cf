// Package webchat is the citizens' side: the web API over the core, its description, and the pages
// that use it. The widget that cities embed is package widget below; assets.go serves it, page.go
// the whole pages around it, plain.go the chat that works without JavaScript.
//
// One file holds one endpoint: area.go, counter.go, open.go, look.go, message.go, history.go,
// stream.go, health.go, openapi.go. What they share stands in server.go (wiring, life), authorize.go
// (the token), decode.go (strict JSON), wire.go (the shapes of answers), problem.go (errors in two
// voices), limit.go and waiting.go (floods), middleware.go (log, headers, CORS).
//
// A citizen's message enters at message.go and leaves to the core as bridge.FromCitizen. A clerk's
// answer enters at Hub.Notify and leaves at stream.go.
package webchat
