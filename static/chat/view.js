// The talk that one looks at: drawn, scrolled, read.
import { head } from "./head.js";
import * as lines from "./lines.js";
import { rail } from "./rail.js";
import { at, get, now, watching } from "./room.js";
import { send } from "./socket.js";
import { word } from "./words.js";

const scroll = get("scroll");
// Whoever is at the end stays there, also when a banner or the dock takes room; only scrolling up lets go.
let stuck = true;
const ends = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;

export const bottom = () => stuck || ends();
export const nearTop = () => scroll.scrollTop < 120;
// A hundred comings are one folded line: where nothing can be scrolled, nobody could ask for more.
export const short = () => Boolean(scroll.clientHeight) && scroll.scrollHeight <= scroll.clientHeight;

export function redraw() { const it = now(); if (it) { lines.draw(it, it.mark); head(); } }

// Lines came in above: what one looks at stays where it is.
export function redrawAbove() {
  const height = scroll.scrollHeight - scroll.scrollTop;
  redraw();
  scroll.scrollTop = scroll.scrollHeight - height;
  stuck = ends();
}

// Where one comes back to: the first unread line, else the end.
export function place() {
  const mark = get("unread-mark");
  if (mark) { scroll.scrollTop = mark.offsetTop - 80; stuck = ends(); }
  else toBottom();
  if (bottom() && now() && watching()) readNow(now());
  newer();
}

export function toBottom() { stuck = true; scroll.scrollTop = scroll.scrollHeight; at.missed = 0; newer(); }

export function newer() {
  const button = get("newer");
  button.hidden = !at.missed || bottom();
  button.textContent = word("newer", { count: at.missed });
}

export function readNow(it) {
  const last = it.lines.at(-1)?.id ?? 0;
  if (!it.loaded || !bottom()) return;
  if (it.unread || it.mentions) { it.unread = it.mentions = 0; rail(); }
  if (last > it.read) { it.read = last; clearTimeout(it.timer); it.timer = setTimeout(() => send({ do: "read", c: it.c, upto: it.read }), 300); }
}

export function page(by) { scroll.scrollTop += by * scroll.clientHeight * 0.8; }

// ``older`` is called where one has scrolled up to the first lines.
export function setup({ older }) {
  new ResizeObserver(() => { if (stuck) scroll.scrollTop = scroll.scrollHeight; }).observe(scroll);
  scroll.addEventListener("scroll", () => {
    stuck = ends();
    if (nearTop()) older();
    if (bottom()) { at.missed = 0; if (now() && watching()) readNow(now()); }
    newer();
  });
  get("newer").addEventListener("click", () => { toBottom(); if (now()) readNow(now()); });
  addEventListener("focus", () => { if (now()) readNow(now()); });
  document.addEventListener("visibilitychange", () => { if (now() && watching()) readNow(now()); });
}
