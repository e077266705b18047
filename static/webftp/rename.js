// A name is edited where it stands, as in FileZilla: Enter keeps it, Escape gives up, what is wrong is told in the row.
import { chosen, edit, tell } from "./files.js";

const words = document.getElementById("rename-words")?.dataset;
const inRow = new Set(); // jobs whose failure was told in their row
let now = null; // the edit under way: row, link, name, box, field, told, job

const rows = () => [...document.querySelectorAll("#files tr[draggable]")];
const nameOf = (row) => row.querySelector("input[name=name]").value;

function button(kind, sign, label, does) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = `button ${kind}`;
  made.textContent = sign;
  made.setAttribute("aria-label", label);
  made.title = label;
  made.addEventListener("click", does);
  return made;
}

function begin(row) {
  if (now) { if (now.row === row) { now.field.focus(); return; } close(); }
  const link = row.querySelector(".entry"), name = nameOf(row), box = document.createElement("span");
  const field = document.createElement("input"), told = document.createElement("span");
  box.className = "renaming";
  field.type = "text";
  field.value = name;
  field.maxLength = 255;
  field.autocomplete = "off";
  field.spellcheck = false;
  field.setAttribute("aria-label", words.label.replace("%s", name));
  field.setAttribute("aria-describedby", "ask-error");
  told.className = "field-error";
  told.id = "ask-error"; // where the server tells what is wrong with a form, in a dialog or here
  told.setAttribute("role", "alert");
  box.append(field, button("primary", "✓", words.keep, keep), button("quiet", "✕", words.cancel, () => close()), told);
  link.hidden = true;
  link.after(box);
  row.draggable = false;
  now = { row, link, name, box, field, told, job: 0, path: document.getElementById("files").dataset.path };
  edit(true);
  field.addEventListener("keydown", typed);
  field.addEventListener("input", () => { told.textContent = ""; });
  field.focus();
  const dot = link.dataset.folder ? -1 : name.lastIndexOf(".");
  field.setSelectionRange(0, dot > 0 ? dot : name.length);
}

function typed(event) {
  if (event.isComposing) return; // Enter and Escape are the input method's while it makes a sign
  if (event.key !== "Enter" && event.key !== "Escape") return;
  event.preventDefault();
  event.stopPropagation();
  if (event.key === "Enter") keep();
  else close();
}

function keep() {
  if (!now || now.field.readOnly) return;
  const name = now.field.value;
  if (name === now.name) { close(); return; }
  now.told.textContent = "";
  busy(true);
  const asked = now, values = { verb: "rename", path: now.path, name: now.name, target: name };
  htmx.ajax("POST", document.getElementById("files").dataset.act, { values, swap: "none", source: document.getElementById("room") }) // by itself: the page may be busy
    .then(() => { if (now === asked && !now.job) refused(words.lost); }, () => { if (now === asked) refused(words.lost); });
}

function busy(on) {
  now.field.readOnly = on;
  now.box.classList.toggle("busy", on);
  now.field.setAttribute("aria-busy", String(on));
}

// A form that is refused has told why in the row already.
function refused(text) {
  busy(false);
  now.told.textContent ||= text;
  now.field.focus();
}

function close(name = "") {
  const { row, link, box, path } = now;
  now = null;
  box.remove();
  link.hidden = false;
  row.draggable = true;
  link.focus();
  edit(false, name && { path, name });
}

document.body.addEventListener("files-begun", (event) => {
  if (!now?.field.readOnly || now.job) return;
  now.job = event.detail.job;
  watch(now);
});

// The socket tells when the work is done; where it is away, asking now and then does.
function watch(asked) {
  if (now !== asked || !now.job) return;
  tell("files-job");
  setTimeout(watch, 2000, asked);
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id !== "jobs") return;
  const job = now?.job && document.querySelector(`#jobs [data-job="${now.job}"]`);
  if (now?.job && job?.dataset.state !== "running") {
    if (job?.dataset.state === "failed") failed(job);
    else close(now.field.value);
  }
  // An answer that was on its way may still hold what was put aside.
  for (const one of document.querySelectorAll("#jobs [data-job]")) if (inRow.has(one.dataset.job)) one.remove();
});

function failed(job) {
  inRow.add(job.dataset.job);
  now.job = 0;
  refused((job.querySelector(".trouble") ?? job).innerText);
  htmx.ajax("POST", job.dataset.decide, { values: { verb: "aside" }, swap: "none" });
}

// Whoever goes elsewhere has given up.
for (const name of ["htmx:afterSwap", "htmx:historyRestore"]) document.addEventListener(name, () => {
  if (!now || now.row.isConnected) return;
  now = null;
  edit(false);
});

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-do=rename]")) return;
  const [name] = chosen(), row = rows().find((one) => nameOf(one) === name);
  if (row) begin(row);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "F2" || event.target.closest("dialog, .dock, .under")) return;
  const row = event.target.closest("#files tr[draggable]");
  if (!row) return; // then it is the button's, for the one that is chosen
  event.preventDefault();
  event.stopPropagation();
  begin(row);
}, true);
