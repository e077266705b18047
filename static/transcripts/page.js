// A transcript's page: #L17 and #L17-L23 are marked and explained; arrows move between lines (the projector's spotlight).
import { explainer, strip } from "./explain.js";
import { act, copy, nextTimes, opened, tell, text } from "./lines.js";
import { show } from "./views.js";

const box = document.querySelector(".dialogue");
const aside = document.querySelector(".transcript-body .explain");
const explained = aside ? explainer(aside) : { show() {} };
const list = document.querySelector(".strip.page-strip");
const states = JSON.parse(document.getElementById("states")?.textContent ?? "[]");

function wanted() { return /^#L(\d+)(?:-L(\d+))?$/.exec(location.hash); }

function mark() {
  const found = wanted();
  for (const line of document.querySelectorAll(".dialogue .lines > li")) {
    const number = Number(line.dataset.number);
    line.classList.toggle("here", Boolean(found) && number >= Number(found[1]) && number <= Number(found[2] ?? found[1]));
  }
  const first = document.querySelector(".lines > li.here");
  if (first) {
    const folded = first.closest("details.before");
    if (folded) folded.open = true;
    first.scrollIntoView({ block: document.body.classList.contains("projector") ? "center" : "nearest" });
  }
  explained.show(first);
  let line = first ?? document.querySelector(".lines.whole > li:last-child");
  while (line && !line.dataset.state) line = line.previousElementSibling;
  if (list) strip(list, states, line);
}

function go(number) { history.replaceState(null, "", `#L${number}`); mark(); }

function move(step) {
  const lines = [...document.querySelectorAll(".lines.whole > li")];
  const at = lines.findIndex((line) => line.classList.contains("here"));
  const next = lines[Math.min(lines.length - 1, Math.max(0, at + step))];
  if (next) go(next.dataset.number);
}

document.addEventListener("click", (event) => {
  if (event.target.closest(".dock")) return;
  act(event);
  const number = event.target.closest(".lines .n"), found = wanted();
  if (number && event.shiftKey && found) {
    event.preventDefault();
    const ends = [Number(found[1]), Number(number.textContent)].sort((a, b) => a - b);
    location.hash = `#L${ends[0]}-L${ends[1]}`;
    return;
  }
  const line = event.target.closest(".dialogue .lines > li");
  if (line && !event.target.closest("a, button, summary, pre") && getSelection().isCollapsed) go(line.dataset.number);
  const way = event.target.closest(".transcript-head [data-view]"), doing = event.target.closest("[data-page]")?.dataset.page;
  if (way) {
    way.parentElement.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(button === way)));
    show(box, way.dataset.view);
  }
  if (doing === "copy") copy(text([...document.querySelectorAll(".dialogue .lines.whole > li")].filter((one, _, all) => !all.some((other) => other.classList.contains("here")) || one.classList.contains("here"))));
  if (doing === "times") nextTimes();
  if (doing === "print") print();
});
document.addEventListener("toggle", (event) => { if (!event.target.closest(".dock")) opened(event); }, true);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog, .dock, pre")) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); move(event.key === "ArrowDown" ? 1 : -1); }
});
window.addEventListener("hashchange", mark);
document.querySelectorAll(".dialogue .lines > li").forEach(tell);
mark();
