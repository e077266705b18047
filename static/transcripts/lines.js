// What a line can do, in the dock and on a page: open its body, reveal one's own password, be copied.
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

export async function load(details, as = "") {
  const answer = await fetch(details.dataset.body + (as ? `?as=${as}` : ""));
  details.querySelector("pre").textContent = await answer.text();
  details.dataset.loaded = "1";
}

export function opened(event) {
  const details = event.target;
  if (details.matches?.("[data-body]") && details.open && !details.dataset.loaded) load(details);
}

export function text(lines) {
  return lines.map((line) => {
    const code = line.querySelector("code").cloneNode(true);
    code.querySelectorAll("button, pre, samp, .as").forEach((part) => part.remove());
    return `${line.querySelector("q").textContent} ${code.textContent}`;
  }).join("\n") + "\n";
}
