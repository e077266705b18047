// The menu of a person, the list of channels, the help.
import { insert } from "./box.js";
import { formatted } from "./format.js";
import { ignores, networks, now } from "./room.js";
import { fold, node, word } from "./words.js";

const get = (id) => document.getElementById(id);
const SHOWN = 500;
let rows = [], joins = () => {};

// ``operator`` says whether one may throw others out here, ``member`` who bears a nick here.
export function dialogs({ say, join, operator, member }) {
  joins = join;
  const menu = get("menu"), out = throwing({ say });
  let nick = "", opener = null;
  get("chat").addEventListener("click", (event) => {
    const button = event.target.closest("button.nick");
    if (button) { nick = button.dataset.nick; opener = button; open(button); }
    const doing = event.target.closest("#menu button");
    if (!doing) return;
    menu.hidePopover();
    if (doing.dataset.throw) out(nick, doing.dataset.throw === "kickban");
    else if (doing.dataset.say) say(doing.dataset.say.replace("{nick}", nick));
    else insert(`${nick}: `);
  });
  function open(button) {
    get("menu-nick").textContent = nick;
    const signs = member(nick)?.signs;
    menu.querySelector(".for-operators").hidden = signs === undefined || !operator();
    const self = fold(nick) === fold(networks.get(now()?.network)?.nick ?? ""), unheard = ignores(now(), nick);
    menu.querySelector("[data-ignore]").hidden = self || unheard;
    menu.querySelector("[data-hear]").hidden = self || !unheard;
    for (const one of menu.querySelectorAll("[data-has]")) one.hidden = !signs?.includes(one.dataset.has);
    for (const one of menu.querySelectorAll("[data-lacks]")) one.hidden = signs?.includes(one.dataset.lacks) ?? true;
    menu.showPopover();
    const place = button.getBoundingClientRect();
    const left = Math.min(place.left, innerWidth - menu.offsetWidth - 8), top = Math.min(place.bottom + 2, innerHeight - menu.offsetHeight - 8);
    menu.style.setProperty("--left", `${Math.max(8, left)}px`);
    menu.style.setProperty("--top", `${Math.max(8, top)}px`);
    menu.querySelector("button").focus();
  }
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll("button")].filter((one) => one.offsetParent), at = items.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (next !== undefined) { event.preventDefault(); items[(next + items.length) % items.length].focus(); }
  });
  menu.addEventListener("toggle", (event) => { if (event.newState === "closed" && menu.contains(document.activeElement)) opener?.focus(); });
  get("ignored-rows").addEventListener("click", (event) => {
    const again = event.target.closest("button")?.dataset.hear;
    if (again) say(`/unignore ${again}`);
  });
  for (const name of ["list", "help", "throw", "ignored"]) {
    const dialog = get(name);
    dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target.closest(`[data-do="close-${name}"]`)) dialog.close(); });
  }
  get("list-find").addEventListener("input", draw);
}

// Throwing somebody out is asked for once more, with the words that they and the others will read.
function throwing({ say }) {
  const dialog = get("throw");
  let nick = "", channel = "";
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "throw") say(`/${get("throw-ban").checked ? "kickban" : "kick"} ${channel} ${nick} ${get("throw-why").value.trim()}`);
    get("words").focus();
  });
  return (whom, ban) => {
    [nick, channel] = [whom, get("talk-name").textContent];
    get("throw-title").textContent = word("throw", { nick, name: channel });
    get("throw-why").value = dialog.returnValue = "";
    get("throw-ban").checked = ban;
    dialog.showModal();
    get("throw-why").focus();
  };
}

// Whom one ignores on the network that one looks at.
export function openIgnored() {
  showIgnored();
  get("ignored").showModal();
}

export function showIgnored() {
  const nicks = networks.get(now()?.network)?.ignored ?? [];
  get("ignored-none").hidden = nicks.length > 0;
  get("ignored-rows").replaceChildren(...nicks.map((nick) => node("li", { className: "row" }, node("bdi", { textContent: nick }), node("button", { type: "button", className: "button", textContent: word("hear_again"), ariaLabel: `${word("hear_again")}: ${nick}`, data: { hear: nick } }))));
}

export function showList(found, cut = false) {
  const dialog = get("list");
  if (!dialog.open) { dialog.showModal(); get("list-find").focus(); }
  if (found === null) { rows = []; get("list-rows").replaceChildren(); get("list-cut").textContent = "…"; return; }
  rows = found;
  draw(cut);
}

function draw(cut) {
  const words = get("list-find").value.toLowerCase();
  const found = rows.filter(([name, , topic]) => name.toLowerCase().includes(words) || topic.toLowerCase().includes(words));
  const limit = found.length > SHOWN || cut === true;
  get("list-cut").textContent = !found.length ? word("list_empty") : limit ? word("list_cut", { count: Math.min(SHOWN, found.length) }) : "";
  get("list-rows").replaceChildren(...found.slice(0, SHOWN).map(([name, count, topic]) => {
    const button = node("button", { type: "button", className: "button quiet", textContent: name, onclick: () => { get("list").close(); joins(name); } });
    return node("tr", {}, node("th", { scope: "row" }, button), node("td", { textContent: count }), node("td", { dir: "auto" }, formatted(topic)));
  }));
}
