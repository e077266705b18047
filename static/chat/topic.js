// The topic, set where it stands by whoever may; a no is told in the same place, with the words kept.
import { formatted, plain } from "./format.js";
import { at, get, networks, now, windows } from "./room.js";
import { fold, word } from "./words.js";

const PATIENCE = 8000;
// The talk whose topic is being written; ``timer`` runs while the server has not answered.
let writing = 0, timer = 0;

// ``ask`` says a command and promises "" or why it did not go out; ``operator`` whether one has that rank here.
export function setup({ ask, operator }) {
  rank = operator;
  const form = get("topic-form"), field = get("topic-text");
  get("topic-edit").addEventListener("click", begin);
  get("talk-topic").addEventListener("click", (event) => {
    if (event.target.closest("a, button")) return;
    if (may()) begin(); else get("talk-topic").classList.toggle("whole");
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const it = now(), text = field.value.trim();
    if (text === it.topic) { end(); return; }
    wait();
    const why = await ask(`/topic ${it.name} ${text || "-delete"}`);
    if (why && writing === it.c) refused(why);
  });
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.stopPropagation(); end(); } });
  get("topic-cancel").addEventListener("click", () => end());
}

let rank = () => false;
function may() { const it = now(); return it?.kind === "channel" && it.inside && (rank() || !(it.flags ?? "").split(" ")[0].includes("t")); }

// Drawn only where it changed, so that whoever stands on a link in it stays there.
export function draw() {
  const it = now(), text = it?.kind === "channel" ? it.topic ?? "" : "", place = get("talk-topic"), edit = get("topic-edit");
  if (writing && writing !== at.current) put();
  get("topic-form").hidden = !writing;
  place.hidden = Boolean(writing);
  edit.hidden = Boolean(writing) || !may();
  edit.textContent = word(text ? "topic_edit" : "topic_set");
  if (place.of === text) return;
  place.of = text;
  place.replaceChildren(formatted(text));
  place.title = plain(text);
  place.classList.remove("whole");
}

// What was heard meanwhile may be the answer: the topic, or a no.
export function heard(line) {
  if (!writing) return;
  if (line.c === writing && line.k === "topic" && mine(line)) { const it = windows.get(writing); it.unsaid = undefined; end(); }
  if (timer && line.near === writing && /^[45]\d\d$/.test(line.o)) refused(line.x);
}

function mine(line) { const it = windows.get(line.c); return fold(line.n) === fold(networks.get(it?.network)?.nick ?? ""); }

function begin() {
  const it = now();
  if (!may()) return;
  writing = it.c;
  why("");
  get("topic-text").value = it.unsaid ?? it.topic ?? "";
  draw();
  get("topic-text").select();
}

// Another talk is looked at: what was begun waits for its own.
function put() { const it = windows.get(writing), text = get("topic-text").value; if (it) it.unsaid = text === it.topic ? undefined : text; stop(); }

function end() { const it = windows.get(writing); if (it) it.unsaid = undefined; stop(); draw(); (get("topic-edit").hidden ? get("words") : get("topic-edit")).focus(); }

function stop() { writing = 0; clearTimeout(timer); timer = 0; }

function wait() { why(""); clearTimeout(timer); timer = setTimeout(() => refused(word("silent")), PATIENCE); }

function refused(says) { clearTimeout(timer); timer = 0; why(word("topic_refused", { why: says })); get("topic-text").focus(); }

function why(text) { get("topic-why").textContent = text; }
