// The line editor: nothing goes out before Enter. History lives in this page only: a password may be in it.
import { make } from "./screen.js";

export class Editor {
  constructor(root, send, close) {
    const part = (name) => root.querySelector(name);
    this.input = part("#con-input");
    this.queueBox = part("#con-queue");
    this.next = part("#con-next");
    this.count = part("#con-count");
    this.words = root.dataset;
    this.send = send;
    this.close = close;
    this.history = [];
    this.at = 0;
    this.draft = "";
    this.queue = [];
    this.vocabulary = [];
    this.cycle = null;
    this.leaving = false;
    part("#con-say").addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    part("#con-all").onclick = () => this.all();
    part("#con-drop").onclick = () => { this.queue = []; this.shown(); this.input.focus(); };
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("paste", (event) => this.paste(event));
    this.input.addEventListener("input", () => { this.cycle = null; this.leaving = false; });
  }

  get text() { return this.input.value; }
  set text(value) { this.input.value = value; this.input.setSelectionRange(value.length, value.length); this.input.dispatchEvent(new Event("input")); }

  submit() {
    if (!this.send(this.text)) return;
    this.remember(this.text);
    this.text = this.queue.shift() ?? "";
    this.shown();
    this.input.focus();
  }

  all() {
    do {
      if (!this.send(this.text)) break;
      this.remember(this.text);
      this.text = this.queue.shift() ?? "";
    } while (this.queue.length || this.text);
    this.shown();
    this.input.focus();
  }

  // Lines that wait: the first stands in the editor, Enter sends it and brings the next.
  wait(lines) {
    this.queue = lines.slice(1);
    this.text = lines[0] ?? "";
    this.shown();
    this.input.focus();
  }

  // A line that was not sent comes back, before whatever was typed since.
  back(text) {
    if (this.text === text) return;
    if (this.text) this.queue.unshift(this.text);
    this.text = text;
    this.shown();
  }

  remember(text) {
    if (text && this.history.at(-1) !== text) this.history.push(text);
    this.history = this.history.slice(-500);
    this.at = this.history.length;
    this.draft = "";
  }

  key(event) {
    if (event.key === "Escape") this.leaving = true;
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") this.recall(event);
    else if (event.key === "Tab" && !event.shiftKey && !event.altKey && !event.ctrlKey) this.complete(event);
    else if (event.key === "c" && event.ctrlKey && !event.shiftKey && this.input.selectionStart === this.input.selectionEnd && !String(getSelection())) { event.preventDefault(); this.close(); }
  }

  recall(event) {
    const to = this.at + (event.key === "ArrowUp" ? -1 : 1);
    if (to < 0 || to > this.history.length) return;
    event.preventDefault();
    if (this.at === this.history.length) this.draft = this.text;
    this.at = to;
    this.text = to === this.history.length ? this.draft : this.history[to];
  }

  // Tab completes the command's word; where there is nothing to complete, or after Esc, it moves on, as everywhere.
  complete(event) {
    if (this.leaving) { this.leaving = false; return; }
    if (!this.cycle) {
      const { before, word, after } = this.word();
      if (after.trim() || (!word && !before)) return;
      const found = this.vocabulary.filter((one) => one.word.startsWith(word.toUpperCase()) || one.word.toUpperCase().startsWith(word.toUpperCase()));
      if (!word || !found.length || (found.length === 1 && found[0].word === word)) return;
      this.cycle = { before, found, at: -1 };
    }
    event.preventDefault();
    const cycle = this.cycle;
    cycle.at = (cycle.at + 1) % cycle.found.length;
    const { word: chosen, argument } = cycle.found[cycle.at];
    this.text = `${cycle.before}${chosen}${cycle.found.length === 1 && argument && !chosen.endsWith(":") ? " " : ""}`;
    this.cycle = cycle.found.length === 1 ? null : cycle;
  }

  // What the tables know of a word: a blank behind a command that ends there is a syntax error.
  known(word) { return this.vocabulary.find((one) => one.word.toUpperCase() === word.toUpperCase()); }

  word() {
    const found = this.tagged ? /^(\S+ +)(\S*)(.*)$/.exec(this.text) : /^()(\S*)(.*)$/.exec(this.text);
    return found ? { before: found[1], word: found[2], after: found[3] } : { before: "", word: "", after: " " };
  }

  paste(event) {
    const text = event.clipboardData.getData("text").replaceAll("\r\n", "\n").replaceAll("\r", "\n");
    if (!text.includes("\n")) return;
    event.preventDefault();
    const lines = text.replace(/\n$/, "").split("\n"), from = this.input.selectionStart, to = this.input.selectionEnd;
    lines[0] = this.text.slice(0, from) + lines[0];
    lines[lines.length - 1] += this.text.slice(to);
    this.wait([...lines, ...this.queue]);
  }

  shown() {
    this.queueBox.hidden = !this.queue.length;
    this.count.textContent = this.words.waiting.replace("%d", this.queue.length + 1);
    this.next.replaceChildren(...this.queue.slice(0, 60).map((line) => make("li", "", line)));
  }
}
