// The only script inside the frame: it tells the room which link or form was used, and follows none itself.
// A page may call its forms and fields as it likes: `<form name="addEventListener">` is then
// `document.addEventListener`, `<input name="elements">` its form's `elements`. So this runs before the page is there,
// listens at the window, whose own names no element takes, and asks an element nothing but by its prototype.
const TO = "#to:";  // browser/page.py
const { closest, getAttribute } = Element.prototype;
const elements = Object.getOwnPropertyDescriptor(HTMLFormElement.prototype, "elements").get;

function tell(message) { parent.postMessage(message, "*"); }
function attribute(element, name) { return getAttribute.call(element, name) ?? ""; }
function link(event) { return event.target instanceof Element ? closest.call(event.target, "a[href]") : null; }

// Where a link leads out of the page; "" for a place within it.
function leads(found) {
  const href = found ? attribute(found, "href") : "";
  return href.startsWith(TO) ? href.slice(TO.length) : "";
}

addEventListener("click", (event) => {
  const url = leads(link(event));
  if (!url) return;
  event.preventDefault();
  tell({ kind: "link", url });
}, true);
addEventListener("auxclick", (event) => { if (link(event)) event.preventDefault(); }, true);
for (const name of ["mouseover", "focusin"]) {
  addEventListener(name, (event) => {
    const found = link(event);
    tell({ kind: "over", url: leads(found) || (found ? attribute(found, "href") : "") });
  }, true);
}
addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target, by = event.submitter;
  const entries = [...new FormData(form, by?.name ? by : null)].map(([name, value]) => ({ name, value }));
  tell({
    kind: "form",
    action: attribute(form, "action"),
    method: attribute(form, "method") || "get",
    enctype: attribute(form, "enctype"),
    entries,
    secret: [...elements.call(form)].filter((field) => field.type === "password" && field.name).map((field) => field.name),
  });
}, true);
