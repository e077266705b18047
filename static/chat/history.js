// What was said before, and while the line was broken: asked of the database, window by window.
import { plain } from "./format.js";
import { head } from "./head.js";
import { at, counts, names, now, room, watching, windows } from "./room.js";
import { send } from "./socket.js";
import { bottom, place, readNow, redraw, redrawAbove, short, toBottom } from "./view.js";

async function fetchLines(it, query = "") {
  const answer = await fetch(`${room.dataset.base}talk/${it.c}/history/${query}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status);
  const told = await answer.json();
  for (const line of told.lines) line.named = counts(line, it) && names(it).test(plain(line.x));
  return told;
}

export async function load(it) {
  it.loading = true;
  try {
    const told = await fetchLines(it);
    const have = new Set(told.lines.map((line) => line.id));
    it.lines = [...told.lines, ...it.lines.filter((line) => !have.has(line.id) && line.id > (told.lines.at(-1)?.id ?? 0))];
    it.more = told.more;
    it.loaded = true;
  } catch { it.loaded = false; }
  it.loading = false;
  if (it.c === at.current) { redraw(); place(); fill(); }
}

function fill() { if (now()?.more && short()) older(); }

export async function older() {
  const it = now();
  if (!it?.loaded || !it.more || it.loading || !it.lines.length) return;
  it.loading = true;
  head();
  try {
    const told = await fetchLines(it, `?before=${it.lines[0].id}`);
    it.lines = [...told.lines, ...it.lines];
    it.more = told.more;
  } catch { it.loading = false; head(); return; /* scrolling up again tries again */ }
  it.loading = false;
  if (it.c !== at.current) return;
  redrawAbove();
  fill();
}

export async function catchUp() {
  for (const it of [...windows.values()]) {
    if (it.kind === "channel" && it.inside) send({ do: "members", c: it.c });
    if (!it.loaded || it.loading) { if (it.c === at.current && !it.loading) load(it); continue; }
    try {
      let told;
      do {
        told = await fetchLines(it, `?after=${it.lines.at(-1)?.id ?? 0}`);
        if (told.lines.length) added(it, told.lines);
      } while (told.more);
    } catch { return; }
  }
  if (now() && watching()) readNow(now());
}

function added(it, lines) {
  const shown = it.c === at.current, down = shown && bottom();
  it.lines.push(...lines.filter((line) => !it.lines.some((one) => one.id === line.id)));
  if (shown) redraw();
  if (down) toBottom();
}
