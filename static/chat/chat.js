// The chat room: told by its socket what is said and how things stand; it draws, and brings words back.
import { formatted, plain } from "./format.js";
import * as box from "./box.js";
import * as lines from "./lines.js";
import * as people from "./people.js";
import { dialogs, showList } from "./dialogs.js";
import { fold, named, node, state as first, word } from "./words.js";

const room = document.getElementById("chat"), get = (id) => document.getElementById(id);
const scroll = get("scroll"), MOST = 1500, PATIENCE = 20000;
const networks = new Map(), windows = new Map(), pending = new Map();
let current = 0, socket = null, wait = 500, number = 0, gatewayUp = true, missed = 0, wanted = "";
const phone = matchMedia("(max-width: 640px)"), small = matchMedia("(max-width: 900px)");
const SPOKEN = new Set(["privmsg", "notice", "action"]);
const now = () => windows.get(current);

// -- the socket -------------------------------------------------------------------------------------------

function connect() {
  const place = new URL(room.dataset.socket, location.href);
  place.protocol = place.protocol.replace("http", "ws");
  socket = new WebSocket(place);
  let beat;
  socket.onopen = () => { wait = 500; for (const [n, it] of pending) if (!it.sent) it.sent = send({ do: "say", c: it.c, text: it.text, n }); beat = setInterval(() => send({ do: "here" }), 25000); };
  socket.onmessage = (event) => { for (const told of JSON.parse(event.data)) (hears[told.told] ?? (() => {}))(told); };
  socket.onclose = (event) => {
    clearInterval(beat);
    for (const [n, it] of pending) if (!it.sent) refuse(n, word("lost"));
    if (event.code === 4403) { location.reload(); return; }
    banner();
    setTimeout(connect, wait * (0.7 + Math.random() * 0.6));
    wait = Math.min(wait * 2, 10000);
  };
}

const open = () => socket?.readyState === WebSocket.OPEN;
function send(told) { if (open()) socket.send(JSON.stringify(told)); return open(); }

const hears = {
  state(told) { take(told); banner(); catchUp(); },
  again() { send({ do: "state" }); },
  line: hear,
  taken(told) { settle(told.n); },
  refused(told) { refuse(told.n, told.words || told.says); },
  network(told) { network(told); rail(); if (now()?.network === told.id) show(); },
  window(told) { const it = window(told); if (asked(it)) choose(it.c); else if (it.c === current) { if (!it.loaded && !it.loading) load(it); show(); } else rail(); },
  closed(told) { gone(told.c); },
  read(told) { const it = windows.get(told.c); if (it && told.upto > it.read) { it.read = told.upto; if (!it.lines.some((line) => line.id > told.upto && counts(line, it))) { it.unread = it.mentions = 0; rail(); } } },
  members(told) { const it = windows.get(told.c); if (!it) return; people.all(it, told.members); it.flags = told.flags; it.topic = told.topic; if (told.c === current) { head(); people.draw(now); } },
  away(told) { const it = windows.get(told.c), member = it?.members.get(people.key(it, told.n)); if (member) { member.away = told.away; people.draw(now); } },
  topic(told) { const it = windows.get(told.c); if (it) { it.topic = told.topic; if (told.c === current) head(); } },
  flags(told) { const it = windows.get(told.c); if (it) { it.flags = told.flags; if (told.c === current) head(); } },
  list(told) { showList(told.rows, told.cut); },
  invited(told) { notice(word("invited", { nick: told.n, channel: told.channel }), word("join", { name: told.channel }), () => join(told.channel)); },
  gateway(told) { gatewayUp = told.up; banner(); if (told.up) send({ do: "state" }); },
};

// -- what there is ----------------------------------------------------------------------------------------

function take(told) {
  told.networks.forEach(network);
  const ids = new Set(told.windows.map((row) => row.c));
  told.windows.forEach(window);
  for (const id of [...windows.keys()]) if (!ids.has(id)) gone(id);
  rail();
}

function network(told) {
  networks.set(told.id, told);
  if (told.id === now()?.network) follow(told);
  for (const it of windows.values()) if (it.network === told.id) it.rules = told.rules;
}

