// The lab's browser: its socket says when to fetch the visit anew, its frame which link or form was used.
import { tab } from "../shell/tab.js";

const room = document.getElementById("web");
const address = document.getElementById("address");
let wait = 500;

function listen() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}${room.dataset.socket}`);
  socket.onopen = () => { wait = 500; if (visit().hasAttribute("data-busy")) news(); };
  socket.onmessage = news;
  socket.onclose = (event) => {
    if (event.code === 4403) return;
    wait = Math.min(wait * 2, 15000);
    setTimeout(listen, wait);
  };
}

function visit() { return document.getElementById("visit"); }
function news() { htmx.trigger(document.body, "web-news"); }

// What is shown is what the bar says, unless somebody is typing there.
function shown() {
  const now = visit();
  if (now.dataset.address && document.activeElement !== address && address.value !== now.dataset.address) {
    address.value = now.dataset.address;
    htmx.trigger(address, "refresh");
  }
  if (now.dataset.title) document.title = `${now.dataset.title} · netlab`;
  // The buttons stay what they are while answers come: a press that waits for its turn is not lost with its button.
  for (const button of document.querySelectorAll("#nav [data-if]")) button.disabled = !now.hasAttribute(`data-${button.dataset.if}`);
}

// An answer that came before the socket stood would not be told: look until it is there.
setInterval(() => { if (visit().hasAttribute("data-busy")) news(); }, 3000);

function open(url) {
  address.blur();
  htmx.ajax("POST", room.dataset.open, { target: "#visit", swap: "outerHTML", values: { url } });
}

async function send(message) {
  const told = new FormData();
  const entries = message.entries.slice(0, 200).map((entry, number) => {
    if (!(entry.value instanceof File)) return { name: entry.name, value: entry.value };
    if (entry.value.name) told.set(`file-${number}`, entry.value);
    return { name: entry.name, file: number };
  });
  told.set("action", message.action || visit().dataset.address);
  told.set("method", message.method);
  told.set("enctype", message.enctype);
  told.set("entries", JSON.stringify(entries));
  told.set("secret", JSON.stringify((Array.isArray(message.secret) ? message.secret : []).slice(0, 200).map(String)));
  const token = document.querySelector("meta[name=csrf-token]").content;
  try {
    const answer = await fetch(room.dataset.fill, { method: "POST", body: told, headers: { "X-CSRFToken": token, "X-Tab": tab(), "HX-Request": "true" } });
    if (!answer.ok) throw new Error(answer.status);
    htmx.swap("#visit", await answer.text(), { swapStyle: "outerHTML" });
    shown();
  } catch {
    document.getElementById("over").textContent = room.dataset.lost;
  }
}

addEventListener("message", (event) => {
  const frame = document.getElementById("frame");
  if (!frame || event.source !== frame.contentWindow || !event.data) return;
  if (event.data.kind === "link" && typeof event.data.url === "string") open(event.data.url);
  if (event.data.kind === "form" && Array.isArray(event.data.entries)) send(event.data);
  if (event.data.kind === "over") document.getElementById("over").textContent = String(event.data.url).slice(0, 200);
});

// Who pressed something that the answer took away goes on beside it, not at the page's beginning.
let within = false;
document.body.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target?.id === "visit") within = visit().contains(document.activeElement); });
document.body.addEventListener("htmx:afterSettle", () => {
  if (within && document.activeElement === document.body) visit().querySelector(".web-tabs [aria-current]")?.focus({ preventScroll: true });
  within = false;
});

document.body.addEventListener("htmx:afterSettle", (event) => { if ([event.detail.target?.id, event.detail.elt?.id].includes("visit")) shown(); });
address.addEventListener("focus", () => address.select());
document.getElementById("bar").addEventListener("submit", () => address.blur());
listen();
