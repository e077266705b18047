// The console: one socket to the site, which owns one connection to a server.
import { tab } from "../shell/tab.js";
import { Data } from "./data.js";
import { Editor } from "./editor.js";
import { make, Screen } from "./screen.js";

const root = document.querySelector("#console");
const part = (name) => root.querySelector(name);
const servers = part("#con-server"), security = part("#con-security"), chips = part("#con-chips"), syntax = part("#con-syntax");
const kept = JSON.parse(localStorage.getItem("netlab-console") ?? "{}");
let socket = null, open = false, opening = false, wanted = false, hint = { state: "", next: [], waits: "" }, states = [], tags = 0, where = "";

const screen = new Screen(root, root.dataset, (id) => say({ type: "reveal", id }));
const editor = new Editor(root, send, () => say({ type: "close" }));
const data = new Data(root, say);

function say(message) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(message));
  return true;
}

function send(text) {
  // What is typed while the connection is being made goes out as soon as it stands.
  const fine = (open || opening) && say({ type: "say", text, end: part("#con-end").value, escapes: part("#con-escapes").checked });
  why(fine ? "" : root.dataset.notOpen);
  if (fine && /^\S+ +\S/.test(text)) tags += 1;
  return fine;
}

function why(text) { part("#con-why").hidden = !text; part("#con-why").textContent = text; }

function connect() {
  const place = new URL("/ws/console/", location.href);
  place.protocol = place.protocol.replace("http", "ws");
  socket = new WebSocket(place);
  socket.onopen = () => { if (wanted) begin(); };
  socket.onmessage = (event) => take(JSON.parse(event.data));
  socket.onclose = (event) => {
    if (open || wanted) why(root.dataset.lost);
    standing(false, "");
    if (event.code !== 4401 && event.code !== 4403) setTimeout(connect, 2000);
  };
}

function begin() {
  wanted = false;
  const row = servers.selectedOptions[0];
  if (!row?.value) return;
  part("#con-begin").hidden = true;
  data.hide();
  screen.begin();
  tags = 0;
  why("");
  opening = say({ type: "open", server: Number(row.value), security: security.value, tab: tab() });
}

const takes = {
  opening(told) { where = `${told.host}:${told.port}`; part("#con-open").disabled = true; part("#con-close").disabled = false; part("#con-status").textContent = root.dataset.connecting.replace("%s", where); },
  transcript(told) { const link = part("#con-transcript"); link.href = root.dataset.transcript.replace("/0", `/${told.id}`); link.hidden = false; },
  open() { standing(true, where); editor.input.focus(); },
  lines(told) {
    if (told.items.length || told.left_out) screen.add(told.items, told.left_out, told.after);
    screen.partial(told.partial);
    hint = told.hint;
    hints();
  },
  idle(told) { part("#con-idle").hidden = !told.why; part("#con-idle").textContent = told.why; },
  closed(told) { standing(false, ""); why([told.said, told.why].filter(Boolean).join(" — ")); },
  refused(told) { why(told.why); editor.back(told.text); },
  revealed(told) { screen.revealed(told.id, told.text); },
};

function take(told) {
  if (told.type.startsWith("data")) data.take(told);
  else takes[told.type]?.(told);
}

function standing(now, place) {
  open = now;
  opening = false;
  part("#con-open").disabled = now;
  part("#con-close").disabled = !now;
  for (const control of [servers, security]) control.disabled = now;
  const status = part("#con-status");
  status.dataset.open = now ? "1" : "0";
  status.textContent = now ? root.dataset.connected.replace("%s", place) : root.dataset.closed;
  part("#con-idle").hidden = true;
  if (!now) { hint = { state: "", next: [], waits: "" }; hints(); }
}

function hints() {
  const on = part("#con-hinting").getAttribute("aria-pressed") === "true";
  part("#con-hints").hidden = !on;
  part("#con-waits").hidden = !(on && hint.waits);
  part("#con-waits").textContent = hint.waits;
  strip();
  if (!on) return;
  const row = servers.selectedOptions[0], login = row?.dataset.login, mine = { pop3: `USER ${login}`, imap: `LOGIN ${login} `, ftp: `USER ${login}`, irc: `PASS ${login}:` }[row?.dataset.protocol];
  const first = hint.state === states[0]?.[0] && login && mine ? [mine] : [];
  chips.replaceChildren(...[...first, ...hint.next].map((word) => {
    const button = make("button", "", word.trim());
    button.type = "button";
    button.onclick = () => { editor.text = tagged(word); editor.input.focus(); };
    return button;
  }));
  meaning();
}

function tagged(word) {
  const alone = word === "." || word === "DONE" || word.includes(" ") || !(editor.known(word)?.argument ?? true);
  return (editor.tagged && word !== "DONE" ? `a${tags + 1} ` : "") + word + (alone ? "" : " ");
}

function meaning() {
  const { word } = editor.word(), known = editor.known(word);
  syntax.replaceChildren(...(known ? [make("code", "", known.syntax), ` ${known.meaning}`] : []));
}

function strip() {
  const box = part("#con-states");
  box.hidden = !hint.state || !states.length;
  box.replaceChildren(...states.map(([name, said]) => {
    const item = make("li", "", said);
    if (name === hint.state) item.setAttribute("aria-current", "step");
    return item;
  }));
}

async function words() {
  const row = servers.selectedOptions[0];
  for (const option of security.options) option.disabled = Boolean(row?.value) && !(option.value === "tls" ? Number(row.dataset.tlsPort) : row.dataset.plain);
  if (security.selectedOptions[0]?.disabled) security.value = security.querySelector("option:not([disabled])")?.value ?? "plain";
  editor.tagged = row?.dataset.protocol === "imap";
  if (!row?.value) return;
  const answer = await fetch(root.dataset.words.replace(/x$/, row.dataset.protocol));
  const told = await answer.json();
  editor.vocabulary = told.words;
  states = told.states;
}

// Lines that were prepared for anybody are said with one's own name at that server.
function lines(text, server) { return text.replaceAll("{name}", server?.dataset.login || "me").split("\n"); }

function press(button, name) {
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(on));
  kept[name] = on;
  localStorage.setItem("netlab-console", JSON.stringify(kept));
  return on;
}

part("#con-connect").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!servers.value) { servers.focus(); return; }
  if (socket.readyState === WebSocket.OPEN) begin();
  else wanted = true;
});
part("#con-close").onclick = () => say({ type: "close" });
part("#con-hinting").onclick = (event) => { press(event.currentTarget, "hints"); hints(); };
part("#con-large").onclick = (event) => root.classList.toggle("large", press(event.currentTarget, "large"));
servers.addEventListener("change", words);
editor.input.addEventListener("input", meaning);
part("#con-begin").addEventListener("click", (event) => {
  const button = event.target.closest("[data-begin]");
  if (!button) return;
  const option = [...servers.options].find((one) => one.dataset.protocol === button.dataset.begin);
  servers.value = option.value;
  words();
  editor.wait(lines(button.dataset.lines, option));
  part("#con-connect").requestSubmit();
});
for (const button of root.querySelectorAll("[data-begin]")) button.closest("li").hidden = ![...servers.options].some((one) => one.dataset.protocol === button.dataset.begin);
if (kept.hints === false) part("#con-hinting").setAttribute("aria-pressed", "false");
if (kept.large) { part("#con-large").setAttribute("aria-pressed", "true"); root.classList.add("large"); }
const given = part("#con-send").content.textContent;
words().then(hints);
if (given) editor.wait(lines(given.replace(/\n$/, ""), servers.selectedOptions[0]));
connect();