function window(told) {
  const old = windows.get(told.c);
  const fresh = { lines: [], members: new Map(), more: true, loaded: false, flags: "", person: first.person, rules: networks.get(told.network)?.rules };
  const was = { inside: old?.inside, read: old?.read ?? 0 };
  // The same object for good: a fetch that is under way puts its lines into it.
  const it = Object.assign(old ?? fresh, told);
  it.read = Math.max(it.read, was.read);
  windows.set(told.c, it);
  if (it.inside && !was.inside && it.kind === "channel") send({ do: "members", c: it.c });
  return it;
}

function gone(id) {
  const all = order(), at = all.findIndex((it) => it.c === id), next = all[at + 1] ?? all[at - 1];
  windows.delete(id);
  rail();
  if (id !== current) return;
  choose(next?.c ?? 0);
  if (phone.matches) room.classList.remove("talking");
}

// A window that this tab asked for (by /join, /query, a button) is shown as soon as it is there.
function asked(it) {
  const yes = wanted && it.network === now()?.network && fold(it.name) === fold(wanted);
  if (yes) wanted = "";
  return yes || !current;
}

const RANK = { server: 0, channel: 1, query: 2 };
function order() {
  return [...windows.values()].sort((one, other) => one.network - other.network || RANK[one.kind] - RANK[other.kind] || one.name.localeCompare(other.name));
}

// -- what is said -----------------------------------------------------------------------------------------

function counts(line, it) { return SPOKEN.has(line.k) && line.p !== it.person; }

function hear(line) {
  const it = windows.get(line.c);
  if (line.near) near(line);
  if (!it) return;
  people.move(it, line.m);
  if (line.topic !== undefined) it.topic = line.topic;
  if (line.flags !== undefined) it.flags = line.flags;
  if (it.c === current && (line.m || line.topic !== undefined || line.flags !== undefined)) { head(); people.draw(now); }
  line.named = counts(line, it) && (it.kind === "query" || names(it).test(plain(line.x)));
  if (it.loaded && !put(it, line)) return;
  const seen = it.c === current && watching();
  if (counts(line, it) && !seen) {
    it.unread += 1;
    it.mentions += line.named ? 1 : 0;
    rail();
  }
  if (it.c !== current || !it.loaded) return;
  const down = bottom();
  lines.add(line);
  if (it.lines.length === 1) head();
  if (counts(line, it) && it.unread <= 1) get("heard").textContent = `${line.n}: ${plain(line.x)}`;
  if (down) toBottom();
  else if (counts(line, it)) { missed += 1; newer(); }
  if (seen) readNow(it);
  if (it.lines.length > MOST && down) { it.lines.splice(0, 500); it.more = true; redraw(); }
}

// Lines come in order; one that comes late (a gap was filled meanwhile) finds its place. False: it is here already.
function put(it, line) {
  const last = it.lines.at(-1);
  if (!last || line.id > last.id) { it.lines.push(line); return true; }
  if (it.lines.some((one) => one.id === line.id)) return false;
  it.lines.splice(it.lines.findIndex((one) => one.id > line.id), 0, line);
  if (it.c === current) redraw();
  return false;
}

function near(line) {
  if (line.near !== current || line.c === current) return;
  const down = bottom();
  lines.aside(line);
  if (down) toBottom();
}

function names(it) { return named(networks.get(it.network)?.nick || "\u0000"); }

