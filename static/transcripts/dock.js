// The Wire dock: joins the socket, shows each transcript's lines as they come, explains the chosen one.
import { tab } from "../shell/tab.js";
import { act, opened, text } from "./lines.js";

const MOST = 8;
const dock = document.querySelector(".dock");
const part = (name) => dock.querySelector(name);
const tabs = part(".dock-tabs"), panes = part(".dock-panes"), strip = part(".dock-strip"), more = part(".dock-new");
const shown = new Map(); // transcript id -> {button, pane, seen, first, last, states, url, unread}
const followed = new Set(), cleared = new Set();
let current = null, paused = false, held = [], socket = null, wait = 500;

function connect() {
  const place = new URL("/ws/wire/", location.href);
  place.protocol = place.protocol.replace("http", "ws");
  socket = new WebSocket(place);
  socket.onopen = () => { wait = 500; followed.clear(); say({ type: "hello", tab: tab() }); shown.forEach((it, id) => follow(id)); };
  socket.onmessage = (event) => take(JSON.parse(event.data));
  socket.onclose = (event) => {
    if (event.code === 4401 || event.code === 4403) return;
    setTimeout(connect, wait);
    wait = Math.min(wait * 2, 10000);
  };
}

function say(message) { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); }

function follow(id) {
  if (followed.has(id)) return;
  followed.add(id);
  say({ type: "follow", transcript: id, after: shown.get(id).seen });
}

function take(message) {
  if (paused) { held.push(message); return; }
  if (message.type === "transcript") header(message);
  if (message.type === "lines" && shown.has(message.transcript)) lines(message);
  if (message.type === "gone") remove(message.transcript);
}

function header(message) {
  const id = message.transcript;
  if (cleared.has(id)) return;
  const fresh = !shown.has(id);
  if (fresh) add(id);
  const it = shown.get(id);
  Object.assign(it, { states: message.states, url: message.url });
  it.button.innerHTML = message.html;
  if (fresh) choose(id);
  if (message.outcome) part(".dock-toggle").dataset.outcome = message.outcome;
  if (id === current) links();
  follow(id);
}

function add(id) {
  const button = document.createElement("button"), pane = document.createElement("ol");
  Object.assign(button, { type: "button", id: `wire-tab-${id}` });
  button.setAttribute("role", "tab");
  button.setAttribute("aria-controls", `wire-${id}`);
  button.onclick = () => choose(id);
  Object.assign(pane, { className: "lines", id: `wire-${id}`, hidden: true });
  pane.onscroll = () => { if (bottom(pane)) unread(id, 0); };
  tabs.append(button);
  panes.append(pane);
  shown.set(id, { button, pane, seen: 0, states: [], url: "", unread: 0 });
  while (shown.size > MOST) remove(shown.keys().next().value);
}

function remove(id) {
  const it = shown.get(id);
  if (!it) return;
  it.button.remove();
  it.pane.remove();
  shown.delete(id);
  if (current === id) { current = null; const last = [...shown.keys()].pop(); if (last) choose(last); }
  part(".dock-empty").hidden = shown.size > 0;
}

function bottom(pane) { return pane.scrollHeight - pane.scrollTop - pane.clientHeight < 24; }

function lines(message) {
  if (!message.last) return;
  const it = shown.get(message.transcript), down = bottom(it.pane);
  if (message.first <= it.seen) return;
  it.pane.insertAdjacentHTML("beforeend", message.html);
  it.seen = message.last;
  const last = it.pane.lastElementChild;
  part(".dock-last").textContent = `${last.querySelector("q").textContent} ${last.querySelector("code").textContent}`.slice(0, 80);
  const trouble = it.pane.querySelector("li.refused") ? "refused" : it.pane.querySelector("li.later") ? "later" : "done";
  part(".dock-toggle").dataset.outcome = trouble;
  if (down) it.pane.scrollTop = it.pane.scrollHeight;
  else unread(message.transcript, it.unread + message.last - message.first + 1);
  if (message.transcript === current) states();
}

function unread(id, count) {
  const it = shown.get(id);
  if (!it) return;
  it.unread = count;
  if (id !== current) return;
  more.hidden = !count;
  more.textContent = dock.dataset.new.replace("%d", count);
}

function choose(id) {
  current = id;
  shown.forEach((it, key) => {
    it.button.setAttribute("aria-selected", String(key === id));
    it.button.tabIndex = key === id ? 0 : -1;
    it.pane.hidden = key !== id;
  });
  part(".dock-empty").hidden = true;
  const it = shown.get(id);
  it.pane.scrollTop = it.pane.scrollHeight;
  unread(id, 0);
  links();
  states();
}

