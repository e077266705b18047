// The box that one types into: history, completion by Tab, suggestions for commands, formatting keys.
import { COMMANDS, node, word } from "./words.js";

const box = document.getElementById("words"), hints = document.getElementById("hints");
const past = [];
let at = 0, kept = "", tried = null;

export function setup({ say, names }) {
  const send = () => {
    const text = box.value.replace(/\r/g, "");
    if (!text.trim()) return;
    if (!secret(text)) past.push(text);
    if (past.length > 200) past.shift();
    at = past.length;
    put("");
    for (const line of text.split("\n")) if (line.trim()) say(line);
  };
  document.getElementById("say").addEventListener("submit", (event) => { event.preventDefault(); send(); box.focus(); });
  box.addEventListener("input", () => { tried = null; grow(); suggest(); });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    if (!hints.hidden && !shiftKey && !ctrlKey && !altKey && !metaKey && picked(key)) { event.preventDefault(); return; }
    if (key === "Tab" && !shiftKey && !ctrlKey && !altKey) { if (complete(names())) event.preventDefault(); return; }
    tried = null;
    if (key === "Enter" && !shiftKey && !altKey) { event.preventDefault(); send(); }
    if (key === "Escape") hide();
    if (altKey || metaKey) return;
    if (ctrlKey) { mark(event); return; }
    if (key === "ArrowUp" && first()) { event.preventDefault(); back(-1); }
    if (key === "ArrowDown" && last()) { event.preventDefault(); back(1); }
  });
  hints.addEventListener("click", (event) => {
    const row = event.target.closest("li");
    if (row) { take(row); box.focus(); }
  });
}

export function put(text) {
  box.value = text;
  grow();
  suggest();
  box.setSelectionRange(text.length, text.length);
}

export function text() { return box.value; }

export function insert(text) {
  box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
  box.focus();
  grow();
}

function secret(text) {
  return /^\/(oper|(raw|quote) +(pass|oper|authenticate)|(msg|m|query|q|notice) +\S*serv\b)/i.test(text);
}

function grow() {
  const lines = box.value.split("\n");
  box.rows = Math.min(6, lines.length);
  // Whoever pasted a page should know before pressing Enter that each line of it is a message.
  const said = lines.filter((line) => line.trim()).length;
  document.getElementById("lines").textContent = said > 1 ? word("lines", { count: said }) : "";
}

function first() { return !box.value.slice(0, box.selectionStart).includes("\n"); }
function last() { return !box.value.slice(box.selectionEnd).includes("\n"); }

function back(step) {
  const next = at + step;
  if (next < 0 || next > past.length) return;
  if (at === past.length) kept = box.value;
  at = next;
  put(at === past.length ? kept : past[at]);
  hide(); // the arrows walk on through what was said before
}

// mIRC's keys, which The Lounge and others share.
const MARKS = { b: "\x02", i: "\x1d", u: "\x1f", k: "\x03", o: "\x0f" };
function mark(event) {
  const sign = MARKS[event.key.toLowerCase()];
  if (!sign || event.shiftKey) return;
  event.preventDefault();
  const { selectionStart: from, selectionEnd: to } = box;
  box.setRangeText(sign + box.value.slice(from, to) + (from < to ? sign : ""), from, to, "end");
}

function complete(names) {
  if (!tried) {
    const before = box.value.slice(0, box.selectionStart), begun = /\S*$/.exec(before)[0];
    if (!begun) return false;
    const start = before.length - begun.length, low = begun.toLowerCase();
    const from = begun.startsWith("/") && start === 0 ? COMMANDS.map((one) => `/${one.name}`) : begun[0] === "#" ? names.channels : names.nicks;
    const found = from.filter((name) => name.toLowerCase().startsWith(low));
    if (!found.length) return false;
    tried = { start, end: before.length, found, next: 0 };
  }
  const name = tried.found[tried.next % tried.found.length];
  tried.next += 1;
  const after = tried.start === 0 && !/^[/#]/.test(name) ? ": " : " ";
  const saved = tried;
  box.setRangeText(name + after, tried.start, tried.end, "end");
  saved.end = saved.start + name.length + after.length;
  tried = saved;
  hide();
  return true;
}

function suggest() {
  const found = /^\/(\w*)$/.exec(box.value);
  const rows = found ? COMMANDS.filter((one) => one.name.startsWith(found[1].toLowerCase())).slice(0, 8) : [];
  hints.replaceChildren(...rows.map((one) => node("li", { role: "option", id: `hint-${one.name}`, data: { name: one.name } }, node("code", { textContent: one.usage }), node("span", { className: "aside", textContent: one.says }))));
  rows.length ? hints.querySelectorAll("li").forEach((row) => row.setAttribute("aria-selected", "false")) : 0;
  hints.hidden = !rows.length;
  box.removeAttribute("aria-activedescendant");
}

function hide() { hints.hidden = true; box.removeAttribute("aria-activedescendant"); }

function take(row) { put(`/${row.dataset.name} `); }

// Up and down go through the suggestions while they stand there; Enter or Tab takes the one that is marked.
function picked(key) {
  const rows = [...hints.children], now = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
  if (now >= 0 && (key === "Enter" || key === "Tab")) { take(rows[now]); return true; }
  if (key !== "ArrowDown" && key !== "ArrowUp") return false;
  const next = rows.at(now < 0 && key === "ArrowUp" ? -1 : (now + (key === "ArrowDown" ? 1 : -1)) % rows.length);
  rows.forEach((row) => row.setAttribute("aria-selected", String(row === next)));
  box.setAttribute("aria-activedescendant", next.id);
  return true;
}
