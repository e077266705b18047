// The chat room: told by its socket what is said and how things stand; it draws, and brings words back.
// room.js holds what there is; hearing.js puts into it what is told, saying.js brings out what is said; talks.js,
// history.js, view.js, head.js, rail.js, lines.js and people.js show it.
import * as box from "./box.js";
import { dialogs, showList } from "./dialogs.js";
import { banner } from "./head.js";
import { hears } from "./hearing.js";
import { older } from "./history.js";
import * as people from "./people.js";
import { at, get, networks, now, order, phone, room, small, windows } from "./room.js";
import { ask, closed, join, nicks, opened, post, say } from "./saying.js";
import { connect } from "./socket.js";
import { choose, expanded, step, take } from "./talks.js";
import * as topic from "./topic.js";
import * as view from "./view.js";
import { state as first } from "./words.js";

const doings = {
  back() { room.classList.remove("talking", "with-people"); },
  people() { if (small.matches) room.classList.toggle("with-people"); else room.classList.toggle("hide-people"); expanded(); },
  leave() { if (now()?.kind === "channel" && now().inside) say("/part"); else post(`talk/${at.current}/close/`); },
  list() { showList(null); say("/list"); },
  help() { get("help").showModal(); },
};

function clicked(event) {
  const of = (name) => event.target.closest(`[data-${name}]`)?.dataset[name];
  if (of("do")) doings[of("do")]?.();
  if (of("open")) { choose(Number(of("open"))); if (!phone.matches) get("words").focus(); }
  if (of("close")) post(`talk/${of("close")}/close/`);
  if (of("connect")) post(`network/${of("connect")}/connect/`);
  if (of("disconnect")) post(`network/${of("disconnect")}/disconnect/`);
  if (of("join")) join(of("join"));
}

function keyed(event) {
  if (event.altKey && event.key === "ArrowUp") { event.preventDefault(); step(-1); }
  if (event.altKey && event.key === "ArrowDown") { event.preventDefault(); step(1); }
  if (event.altKey && event.code === "KeyA") { event.preventDefault(); step(1, (it) => it.unread > 0); }
  const typing = event.target.closest("input, textarea, select, dialog");
  if (event.key === "Escape" && room.classList.contains("with-people") && !event.target.closest("dialog, [popover]")) { doings.people(); document.querySelector(".show-people").focus(); }
  if (event.key === "?" && !typing) get("help").showModal();
  if (event.key === "PageUp" && event.target === get("words")) { event.preventDefault(); view.page(-1); }
  if (event.key === "PageDown" && event.target === get("words")) { event.preventDefault(); view.page(1); }
}

function joined(event) {
  event.preventDefault();
  const name = get("join-name").value.trim();
  if (name) join(name);
  get("join-name").value = "";
}

function member(nick) { const it = now(); return it?.members.get(people.key(it, nick)); }

function operator() { return /[~&@%]/.test(member(networks.get(now()?.network)?.nick ?? "")?.signs ?? ""); }

// The talk that the address names; an address may hold anything.
function named(hash) { try { return decodeURIComponent(hash); } catch { return ""; } }

function begin() {
  take(first);
  const hash = named(location.hash.slice(1)), wanted = first.join || hash;
  if (first.join) at.wanted = first.join;
  const start = [...windows.values()].find((it) => it.name === first.join || it.name === wanted) ?? order().find((it) => it.kind === "channel" && it.name === "#lab") ?? order().find((it) => it.kind !== "server") ?? order()[0];
  if (start) { choose(start.c); if (phone.matches && !first.join && !hash) room.classList.remove("talking"); }
  connect({ hears, opened, closed() { closed(); banner(); } });
  if (!phone.matches) get("words").focus();
  expanded();
}

if (room) {
  box.setup({ say, names: () => ({ nicks: nicks(now()), channels: order().filter((one) => one.kind === "channel").map((one) => one.name) }) });
  dialogs({ say, join, operator, member });
  view.setup({ older });
  room.addEventListener("click", clicked);
  get("join").addEventListener("submit", joined);
  topic.setup({ ask, operator });
  document.addEventListener("keydown", keyed);
  small.addEventListener("change", expanded);
  begin();
}
