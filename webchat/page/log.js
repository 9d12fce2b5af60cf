// The list of messages on the page. Texts are inserted as text only, never as HTML.

const log = document.getElementById("log");
const bubbles = new Map(); // by client_id or, for a clerk's messages, by "seq:" + seq
let deliveredSeq = 0;
let atEnd = true; // the reader is at the newest message and wants to stay there

export function element(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text) e.textContent = text;
  return e;
}

export function clock(date) {
  return `${date.getHours()}.${String(date.getMinutes()).padStart(2, "0")} Uhr`;
}

// put shows a message, or brings the one that is shown already up to date.
export function put(message) {
  const key = message.client_id || `seq:${message.seq}`;
  let b = bubbles.get(key);
  if (!b) {
    b = { box: element("div", `message ${message.direction}`), small: element("small") };
    b.box.append(element("span", "hidden", message.direction === "citizen" ? "Sie: " : ""), element("p", "", message.text), b.small);
    bubbles.set(key, b);
  }
  b.message = { ...b.message, ...message };
  describe(b);
  // By seq; what has none yet comes last.
  b.box.dataset.seq = b.message.seq || Number.MAX_SAFE_INTEGER;
  b.box.dataset.day = new Date(b.message.created_at).toLocaleDateString("de-CH", { weekday: "long", day: "numeric", month: "long" });
  const after = [...log.querySelectorAll(".message")].find((other) => other !== b.box && Number(other.dataset.seq) > Number(b.box.dataset.seq));
  const misplaced = after && b.box.compareDocumentPosition(after) & Node.DOCUMENT_POSITION_PRECEDING;
  if (!b.box.isConnected || misplaced) log.insertBefore(b.box, after || null);
  const before = b.box.previousElementSibling;
  if (!before || (before.dataset.day && before.dataset.day !== b.box.dataset.day)) log.insertBefore(element("div", "day", b.box.dataset.day), b.box);
  if (message.state === "sending") atEnd = true;
  stay();
}

// delivered says up to which seq the citizen's messages are delivered.
export function delivered(seq) {
  deliveredSeq = seq;
  bubbles.forEach(describe);
}

export function remove(clientID) {
  bubbles.get(clientID).box.remove();
  bubbles.delete(clientID);
}

export function clear() {
  deliveredSeq = 0;
  bubbles.clear();
  log.replaceChildren();
}

// describe says under a message from whom it is, when, and what has become of it.
function describe({ message: m, small }) {
  let text = `${m.sender ? m.sender + " · " : ""}${clock(new Date(m.created_at))}`;
  if (m.direction === "citizen") {
    const state = m.state === "stored" && m.seq <= deliveredSeq ? "delivered" : m.state;
    text += " · " + { sending: "wird gesendet", stored: "gespeichert", delivered: "zugestellt ✓", failed: "nicht zugestellt" }[state];
  }
  if (small.textContent !== text) small.textContent = text;
}

function stay() {
  if (atEnd) log.scrollTop = log.scrollHeight;
}

log.onscroll = () => {
  atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
};
new ResizeObserver(stay).observe(log);
