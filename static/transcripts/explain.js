// The panel beside a dialogue: what the chosen line means, and what can be done with it.
import { copy, text } from "./lines.js";

export function explainer(aside, told = () => {}) {
  const words = aside.querySelector(".explain-text"), doing = aside.querySelector(".explain-do");
  const empty = words.innerHTML;
  let line = null;
  aside.querySelector("[data-line=copy]").addEventListener("click", async () => { if (line) { await copy(text([line])); told(); } });
  return {
    show(chosen) {
      line = chosen;
      words.innerHTML = line ? line.querySelector(".more").innerHTML : empty;
      doing.hidden = !line;
      aside.classList.toggle("chosen", Boolean(line));
      if (!line) return;
      aside.querySelector("[data-line=link]").href = line.querySelector(".n").href;
    },
  };
}

// The strip of states: where the conversation stood after `line`.
export function strip(list, states, line) {
  const at = states.indexOf(line?.dataset.state ?? "");
  list.replaceChildren(...states.map((name, index) => {
    const item = document.createElement("li");
    item.textContent = name;
    if (index === at) item.setAttribute("aria-current", "step");
    if (index > at) item.className = "ahead";
    return item;
  }));
}
