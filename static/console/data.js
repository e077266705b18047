// FTP's second connection, beside the first: what came over it, or what is to go.
export class Data {
  constructor(root, say) {
    const part = (name) => root.querySelector(name);
    this.words = root.dataset;
    this.pane = part("#con-data");
    this.number = part("#con-data-number");
    this.state = part("#con-data-state");
    this.hint = part("#con-data-hint");
    this.text = part("#con-data-text");
    this.form = part("#con-data-form");
    this.input = part("#con-data-send");
    this.why = part("#con-why");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (say({ type: "data", text: this.input.value })) { this.sent = this.input.value; this.input.value = ""; }
    });
    part("#con-data-close").onclick = () => say({ type: "data", close: true });
  }

  take(told) {
    if (told.type === "data-open") this.opened(told);
    if (told.type === "data") this.came(told);
    if (told.type === "data-closed") this.closed(told);
    if (told.type === "data-refused") { this.input.value = told.text; this.why.hidden = false; this.why.textContent = told.why; }
  }

  opened(told) {
    this.pane.hidden = false;
    this.number.textContent = told.number;
    this.state.textContent = this.words.port.replace("%d", told.port);
    this.text.textContent = "";
    this.hint.hidden = this.form.hidden = false;
  }

  came(told) {
    this.hint.hidden = true;
    this.text.className = told.who === "C" ? "up" : "";
    this.text.append(told.text);
    this.state.textContent = (told.who === "C" ? this.words.went : this.words.came).replace("%d", told.size.toLocaleString());
  }

  closed(told) {
    if (String(told.number) !== this.number.textContent) return;
    this.form.hidden = !this.input.value;
    const count = (this.text.className === "up" ? this.words.went : this.words.came).replace("%d", told.size.toLocaleString());
    this.state.textContent = [count, this.words.over, told.why].filter(Boolean).join(" · ");
  }

  hide() { this.pane.hidden = true; }
}
