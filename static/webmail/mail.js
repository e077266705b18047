// The mail room: told by its socket what changed, it lets htmx fetch that part anew; and the keys.
const room = document.getElementById("mail");
let wait = 500;

function tell(name) { htmx.trigger(document.body, name); }

function listen() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}${room.dataset.socket}`);
  let beat;
  socket.onopen = () => {
    wait = 500;
    beat = setInterval(() => socket.send('"here"'), 20000);
    document.querySelectorAll("#letters, #outgoing").forEach((part) => htmx.ajax("GET", part.getAttribute("hx-get"), { target: part, swap: "outerHTML" }));
  };
  socket.onmessage = (event) => {
    const news = JSON.parse(event.data);
    tell(`mail-${news.what}`);
    if (news.number) tell(`mail-${news.what}-${news.number}`);
  };
  socket.onclose = (event) => {
    clearInterval(beat);
    if (event.code === 4403) return;
    wait = Math.min(wait * 2, 15000);
    setTimeout(listen, wait);
  };
}

function step(by) {
  const links = [...document.querySelectorAll(".rows a")];
  if (!links.length) return;
  const now = links.findIndex((link) => link === document.activeElement || link.parentElement.classList.contains("chosen"));
  const next = links[Math.max(0, Math.min(links.length - 1, now + by))];
  next.focus();
  next.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (event.key === "j") return step(1);
  if (event.key === "k") return step(-1);
});
// A letter that was moved, archived or deleted leaves the pane; the next one takes its place.
document.addEventListener("htmx:afterRequest", (event) => {
  const { successful, requestConfig, elt } = event.detail;
  const verb = requestConfig?.parameters?.verb;
  if (!successful || !elt.closest?.("#read") || !["move", "archive", "trash", "purge"].includes(verb)) return;
  const row = document.querySelector(".rows .chosen"), next = row?.nextElementSibling ?? row?.previousElementSibling;
  if (next) next.querySelector("a").click();
  else document.getElementById("read").replaceChildren();
  room.classList.replace("reading", "listing");
});
document.addEventListener("click", (event) => {
  const link = event.target.closest(".rows a");
  if (link) {
    document.querySelectorAll(".rows .chosen").forEach((row) => row.classList.remove("chosen"));
    link.parentElement.classList.add("chosen");
    room.classList.replace("listing", "reading");
  }
  if (event.target.closest(".list .back")) {
    event.preventDefault();
    room.classList.remove("listing");
  }
});

// A mailbox met for the first time: look until its folders are there.
function look() {
  if (document.querySelector("#folders li a")) return location.reload();
  tell("mail-folders");
  return setTimeout(look, 1000);
}
if (room) listen();
if (room?.hasAttribute("data-waiting")) setTimeout(look, 700);
