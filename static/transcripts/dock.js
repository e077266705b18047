// The Wire dock: joins the socket, shows each transcript's lines as they come, explains the chosen one.
import { tab } from "../shell/tab.js";
import { explainer, strip } from "./explain.js";
import { act, copy, nextTimes, opened, said, tell, text } from "./lines.js";
import { refresh, show } from "./views.js";

// What draws nothing, or turns the words around it, is left out of the handle; the line itself shows it.
const SIGNS = /[\u0000-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const MOST = 8, MOST_ASIDE = 3, OLD_SECONDS = 60;
const dock = document.querySelector(".dock");
const part = (name) => dock.querySelector(name);
const tabs = part(".dock-tabs"), panes = part(".dock-panes"), more = part(".dock-new"), toggler = part(".dock-toggle"), last = part(".dock-last");
const explained = explainer(part(".explain"), () => { note(dock.dataset.copied); });
const shown = new Map(); // transcript id -> {button, pane, list, seen, states, url, unread, aside, started, ended}
const followed = new Set(), cleared = new Set();
const empty = last.textContent;
let current = null, paused = false, held = [], socket = null, wait = 500, view = "dialogue";
let resting = "rests" in dock.dataset || document.body.classList.contains("dock-rests"); // shut on this page until asked for

function connect() {
  const place = new URL("/ws/wire/", location.href);
  place.protocol = place.protocol.replace("http", "ws");
  socket = new WebSocket(place);
  socket.onopen = () => { wait = 500; followed.clear(); say({ type: "hello", tab: tab() }); tails.forEach((tail, id) => { if (!shown.has(id)) say({ type: "follow", transcript: id, after: 0, tail }); }); shown.forEach((it, id) => { if (!it.ended || id === current) follow(id); }); delete dock.dataset.broken; };
  socket.onmessage = (event) => take(JSON.parse(event.data));
  socket.onclose = (event) => {
    // Signed out, or in anew with another session: the page goes only where the site would not let it in any more.
    if (event.code === 4401 || event.code === 4403) { fetch("/transcripts/", { redirect: "manual" }).then((answer) => { if (answer.ok) connect(); else location.reload(); }, () => setTimeout(connect, wait)); return; }
    if (wait > 500) { dock.dataset.broken = "1"; note(dock.dataset.lost); }
    setTimeout(connect, wait);
    wait = Math.min(wait * 2, 10000);
  };
}

function say(message) { if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); }

function follow(id) {
  if (followed.has(id)) return;
  followed.add(id);
  say({ type: "follow", transcript: id, after: shown.get(id).seen, tail: tails.get(id) });
}

// A page whose conversation lasts for days (Chat) asks to follow it from its last lines on.
const tails = new Map();
document.addEventListener("wire:follow", (event) => {
  const { transcript: id, tail } = event.detail;
  if (shown.has(id)) { if (current !== id) choose(id); return; }
  if (tails.has(id) || cleared.has(id)) return;
  tails.set(id, tail);
  say({ type: "follow", transcript: id, after: 0, tail });
});

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
  const { states, url, aside, started, ended, peer, first, last: upto } = message;
  Object.assign(it, { states, url, aside, started, ended });
  Object.assign(it.pane.dataset, { url, peer });
  if (ended && upto < first) it.list.dataset.none = dock.dataset.none;
  if (fresh) spare();
  it.button.innerHTML = message.html;
  it.button.title = message.title;
  if (fresh && front(it)) choose(id);
  else if (fresh) it.button.classList.add("news");
  if (id === current) { links(); reach(it.button); if (ended) stateNow(); }
  if (ended) toggler.dataset.outcome = message.outcome || "done";
  if (!ended) follow(id);
  else wanted();
}

// What goes on is followed at once. What has ended is asked for when it stands in front, once all tabs are told.
let asking = 0;
function wanted() {
  clearTimeout(asking);
  asking = setTimeout(() => { if (current !== null) follow(current); });
}

// What a person did comes to the front; what went on beside it does so only where nothing fresh stands there.
function front(it) {
  const now = shown.get(current);
  return !now || !it.aside || now.aside || it.started - now.started > OLD_SECONDS;
}

