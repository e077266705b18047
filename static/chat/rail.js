// The networks and their talks, with what is unread in them.
import { at, get, networks, now, order, windows } from "./room.js";
import { node, word } from "./words.js";

export function rail() {
  const rows = [...networks.values()].map((net) => {
    const mine = order().filter((it) => it.network === net.id), server = mine.find((it) => it.kind === "server");
    const does = net.wanted && net.state !== "off" ? "disconnect" : "connect";
    const title = node("div", { className: "network" },
      node("button", { type: "button", className: "open", data: { open: server?.c ?? 0 }, title: `${net.host}:${net.port}` }, node("i", { className: `dot ${net.state}` }), node("b", {}, node("bdi", { textContent: net.name }))),
      node("button", { type: "button", className: "button quiet", data: { [does]: net.id }, textContent: word(does) }));
    if (server?.c === at.current) title.querySelector(".open").setAttribute("aria-current", "true");
    title.querySelector(".open").append(node("span", { className: "visually-hidden", textContent: net.state === "on" ? word("on", { nick: net.nick }) : word("off", { name: net.name }) }));
    return node("section", {}, title, node("ul", {}, ...mine.filter((it) => it.kind !== "server").map(entry)));
  });
  // Drawn anew under somebody's keyboard: the focus stays on the same thing.
  const focused = get("networks").contains(document.activeElement) ? Object.entries(document.activeElement.dataset)[0] : null;
  get("networks").replaceChildren(...rows);
  if (focused) get("networks").querySelector(`[data-${focused[0]}="${CSS.escape(focused[1])}"]`)?.focus();
  const sum = [...windows.values()].reduce((all, it) => all + (it.kind === "query" ? it.unread : it.mentions), 0);
  document.title = `${sum ? `(${sum}) ` : ""}${now()?.name ?? word("title")} · netlab`;
}

function entry(it) {
  const button = node("button", { type: "button", className: "open", data: { open: it.c }, title: it.name }, node("bdi", { textContent: it.name }));
  if (it.c === at.current) button.setAttribute("aria-current", "true");
  if (it.kind === "channel" && !it.inside) button.classList.add("outside");
  if (it.unread) {
    const all = it.unread >= 300 ? "300+" : it.unread;
    const says = word("unread", { count: all }) + (it.mentions && it.kind !== "query" ? `, ${word("mentions", { count: it.mentions })}` : "");
    const count = node("span", { className: `count${it.mentions ? " named" : ""}`, title: says }, node("span", { ariaHidden: "true", textContent: all }), node("span", { className: "visually-hidden", textContent: says }));
    button.classList.add("has-unread");
    button.append(count);
  }
  const close = node("button", { type: "button", className: "close", data: { close: it.c }, textContent: "×", ariaLabel: word("close", { name: it.name }) });
  return node("li", {}, button, close);
}
