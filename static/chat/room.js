// What all parts of the room look at: the networks, the windows on talks, and which of them is shown.
import { fold, named } from "./words.js";

export const room = document.getElementById("chat"), get = (id) => document.getElementById(id);
export const networks = new Map(), windows = new Map(), pending = new Map();
// ``wanted`` is the talk that this tab asked for; ``missed`` counts what came while one read further up.
export const at = { current: 0, wanted: "", missed: 0, gateway: true };
export const phone = matchMedia("(max-width: 640px)"), small = matchMedia("(max-width: 900px)");
export const SPOKEN = new Set(["privmsg", "notice", "action"]);

export const now = () => windows.get(at.current);
export const watching = () => document.visibilityState === "visible" && document.hasFocus();

// Whom one ignores is not heard: their words are folded away, and count nowhere.
export function ignores(it, nick) {
  const net = networks.get(it?.network), fold_ = (name) => fold(name, it?.rules?.casemapping);
  return Boolean(nick) && (net?.ignored ?? []).some((one) => fold_(one) === fold_(nick));
}

export function counts(line, it) { return SPOKEN.has(line.k) && line.p !== it.person && !ignores(it, line.n); }

export function names(it) { return named(networks.get(it.network)?.nick || "\u0000"); }

const RANK = { server: 0, channel: 1, query: 2 };
export function order() {
  return [...windows.values()].sort((one, other) => one.network - other.network || RANK[one.kind] - RANK[other.kind] || one.name.localeCompare(other.name));
}
