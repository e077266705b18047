// A message's text as nodes: formatting signs become classes, addresses links, channels buttons. Text stays text.
const SIGNS = { "\x02": "bold", "\x1d": "italic", "\x1f": "underline", "\x1e": "strike", "\x11": "mono", "\x16": "reverse" };
const LINK = /\b(?:https?|ftp|ircs?):\/\/[^\s<>"'`\u0000-\u001f\u202a-\u202e\u2066-\u2069]+/gi;
const CHANNEL = /((?:^|[\s(,:;])[@%+]?)([#&][^\s,\u0000-\u001f]*[^\s,.:;!?)\u0000-\u001f])/g;
const TURNS = { "\u061c": "ALM", "\u200e": "LRM", "\u200f": "RLM", "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO", "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI" };
// The 72 colours of the wider palette (16-87) stand in twelve columns of one hue each; 88-98 are greys.
const COLUMNS = [4, 7, 8, 9, 3, 3, 10, 11, 2, 12, 6, 13];

function colour(number) {
  if (number < 16) return number;
  if (number < 88) return COLUMNS[(number - 16) % 12];
  return number < 92 ? 1 : number < 96 ? 14 : 15;
}

// Cut a text into runs of one look.
function* runs(text) {
  let on = new Set(), front = null, back = null, run = "";
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    const special = SIGNS[sign] || sign === "\x0f" || sign === "\x03" || sign === "\x04";
    if (!special) { if (sign >= " " || sign === "\t") run += sign; continue; }
    if (run) { yield { run, on: new Set(on), front, back }; run = ""; }
    if (sign === "\x0f") { on = new Set(); front = back = null; }
    else if (sign === "\x03") {
      const found = /^(\d{1,2})(?:,(\d{1,2}))?/.exec(text.slice(at + 1, at + 6));
      front = found && found[1] !== "99" ? colour(Number(found[1])) : null;
      if (!found) back = null;
      else if (found[2]) back = found[2] === "99" ? null : colour(Number(found[2]));
      at += found ? found[0].length : 0;
    } else if (sign === "\x04") at += /^([0-9a-f]{6}(,[0-9a-f]{6})?)?/i.exec(text.slice(at + 1, at + 14))[0].length;
    else if (on.has(SIGNS[sign])) on.delete(SIGNS[sign]);
    else on.add(SIGNS[sign]);
  }
  if (run) yield { run, on, front, back };
}

export function plain(text) {
  return [...runs(text)].map((one) => one.run).join("");
}

export function formatted(text) {
  const nodes = document.createDocumentFragment();
  for (const { run, on, front, back } of runs(text)) {
    const classes = [...on].map((name) => `f-${name}`);
    if (front !== null) classes.push(`f-c${front}`);
    if (back !== null) classes.push(`f-b${back}`);
    let into = nodes;
    if (classes.length) {
      into = document.createElement("span");
      into.className = classes.join(" ");
      nodes.append(into);
    }
    linked(run, into);
  }
  return nodes;
}

function linked(text, into) {
  let at = 0;
  for (const found of text.matchAll(LINK)) {
    let address = found[0].replace(/[.,:;!?'")\]}]+$/, (end) => (/^\)/.test(end) && found[0].includes("(") ? ")" : ""));
    channels(text.slice(at, found.index), into);
    into.append(anchor(address));
    at = found.index + address.length;
  }
  channels(text.slice(at), into);
}

// What no browser opens any more (ftp, irc) goes to Web, which takes the address apart and hands it to its room.
function anchor(address) {
  const link = document.createElement("a"), web = document.getElementById("chat")?.dataset.web;
  try { link.href = /^http/i.test(address) || !web ? new URL(address).href : `${web}?url=${encodeURIComponent(new URL(address).href)}`; } catch { return document.createTextNode(address); }
  Object.assign(link, { target: "_blank", rel: "noopener noreferrer nofollow", textContent: address });
  return link;
}

function channels(text, into) {
  let at = 0;
  for (const found of text.matchAll(CHANNEL)) {
    const start = found.index + found[1].length;
    signs(text.slice(at, start), into);
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "channel-link", textContent: found[2] });
    button.dataset.join = found[2];
    into.append(button);
    at = start + found[2].length;
  }
  signs(text.slice(at), into);
}

// A sign that turns the words around it is told by its name (as netlab/templatetags/signs.py does in the pages).
function signs(text, into) {
  for (const part of text.split(/([\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])/)) {
    const name = TURNS[part];
    if (!name) { into.append(part); continue; }
    const sign = document.createElement("span");
    Object.assign(sign, { className: "told-sign", textContent: part });
    sign.dataset.sign = name;
    into.append(sign);
  }
}
