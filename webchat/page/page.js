// The plain page: a whole chat over the public API in few lines.
import { Forgotten, events } from "/page/events.js";
import { clear, clock, delivered, element, put, remove } from "/page/log.js";

const api = "/api/v1/conversations";
const shelf = "schalter.chat";
const byID = (id) => document.getElementById(id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// chat is what this device keeps: {area, key, name, outbox: [{client_id, text, at}], id?, token?, number?}.
// A text stays in the outbox until the server has answered for it, also across a reload.
let chat = null;
let now = null; // the conversation as the server last described it
let lastSeq = 0;
let sending = null; // the chat whose outbox is being sent
let hangUp = null; // ends the stream

function keep() {
  if (chat && (chat.id || chat.outbox.length)) localStorage.setItem(shelf, JSON.stringify(chat));
  else localStorage.removeItem(shelf);
}

// newID also works on a plain-HTTP page of the local network, where crypto.randomUUID does not.
function newID() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

function trouble(text) {
  byID("trouble").textContent = text || "";
  byID("trouble").hidden = !text;
}

// Choosing an area

async function choose() {
  byID("choose").hidden = false;
  byID("chat").hidden = byID("back").hidden = byID("end").hidden = true;
  byID("who").textContent = "Online-Schalter";
  for (let wait = 500; ; wait = Math.min(wait * 2, 10000)) {
    try {
      const answer = await fetch("/api/v1/service-areas?lang=de");
      if (!answer.ok) throw new Error("no areas");
      const { service_areas: areas } = await answer.json();
      trouble();
      return byID("areas").replaceChildren(...areas.map(areaButton));
    } catch {
      trouble("Der Schalter ist gerade nicht erreichbar. Wir versuchen es weiter.");
      await pause(wait);
    }
  }
}

function areaButton(area) {
  const button = element("button");
  button.type = "button";
  button.dataset.area = area.id;
  const names = element("span");
  names.append(element("strong", "", area.name), element("small", "", area.description));
  const open = area.state === "open";
  const opens = area.opens_at ? `◐ ab ${clock(new Date(area.opens_at))}` : "◐ geschlossen";
  button.append(names, element("em", open ? "" : "closed", open ? "● offen" : opens));
  button.onclick = () => {
    chat = { area: area.id, areaName: area.name, key: newID(), name: "", outbox: [] };
    refresh();
    byID("text").focus();
  };
  const item = element("li");
  item.append(button);
  return item;
}

// The conversation

// refresh brings everything around the messages in step with chat and now.
function refresh() {
  const begun = Boolean(chat.id || chat.outbox.length);
  byID("choose").hidden = true;
  byID("chat").hidden = false;
  byID("naming").hidden = begun;
  byID("back").hidden = begun;
  byID("end").hidden = !begun;
  const number = chat.number ? ` · Nr. ${chat.number}` : "";
  byID("who").textContent = (now && now.clerk) || chat.areaName;
  byID("what").textContent = now && now.clerk ? `${chat.areaName}${number} · im Gespräch` : `Neues Gespräch${number}`;
  byID("notice").hidden = begun;
  let state = begun ? "" : "Schreiben Sie uns, ein Konto brauchen Sie nicht. Die Antwort kommt hier.";
  if (now && now.state === "closed") state = "Dieses Gespräch ist beendet.";
  else if (now && now.delayed) state = "Die Zustellung ist zurzeit verzögert. Ihre Nachrichten sind gespeichert und kommen an.";
  else if (now && now.state === "waiting" && lastSeq) {
    state = now.queue_position > 1 ? `Sie sind an ${now.queue_position}. Stelle. Bitte haben Sie einen Moment Geduld.` : "Sie sind als Nächstes an der Reihe.";
  }
  if (byID("state").textContent !== state) byID("state").textContent = state;
  byID("write").hidden = Boolean(now && now.state === "closed");
  if (now) delivered(now.delivered_seq);
}

// Sending: one text at a time, in order, the same client_id until it is answered.

async function deliver() {
  if (sending === chat) return;
  const mine = (sending = chat);
  let wait = 500;
  while (chat === mine && chat.outbox.length) {
    const { client_id, text } = chat.outbox[0];
    const first = !chat.id;
    let answer, body;
    try {
      answer = await fetch(first ? api : `${api}/${chat.id}/messages`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...(first ? { "Idempotency-Key": `"${chat.key}"` } : { Authorization: `Bearer ${chat.token}` }) },
        body: JSON.stringify(first
          ? { service_area: chat.area, language: "de", name: chat.name, page_url: location.href, message: { client_id, text } }
          : { client_id, text }),
      });
      body = await answer.json();
    } catch {
      answer = null; // no answer is no answer: the same again
    }
    if (chat !== mine) break;
    if (!answer || answer.status === 429 || answer.status >= 500) {
      trouble("Ihre Nachricht ist noch nicht angekommen. Wir senden sie weiter.");
      await pause(Math.max(wait, 1000 * Number((answer && answer.headers.get("Retry-After")) || 0)) * (0.8 + 0.4 * Math.random()));
      wait = Math.min(wait * 2, 15000);
      continue;
    }
    wait = 500;
    chat.outbox.shift();
    trouble(answer.ok ? "" : body.detail);
    if (answer.ok) {
      if (first) Object.assign(chat, { id: body.id, token: body.token, number: body.number });
      put({ direction: "citizen", ...(first ? body.message : body) });
    } else {
      // The server will not take this text: give it back to its author.
      remove(client_id);
      if (first) chat.key = newID();
      byID("text").value = [text, byID("text").value].filter(Boolean).join("\n");
    }
    keep();
    refresh();
    if (answer.ok && first) listen();
  }
  if (sending === mine) sending = null;
}

