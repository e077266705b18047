// Writing: every pause saves the draft; files, chosen or dropped, go up at once, with progress; Send keeps the page.
import { tab } from "../shell/tab.js";

const room = document.getElementById("write");
const part = (id) => document.getElementById(id);
let timer, uploads = 0;

function written() {
  const body = new FormData(part("compose"));
  body.delete("files");
  return body;
}

async function save() {
  const saved = part("saved");
  if (!saved) return;
  try {
    const answer = await fetch(saved.dataset.url, { method: "POST", body: written() });
    saved.textContent = answer.ok ? saved.dataset.saved : answer.status === 409 ? await answer.text() : saved.dataset.failed;
  } catch {
    saved.textContent = saved.dataset.failed;
    timer = setTimeout(save, 5000);
  }
}

function waiting(by) {
  uploads += by;
  part("compose").querySelector(".send").disabled = uploads > 0;
}

function attach(list) {
  const files = part("files"), trouble = part("attach-error"), progress = part("attach-progress");
  trouble.textContent = "";
  const total = [...list].reduce((sum, file) => sum + file.size, 0);
  if (total > Number(files.dataset.limit)) { trouble.textContent = files.dataset.tooBig; files.value = ""; return; }
  const body = new FormData();
  for (const file of list) body.append("files", file);
  const request = new XMLHttpRequest();
  request.open("POST", files.dataset.url);
  request.setRequestHeader("X-CSRFToken", part("compose").elements.csrfmiddlewaretoken.value);
  request.setRequestHeader("X-Tab", tab());
  request.upload.onprogress = (event) => { progress.hidden = false; progress.max = event.total; progress.value = event.loaded; part("attach-percent").textContent = `${Math.floor((100 * event.loaded) / event.total)} %`; };
  request.onloadend = () => {
    waiting(-1);
    progress.hidden = true;
    part("attach-percent").textContent = "";
    files.value = "";
    if (request.status !== 200) { trouble.textContent = files.dataset.failed; return; }
    const box = part("attached");
    box.innerHTML = request.responseText;
    htmx.process(box);
  };
  waiting(1);
  request.send(body);
}

room.addEventListener("input", (event) => {
  if (event.target.id === "files") return;
  clearTimeout(timer);
  timer = setTimeout(save, 800);
});
room.addEventListener("submit", () => clearTimeout(timer));
room.addEventListener("change", (event) => { if (event.target.id === "files" && event.target.files.length) attach(event.target.files); });
room.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files") || !part("compose")) return;
  event.preventDefault();
  part("compose").classList.add("dropping");
});
for (const name of ["dragleave", "drop"]) room.addEventListener(name, () => part("compose")?.classList.remove("dropping"));
room.addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length || !part("compose")) return;
  event.preventDefault();
  attach(event.dataTransfer.files);
});
room.addEventListener("keydown", (event) => {
  // A press of Send, so that it waits, as the button does, for a file that is on its way.
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) part("compose")?.querySelector(".send").click();
});
// A letter that was told wrong keeps the focus where the fault is; what was sent is told where the form stood.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.closest?.("#write")) part("compose")?.querySelector("[aria-invalid]")?.focus();
});