async function fetchLines(it, query = "") {
  const answer = await fetch(`${room.dataset.base}talk/${it.c}/history/${query}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status);
  const told = await answer.json();
  for (const line of told.lines) line.named = counts(line, it) && names(it).test(plain(line.x));
  return told;
}

async function load(it) {
  it.loading = true;
  try {
    const told = await fetchLines(it);
    const have = new Set(told.lines.map((line) => line.id));
    it.lines = [...told.lines, ...it.lines.filter((line) => !have.has(line.id) && line.id > (told.lines.at(-1)?.id ?? 0))];
    it.more = told.more;
    it.loaded = true;
  } catch { it.loaded = false; }
  it.loading = false;
  if (it.c === current) { redraw(); place(); fill(); }
}

// A hundred comings are one folded line: where nothing can be scrolled, nobody could ask for more.
function fill() { if (now()?.more && scroll.clientHeight && scroll.scrollHeight <= scroll.clientHeight) older(); }

async function older() {
  const it = now();
  if (!it?.loaded || !it.more || it.loading || !it.lines.length) return;
  it.loading = true;
  head();
  try {
    const told = await fetchLines(it, `?before=${it.lines[0].id}`);
    it.lines = [...told.lines, ...it.lines];
    it.more = told.more;
  } catch { it.loading = false; head(); return; /* scrolling up again tries again */ }
  it.loading = false;
  if (it.c !== current) return;
  const height = scroll.scrollHeight - scroll.scrollTop;
  redraw();
  scroll.scrollTop = scroll.scrollHeight - height;
  stuck = ends();
  fill();
}

// After a break: what was said meanwhile is in the database; ask for it, window by window.
async function catchUp() {
  for (const it of [...windows.values()]) {
    if (it.kind === "channel" && it.inside) send({ do: "members", c: it.c });
    if (!it.loaded || it.loading) { if (it.c === current && !it.loading) load(it); continue; }
    try {
      let told;
      do {
        told = await fetchLines(it, `?after=${it.lines.at(-1)?.id ?? 0}`);
        if (told.lines.length) { const down = it.c === current && bottom(); it.lines.push(...told.lines.filter((line) => !it.lines.some((one) => one.id === line.id))); if (it.c === current) { redraw(); if (down) toBottom(); } }
      } while (told.more);
    } catch { return; }
  }
  if (now() && watching()) readNow(now());
}

// -- what one says ----------------------------------------------------------------------------------------

function say(text) {
  const it = now();
  if (!it) return;
  const command = /^\/(\w+)\s*(.*)$/s.exec(text);
  if (command?.[1] === "help") { get("help").showModal(); return; }
  if (command?.[1] === "clear") { get("said").replaceChildren(); it.lines = []; return; }
  if (/^(join|j|query|q|msg|m)$/i.test(command?.[1] ?? "")) {
    wanted = command[2].split(/[ ,]/)[0];
    if (/^(join|j)$/i.test(command[1]) && wanted && !/^[#&+!]/.test(wanted)) wanted = `#${wanted}`;
    const there = [...windows.values()].find((one) => one.network === it.network && fold(one.name) === fold(wanted));
    if (there && !/^(msg|m)$/i.test(command[1])) { if (there.inside || there.kind === "query") choose(there.c); }
  }
  // Said again: the note that it was not said the first time has done its work.
  for (const [old, one] of pending) if (one.refused && one.c === it.c && one.text === text) settle(old);
  const n = ++number;  // what was said before it may go out slowly: a server takes one line a second
  const row = node("li", {}, node("span", { className: "x", textContent: text }), node("span", { className: "aside why", textContent: word("saying") }));
  pending.set(n, { text, c: it.c, row, timer: setTimeout(() => refuse(n, word("silent")), PATIENCE + text.length + 1000 * pending.size) });
  setTimeout(() => { if (pending.has(n) && it.c === current) get("pending").append(row); }, 250);
  // A page that has just come is still opening its line: what was typed meanwhile goes out first thing.
  const sent = send({ do: "say", c: it.c, text, n });
  pending.get(n).sent = sent;
  if (!sent && socket?.readyState !== WebSocket.CONNECTING) refuse(n, word("lost"));
}

function settle(n) {
  const it = pending.get(n);
  if (!it) return;
  clearTimeout(it.timer);
  it.row.remove();
  pending.delete(n);
}

// Nothing that was typed is lost: it goes back into the box where that is empty, and stands above it where not.
function refuse(n, why) {
  const it = pending.get(n);
  if (!it) return;
  clearTimeout(it.timer);
  const back = () => { settle(n); choose(it.c); box.put(it.text); get("words").focus(); };
  it.sent = it.refused = true;
  it.row.className = "refused";
  it.row.querySelector(".why").textContent = word("not_said", { why: why || word("why") });
  it.row.append(node("button", { type: "button", className: "button quiet", textContent: word("put_back"), onclick: back }));
  it.row.append(node("button", { type: "button", className: "button quiet", textContent: word("again"), onclick: () => { settle(n); choose(it.c); say(it.text); } }));
  if (it.c !== current) return;
  get("pending").append(it.row);
  if (!get("words").value) { box.put(it.text); it.row.querySelectorAll("button").forEach((button) => button.remove()); it.row.append(node("button", { type: "button", className: "button quiet", textContent: "×", ariaLabel: word("close", { name: "" }), onclick: () => settle(n) })); }
}

function join(name) { say(`/join ${name}`); }

async function post(path, values = {}) {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  const answer = await fetch(room.dataset.base + path, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams(values) });
  if (answer.status >= 202 && answer.status !== 204) notice((await answer.json().catch(() => ({}))).says ?? answer.statusText);
}

