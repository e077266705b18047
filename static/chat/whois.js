// Who somebody is, as the server answered WHOIS: a card instead of ten numerics (those stand in the dock, explained).
import { formatted } from "./format.js";
import { exact, hue, language, node, word } from "./words.js";

const amount = (number, unit) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(number);

function span(seconds) {
  const parts = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]], from = parts.findIndex(([, size]) => seconds >= size);
  if (from < 0) return amount(0, "second");
  const [[unit, size], next] = [parts[from], parts[from + 1]], rest = next ? Math.floor((seconds % size) / next[1]) : 0;
  return [amount(Math.floor(seconds / size), unit), ...(rest ? [amount(rest, next[0])] : [])].join(" ");
}

// ``text`` is what chat/whois.py made; null where it is something else.
export function whois(text) {
  try { return card(JSON.parse(text)); } catch { return null; }
}

function channels(names) { const nodes = names.map((name) => [node("span", { className: "one" }, formatted(name)), " "]); return node("span", {}, ...nodes.flat()); }

function card(found) {
  const nick = node("button", { type: "button", className: `nick hue-${hue(found.nick)}`, data: { nick: found.nick }, textContent: found.nick });
  const rows = [["real", found.real && formatted(found.real)], ["account", found.account], ["channels", found.channels && channels(found.channels)],
    ["away", found.away && formatted(found.away)], ["idle", found.idle !== undefined && span(found.idle)], ["since", found.since && exact(found.since * 1000)],
    ["server", [found.server, found.about && `(${found.about})`].filter(Boolean).join(" ")], ["secure", found.secure && word("whois_tls")], ["operator", found.operator && word("whois_yes")],
    ...(found.more ?? []).map((one) => ["more", one])];
  const list = rows.filter(([, value]) => value).map(([name, value]) => node("div", {}, node("dt", { textContent: word(`whois_${name}`) }), node("dd", { dir: "auto" }, value)));
  return node("div", { className: "who" }, node("p", {}, nick, " ", node("bdi", { textContent: `${found.user}@${found.host}` })), node("dl", {}, ...list));
}
