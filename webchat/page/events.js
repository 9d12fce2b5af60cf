// Server-sent events through fetch, because EventSource carries no Authorization header.

// events yields {name, data} for each event of one connection, until it ends.
export async function* events(url, token, signal) {
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` }, signal });
  if (answer.status === 401) throw new Forgotten();
  if (!answer.ok) throw new Error("no stream");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name) => (lines.find((l) => l.startsWith(name + ": ")) || "").slice(name.length + 2);
      if (field("event")) yield { name: field("event"), data: JSON.parse(field("data")) };
    }
  }
}

// Forgotten says that the token opens nothing any more.
export class Forgotten extends Error {}