// For Tab: who spoke last comes first, oneself last.
function nicks(it) {
  if (!it) return [];
  const me = networks.get(it.network)?.nick, spoke = new Map();
  for (const line of it.lines) if (SPOKEN.has(line.k)) spoke.set(people.key(it, line.n), line.id);
  const rank = (nick) => (nick === me ? -1 : spoke.get(people.key(it, nick)) ?? 0);
  const all = it.kind === "query" ? [it.name, me] : [...it.members.values()].map((one) => one.nick);
  return all.filter(Boolean).sort((one, other) => rank(other) - rank(one) || one.localeCompare(other));
}

// -- drawing ----------------------------------------------------------------------------------------------

function rail() {
  const rows = [...networks.values()].map((net) => {
    const mine = order().filter((it) => it.network === net.id), server = mine.find((it) => it.kind === "server");
    const does = net.wanted && net.state !== "off" ? "disconnect" : "connect";
    const title = node("div", { className: "network" },
      node("button", { type: "button", className: "open", data: { open: server?.c ?? 0 }, title: `${net.host}:${net.port}` }, node("i", { className: `dot ${net.state}` }), node("b", {}, node("bdi", { textContent: net.name }))),
      node("button", { type: "button", className: "button quiet", data: { [does]: net.id }, textContent: word(does) }));
    if (server?.c === current) title.querySelector(".open").setAttribute("aria-current", "true");
    title.querySelector(".open").append(node("span", { className: "visually-hidden", textContent: net.state === "on" ? word("on", { nick: net.nick }) : word("off", { name: net.name }) }));
    return node("section", {}, title, node("ul", {}, ...mine.filter((it) => it.kind !== "server").map(entry)));
  });
  // Drawn anew under somebody's keyboard: the focus stays on the same thing.
  const focused = get("networks").contains(document.activeElement) ? Object.entries(document.activeElement.dataset)[0] : null;
  get("networks").replaceChildren(...rows);
  if (focused) get("networks").querySelector(`[data-${focused[0]}="${CSS.escape(focused[1])}"]`)?.focus();
  const sum = [...windows.values()].reduce((all, it) => all + (it.kind === "query" ? it.unread : it.mentions), 0);
  document.title = `${sum ? `(${sum}) ` : ""}${now()?.name ?? word("title")} · netlab`;
}

function entry(it) {
  const button = node("button", { type: "button", className: "open", data: { open: it.c }, title: it.name }, node("bdi", { textContent: it.name }));
  if (it.c === current) button.setAttribute("aria-current", "true");
  if (it.kind === "channel" && !it.inside) button.classList.add("outside");
  if (it.unread) {
    const all = it.unread >= 300 ? "300+" : it.unread;
    const says = word("unread", { count: all }) + (it.mentions && it.kind !== "query" ? `, ${word("mentions", { count: it.mentions })}` : "");
    const count = node("span", { className: `count${it.mentions ? " named" : ""}`, title: says }, node("span", { ariaHidden: "true", textContent: all }), node("span", { className: "visually-hidden", textContent: says }));
    button.classList.add("has-unread");
    button.append(count);
  }
  const close = node("button", { type: "button", className: "close", data: { close: it.c }, textContent: "×", ariaLabel: word("close", { name: it.name }) });
  return node("li", {}, button, close);
}

function choose(id) {
  const it = windows.get(id);
  if (!it) { current = 0; show(); return; }
  // What was begun here waits here: it is not said by mistake to those of the next talk.
  const left = now();
  if (id !== current) { if (left) left.draft = box.text(); box.put(it.draft ?? ""); room.classList.remove("with-people"); expanded(); }
  if (id !== current) { missed = 0; get("pending").replaceChildren(...[...pending.values()].filter((one) => one.c === id).map((one) => one.row)); }
  // Chosen anew, a talk keeps the line above what was new: that is where one read on.
  if (id !== current || it.unread) it.mark = it.unread ? it.read : 0;
  current = id;
  history.replaceState(null, "", `#${encodeURIComponent(it.kind === "server" ? "" : it.name)}`);
  room.classList.add("talking");
  if (!it.loaded && !it.loading) load(it);
  if (it.kind === "channel" && it.inside && !it.members.size) send({ do: "members", c: id });
  redraw();
  place();
  show();
  follow(networks.get(it.network));
}

function show() { rail(); head(); banner(); people.draw(now); }

function redraw() { const it = now(); if (it) { lines.draw(it, it.mark); head(); } }

