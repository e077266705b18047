// Sentences in the person's language, dates in the person's zone, names compared as the server does.
const read = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");
export const state = read("chat-state"), WORDS = read("chat-words") ?? {}, COMMANDS = read("chat-commands") ?? [];
const room = document.getElementById("chat");
export const language = room?.dataset.language ?? "en", zone = room?.dataset.zone ?? "UTC";

export function word(name, places = {}) {
  return (WORDS[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => places[key] ?? "");
}

const clock = new Intl.DateTimeFormat(language, { timeZone: zone, hour: "2-digit", minute: "2-digit", hour12: false });
const whole = new Intl.DateTimeFormat(language, { timeZone: zone, dateStyle: "full", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(language, { timeZone: zone, weekday: "long", day: "numeric", month: "long", year: "numeric" });
const key = new Intl.DateTimeFormat("en-CA", { timeZone: zone });

export const time = (at) => clock.format(at), exact = (at) => whole.format(at), dayKey = (at) => key.format(at);

export function dayName(at) {
  const name = dayKey(at), now = Date.now();
  const near = name === dayKey(now) ? word("today") : name === dayKey(now - 86400000) ? word("yesterday") : "";
  return near ? `${near}, ${day.format(at)}` : day.format(at);
}

export function fold(name, mapping = "rfc1459") {
  const low = name.replace(/[A-Z]/g, (sign) => sign.toLowerCase());
  if (mapping === "ascii") return low;
  const more = mapping === "rfc1459" ? { "[": "{", "]": "}", "\\": "|", "~": "^" } : { "[": "{", "]": "}", "\\": "|" };
  return low.replace(/[[\]\\~]/g, (sign) => more[sign] ?? sign);
}

export function named(nick) {
  const exactly = nick.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}_\\[\\]\\\\\`^{|}-])${exactly}(?![\\p{L}\\p{N}_\\[\\]\\\\\`^{|}-])`, "iu");
}

export function hue(nick) {
  let sum = 0;
  for (const sign of nick) sum = (sum * 31 + sign.codePointAt(0)) >>> 0;
  return sum % 10;
}

export function node(name, values = {}, ...inside) {
  const made = document.createElement(name);
  const { data, ...rest } = values;
  Object.assign(made, rest);
  for (const [field, value] of Object.entries(data ?? {})) made.dataset[field] = value;
  made.append(...inside);
  return made;
}
