// What one says: on its way, taken, or refused and kept.
import * as box from "./box.js";
import { openIgnored } from "./dialogs.js";
import { notice } from "./head.js";
import * as people from "./people.js";
import { at, get, networks, now, pending, room, SPOKEN, windows } from "./room.js";
import { opening, send } from "./socket.js";
import { choose } from "./talks.js";
import { fold, node, word } from "./words.js";

const PATIENCE = 20000;
let number = 0;

export function say(text) {
  const it = now();
  if (!it) return;
  const command = /^\/(\w+)\s*(.*)$/s.exec(text);
  if (command?.[1] === "help") { get("help").showModal(); return; }
  if (command?.[1] === "ignore" && !command[2] && it.kind !== "query") { openIgnored(); return; }
  if (command?.[1] === "clear") { get("said").replaceChildren(); it.lines = []; return; }
  if (/^(join|j|query|q|msg|m)$/i.test(command?.[1] ?? "")) {
    at.wanted = command[2].split(/[ ,]/)[0];
    if (/^(join|j)$/i.test(command[1]) && at.wanted && !/^[#&+!]/.test(at.wanted)) at.wanted = `#${at.wanted}`;
    const there = [...windows.values()].find((one) => one.network === it.network && fold(one.name) === fold(at.wanted));
    if (there && !/^(msg|m)$/i.test(command[1])) { if (there.inside || there.kind === "query") choose(there.c); }
  }
  // Out and in again: the window goes and comes back, and is looked at as before.
  if (/^(cycle|rejoin|hop)$/i.test(command?.[1] ?? "") && it.kind === "channel") at.wanted = command[2].trim() || it.name;
  // Said again, or mended in the box: the note that it was not said the first time has done its work.
  for (const [old, one] of pending) if (one.refused && one.c === it.c && (one.text === text || one.boxed)) settle(old);
  const leads = /^(query|q|msg|m)$/i.test(command?.[1] ?? "") ? at.wanted : "";
  const n = ++number;  // what was said before it may go out slowly: a server takes one line a second
  const row = node("li", {}, node("span", { className: "x", textContent: text }), node("span", { className: "aside why", textContent: word("saying") }));
  pending.set(n, { text, c: it.c, row, leads, timer: setTimeout(() => refuse(n, word("silent")), PATIENCE + text.length + 1000 * pending.size) });
  setTimeout(() => { if (pending.has(n) && it.c === at.current) get("pending").append(row); }, 250);
  // A page that has just come is still opening its line: what was typed meanwhile goes out first thing.
  const sent = send({ do: "say", c: it.c, text, n });
  pending.get(n).sent = sent;
  if (!sent && !opening()) refuse(n, word("lost"));
}

// Say something that is answered elsewhere than above the box; "" as soon as it is taken, else why it was not.
export function ask(text) {
  const it = now(), n = ++number;
  return new Promise((answer) => {
    pending.set(n, { text, c: it.c, row: node("li"), answer, timer: setTimeout(() => refuse(n, word("silent")), PATIENCE) });
    pending.get(n).sent = send({ do: "say", c: it.c, text, n });
    if (!pending.get(n).sent && !opening()) refuse(n, word("lost"));
  });
}

// The line is there (again), or gone: what waited for it goes out, or is told to have waited in vain.
export function opened() { for (const [n, it] of pending) if (!it.sent) it.sent = send({ do: "say", c: it.c, text: it.text, n }); }
export function closed() { for (const [n, it] of pending) if (!it.sent) refuse(n, word("lost")); }

export function settle(n) {
  const it = pending.get(n);
  if (!it) return;
  clearTimeout(it.timer);
  it.row.remove();
  pending.delete(n);
  it.answer?.("");
}

// Nothing that was typed is lost: it goes back into the box where that is empty, and stands above it where not.
export function refuse(n, why) {
  const it = pending.get(n);
  if (!it) return;
  clearTimeout(it.timer);
  if (it.answer) { pending.delete(n); it.answer(why || word("why")); return; }
  const back = () => { settle(n); choose(it.c); box.put(it.text); get("words").focus(); };
  it.sent = it.refused = true;
  it.row.className = "refused";
  it.row.querySelector(".why").textContent = word("not_said", { why: why || word("why") });
  it.row.append(node("button", { type: "button", className: "button quiet", textContent: word("put_back"), onclick: back }));
  it.row.append(node("button", { type: "button", className: "button quiet", textContent: word("again"), onclick: () => { settle(n); choose(it.c); say(it.text); } }));
  // Said from a talk that one has left meanwhile: told wherever one is.
  if (it.c !== at.current) { notice(`${it.text.slice(0, 60)} – ${word("not_said", { why: why || word("why") })}`, word("put_back"), back); return; }
  get("pending").append(it.row);
  if (!get("words").value) { it.boxed = true; box.put(it.text); it.row.querySelectorAll("button").forEach((button) => button.remove()); it.row.append(node("button", { type: "button", className: "button quiet", textContent: "×", ariaLabel: word("close", { name: "" }), onclick: () => settle(n) })); }
}

export function join(name) { say(`/join ${name}`); }

export async function post(path, values = {}) {
  const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
  const answer = await fetch(room.dataset.base + path, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams(values) });
  if (answer.status >= 202 && answer.status !== 204) notice((await answer.json().catch(() => ({}))).says ?? answer.statusText);
}

// For Tab: who spoke last comes first, oneself last.
export function nicks(it) {
  if (!it) return [];
  const me = networks.get(it.network)?.nick, spoke = new Map();
  for (const line of it.lines) if (SPOKEN.has(line.k)) spoke.set(people.key(it, line.n), line.id);
  const rank = (nick) => (nick === me ? -1 : spoke.get(people.key(it, nick)) ?? 0);
  const all = it.kind === "query" ? [it.name, me] : [...it.members.values()].map((one) => one.nick);
  return all.filter(Boolean).sort((one, other) => rank(other) - rank(one) || one.localeCompare(other));
}