function head() {
  const it = now(), older = get("older");
  get("talk-name").textContent = it?.kind === "server" ? networks.get(it.network)?.name ?? "" : it?.name ?? word("choose");
  get("talk-flags").textContent = it?.flags ?? "";
  topic(it?.kind === "channel" ? it.topic ?? "" : "");
  const leave = get("leave");
  leave.hidden = !it || it.kind === "server";
  leave.textContent = it?.kind === "channel" && it.inside ? leave.dataset.leave : leave.dataset.shut;
  get("me").textContent = networks.get(it?.network)?.nick ?? "";
  const end = it?.kind === "channel" ? word(it.open_to_class ? "beginning_class" : "beginning") : "";
  const empty = it && word(`empty_${it.kind}`);
  older.hidden = !it?.loaded && !it?.loading;
  older.textContent = it?.loading ? word("history") : !it?.lines.length ? empty : it?.more ? "" : end;
}

// Drawn only where it changed, so that whoever stands on a link in it stays there.
function topic(text) {
  const place = get("talk-topic");
  if (place.of === text) return;
  place.of = text;
  place.replaceChildren(formatted(text));
  place.title = plain(text);
  place.classList.remove("whole");
}

// Where one comes back to: the first unread line, else the end.
function place() {
  const mark = get("unread-mark");
  if (mark) { scroll.scrollTop = mark.offsetTop - 80; stuck = ends(); }
  else toBottom();
  if (bottom() && now() && watching()) readNow(now());
  newer();
}

// Whoever is at the end stays there, also when a banner or the dock takes room; only scrolling up lets go.
let stuck = true;
const ends = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
const bottom = () => stuck || ends();
function toBottom() { stuck = true; scroll.scrollTop = scroll.scrollHeight; missed = 0; newer(); }
function newer() {
  const button = get("newer");
  button.hidden = !missed || bottom();
  button.textContent = word("newer", { count: missed });
}

const watching = () => document.visibilityState === "visible" && document.hasFocus();

function readNow(it) {
  const last = it.lines.at(-1)?.id ?? 0;
  if (!it.loaded || !bottom()) return;
  if (it.unread || it.mentions) { it.unread = it.mentions = 0; rail(); }
  if (last > it.read) { it.read = last; clearTimeout(it.timer); it.timer = setTimeout(() => send({ do: "read", c: it.c, upto: it.read }), 300); }
}

function banner() {
  const it = now(), net = networks.get(it?.network), bar = get("banner"), button = bar.querySelector("button");
  clearTimeout(bar.timer);
  const [text, does, act] = standing(it, net);
  bar.hidden = !text;
  bar.querySelector("span").textContent = text;
  bar.classList.toggle("refused", net?.state === "refused");
  bar.classList.toggle("warning", net?.state !== "refused");
  button.hidden = !does;
  button.textContent = does ?? "";
  button.onclick = act ?? null;
  if (net?.state === "waiting") bar.timer = setTimeout(banner, 1000);
}

function standing(it, net) {
  if (!socket || socket.readyState > 1) return [word("lost")];
  if (!gatewayUp) return [word("gateway")];
  if (!net) return [""];
  const again = () => post(`network/${net.id}/connect/`), places = { name: net.name, host: net.host, port: net.port, words: net.words };
  const says = net.words ? word("refused", places) : net.says;
  const seconds = Math.ceil((net.next - Date.now()) / 1000);
  if (net.state === "waiting") return [word(seconds > 0 ? "waiting" : "waiting_now", { ...places, says, seconds }), word("retry"), again];
  if (net.state === "refused") return [says, word("retry"), again];
  if (net.state === "connecting") return [word("connecting", places)];
  if (net.state === "registering") return [word("registering", places)];
  if (!net.wanted || net.state === "off") return [word("off", places), word("connect"), again];
  if (it?.kind === "channel" && !it.inside) return [word("not_in", { name: it.name }), word("join", { name: it.name }), () => join(it.name)];
  return [""];
}

function notice(text, does, act) {
  const row = node("div", { className: "notice" }, text, " ");
  if (does) row.append(node("button", { type: "button", className: "button", textContent: does, onclick: () => { row.remove(); act(); } }));
  get("toasts").replaceChildren(row);
  setTimeout(() => row.remove(), 12000);
}

// The Wire dock shows the conversation of the network that one looks at.
function follow(net) {
  if (net?.transcript) document.dispatchEvent(new CustomEvent("wire:follow", { detail: { transcript: net.transcript, tail: 100 } }));
}

