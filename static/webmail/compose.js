// Writing: every pause saves the draft; files go up at once, with progress.
import { tab } from "../shell/tab.js";
const form = document.getElementById("compose");
const saved = document.getElementById("saved");
const files = document.getElementById("files");
const progress = document.getElementById("attach-progress");
const trouble = document.getElementById("attach-error");
let timer;

function written() {
  const body = new FormData(form);
  body.delete("files");
  return body;
}

async function save() {
  try {
    const answer = await fetch(saved.dataset.url, { method: "POST", body: written() });
    saved.textContent = answer.ok ? saved.dataset.saved : saved.dataset.failed;
  } catch {
    saved.textContent = saved.dataset.failed;
    timer = setTimeout(save, 5000);
  }
}

form.addEventListener("input", (event) => {
  if (event.target === files) return;
  clearTimeout(timer);
  timer = setTimeout(save, 800);
});
form.addEventListener("submit", () => { clearTimeout(timer); files.disabled = true; });
files.addEventListener("change", () => {
  trouble.textContent = "";
  const total = [...files.files].reduce((sum, file) => sum + file.size, 0);
  if (total > Number(files.dataset.limit)) {
    trouble.textContent = files.dataset.tooBig;
    files.value = "";
    return;
  }
  const body = new FormData();
  for (const file of files.files) body.append("files", file);
  const request = new XMLHttpRequest();
  request.open("POST", files.dataset.url);
  request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
  request.setRequestHeader("X-Tab", tab());
  request.upload.onprogress = (event) => { progress.hidden = false; progress.max = event.total; progress.value = event.loaded; };
  request.onloadend = () => {
    progress.hidden = true;
    files.value = "";
    if (request.status !== 200) { trouble.textContent = files.dataset.failed; return; }
    const box = document.getElementById("attached");
    box.innerHTML = request.responseText;
    htmx.process(box);
  };
  request.send(body);
});