// Room for tabs is small: what went on beside a person's doings leaves first.
function spare() {
  const others = [...shown].filter(([key, one]) => key !== current && one.ended), aside = others.filter(([, one]) => one.aside);
  if (aside.length > MOST_ASIDE || (shown.size > MOST && aside.length)) remove(aside[0][0]);
  else if (shown.size > MOST && others.length) remove(others[0][0]);
}

function add(id) {
  const button = document.createElement("button"), pane = document.createElement("div"), list = document.createElement("ol");
  Object.assign(button, { type: "button", id: `wire-tab-${id}` });
  button.setAttribute("role", "tab");
  button.setAttribute("aria-controls", `wire-${id}`);
  button.onclick = () => { choose(id); };
  Object.assign(pane, { className: "dock-pane", id: `wire-${id}`, hidden: true });
  pane.setAttribute("role", "tabpanel");
  pane.tabIndex = 0;
  pane.setAttribute("aria-labelledby", button.id);
  pane.onscroll = () => { if (bottom(pane)) unread(id, 0); };
  list.className = "lines";
  pane.append(list);
  tabs.append(button);
  panes.append(pane);
  shown.set(id, { button, pane, list, seen: 0, states: [], url: "", unread: 0 });
  sessionStorage.setItem("netlab-wire", "1");
  stand();
}

function remove(id) {
  const it = shown.get(id);
  if (!it) return;
  it.button.remove();
  it.pane.remove();
  shown.delete(id);
  if (current === id) { current = null; const newest = [...shown.keys()].pop(); if (newest) choose(newest); }
}

function bottom(pane) { return pane.scrollHeight - pane.scrollTop - pane.clientHeight < 24; }

function lines(message) {
  if (!message.last) return;
  const it = shown.get(message.transcript), down = bottom(it.pane), before = it.list.lastElementChild;
  if (message.first <= it.seen) return;
  it.list.insertAdjacentHTML("beforeend", message.html);
  it.seen = message.last;
  for (let line = before ? before.nextElementSibling : it.list.firstElementChild; line; line = line.nextElementSibling) tell(line);
  const line = it.list.lastElementChild;
  note(`${line.querySelector("q").textContent} ${said(line)}`, true);
  toggler.dataset.outcome = it.list.querySelector("li.refused") ? "refused" : it.list.querySelector("li.later") ? "later" : "done";
  if (view === "timing" || view === "hex") refresh(it.pane);
  if (view === "timing") return stateNow();
  if (down) it.pane.scrollTop = it.pane.scrollHeight;
  else unread(message.transcript, it.unread + message.last - message.first + 1);
  return message.transcript === current ? stateNow() : undefined;
}

function note(words, line = false) {
  last.textContent = words.replace(SIGNS, "").slice(0, 120);
  last.classList.toggle("said", line);
}

function unread(id, count) {
  const it = shown.get(id);
  if (!it) return;
  it.unread = count;
  if (id !== current) return;
  more.hidden = !count;
  more.textContent = (count === 1 ? dock.dataset.newOne : dock.dataset.new).replace("%d", count);
}

function choose(id) {
  current = id;
  shown.forEach((it, key) => {
    it.button.setAttribute("aria-selected", String(key === id));
    it.button.tabIndex = key === id ? 0 : -1;
    it.pane.hidden = key !== id;
  });
  const it = shown.get(id);
  wanted();
  it.button.classList.remove("news");
  reach(it.button);
  see(view);
  unread(id, 0);
  links();
  explained.show(it.list.querySelector("li.here"));
  stateNow();
}

function reach(button) { tabs.scrollLeft = button.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - button.offsetWidth) / 2; }

function links() {
  for (const link of dock.querySelectorAll("[data-link]")) {
    const it = shown.get(current);
    link.hidden = !it?.url;
    if (it) link.href = it.url + (link.dataset.link === "export" ? "/export" : "");
  }
}

// The strip shows the state at the chosen line, else at the last; a refusal explains itself when all is said.
function stateNow() {
  const it = shown.get(current);
  if (!it) return;
  let line = it.list.querySelector("li.here");
  const trouble = it.list.querySelector("li.refused, li.later");
  if (!line && it.ended && trouble) {
    const down = bottom(it.pane);
    trouble.classList.add("here");
    explained.show(trouble);
    if (down && view === "dialogue") it.pane.scrollTop = trouble.offsetTop - it.pane.clientHeight / 3;
    line = trouble;
  }
  line ??= it.list.lastElementChild;
  while (line && !line.dataset.state) line = line.previousElementSibling;
  strip(part(".strip"), it.states, line);
}