// Receiving: each connection goes on after the last message that was seen.

async function listen() {
  const mine = chat;
  for (let wait = 500; chat === mine; wait = Math.min(wait * 2, 15000)) {
    hangUp = new AbortController();
    try {
      for await (const { name, data } of events(`${api}/${chat.id}/stream?after=${lastSeq}`, chat.token, hangUp.signal)) {
        if (chat !== mine) return;
        wait = 500;
        if (name === "conversation") now = data;
        if (name === "message" && data.seq > lastSeq) {
          lastSeq = data.seq;
          put(data);
        }
        refresh();
      }
    } catch (error) {
      if (error instanceof Forgotten) return trouble("Dieses Gespräch ist nicht mehr zugänglich. Sie können es von diesem Gerät löschen.");
    }
    await pause(wait * (0.8 + 0.4 * Math.random()));
  }
}

// Wiring

function write(event) {
  event.preventDefault();
  const text = byID("text").value.trim();
  if (!text) return;
  const at = new Date().toISOString();
  if (!chat.id && !chat.outbox.length) chat.name = byID("name").value.trim();
  const client_id = newID();
  chat.outbox.push({ client_id, text, at });
  keep();
  put({ client_id, text, direction: "citizen", state: "sending", created_at: at });
  byID("text").value = "";
  byID("text").focus();
  refresh();
  deliver();
}

function forget() {
  if (hangUp) hangUp.abort();
  chat = now = hangUp = null;
  lastSeq = 0;
  clear();
  byID("what").textContent = "";
  byID("text").value = byID("name").value = "";
  byID("state").textContent = "";
  trouble();
  keep();
  choose();
  byID("question").focus();
}

byID("write").onsubmit = write;
byID("text").onkeydown = (e) => {
  if (e.key === "Enter" && !e.shiftKey && !e.isComposing) write(e);
};
byID("back").onclick = forget;
byID("end").onclick = () => {
  if (confirm("Gespräch beenden und von diesem Gerät löschen? Sie können es danach hier nicht mehr lesen.")) forget();
};

chat = JSON.parse(localStorage.getItem(shelf) || "null");
if (chat) {
  for (const m of chat.outbox) put({ ...m, direction: "citizen", state: "sending", created_at: m.at });
  refresh();
  if (chat.id) listen();
  deliver();
} else {
  choose();
}
