// The command line: what is typed goes to the socket, what is said comes back. A password is never echoed or kept.
import { tab } from "../shell/tab.js";
import { save } from "./queue.js";

const pane = document.getElementById("line"), screen = pane.querySelector(".screen"), form = pane.querySelector("form");
const input = document.getElementById("line-input"), prompt = document.getElementById("line-prompt"), words = document.getElementById("words").dataset;
const chooseFiles = document.getElementById("local-files"), chooseFolder = document.getElementById("local-folder");
const past = [], local = { files: [], root: "", at: "" };
const MOST = 3000;
let at = 0, socket = null, state = "off", waiting = "";

function connect(then) {
  const place = new URL(pane.dataset.socket, location.href);
  place.protocol = place.protocol.replace("http", "ws");
  socket = new WebSocket(place);
  socket.onopen = () => say({ type: "hello", tab: tab() });
  socket.onmessage = (event) => take(JSON.parse(event.data));
  socket.onclose = () => { if (state !== "off") write("error", words.lost); state = "off"; ready(); };
  waiting = then ?? "";
}

function say(message) { if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); }

function write(kind, text) {
  const p = document.createElement("p");
  p.className = kind;
  p.textContent = text;
  screen.append(p);
  while (screen.children.length > MOST) screen.firstChild.remove();
  screen.scrollTop = screen.scrollHeight;
  return p;
}

function ready() { ask("ftp> ", false); }

function ask(text, secret) {
  prompt.textContent = text.trimEnd();
  input.type = secret ? "password" : "text";
  input.autocomplete = secret ? "new-password" : "off";
  input.value = "";
}

function take(message) {
  if (message.type === "write") write(message.kind, message.text);
  if (message.type === "ready") {
    const first = state === "off";
    state = "ready";
    ready();
    if (first && waiting) { const line = waiting; waiting = ""; run(line); }
  }
  if (message.type === "ask") { state = message.secret ? "secret" : "ask"; ask(message.prompt, message.secret); }
  if (message.type === "save") save(message.url);
  if (message.type === "send") send(message);
  if (message.type === "local") files(message.pattern);
  if (message.type === "lcd") lcd(message.folder);
}

function run(line) {
  state = "busy";
  say({ type: "line", text: line });
}

// ---- the local side: files that a person chose, for a browser shows a page no disk

function matches(pattern, name) {
  const source = pattern.replace(/[.+^${}()|\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".");
  return new RegExp(`^${source}$`).test(name);
}

function here() {
  const before = local.at ? `${local.root}/${local.at}/` : `${local.root}/`;
  return local.files.filter((file) => { const path = file.webkitRelativePath || `${local.root}/${file.name}`; return path.startsWith(before) && !path.slice(before.length).includes("/"); });
}

function answer(value) { state = "busy"; say({ type: "answer", value }); }

async function files(pattern) {
  let found = pattern ? here().filter((file) => matches(pattern, file.name)) : [];
  if (!found.length) {
    const chosen = await choose(chooseFiles, words.file);
    found = pattern && /[*?[]/.test(pattern) ? chosen.filter((file) => matches(pattern, file.name)) : chosen;
    local.files = [...local.files, ...chosen];
  }
  answer(found.map((file) => ({ id: local.files.indexOf(file), name: file.name })));
}

async function lcd(folder) {
  if (folder && local.root) {
    const at = folder === ".." ? local.at.split("/").slice(0, -1).join("/") : [local.at, folder].filter(Boolean).join("/");
    const known = !at || local.files.some((file) => file.webkitRelativePath.startsWith(`${local.root}/${at}/`));
    if (known) local.at = at;
    return answer(known ? `${words.local} ${[local.root, local.at].filter(Boolean).join("/")}` : `${words.nosuch} ${folder}`);
  }
  const chosen = await choose(chooseFolder, words.folder);
  if (!chosen.length) return answer(words.none);
  Object.assign(local, { files: chosen, root: chosen[0].webkitRelativePath.split("/")[0], at: "" });
  return answer(`${words.local} ${local.root}`);
}

function choose(field, text) {
  return new Promise((resolve) => {
    const p = write("text", ""), button = document.createElement("button"), no = document.createElement("button");
    Object.assign(button, { type: "button", className: "button", textContent: text, onclick: () => field.click() });
    Object.assign(no, { type: "button", className: "button quiet", textContent: words.cancel, onclick: () => finish([]) });
    p.append(button, " ", no);
    screen.scrollTop = screen.scrollHeight;
    const finish = (found) => { p.remove(); field.onchange = field.oncancel = null; field.value = ""; resolve(found); };
    field.onchange = () => finish([...field.files]);
    button.focus();
    // A browser opens its chooser only after a key or click of the person's: the button stays where it does not.
    field.click();
  });
}

function send(message) {
  const file = local.files[message.id];
  if (!file) { say({ type: "stop" }); return; }
  const request = new XMLHttpRequest();
  request.open("PUT", message.url);
  request.send(file);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value, secret = state === "secret";
  if (state === "busy") return;
  write("typed", secret ? prompt.textContent : `${prompt.textContent} ${text}`);
  input.value = "";
  if (state === "ask" || secret) { ask("", false); answer(text); return; }
  if (text.trim() && !/^\s*(user\s+\S+\s|quote\s+pass|literal\s+pass)/i.test(text)) past.push(text);
  at = past.length;
  if (state === "off") { connect(text); return; }
  if (text.trim()) { ask("", false); run(text); }
});
input.addEventListener("keydown", (event) => {
  if (event.key === "c" && event.ctrlKey && !getSelection().toString() && input.selectionStart === input.selectionEnd) { say({ type: "stop" }); write("typed", "^C"); }
  if (state === "secret" || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  event.preventDefault();
  at = Math.max(0, Math.min(past.length, at + (event.key === "ArrowUp" ? -1 : 1)));
  input.value = past[at] ?? "";
});
screen.addEventListener("click", () => { if (!getSelection().toString()) input.focus(); });