function explain(line) {
  line.parentElement.querySelectorAll("li.here").forEach((other) => other.classList.remove("here"));
  line.classList.add("here");
  line.focus({ preventScroll: true });
  line.scrollIntoView({ block: "nearest" });
  explained.show(line);
  stateNow();
}

function toggle() {
  const shut = document.body.dataset.dock === "shut";
  resting = false;
  dock.dataset.open = shut ? "1" : "0";
  if (shut) sessionStorage.setItem("netlab-wire", "1");
  stand();
  remember();
}

function stand() {
  const open = dock.dataset.open === "1" && !resting && (shown.size > 0 || sessionStorage.getItem("netlab-wire") === "1");
  const side = dock.dataset.side === "1", grip = part(".dock-grip");
  document.body.dataset.dock = !open ? "shut" : side ? "side" : "bottom";
  toggler.setAttribute("aria-expanded", String(open));
  document.documentElement.style.setProperty("--dock-size", dock.dataset.size);
  grip.setAttribute("aria-valuenow", dock.dataset.size);
  grip.setAttribute("aria-orientation", side ? "vertical" : "horizontal");
}

function remember() {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  const stands = { open: dock.dataset.open === "1", side: dock.dataset.side === "1", size: Number(dock.dataset.size) };
  fetch(dock.dataset.remember, { method: "POST", headers: { "X-CSRFToken": token }, body: JSON.stringify(stands) }).catch(() => {});
}

function size(percent) { dock.dataset.size = Math.min(90, Math.max(10, Math.round(percent))); stand(); }

const doings = {
  pause(button) {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    button.dataset.word ??= button.textContent;
    button.textContent = paused ? dock.dataset.paused : button.dataset.word;
    if (!paused) held.splice(0).forEach(take);
  },
  clear() {
    [...shown.keys()].forEach((id) => { cleared.add(id); });
    current = null;
    [...shown.keys()].forEach(remove);
    current = null;
    part(".strip").replaceChildren();
    explained.show(null);
    links();
    note(empty);
    delete toggler.dataset.outcome;
  },
  async copy() { const it = shown.get(current); if (it) { await copy(text(it.list.children)); note(dock.dataset.copied); } },
  times: nextTimes,
  side() { dock.dataset.side = dock.dataset.side === "1" ? "0" : "1"; stand(); remember(); },
  hide: toggle,
};

dock.addEventListener("click", (event) => {
  act(event);
  const button = event.target.closest("[data-do]"), way = event.target.closest("[data-view]");
  if (button) doings[button.dataset.do](button);
  if (way?.tagName === "BUTTON") see(way.dataset.view);
  if (event.target.closest(".dock-toggle")) toggle();
  if (event.target.closest(".dock-new")) { const it = shown.get(current); it.pane.scrollTop = it.pane.scrollHeight; unread(current, 0); }
  const line = event.target.closest(".lines > li");
  if (line && !event.target.closest("a, button, summary, pre") && getSelection().isCollapsed) explain(line);
});
dock.addEventListener("toggle", opened, true);

function see(name) {
  view = name;
  part(".views").querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.view === name)));
  if (!current) return;
  const { pane } = shown.get(current);
  show(pane, view);
  pane.scrollTop = view === "timing" || view === "hex" ? 0 : pane.scrollHeight;
}

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
  if (!["ArrowDown", "ArrowUp", "Enter"].includes(event.key) || event.target.closest("pre, button, summary, a")) return;
  const list = shown.get(current)?.list, line = event.target.closest(".lines > li") ?? list?.querySelector("li.here");
  const next = line ? { ArrowDown: line.nextElementSibling, ArrowUp: line.previousElementSibling }[event.key] : { ArrowDown: list?.firstElementChild, ArrowUp: list?.lastElementChild }[event.key];
  if (next) { event.preventDefault(); explain(next); }
  if (event.key === "Enter" && event.target === line) explain(line);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "w" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
  toggle();
});
stand();
connect();
