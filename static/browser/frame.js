// The only script inside the frame: it tells the room which link or form was used, and follows none itself.
function tell(message) { parent.postMessage(message, "*"); }

function link(event) { return event.target.closest?.("a[href]"); }

document.addEventListener("click", (event) => {
  const found = link(event);
  if (!found || found.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  tell({ kind: "link", url: found.getAttribute("href") });
});
document.addEventListener("auxclick", (event) => { if (link(event)) event.preventDefault(); });
for (const name of ["mouseover", "focusin"]) document.addEventListener(name, (event) => tell({ kind: "over", url: link(event)?.getAttribute("href") ?? "" }));
document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target, by = event.submitter;
  const entries = [...new FormData(form, by?.name ? by : null)].map(([name, value]) => ({ name, value }));
  tell({
    kind: "form",
    action: form.getAttribute("action") ?? "",
    method: form.getAttribute("method") ?? "get",
    enctype: form.getAttribute("enctype") ?? "",
    entries,
    secret: [...form.elements].filter((field) => field.type === "password" && field.name).map((field) => field.name),
  });
});
