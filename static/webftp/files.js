// The files room: told by its socket what changed, it lets htmx fetch that part anew; choosing, dialogs and keys.
const room = document.getElementById("room");
const dialog = document.getElementById("dialog");
const late = new Set();
let wait = 500, later, kept = new Set(), dragged = [], held = false, editing = false, wanted = null, stood = null, going = 0, asking = 0, again = false;

export function tell(name) { htmx.trigger(document.body, name); }

export function chosen() { return [...document.querySelectorAll("#chosen input[name=name]:checked")].map((box) => box.value); }

function listen() {
  const place = new URL(room.dataset.socket, location.href);
  place.protocol = place.protocol.replace("http", "ws");
  const socket = new WebSocket(place);
  socket.onopen = () => { if (wait > 500) { tell("files-list"); tell("files-job"); } wait = 500; };
  socket.onmessage = (event) => {
    const told = JSON.parse(event.data);
    if (told.what === "folder") news();
    if (told.what === "job") { tell("files-job"); clearTimeout(later); later = setTimeout(tell, 13000, "files-job"); }
    if (told.what === "transfer") document.dispatchEvent(new CustomEvent("files-transfer", { detail: told.number }));
  };
  socket.onclose = (event) => {
    if (event.code === 4403) return;
    wait = Math.min(wait * 2, 15000);
    setTimeout(listen, wait);
  };
}

// All of the folder, not only this page: then no names are sent, but which listing was looked at.
export function whole() { const field = document.getElementById("whole"); return field && !field.disabled ? field : null; }

function counted() {
  const count = whole() ? Number(whole().dataset.count) : chosen().length, told = document.querySelector(".chosen-count");
  if (!told) return;
  told.textContent = count ? told.dataset.one.replace("%d", count) : "";
  for (const button of document.querySelectorAll("[data-needs]")) button.disabled = button.dataset.needs === "one" ? count !== 1 : !count;
  const boxes = document.querySelectorAll("#chosen input[name=name]"), all = document.getElementById("pick-all");
  if (all) { all.checked = count > 0 && count >= boxes.length; all.indeterminate = count > 0 && count < boxes.length; }
  const offer = document.querySelector("p.whole");
  if (offer) offer.hidden = !all.checked || Boolean(whole());
}

function bits(from) {
  const field = dialog.querySelector("[data-bits]"), octal = dialog.querySelector("#target");
  if (!field) return;
  const boxes = [...field.querySelectorAll("[data-bit]")];
  if (from === octal || !from) { const mode = parseInt(octal.value, 8) || 0; for (const box of boxes) box.checked = Boolean(mode & Number(box.dataset.bit)); }
  else octal.value = boxes.reduce((sum, box) => sum + (box.checked ? Number(box.dataset.bit) : 0), 0).toString(8).padStart(3, "0");
}

function fold(folded) {
  const under = document.getElementById("under"), button = under.querySelector("[data-do=fold]");
  under.toggleAttribute("data-folded", folded);
  button.setAttribute("aria-expanded", String(!folded));
  localStorage.setItem("netlab-files-folded", folded ? "1" : "");
}

export function show(name) {
  const under = document.getElementById("under");
  fold(false);
  for (const button of under.querySelectorAll("[data-tab]")) {
    const here = button.dataset.tab === name;
    button.setAttribute("aria-selected", String(here));
    button.tabIndex = here ? 0 : -1;
    document.getElementById(button.dataset.tab).hidden = !here;
  }
}

const doings = {
  "choose-files": () => document.getElementById("choose-files").click(),
  "choose-folder": () => document.getElementById("choose-folder").click(),
  whole: () => { document.getElementById("whole").disabled = false; counted(); document.querySelector(".tools [data-needs]").focus(); },
  close: () => dialog.close(),
  fold: () => fold(!document.getElementById("under").hasAttribute("data-folded")),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button && doings[button.dataset.do]) doings[button.dataset.do]();
  const tab = event.target.closest("[data-tab]");
  if (tab) show(tab.dataset.tab);
});
document.addEventListener("change", (event) => {
  if (event.target.id === "pick-all") for (const box of document.querySelectorAll("#chosen input[name=name]")) box.checked = event.target.checked;
  if (event.target.closest("#chosen")) { if (whole()) whole().disabled = true; counted(); }
  if (dialog?.contains(event.target)) bits(event.target);
});
document.addEventListener("input", (event) => { if (event.target.id === "target") bits(event.target); });
// News that comes while the list is on its way is about what that answer may not hold yet: it is fetched once more.
// (htmx would queue it at the old list, which that answer replaces.)
// And htmx takes up a list 20 ms after it came: until then that hears nothing.
function listed() {
  setTimeout(() => {
    asking -= 1;
    if (!asking && again) { again = false; tell("files-list"); }
  }, 50);
}

function news() { if (asking) again = true; else tell("files-list"); }

