// Files on their way: uploads go one after the other, two at a time; downloads are the browser's own, followed here.
import { tab } from "../shell/tab.js";
import { chosen, show, whole } from "./files.js";

const AT_ONCE = 2;
const pane = document.getElementById("queue"), rows = pane.querySelector("ul"), words = document.getElementById("queue-words").dataset;
const exists = document.getElementById("exists"), drop = document.getElementById("drop");
const queue = [], followed = new Map(); // ticket id -> item
let running = 0, always = "", asking = Promise.resolve(), refreshing;

const token = () => document.querySelector("meta[name=csrf-token]").content;
const list = () => document.getElementById("files");
const post = (url, body) => fetch(url, { method: "POST", headers: { "X-CSRFToken": token(), "X-Tab": tab() }, body });

function human(bytes) {
  for (const unit of ["B", "KB", "MB"]) { if (bytes < 1000) return `${bytes < 10 && unit !== "B" ? bytes.toFixed(1) : Math.round(bytes)} ${unit}`; bytes /= 1024; }
  return `${bytes.toFixed(1)} GB`;
}

function time(seconds) { return seconds < 60 ? `${Math.ceil(seconds)} s` : seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`; }

function add(item) {
  const row = document.createElement("li"), name = document.createElement("bdi"), bar = document.createElement("progress"), state = document.createElement("span"), stop = document.createElement("button"), way = document.createElement("span");
  way.textContent = item.way === "up" ? "↑" : "↓";
  way.title = item.way === "up" ? words.up : words.down;
  name.textContent = name.title = item.name;
  bar.setAttribute("aria-label", item.name);
  bar.max = item.size || 1;
  bar.value = 0;
  state.className = "state";
  Object.assign(stop, { type: "button", className: "button quiet", textContent: words.cancel, onclick: () => cancel(item) });
  stop.setAttribute("aria-label", `${words.cancel}: ${item.name}`);
  row.append(way, name, bar, state, stop);
  rows.append(row);
  Object.assign(item, { row, bar, label: state, stop, state: "waiting", since: 0, done: 0 });
  say(item, words.waiting);
  count();
}

function say(item, text) { item.label.textContent = text; }

function count() {
  const open = [...queue, ...followed.values()].filter((item) => item.state === "waiting" || item.state === "running").length;
  const told = document.querySelector("#tab-queue .count");
  told.textContent = open;
  told.hidden = !open;
  pane.querySelector(".empty").hidden = rows.children.length > 0;
  pane.querySelector(".tail").hidden = rows.children.length === 0;
  pane.querySelector("[data-do=stop-all]").hidden = !open;
  pane.querySelector("[data-do=clear]").hidden = open === rows.children.length;
}

function moved(item, done, size) {
  const now = performance.now();
  item.since ||= now;
  item.done = done;
  item.bar.max = size || Math.max(done, 1);
  item.bar.value = done;
  const speed = done / Math.max(0.05, (now - item.since) / 1000);
  const left = size && speed && now - item.since > 500 ? ` · ${words.left.replace("%s", time((size - done) / speed))}` : "";
  say(item, `${human(done)}${size ? ` / ${human(size)}` : ""} · ${human(speed)}/s${left}`);
}

function end(item, state, text = "") {
  item.state = state;
  item.row.className = state;
  say(item, `${words[state]}${state === "done" ? ` · ${human(item.done || item.size || 0)}` : ""}`);
  if (state === "done") item.bar.value = item.bar.max;
  item.row.querySelector("p")?.remove();
  if (text) { const p = document.createElement("p"); p.textContent = text; item.row.append(p); }
  if (item.way === "up" && (state === "failed" || state === "stopped")) Object.assign(item.stop, { textContent: words.again, onclick: () => again(item) });
  else item.stop.hidden = true;
  count();
}

function again(item) {
  Object.assign(item.stop, { textContent: words.cancel, onclick: () => cancel(item) });
  item.row.querySelector("p")?.remove();
  Object.assign(item, { state: "waiting", since: 0, done: 0 });
  item.row.className = "";
  say(item, words.waiting);
  count();
  next();
}

async function cancel(item) {
  if (item.state === "waiting") { end(item, "stopped"); return; }
  item.cancelled = true;
  item.request?.abort();
  if (item.id) post(`/files/ticket/${item.id}/`);
}

function next() {
  while (running < AT_ONCE) {
    const item = queue.find((one) => one.state === "waiting");
    if (!item) break;
    item.state = "running";
    running += 1;
    upload(item).catch(() => end(item, "failed", words.lost)).finally(() => { running -= 1; count(); next(); });
  }
  if (!running && !queue.some((one) => one.state === "waiting")) always = "";
}

async function upload(item, replace = false) {
  const answer = await post(item.upload, JSON.stringify({ path: item.path, name: item.name, replace: replace || always === "replace" }));
  const told = await answer.json();
  if (told.exists) return taken(item);
  if (!answer.ok) return end(item, "failed", told.text);
  item.id = told.id;
  const ok = await put(item, told.url);
  if (ok) end(item, "done");
  else await why(item);
  clearTimeout(refreshing);
  refreshing = setTimeout(refresh, 400);
}

function put(item, url) {
  return new Promise((resolve) => {
    const request = item.request = new XMLHttpRequest();
    request.open("PUT", url);
    request.upload.onprogress = (event) => moved(item, event.loaded, event.total);
    request.onloadend = () => resolve(request.status === 200);
    request.send(item.file);
  });
}

async function why(item) {
  if (item.cancelled) { item.cancelled = false; return end(item, "stopped"); }
  // The server's answer is lost where it closes before the whole body was sent: the ticket knows it.
  for (let turn = 0; turn < 20; turn += 1) {
    const told = await (await fetch(`/files/ticket/${item.id}/`)).json();
    if (told.exists) return taken(item);
    if (told.state === "failed" || told.state === "stopped") return end(item, told.state, [told.words, told.text].filter(Boolean).join(" — "));
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return end(item, "failed", words.lost);
}

function taken(item) {
  if (always === "replace") return upload(item, true);
  if (always === "skip") return end(item, "skipped");
  const answer = asking.then(() => (always || ask(item)));
  asking = answer.catch(() => {});
  return answer.then((chose) => (chose === "replace" ? upload(item, true) : end(item, "skipped")));
}

function ask(item) {
  return new Promise((resolve) => {
    exists.querySelector(".name").textContent = item.name;
    exists.returnValue = "skip";
    exists.onclose = () => {
      const chose = exists.returnValue === "replace" ? "replace" : "skip";
      if (exists.querySelector("[name=all]").checked) always = chose;
      resolve(chose);
    };
    exists.showModal();
  });
}

function refresh() { const form = new FormData(); form.set("path", list().dataset.path); post(document.querySelector("#files [hx-post$='/refresh/']").getAttribute("hx-post"), form); }

function enqueue(files) {
  if (!files.length) return;
  show("queue");
  const { path, upload: url } = list().dataset;
  for (const { file, name } of files) { const item = { file, name, path, upload: url, size: file.size, way: "up" }; queue.push(item); add(item); }
  next();
}

// Folders in which nothing is come as ``{ name }`` alone: no file of theirs makes them on the way.
async function walk(entry, before = "") {
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), name: before + entry.name }];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    for (const one of some) found.push(...await walk(one, `${before}${entry.name}/`));
  }
  return found.length ? found : [{ name: before + entry.name }];
}

function make(folders) {
  const { path, act } = list().dataset;
  for (let at = 0; at < folders.length; at += 500) htmx.ajax("POST", act, { values: { verb: "mkdir", path, name: folders.slice(at, at + 500) }, swap: "none" });
}

drop.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files")) { event.preventDefault(); drop.classList.add("over"); } });
drop.addEventListener("dragleave", (event) => { if (!drop.contains(event.relatedTarget)) drop.classList.remove("over"); });
drop.addEventListener("drop", async (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  drop.classList.remove("over");
  // Entries must be taken before the first await: the list is empty after it.
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const plain = [...event.dataTransfer.files].map((file) => ({ file, name: file.name }));
  const found = entries.length ? (await Promise.all(entries.map((entry) => walk(entry)))).flat() : plain;
  enqueue(found.filter((one) => one.file));
  make(found.filter((one) => !one.file).map((one) => one.name));
});
for (const id of ["choose-files", "choose-folder"]) document.getElementById(id).addEventListener("change", (event) => {
  enqueue([...event.target.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
  event.target.value = "";
});

function refuse(text) {
  const notice = document.createElement("div");
  Object.assign(notice, { className: "notice refused", textContent: text });
  document.getElementById("toasts").replaceChildren(notice);
}

async function download(names, all = null) {
  const { path, fetch: url } = list().dataset, form = new FormData();
  form.set("path", path);
  const count = all ? Number(all.dataset.count) : names.length;
  if (all) for (const key of ["whole", "as_of", "q"]) form.set(key, document.querySelector(`#chosen [name=${key}]`).value);
  else for (const name of names) form.append("name", name);
  const told = await (await post(url, form)).json();
  if (!told.url) { refuse(told.text); return; }
  const item = { name: count > 1 ? `${names[0]} +${count - 1}` : names[0], way: "down", id: told.id, size: 0 };
  add(item);
  followed.set(told.id, item);
  item.state = "running";
  save(told.url);
}

export function save(url) {
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}

document.addEventListener("files-transfer", async (event) => {
  const item = followed.get(event.detail);
  if (!item) return;
  const told = await (await fetch(`/files/ticket/${item.id}/`)).json();
  moved(item, told.done, told.size);
  if (told.state !== "running" && told.state !== "waiting") { followed.delete(item.id); end(item, told.state, [told.words, told.text].filter(Boolean).join(" — ")); if (told.state === "failed") show("queue"); }
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-name]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); download([link.dataset.name]); }
  const button = event.target.closest("[data-do]");
  if (button?.dataset.do === "download") download(chosen(), whole());
  if (button?.dataset.do === "clear") { for (const row of [...rows.children]) if (/done|failed|stopped|skipped/.test(row.className)) row.remove(); count(); }
  if (button?.dataset.do === "stop-all") for (const item of [...queue, ...followed.values()]) if (item.state === "waiting" || item.state === "running") cancel(item);
});
window.addEventListener("beforeunload", (event) => { if (queue.some((item) => item.state === "running" || item.state === "waiting")) event.preventDefault(); });
