// The panel beside a dialogue: what the chosen line means, and what can be done with it.
import { copy, text } from "./lines.js";

const KEPT = 200;
const told = new Map(); // a line's address -> what the server tells of it

async function ask(address) {
  if (told.has(address)) return told.get(address);
  const answer = await fetch(address.replace("#L", "/line/"));
  if (!answer.ok) return "";
  const words = await answer.text();
  told.set(address, words);
  if (told.size > KEPT) told.delete(told.keys().next().value);
  return words;
}

// What the line itself says of its meaning is there at once; the rest is asked for.
function atOnce(line) {
  const head = document.createElement("h2"), badge = line.querySelector("code > .badge");
  if (badge) head.append(badge.cloneNode(true), " ");
  head.append((line.querySelector(":scope > p") ?? line.querySelector("code")).textContent);
  return head;
}

export function explainer(aside, heard = () => {}) {
  const words = aside.querySelector(".explain-text"), doing = aside.querySelector(".explain-do");
  const empty = words.innerHTML;
  let line = null;
  aside.querySelector("[data-line=copy]").addEventListener("click", async () => { if (line) { await copy(text([line])); heard(); } });
  async function rest(chosen) {
    const found = await ask(chosen.querySelector(".n").href).catch(() => "");
    if (line === chosen && found) words.innerHTML = found;
  }
  return {
    show(chosen) {
      if (line && line === chosen) return;
      line = chosen;
      doing.hidden = !line;
      aside.classList.toggle("chosen", Boolean(line));
      if (!line) { words.innerHTML = empty; return; }
      words.replaceChildren(atOnce(line));
      aside.scrollTop = 0;
      aside.querySelector("[data-line=link]").href = line.querySelector(".n").href;
      rest(line);
    },
  };
}

// The strip of states (each its key and its name): where the conversation stood after `line`.
export function strip(list, states, line) {
  const at = states.findIndex(([key]) => key === line?.dataset.state);
  list.replaceChildren(...states.map(([, name], index) => {
    const item = document.createElement("li");
    item.textContent = name;
    if (index === at) item.setAttribute("aria-current", "step");
    if (index > at) item.className = "ahead";
    return item;
  }));
}