// A refresh that comes while the person goes elsewhere must not take the list away which that answer is for.
// (The request itself tells its end: of a list that was replaced meanwhile, htmx's events reach nobody.)
document.addEventListener("htmx:beforeRequest", (event) => {
  const { requestConfig, target, xhr } = event.detail;
  if (requestConfig.elt.id === "files") { asking += 1; xhr.addEventListener("loadend", listed); }
  else if (target?.id === "files") { going += 1; xhr.addEventListener("loadend", () => { going -= 1; }); }
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { id } = event.detail.target;
  if (going && event.detail.requestConfig.elt.id === "files") { event.detail.shouldSwap = false; return; }
  // A row that is held must not vanish or move under the hand: what is new is fetched once it is let go.
  if (editing && id === "files" && event.detail.requestConfig.elt.id === "files") { event.detail.shouldSwap = false; late.add("files-list"); return; }
  if ((held || dragged.length) && (id === "files" || id === "jobs")) { event.detail.shouldSwap = false; late.add(id === "files" ? "files-list" : "files-job"); return; }
  if (id !== "files") return;
  kept = new Set(chosen());
  stood = event.detail.requestConfig.elt.id === "files" ? standing() : null;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "dialog" && !dialog.open) { dialog.showModal(); bits(); dialog.querySelector("#target")?.select(); }
  if (event.detail.target.id !== "files" && event.detail.target.id !== "drop") return;
  for (const box of document.querySelectorAll("#chosen input[name=name]")) box.checked = kept.has(box.value);
  if (stood && document.activeElement === document.body) rowOf(stood.name)?.querySelector(stood.what).focus();
  arrive();
  counted();
});
document.body.addEventListener("files-close", () => dialog.close());
dialog?.addEventListener("close", () => dialog.replaceChildren());

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest("[role=tab][data-tab]");
  if (tab && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    const other = [...document.querySelectorAll("[data-tab]")].find((one) => one !== tab);
    show(other.dataset.tab);
    other.focus();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select, dialog, .dock")) return;
  if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll(".entries .entry[href]")];
    const next = links[Math.max(0, Math.min(links.length - 1, links.indexOf(document.activeElement) + (event.key === "j" ? 1 : -1)))];
    next?.focus();
    return;
  }
  if (event.key === " " && event.target.matches(".entry")) {
    event.preventDefault();
    event.target.closest("tr").querySelector("input[name=name]")?.click();
    return;
  }
  const control = document.querySelector(`.files [data-key="${CSS.escape(event.key)}"]`);
  if (!control || control.disabled) return;
  event.preventDefault();
  if (control.matches("input")) control.focus();
  else control.click();
});

// Rows are dragged to a folder of the list, to “..” or to a place of the path; Move does the same from the keyboard.
const ROWS = "application/x-netlab-rows";

function place(target) {
  const link = target.closest?.(".entry[data-folder], tr.parent .entry, .crumbs a") ?? target.closest?.("tr")?.querySelector(".entry[data-folder]");
  return link && !dragged.includes(link.dataset.folder) ? link : null;
}

function rowOf(name) { return [...document.querySelectorAll("#chosen input[name=name]")].find((box) => box.value === name)?.closest("tr"); }

// The row that the keyboard stands at: a list that comes anew, by itself, must not take it away.
function standing() {
  const at = document.activeElement, name = at?.closest("#files tr")?.querySelector("input[name=name]")?.value;
  return name === undefined ? null : { name, what: at.matches("input") ? "input[name=name]" : ".entry" };
}

// A name is being edited in its row; once it is not, ``name`` is what was made of it: it is chosen where it turns up.
export function edit(on, name = null) {
  editing = on;
  if (name) wanted = name;
  if (!on) released();
}

function arrive() {
  if (wanted && document.getElementById("files").dataset.path !== wanted.path) wanted = null;
  const row = wanted && rowOf(wanted.name);
  if (!row) return;
  wanted = null;
  row.querySelector("input[name=name]").checked = true;
  if (document.activeElement === document.body) row.querySelector(".entry").focus();
}

function released() {
  held = false;
  if (dragged.length || editing) return;
  const names = [...late];
  late.clear();
  for (const name of names) { if (name === "files-list") news(); else tell(name); }
}

function over(link) { for (const one of document.querySelectorAll(".onto")) one.classList.remove("onto"); link?.classList.add("onto"); }

document.addEventListener("dragstart", (event) => {
  const row = event.target.closest?.("#files tr[draggable]");
  if (!row) return;
  const box = row.querySelector("input[name=name]");
  if (!box.checked) { for (const one of document.querySelectorAll("#chosen input[name=name]")) one.checked = one === box; if (whole()) whole().disabled = true; counted(); }
  dragged = chosen();
  event.dataTransfer.setData(ROWS, dragged.join("\n"));
  event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes(ROWS)) return;
  const link = place(event.target);
  over(link);
  if (link) { event.preventDefault(); event.dataTransfer.dropEffect = "move"; }
});
document.addEventListener("dragend", () => { over(null); dragged = []; released(); });
document.addEventListener("pointerdown", (event) => { held = Boolean(event.target.closest?.("#files tr[draggable]")); });
for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, released);
document.addEventListener("drop", (event) => {
  const link = event.dataTransfer.types.includes(ROWS) ? place(event.target) : null;
  if (!link) return;
  event.preventDefault();
  const target = new URL(link.href).searchParams.get("path"), { act, path } = document.getElementById("files").dataset;
  const said = whole() ? { whole: "1", as_of: document.querySelector("#chosen [name=as_of]").value, q: document.querySelector("#chosen [name=q]").value } : { name: dragged };
  htmx.ajax("POST", act, { values: { verb: "move", path, target, ...said }, swap: "none" });
});

if (room) {
  listen();
  counted();
  document.querySelector(".sites [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }); // on a phone they stand in one line
  // On a small screen the list comes first; whoever unfolds the command line there keeps it so.
  if (localStorage.getItem("netlab-files-folded") ?? (innerWidth <= 640 ? "1" : "")) fold(true);
}
