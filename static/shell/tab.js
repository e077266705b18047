// Gives each browser tab an id, so that the Wire dock can tell which conversations this tab caused.
const NAME = "netlab-tab";

export function tab() {
  let id = sessionStorage.getItem(NAME);
  if (!id) {
    id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem(NAME, id);
  }
  return id;
}

function fill(root) {
  for (const input of root.querySelectorAll("input[name=tab]")) input.value = tab();
}

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-Tab"] = tab();
  const token = document.querySelector("meta[name=csrf-token]");
  if (token) event.detail.headers["X-CSRFToken"] = token.content;
});
document.addEventListener("htmx:load", (event) => fill(event.detail.elt));
fill(document);
