// Who is in the channel: by rank, then by name; each a button that opens what one can do.
import { ignores, now as shown } from "./room.js";
import { fold, hue, node, word } from "./words.js";

const RANKS = { "~": "founders", "&": "admins", "@": "operators", "%": "halfops", "+": "voiced" };
const list = document.getElementById("members"), count = document.getElementById("people-count");
let waiting = 0;

export function key(window, nick) { return fold(nick, window.rules?.casemapping); }

export function all(window, rows) {
  window.members = new Map(rows.map(([signs, nick, away]) => [key(window, nick), { signs, nick, away }]));
}

export function move(window, steps) {
  for (const [what, one, two] of steps ?? []) {
    if (what === "+") { const old = window.members.get(key(window, two)); window.members.set(key(window, two), { signs: one, nick: two, away: old?.away ?? false }); }
    if (what === "-") window.members.delete(key(window, one));
    if (what === "=") {
      const member = window.members.get(key(window, one));
      window.members.delete(key(window, one));
      if (member) window.members.set(key(window, two), { ...member, nick: two });
    }
  }
}

export function draw(window) {
  // A netsplit moves hundreds at once: draw once for each picture of the screen.
  if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; now(window()); });
}

function now(window) {
  const members = window?.kind === "channel" ? [...window.members.values()] : [];
  count.textContent = members.length || "";
  if (window) document.getElementById("people-title").textContent = word("people_in", { name: window.name });
  document.getElementById("chat").classList.toggle("no-people", window?.kind !== "channel");
  const collator = new Intl.Collator(undefined, { sensitivity: "base" }), groups = new Map();
  for (const member of members) {
    const sign = member.signs?.[0] ?? "";
    groups.set(sign, [...(groups.get(sign) ?? []), member]);
  }
  const order = [...Object.keys(RANKS), ""].filter((sign) => groups.has(sign));
  list.replaceChildren(...order.map((sign) => {
    const rows = groups.get(sign).sort((one, other) => collator.compare(one.nick, other.nick));
    const title = node("h2", { textContent: `${word(RANKS[sign] ?? (groups.size > 1 ? "others" : "everybody"))} ` }, node("span", { className: "aside", textContent: rows.length }));
    return node("section", {}, title, node("ul", {}, ...rows.map(person)));
  }));
}

function person(member) {
  const button = node("button", { type: "button", className: `nick hue-${hue(member.nick)}`, data: { nick: member.nick } });
  button.append(node("span", { className: "sign", textContent: member.signs?.[0] ?? "" }), node("bdi", { textContent: member.nick }));
  if (member.away) { button.classList.add("gone"); button.append(node("span", { className: "aside", textContent: ` ${word("away")}` })); }
  if (ignores(shown(), member.nick)) { button.classList.add("gone"); button.append(node("span", { className: "aside", textContent: ` ${word("ignored")}` })); }
  return node("li", {}, button);
}
