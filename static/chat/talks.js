// The windows on talks: what is told of them, and which one is shown.
import * as box from "./box.js";
import { banner, head } from "./head.js";
import { load } from "./history.js";
import * as people from "./people.js";
import { rail } from "./rail.js";
import { at, get, networks, now, order, pending, phone, room, small, windows } from "./room.js";
import { send } from "./socket.js";
import { place, redraw } from "./view.js";
import { fold, state as first } from "./words.js";

export function take(told) {
  told.networks.forEach(network);
  const ids = new Set(told.windows.map((row) => row.c));
  told.windows.forEach(window);
  for (const id of [...windows.keys()]) if (!ids.has(id)) gone(id);
  rail();
}

export function network(told) {
  networks.set(told.id, told);
  if (told.id === now()?.network) follow(told);
  for (const it of windows.values()) if (it.network === told.id) it.rules = told.rules;
}

export function window(told) {
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

export function gone(id) {
  const all = order(), place = all.findIndex((it) => it.c === id), next = all[place + 1] ?? all[place - 1];
  windows.delete(id);
  rail();
  if (id !== at.current) return;
  choose(next?.c ?? 0);
  if (phone.matches) room.classList.remove("talking");
}

// A window that this tab asked for (by /join, /query, a button) is shown as soon as it is there.
export function asked(it) {
  const yes = at.wanted && it.network === now()?.network && fold(it.name) === fold(at.wanted);
  if (yes) { follows(it); at.wanted = ""; }
  return yes || !at.current;
}

// The words that opened it (/query nick words) belong there from now on, with what is told of them.
function follows(it) {
  for (const one of [...pending.values()].filter((one) => one.leads === at.wanted)) {
    one.c = it.c;
    if (one.boxed && box.text() === one.text) { it.draft = one.text; box.put(""); }
  }
}

export function choose(id) {
  const it = windows.get(id);
  if (!it) { at.current = 0; show(); return; }
  // What was begun here waits here: it is not said by mistake to those of the next talk.
  const left = now();
  if (id !== at.current) { if (left) left.draft = box.text(); box.put(it.draft ?? ""); room.classList.remove("with-people"); expanded(); }
  if (id !== at.current) { at.missed = 0; get("pending").replaceChildren(...[...pending.values()].filter((one) => one.c === id && !one.answer).map((one) => one.row)); }
  // Chosen anew, a talk keeps the line above what was new: that is where one read on.
  if (id !== at.current || it.unread) it.mark = it.unread ? it.read : 0;
  at.current = id;
  history.replaceState(null, "", `#${encodeURIComponent(it.kind === "server" ? "" : it.name)}`);
  room.classList.add("talking");
  if (!it.loaded && !it.loading) load(it);
  if (it.kind === "channel" && it.inside && !it.members.size) send({ do: "members", c: id });
  redraw();
  place();
  show();
  follow(networks.get(it.network));
}

export function show() { rail(); head(); banner(); people.draw(now); }

export function step(by, only = () => true) {
  const all = order(), from = all.findIndex((it) => it.c === at.current);
  for (let n = 1; n <= all.length; n++) {
    const it = all[(from + by * n + all.length * n) % all.length];
    if (only(it)) { choose(it.c); return; }
  }
}

export function expanded() {
  const shown = small.matches ? room.classList.contains("with-people") : !room.classList.contains("hide-people");
  document.querySelector(".show-people").setAttribute("aria-expanded", String(shown));
}

// The Wire dock shows the conversation of the network that one looks at.
function follow(net) {
  if (net?.transcript) document.dispatchEvent(new CustomEvent("wire:follow", { detail: { transcript: net.transcript, tail: 100 } }));
}