function links() {
  for (const link of dock.querySelectorAll("[data-link]")) {
    const it = shown.get(current);
    link.hidden = !it?.url;
    if (it) link.href = it.url + (link.dataset.link === "export" ? "/export" : "");
  }
}

function states() {
  const it = shown.get(current);
  const chosen = it.pane.querySelector("li.here:not([data-state=''])");
  const now = (chosen ?? [...it.pane.querySelectorAll("li:not([data-state=''])")].pop())?.dataset.state;
  const at = it.states.indexOf(now);
  strip.replaceChildren(...it.states.map((name, index) => {
    const item = document.createElement("li");
    item.textContent = name;
    if (index === at) item.setAttribute("aria-current", "step");
    if (index > at) item.className = "ahead";
    return item;
  }));
}

function explain(line) {
  shown.get(current)?.pane.querySelectorAll("li.here").forEach((other) => other.classList.remove("here"));
  line.classList.add("here");
  line.focus({ preventScroll: true });
  line.scrollIntoView({ block: "nearest" });
  part(".dock-explain").innerHTML = line.querySelector(".more").innerHTML;
  states();
}

function toggle(open = dock.dataset.open !== "1") { dock.dataset.open = open ? "1" : "0"; stand(); remember(); }

function stand() {
  const open = dock.dataset.open === "1";
  document.body.dataset.dock = !open ? "shut" : dock.dataset.side === "1" ? "side" : "bottom";
  part(".dock-toggle").setAttribute("aria-expanded", String(open));
  dock.style.setProperty("--dock-size", dock.dataset.size);
  part(".dock-grip").setAttribute("aria-valuenow", dock.dataset.size);
}

function remember() {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  const stands = { open: dock.dataset.open === "1", side: dock.dataset.side === "1", size: Number(dock.dataset.size) };
  localStorage.setItem("netlab-dock", JSON.stringify(stands));
  fetch(dock.dataset.remember, { method: "POST", headers: { "X-CSRFToken": token }, body: JSON.stringify(stands) }).catch(() => {});
}

function size(percent) { dock.dataset.size = Math.min(90, Math.max(10, Math.round(percent))); stand(); }

const doings = {
  pause(button) {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    if (!paused) held.splice(0).forEach(take);
  },
  clear() { [...shown.keys()].forEach((id) => { cleared.add(id); remove(id); }); strip.replaceChildren(); current = null; links(); part(".dock-last").textContent = ""; },
  async copy() { const it = shown.get(current); if (it) { await navigator.clipboard.writeText(text([...it.pane.children])); part(".dock-last").textContent = dock.dataset.copied; } },
  side() { dock.dataset.side = dock.dataset.side === "1" ? "0" : "1"; stand(); remember(); },
};

dock.addEventListener("click", (event) => {
  act(event);
  const button = event.target.closest("[data-do]");
  if (button) doings[button.dataset.do](button);
  if (event.target.closest(".dock-toggle")) toggle();
  if (event.target.closest(".dock-new")) { const it = shown.get(current); it.pane.scrollTop = it.pane.scrollHeight; unread(current, 0); }
  const line = event.target.closest(".lines li");
  if (line && !event.target.closest("a, button, summary, pre")) explain(line);
});
dock.addEventListener("toggle", opened, true);
part(".dock-grip").addEventListener("pointerdown", (event) => {
  const grip = event.target;
  grip.setPointerCapture(event.pointerId);
  grip.onpointermove = (move) => size(dock.dataset.side === "1" ? 100 - (move.clientX / innerWidth) * 100 : 100 - (move.clientY / innerHeight) * 100);
  grip.onpointerup = () => { grip.onpointermove = grip.onpointerup = null; remember(); };
});
part(".dock-grip").addEventListener("keydown", (event) => {
  const step = { ArrowUp: 4, ArrowLeft: 4, ArrowDown: -4, ArrowRight: -4 }[event.key];
  if (step) { event.preventDefault(); size(Number(dock.dataset.size) + step); remember(); }
});
tabs.addEventListener("keydown", (event) => {
  const ids = [...shown.keys()], step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step || !ids.length) return;
  choose(ids[(ids.indexOf(current) + step + ids.length) % ids.length]);
  shown.get(current).button.focus();
});
panes.addEventListener("keydown", (event) => {
  const line = event.target.closest("li");
  const next = line && { ArrowDown: line.nextElementSibling, ArrowUp: line.previousElementSibling }[event.key];
  if (next) { event.preventDefault(); explain(next); }
  if (event.key === "Enter" && event.target === line) explain(line);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "w" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  toggle();
});
stand();
connect();
