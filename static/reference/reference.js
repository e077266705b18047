// The list says which entries one's own conversations said; the counts come once, after the page.
const root = document.querySelector("#reference"), results = document.querySelector("#ref-results");
let counts = {};

function mark() {
  for (const item of results.querySelectorAll("li[data-key]")) {
    const count = counts[item.dataset.key];
    if (!count || item.querySelector(".ref-seen")) continue;
    const seen = document.createElement("span");
    seen.className = "ref-seen aside";
    seen.textContent = root.dataset.seenText.replace("%d", count);
    item.querySelector(".ref-links").append(seen);
  }
}

document.addEventListener("htmx:afterSwap", mark);
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select")) return;
  event.preventDefault();
  document.querySelector("#ref-q").focus();
});
counts = await (await fetch(root.dataset.seen)).json();
mark();
