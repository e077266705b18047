// One list of lines, seen in several ways: dialogue, ladder (a sequence diagram), timing, and byte by byte.
import { said } from "./lines.js";

const words = document.getElementById("timing-words")?.dataset ?? {};

// `box` holds an ol.lines; its data-peer names the server, data-url the transcript.
export function show(box, view) {
  box.dataset.view = view;
  box.classList.toggle("as-ladder", view === "ladder");
  const lines = box.querySelector(".lines:not(.lines-before)");
  lines.classList.toggle("views-hidden", view === "timing" || view === "hex");
  if (view === "ladder") head(box, lines);
  if (view !== "timing") box.querySelector(".timing")?.remove();
  if (view !== "hex") box.querySelector(".hex")?.remove();
  refresh(box);
}

export function refresh(box) {
  if (box.dataset.view === "timing") timing(box);
  if (box.dataset.view === "hex") bytes(box);
}

function make(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function head(box, lines) {
  if (box.querySelector(".ladder-head")) return;
  const row = make("div", "", "ladder-head"), server = make("span", `${words.server} `, "s");
  server.append(make("bdi", box.dataset.peer ?? ""));
  row.append(make("span", words.client, "c"), server);
  lines.before(row);
}

// An exchange: what the client said in one go, and what the server answered until the client spoke again.
function exchanges(lines) {
  const found = [];
  for (const line of lines) {
    if (line.matches(".e")) continue;
    const client = line.matches(".c"), last = found.at(-1);
    if (!last || (client && last.server.length)) found.push({ client: [], server: [] });
    found.at(-1)[client ? "client" : "server"].push(line);
  }
  return found;
}

const at = (line) => Number(line.querySelector("time").dataset.epoch);
const span = (seconds) => (seconds < 1 ? `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(2)} s`);

function timing(box) {
  const lines = [...box.querySelectorAll(".lines:not(.lines-before) > li")];
  if (!lines.length) return;
  const from = at(lines[0]), whole = Math.max(0.000001, at(lines.at(-1)) - from);
  const rows = exchanges(lines).map(({ client, server }) => {
    const asked = client.length ? at(client.at(-1)) : server.length ? from : at(client[0]);
    const first = server.length ? at(server[0]) : asked, last = server.length ? at(server.at(-1)) : asked;
    return { line: client[0] ?? server[0], client, asked, first, last, waited: first - asked, whole: last - (client.length ? at(client[0]) : from) };
  });
  const waited = rows.reduce((sum, row) => sum + row.waited, 0), slowest = Math.max(...rows.map((row) => row.waited));
  const idle = rows.slice(1).reduce((sum, row, index) => sum + Math.max(0, at(row.line) - rows[index].last), 0);
  const told = { trips: rows.filter((row) => row.client.length && row.last > 0).length, whole: span(whole), waited: span(waited), idle: span(idle), slowest: span(slowest) };
  const table = make("table"), top = make("tr"), body = make("tbody");
  for (const name of ["#", words.what, words.waited, words.whole, words.when]) top.append(make("th", name));
  for (const row of rows) body.append(rowOf(row, from, whole, slowest));
  const thead = make("thead");
  thead.append(top);
  table.append(thead, body);
  const fresh = make("div", "", "timing");
  fresh.append(make("p", words.sum.replace(/\{(\w+)\}/g, (_, name) => told[name])), table);
  const old = box.querySelector(".timing");
  if (old) old.replaceWith(fresh);
  else box.append(fresh);
}

function rowOf(row, from, whole, slowest) {
  const tr = make("tr"), number = make("td"), what = make("td"), bar = make("td"), track = make("div", "", "bar");
  const link = row.line.querySelector(".n").cloneNode(true);
  number.append(link);
  what.append(row.client.length ? make("code", said(row.client[0]) + (row.client.length > 1 ? ` (+${row.client.length - 1})` : "")) : make("code", words.greeting, "s"));
  const piece = (className, start, end) => {
    const part = make("i", "", className);
    part.style.left = `${((start - from) / whole) * 100}%`;
    part.style.width = `${((end - start) / whole) * 100}%`;
    track.append(part);
  };
  piece("wait", row.asked, row.first);
  if (row.last > row.first) piece("come", row.first, row.last);
  bar.append(track);
  tr.append(number, what, make("td", span(row.waited)), make("td", span(row.whole)), bar);
  tr.classList.toggle("slow", row.waited === slowest && slowest > 0);
  return tr;
}

async function bytes(box) {
  if (box.dataset.busy) { box.dataset.again = "1"; return; }
  let list = box.querySelector(".hex");
  if (!list) { list = make("ol", "", "hex"); box.append(list); }
  box.dataset.busy = "1";
  try {
    const answer = await fetch(`${box.dataset.url}/hex?after=${list.lastElementChild?.dataset.number ?? 0}`);
    if (answer.ok) list.insertAdjacentHTML("beforeend", await answer.text());
  } finally {
    delete box.dataset.busy;
  }
  if (box.dataset.again) { delete box.dataset.again; await bytes(box); }
}
