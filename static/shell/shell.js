// What every page can do: keys ([data-key], and `?` lists them), menus that shut, toasts that go by themselves.
const TOAST_SECONDS = 8;
const keys = document.getElementById("keys");

function typing(event) {
  return event.ctrlKey || event.metaKey || event.altKey || Boolean(event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog"));
}

function shown(control) { return control.getClientRects().length > 0 && !control.disabled; }

function list() {
  const own = keys.querySelector("[data-own]"), found = new Map();
  for (const control of document.querySelectorAll("[data-key]")) {
    if (!shown(control)) continue;
    const words = control.dataset.keyDoes || control.labels?.[0]?.textContent || control.getAttribute("aria-label") || [...control.childNodes].filter((node) => node.nodeName !== "KBD").map((node) => node.textContent).join("");
    if (!found.has(control.dataset.key)) found.set(control.dataset.key, words.trim());
  }
  // Keys that no control of the page bears: <i hidden data-told="j" data-does="...">.
  for (const told of document.querySelectorAll("[data-told]")) found.set(told.dataset.told, told.dataset.does);
  own.replaceChildren(...[...found].map(([key, does]) => {
    const row = document.createElement("div"), name = document.createElement("dt"), told = document.createElement("dd"), cap = document.createElement("kbd");
    cap.textContent = key;
    name.append(cap);
    told.textContent = does;
    row.append(name, told);
    return row;
  }));
  keys.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  if (typing(event)) return;
  if (event.key === "?" && keys && !keys.open) { event.preventDefault(); list(); return; }
  const control = [...document.querySelectorAll(`[data-key="${CSS.escape(event.key)}"]`)].find(shown);
  if (!control) return;
  event.preventDefault();
  if (control.matches("input, textarea, select")) control.focus();
  else control.click();
});

// A menu that would leave the window on a side is moved back into it.
document.addEventListener("toggle", (event) => {
  const items = event.target.matches?.("details.menu[open]") && event.target.querySelector(".menu-items");
  if (!items) return;
  items.style.translate = "";
  const { left, right } = items.getBoundingClientRect(), most = document.documentElement.clientWidth - 8;
  if (right > most) items.style.translate = `${most - right}px`;
  else if (left < 8) items.style.translate = `${8 - left}px`;
}, true);

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target) || event.target.closest(".menu-items :is(a, button)")) setTimeout(() => { menu.open = false; });
  });
  if (event.target.closest("[data-keys]")) list();
});

document.addEventListener("submit", (event) => {
  const asked = event.target.dataset.confirm;
  if (asked && !confirm(asked)) event.preventDefault();
});

document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

const toasts = document.getElementById("toasts");
if (toasts) {
  new MutationObserver((changes) => {
    for (const toast of changes.flatMap((change) => [...change.addedNodes])) {
      if (toast.nodeType !== Node.ELEMENT_NODE) continue;
      const go = () => (toast.matches(":hover, :focus-within") ? setTimeout(go, 2000) : toast.remove());
      setTimeout(go, TOAST_SECONDS * 1000);
    }
  }).observe(toasts, { childList: true });
}