// -- what one does ----------------------------------------------------------------------------------------

function step(by, only = () => true) {
  const all = order(), at = all.findIndex((it) => it.c === current);
  for (let n = 1; n <= all.length; n++) {
    const it = all[(at + by * n + all.length * n) % all.length];
    if (only(it)) { choose(it.c); return; }
  }
}

function expanded() {
  const shown = small.matches ? room.classList.contains("with-people") : !room.classList.contains("hide-people");
  document.querySelector(".show-people").setAttribute("aria-expanded", String(shown));
}

const doings = {
  back() { room.classList.remove("talking", "with-people"); },
  people() { if (small.matches) room.classList.toggle("with-people"); else room.classList.toggle("hide-people"); expanded(); },
  leave() { if (now()?.kind === "channel" && now().inside) say("/part"); else post(`talk/${current}/close/`); },
  list() { showList(null); say("/list"); },
  help() { get("help").showModal(); },
};

room?.addEventListener("click", (event) => {
  const at = (name) => event.target.closest(`[data-${name}]`)?.dataset[name];
  if (at("do")) doings[at("do")]?.();
  if (at("open")) { choose(Number(at("open"))); if (!phone.matches) get("words").focus(); }
  if (at("close")) post(`talk/${at("close")}/close/`);
  if (at("connect")) post(`network/${at("connect")}/connect/`);
  if (at("disconnect")) post(`network/${at("disconnect")}/disconnect/`);
  if (at("join")) join(at("join"));
});
get("join")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = get("join-name").value.trim();
  if (name) join(name);
  get("join-name").value = "";
});
get("talk-topic")?.addEventListener("click", (event) => { if (!event.target.closest("a, button")) get("talk-topic").classList.toggle("whole"); });
get("newer")?.addEventListener("click", () => { toBottom(); if (now()) readNow(now()); });
if (scroll) new ResizeObserver(() => { if (stuck) scroll.scrollTop = scroll.scrollHeight; }).observe(scroll);
scroll?.addEventListener("scroll", () => {
  stuck = ends();
  if (scroll.scrollTop < 120) older();
  if (bottom()) { missed = 0; if (now() && watching()) readNow(now()); }
  newer();
});
addEventListener("focus", () => { if (now()) readNow(now()); });
document.addEventListener("visibilitychange", () => { if (now() && watching()) readNow(now()); });
document.addEventListener("keydown", (event) => {
  if (event.altKey && event.key === "ArrowUp") { event.preventDefault(); step(-1); }
  if (event.altKey && event.key === "ArrowDown") { event.preventDefault(); step(1); }
  if (event.altKey && event.code === "KeyA") { event.preventDefault(); step(1, (it) => it.unread > 0); }
  const typing = event.target.closest("input, textarea, select, dialog");
  if (event.key === "Escape" && room.classList.contains("with-people") && !event.target.closest("dialog, [popover]")) { doings.people(); document.querySelector(".show-people").focus(); }
  if (event.key === "?" && !typing) get("help")?.showModal();
  if (event.key === "PageUp" && event.target === get("words")) { event.preventDefault(); scroll.scrollTop -= scroll.clientHeight * 0.8; }
  if (event.key === "PageDown" && event.target === get("words")) { event.preventDefault(); scroll.scrollTop += scroll.clientHeight * 0.8; }
});

if (room) {
  box.setup({ say, names: () => { const it = now(); return { nicks: nicks(it), channels: order().filter((one) => one.kind === "channel").map((one) => one.name) }; } });
  dialogs({ say, join, operator: () => { const it = now(), me = it?.members.get(people.key(it, networks.get(it.network)?.nick ?? "")); return /[~&@%]/.test(me?.signs ?? ""); } });
  take(first);
  const hash = decodeURIComponent(location.hash.slice(1));
  const begin = first.join || hash;
  if (first.join) wanted = first.join;
  const start = [...windows.values()].find((it) => it.name === first.join || it.name === begin) ?? order().find((it) => it.kind === "channel" && it.name === "#lab") ?? order().find((it) => it.kind !== "server") ?? order()[0];
  if (start) { choose(start.c); if (phone.matches && !first.join && !hash) room.classList.remove("talking"); }
  connect();
  if (!phone.matches) get("words").focus();
  expanded();
  small.addEventListener("change", expanded);
}
