// Above the talk: its name, topic and modes, and how the connection stands.
import { at, get, networks, now } from "./room.js";
import { open, opening } from "./socket.js";
import * as topic from "./topic.js";
import { node, word } from "./words.js";

export function head() {
  const it = now(), older = get("older");
  get("talk-name").textContent = it?.kind === "server" ? networks.get(it.network)?.name ?? "" : it?.name ?? word("choose");
  get("talk-flags").textContent = it?.flags ?? "";
  topic.draw();
  const leave = get("leave");
  leave.hidden = !it || it.kind === "server";
  leave.textContent = it?.kind === "channel" && it.inside ? leave.dataset.leave : leave.dataset.shut;
  get("me").textContent = networks.get(it?.network)?.nick ?? "";
  const end = it?.kind === "channel" ? word(it.open_to_class ? "beginning_class" : "beginning") : "";
  const empty = it && word(`empty_${it.kind}`);
  older.hidden = !it?.loaded && !it?.loading;
  older.textContent = it?.loading ? word("history") : !it?.lines.length ? empty : it?.more ? "" : end;
}

export function banner() {
  const it = now(), net = networks.get(it?.network), bar = get("banner"), button = bar.querySelector("button");
  clearTimeout(bar.timer);
  const [text, does, data] = standing(it, net);
  bar.hidden = !text;
  bar.querySelector("span").textContent = text;
  bar.classList.toggle("refused", net?.state === "refused");
  bar.classList.toggle("warning", net?.state !== "refused");
  button.hidden = !does;
  button.textContent = does ?? "";
  for (const name of ["connect", "join"]) delete button.dataset[name];
  Object.assign(button.dataset, data);
  if (net?.state === "waiting") bar.timer = setTimeout(banner, 1000);
}

// What the banner says, what its button says, and what that one does (chat.js knows data-connect and data-join).
function standing(it, net) {
  if (!open() && !opening()) return [word("lost")];
  if (!at.gateway) return [word("gateway")];
  if (!net) return [""];
  const again = { connect: net.id }, places = { name: net.name, host: net.host, port: net.port, words: net.words };
  const says = net.words ? word("refused", places) : net.says;
  const seconds = Math.ceil((net.next - Date.now()) / 1000);
  if (net.state === "waiting") return [word(seconds > 0 ? "waiting" : "waiting_now", { ...places, says, seconds }), word("retry"), again];
  if (net.state === "refused") return [says, word("retry"), again];
  if (net.state === "connecting") return [word("connecting", places)];
  if (net.state === "registering") return [word("registering", places)];
  if (!net.wanted || net.state === "off") return [word("off", places), word("connect"), again];
  if (it?.kind === "channel" && !it.inside) return [word("not_in", { name: it.name }), word("join", { name: it.name }), { join: it.name }];
  return [""];
}

export function notice(text, does, act) {
  const row = node("div", { className: "notice" }, text, " ");
  if (does) row.append(node("button", { type: "button", className: "button", textContent: does, onclick: () => { row.remove(); act(); } }));
  get("toasts").replaceChildren(row);
  setTimeout(() => row.remove(), 12000);
}
