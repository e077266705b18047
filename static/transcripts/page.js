// A transcript's page: #L17 and #L17-L23 are marked; arrows move between lines (the projector's spotlight).
import { act, opened } from "./lines.js";

function mark() {
  const found = /^#L(\d+)(?:-L(\d+))?$/.exec(location.hash);
  for (const line of document.querySelectorAll(".lines li")) {
    const number = Number(line.dataset.number);
    const here = Boolean(found) && number >= Number(found[1]) && number <= Number(found[2] ?? found[1]);
    line.classList.toggle("here", here);
  }
  const first = document.querySelector(".lines li.here");
  if (first) {
    const folded = first.closest("details.before");
    if (folded) folded.open = true;
    first.scrollIntoView({ block: "center" });
  }
}

function move(step) {
  const lines = [...document.querySelectorAll(".lines.whole li")];
  const at = lines.findIndex((line) => line.classList.contains("here"));
  const next = lines[Math.min(lines.length - 1, Math.max(0, at + step))];
  if (next) history.replaceState(null, "", `#L${next.dataset.number}`), mark();
}

document.addEventListener("click", (event) => {
  act(event);
  const number = event.target.closest(".lines .n");
  const found = /^#L(\d+)/.exec(location.hash);
  if (number && event.shiftKey && found) {
    event.preventDefault();
    const ends = [Number(found[1]), Number(number.textContent)].sort((a, b) => a - b);
    location.hash = `#L${ends[0]}-L${ends[1]}`;
  }
});
document.addEventListener("toggle", opened, true);
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select, .dock")) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); move(event.key === "ArrowDown" ? 1 : -1); }
});
window.addEventListener("hashchange", mark);
mark();
