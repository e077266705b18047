// What was said in one window, drawn: days apart, comings and goings folded, the first unread line marked.
import { formatted, plain } from "./format.js";
import { counts, ignores, SPOKEN } from "./room.js";
import { whois } from "./whois.js";
import { dayKey, dayName, exact, hue, node, time, word } from "./words.js";

const COMINGS = new Set(["join", "part", "quit", "nick", "mode"]);
const SPLIT = /^(\S+\.\S+) (\S+\.\S+)$/;
// The shell has a box of its own called notice.
const LOOK = { notice: "announced" };
const said = document.getElementById("said");
let drawn = { window: null, last: null, day: "", fold: null };

export function draw(window, mark) {
  said.replaceChildren();
  drawn = { window, last: null, day: "", fold: null, mark };
  for (const line of window.lines) add(line);
}

export function add(line) {
  const { window } = drawn, day = dayKey(line.t);
  if (day !== drawn.day) {
    drawn.day = day;
    drawn.fold = null;
    said.append(node("li", { className: "day" }, node("span", { textContent: dayName(line.t) })));
  }
  if (drawn.mark && line.id > drawn.mark && counts(line, window)) {
    drawn.mark = 0;
    drawn.fold = null;
    said.append(node("li", { className: "unread-mark", id: "unread-mark" }, node("span", { textContent: word("new") })));
  }
  if (COMINGS.has(line.k) && !line.aside) return folded(line);
  if (unheard(line, window)) return foldedAway(line, window);
  drawn.fold = null;
  said.append(row(line, window));
}

export function aside(line) { drawn.fold = null; said.append(row({ ...line, aside: true }, drawn.window)); }

function row(line, window) {
  const spoken = SPOKEN.has(line.k);
  const item = node("li", { className: `line ${LOOK[line.k] ?? line.k}`, data: { id: line.id ?? "" } });
  item.append(node("time", { dateTime: new Date(line.t).toISOString(), title: exact(line.t), textContent: time(line.t) }));
  if (line.p === window.person) item.classList.add("own");
  if (line.named) item.classList.add("named");
  if (line.aside) item.classList.add("aside-line");
  if (spoken) item.append(nick(line.n, line.k), node("span", { className: "x", dir: "auto" }, formatted(line.x)));
  else if (line.k === "told") item.append(...told(line));
  else item.append(node("span", { className: "x", dir: "auto", textContent: sentence(line) }));
  return item;
}

function nick(name, kind) {
  // By keyboard the same menu opens from the list of people: a hundred messages are no hundred stops of Tab.
  const button = node("button", { type: "button", className: `nick hue-${hue(name)}`, data: { nick: name }, tabIndex: -1 });
  button.textContent = name;
  if (kind === "action") button.classList.add("does");
  return button;
}

function told(line) {
  const who = line.o === "WHOIS" ? whois(line.x) : null;
  if (who) return [node("span", { className: "badge", textContent: line.o }), who];
  const refused = /^[45]\d\d$/.test(line.o) && line.o !== "422";
  const badge = node("span", { className: `badge${refused ? " refused" : ""}`, textContent: line.o });
  const words = node("span", { className: "x", dir: "auto" }, formatted(line.x));
  return line.n ? [badge, node("b", { className: "from", textContent: line.n }), words] : [badge, words];
}

export function sentence(line) {
  const places = { nick: line.n, other: line.o ?? "", text: plain(line.x ?? "") };
  const why = places.text && ["part", "quit", "kick"].includes(line.k) ? ` (${places.text})` : "";
  const names = { join: "joined", part: "left", quit: "quit", kick: "kicked", nick: "renamed", mode: "mode" };
  if (line.k === "topic") return word(places.text ? "topic" : "topic_cleared", places);
  return word(names[line.k] ?? line.k, places) + why;
}

function folded(line) {
  const item = node("li", { className: "event" }, node("time", { textContent: time(line.t), title: exact(line.t) }), node("span", { className: "x", dir: "auto", textContent: sentence(line) }));
  if (drawn.fold && !drawn.fold.away) {
    drawn.fold.lines.push(line);
    drawn.fold.list.append(item);
    drawn.fold.summary.textContent = summary(drawn.fold.lines);
    drawn.fold.row.classList.toggle("single", false);
    return;
  }
  const list = node("ol", {}, item), title = node("summary", { textContent: sentence(line) });
  const place = node("li", { className: "fold single" }, node("time", { textContent: time(line.t), title: exact(line.t) }), node("details", {}, title, list));
  drawn.fold = { row: place, list, summary: title, lines: [line] };
  said.append(place);
}

function unheard(line, window) { return (SPOKEN.has(line.k) || line.k === "told") && line.p !== window.person && ignores(window, line.n); }

// What people say whom one ignores: there to be opened, one row for as many as come in turn.
function foldedAway(line, window) {
  const fold = drawn.fold?.away ? drawn.fold : (drawn.fold = hiding(line));
  fold.lines.push(line);
  fold.list.append(row(line, window));
  const nicks = [...new Set(fold.lines.map((one) => one.n))].join(", ");
  fold.summary.textContent = word(fold.lines.length === 1 ? "ignored_line" : "ignored_lines", { count: fold.lines.length, nicks });
}

function hiding(line) {
  const list = node("ol", {}), title = node("summary");
  said.append(node("li", { className: "fold away" }, node("time", { textContent: time(line.t), title: exact(line.t) }), node("details", {}, title, list)));
  return { away: true, list, summary: title, lines: [] };
}

function summary(lines) {
  if (lines.length === 1) return sentence(lines[0]);
  const counts = {}, parts = [], splits = new Map();
  for (const line of lines) {
    const split = line.k === "quit" && (line.b === "netsplit" || SPLIT.test(line.x)) ? SPLIT.exec(line.x) : null;
    if (split) splits.set(line.x, (splits.get(line.x) ?? 0) + 1);
    else counts[line.k] = [...(counts[line.k] ?? []), line];
  }
  for (const [text, count] of splits) {
    const [one, other] = text.split(" ");
    parts.push(word("netsplit", { one, other, count }));
  }
  const many = { join: "joined_many", part: "left_many", quit: "quit_many", nick: "renamed_many", mode: "mode_many" };
  for (const [kind, found] of Object.entries(counts)) parts.push(found.length === 1 ? sentence(found[0]) : word(many[kind], { count: found.length }));
  return parts.join(" · ");
}
