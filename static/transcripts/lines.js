// What a line can do, in the dock and on a page: open its body, reveal one's own password, be copied, tell its time.
export async function act(event) {
  const reveal = event.target.closest("[data-reveal]");
  if (reveal) {
    const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
    const answer = await fetch(reveal.dataset.reveal, { method: "POST", headers: { "X-CSRFToken": token } });
    const shown = document.createElement("samp");
    shown.textContent = await answer.text();
    reveal.replaceWith(shown);
    return;
  }
  const as = event.target.closest("[data-as]");
  if (as) await load(as.closest("[data-body]"), as.dataset.as);
}

export async function load(details, as = "raw") {
  const answer = await fetch(`${details.dataset.body}?as=${as}`);
  const box = details.querySelector("pre");
  box.textContent = await answer.text();
  box.hidden = details.querySelector(".as").hidden = false;
  details.querySelector(".ask")?.remove();
  details.querySelectorAll(".as [data-as]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.as === as)));
  details.dataset.loaded = "1";
}

export function opened(event) {
  const details = event.target;
  if (details.matches?.("[data-body]") && details.open && !details.dataset.loaded && !("large" in details.dataset)) load(details);
}

export function said(line) {
  const code = line.querySelector("code").cloneNode(true);
  code.querySelectorAll("button, pre, samp, .as, .ask, .visually-hidden").forEach((part) => part.remove());
  return code.textContent.replace(/\s+$/, "");
}

export function text(lines) { return `${[...lines].map((line) => `${line.querySelector("q").textContent} ${said(line)}`).join("\n")}\n`; }

export async function copy(words) {
  if (navigator.clipboard) return navigator.clipboard.writeText(words);
  // On a class' plain-HTTP address there is no clipboard but the old one.
  const field = document.createElement("textarea");
  field.value = words;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  return undefined;
}

// What is marked by hand and copied keeps its C: and S:.
document.addEventListener("copy", (event) => {
  const marked = getSelection();
  const start = marked.anchorNode?.parentElement?.closest(".lines > li"), end = marked.focusNode?.parentElement?.closest(".lines > li");
  if (!start || !end || start === end || marked.isCollapsed) return;
  event.preventDefault();
  event.clipboardData.setData("text/plain", text([...start.parentElement.children].filter((line) => marked.containsNode(line, true))));
});

const TIMES = ["start", "clock", "step"];

export function nextTimes() {
  const now = document.documentElement.dataset.times ?? localStorage.getItem("netlab-times") ?? "start";
  const next = TIMES[(TIMES.indexOf(now) + 1) % TIMES.length];
  localStorage.setItem("netlab-times", next);
  document.querySelectorAll(".lines > li").forEach(tell);
  document.documentElement.dataset.times = next;
  document.querySelectorAll(".lines > li").forEach(tell);
}

export function tell(line) {
  const how = (document.documentElement.dataset.times ??= localStorage.getItem("netlab-times") ?? "start");
  const time = line.querySelector("time"), epoch = Number(time.dataset.epoch), before = line.previousElementSibling?.querySelector("time");
  time.dataset.start ??= time.textContent;
  const step = before ? epoch - Number(before.dataset.epoch) : 0;
  if (how === "clock") time.textContent = `${new Date(epoch * 1000).toLocaleTimeString("en-GB")}.${String(Math.floor((epoch * 1000) % 1000)).padStart(3, "0")}`;
  else time.textContent = how === "step" ? `+${step.toFixed(3)}` : time.dataset.start;
  if (step >= 0.1) line.dataset.gap = `${step.toFixed(step < 10 ? 2 : 0)} s`;
}
