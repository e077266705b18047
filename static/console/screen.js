// The screen: lines as they come, as text and nothing else; the oldest go when there are too many, or too much text.
const MOST = 4000, MOST_SIGNS = 2_000_000, SVG = "http://www.w3.org/2000/svg";

export class Screen {
  constructor(root, words, reveal) {
    this.list = root.querySelector("#con-lines");
    this.box = root.querySelector("#con-screen");
    this.part = root.querySelector("#con-partial");
    this.more = root.querySelector("#con-new");
    this.words = words;
    this.reveal = reveal;
    this.unread = 0;
    this.signs = 0;
    this.follows = true;
    this.top = 0;
    new ResizeObserver(() => { if (this.follows) this.down(); }).observe(this.box);
    this.more.onclick = () => this.down();
    this.box.addEventListener("scroll", () => this.scrolled());
    this.box.addEventListener("click", (event) => this.clicked(event));
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  add(items, leftOut, after) {
    const down = this.follows, made = document.createDocumentFragment();
    items.forEach((item, at) => {
      if (leftOut && at === after) made.append(this.gap(this.words.leftOut.replace("%d", leftOut)));
      made.append(this.line(item));
    });
    this.list.append(made);
    this.trim();
    if (down) this.down();
    else this.count(this.unread + items.length);
  }

  partial(item) {
    const down = this.follows;
    this.part.hidden = !item;
    if (item) this.part.replaceChildren(...this.pieces(item), ...this.cut(item));
    if (down) this.down();
  }

  revealed(id, text) {
    const line = this.list.querySelector(`[data-id="${id}"] .reveal`);
    if (line && text) line.replaceWith(make("samp", "", text));
  }

  // A new connection counts its lines from 1: those of the one before stay to be read, and hide what they hide.
  begin() {
    this.partial(null);
    for (const line of this.list.querySelectorAll("[data-id]")) delete line.dataset.id;
    for (const button of this.list.querySelectorAll(".reveal")) button.replaceWith(make("span", "chip", button.textContent));
    this.list.lastElementChild?.classList.add("last");
  }

  line(item) {
    const li = make("li", [{ C: "c", S: "s" }[item.who] ?? "e", item.kind, item.outcome, item.known ? "" : "unknown"].filter(Boolean).join(" "));
    Object.assign(li.dataset, { id: item.id, number: item.id });
    li.tabIndex = -1;
    li.signs = 60 + item.pieces.reduce((sum, [, text]) => sum + 8 + String(text).length, 0);
    this.signs += li.signs;
    const marks = make("span", "marks");
    if (item.tls) marks.append(this.lock());
    const code = make("code");
    if (item.kind !== "note") {
      code.append(...this.pieces(item), ...this.cut(item));
      if (item.badge) badge(code, item);
      if (item.end) code.append(Object.assign(make("span", "end", item.end), { title: this.words.lineEnd }));
    }
    const q = make("q", "", item.who === "-" ? "·" : `${item.who}:`);
    li.append(make("span", "n", String(item.id)), make("time", "", item.at), marks, q, ...(item.kind === "note" ? [] : [code]), make("p", "", item.known ? item.text : this.words.unknown), this.details(item));
    return li;
  }

  lock() {
    const held = make("span"), icon = document.createElementNS(SVG, "svg"), use = document.createElementNS(SVG, "use");
    held.title = this.words.tls;
    icon.setAttribute("class", "icon");
    icon.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${this.words.icons}#lock`);
    icon.append(use);
    held.append(icon, make("span", "visually-hidden", this.words.tls));
    return held;
  }

  pieces(item) {
    return item.pieces.map(([kind, text]) => {
      if (kind === "text") return document.createTextNode(text);
      if (kind === "control") return make("span", "control", text);
      const button = make("button", "reveal", this.words.hidden.replace("%d", text));
      button.type = "button";
      button.title = this.words.show;
      return button;
    });
  }

  cut(item) { return item.cut ? [make("span", "chip", this.words.more.replace("%d", item.cut.toLocaleString()))] : []; }

  details(item) {
    const more = make("div", "more");
    more.append(...item.details.map((text) => make("p", "", text)));
    const refs = make("p");
    item.refs.forEach((ref, at) => {
      if (at) refs.append(" · ");
      refs.append(ref.url ? Object.assign(make("a", "", ref.name), { href: ref.url, target: "_blank", rel: "noreferrer noopener" }) : ref.name);
    });
    if (item.refs.length) more.append(refs);
    return more;
  }

  gap(text) { return make("li", "gap", text); }

  trim() {
    const many = () => this.list.children.length > MOST || (this.signs > MOST_SIGNS && this.list.children.length > 1);
    if (!many()) return;
    while (many()) {
      const oldest = this.list.firstElementChild;
      this.signs -= oldest.signs ?? 0;
      oldest.remove();
    }
    this.list.prepend(this.gap(this.words.older));
  }

  // Only who scrolls up stops following: the screen also moves off its end when the editor below it grows.
  scrolled() {
    const up = this.box.scrollTop < this.top - 1;
    this.top = this.box.scrollTop;
    if (this.bottom()) { this.follows = true; this.count(0); }
    else if (up) this.follows = false;
  }

  bottom() { return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 40; }
  down() { this.follows = true; this.box.scrollTop = this.box.scrollHeight; this.top = this.box.scrollTop; this.count(0); }

  count(number) {
    this.unread = number;
    this.more.hidden = !number;
    this.more.textContent = this.words.new.replace("%d", number);
  }

  clicked(event) {
    const button = event.target.closest(".reveal"), line = event.target.closest("#con-lines li");
    if (button) this.reveal(Number(line.dataset.id));
    else if (line && !event.target.closest("a") && !String(getSelection())) line.classList.toggle("open");
  }

  key(event) {
    const lines = [...this.list.children], at = lines.indexOf(event.target.closest("li"));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      lines[at < 0 ? lines.length - 1 : Math.min(lines.length - 1, Math.max(0, at + step))]?.focus();
    }
    if (event.key === "Enter" && at >= 0 && event.target === lines[at]) lines[at].classList.toggle("open");
  }
}

export function make(name, classes = "", text = "") {
  const element = document.createElement(name);
  if (classes) element.className = classes;
  if (text) element.textContent = text;
  return element;
}

function badge(code, item) {
  const first = code.firstChild;
  if (first?.nodeType !== Node.TEXT_NODE || !first.data.startsWith(item.badge)) return;
  first.data = first.data.slice(item.badge.length);
  code.prepend(make("span", `badge ${item.outcome}`, item.badge));
}
