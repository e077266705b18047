// What the socket tells, put where it belongs: a function for each word that is told.
import { showIgnored, showList } from "./dialogs.js";
import { plain } from "./format.js";
import { banner, head, notice } from "./head.js";
import { catchUp, load } from "./history.js";
import * as lines from "./lines.js";
import * as people from "./people.js";
import { rail } from "./rail.js";
import { at, counts, get, names, networks, now, watching, windows } from "./room.js";
import { join, refuse, say, settle } from "./saying.js";
import { send } from "./socket.js";
import { asked, choose, gone, network, show, take, window } from "./talks.js";
import * as topic from "./topic.js";
import { bottom, newer, readNow, redraw, toBottom } from "./view.js";
import { word } from "./words.js";

const MOST = 1500;

export const hears = {
  state(told) { take(told); banner(); catchUp(); },
  again() { send({ do: "state" }); },
  line: hear,
  taken(told) { settle(told.n); },
  refused(told) { refuse(told.n, told.words || told.says); },
  network(told) { const was = networks.get(told.id)?.ignored ?? []; network(told); rail(); if (now()?.network === told.id) { show(); listened(was, told); } },
  window(told) { const it = window(told); if (asked(it)) choose(it.c); else if (it.c === at.current) { if (!it.loaded && !it.loading) load(it); show(); } else rail(); },
  closed(told) { gone(told.c); },
  read(told) { const it = windows.get(told.c); if (it && told.upto > it.read) { it.read = told.upto; if (!it.lines.some((line) => line.id > told.upto && counts(line, it))) { it.unread = it.mentions = 0; rail(); } } },
  members(told) { const it = windows.get(told.c); if (!it) return; people.all(it, told.members); it.flags = told.flags; it.topic = told.topic; if (told.c === at.current) { head(); people.draw(now); } },
  away(told) { const it = windows.get(told.c), member = it?.members.get(people.key(it, told.n)); if (member) { member.away = told.away; people.draw(now); } },
  topic(told) { const it = windows.get(told.c); if (it) { it.topic = told.topic; if (told.c === at.current) head(); } },
  flags(told) { const it = windows.get(told.c); if (it) { it.flags = told.flags; if (told.c === at.current) head(); } },
  list(told) { showList(told.rows, told.cut); },
  invited(told) { notice(word("invited", { nick: told.n, channel: told.channel }), word("join", { name: told.channel }), () => join(told.channel)); },
  gateway(told) { at.gateway = told.up; banner(); if (told.up) send({ do: "state" }); },
};

// The list of the ignored is another: what is drawn follows, and who was just ignored can be heard again at once.
function listened(was, told) {
  const fresh = told.ignored.filter((nick) => !was.includes(nick));
  if (!fresh.length && told.ignored.length === was.length) return;
  const down = bottom();
  redraw();
  if (down) toBottom();
  showIgnored();
  if (fresh.length === 1) notice(word("ignored_now", { nick: fresh[0] }), word("undo"), () => say(`/unignore ${fresh[0]}`));
}

function hear(line) {
  const it = windows.get(line.c);
  if (line.near) near(line);
  topic.heard(line);
  if (!it) return;
  people.move(it, line.m);
  if (line.topic !== undefined) it.topic = line.topic;
  if (line.flags !== undefined) it.flags = line.flags;
  if (it.c === at.current && (line.m || line.topic !== undefined || line.flags !== undefined)) { head(); people.draw(now); }
  line.named = counts(line, it) && (it.kind === "query" || names(it).test(plain(line.x)));
  if (it.loaded && !put(it, line)) return;
  const seen = it.c === at.current && watching();
  if (counts(line, it) && !seen) {
    it.unread += 1;
    it.mentions += line.named ? 1 : 0;
    rail();
  }
  if (it.c !== at.current || !it.loaded) return;
  const down = bottom();
  lines.add(line);
  if (it.lines.length === 1) head();
  if (counts(line, it) && it.unread <= 1) get("heard").textContent = `${line.n}: ${plain(line.x)}`;
  if (down) toBottom();
  else if (counts(line, it)) { at.missed += 1; newer(); }
  if (seen) readNow(it);
  if (it.lines.length > MOST && down) { it.lines.splice(0, 500); it.more = true; redraw(); }
}

// Lines come in order; one that comes late (a gap was filled meanwhile) finds its place. False: it is here already.
function put(it, line) {
  const last = it.lines.at(-1);
  if (!last || line.id > last.id) { it.lines.push(line); return true; }
  if (it.lines.some((one) => one.id === line.id)) return false;
  it.lines.splice(it.lines.findIndex((one) => one.id > line.id), 0, line);
  if (it.c === at.current) redraw();
  return false;
}

function near(line) {
  if (line.near !== at.current || line.c === at.current) return;
  const down = bottom();
  lines.aside(line);
  if (down) toBottom();
}
