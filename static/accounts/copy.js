// A press on [data-copy] puts its words on the clipboard and says so. On a plain-HTTP address of a class the
// clipboard API does not exist (it wants a secure context), so the old way stands behind it.

function copyTheOldWay(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.setAttribute("readonly", "");
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

async function copy(text) {
  if (!navigator.clipboard) return copyTheOldWay(text);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyTheOldWay(text);
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || button.dataset.busy || !(await copy(button.dataset.copy))) return;
  const before = { text: button.textContent, label: button.getAttribute("aria-label") };
  button.dataset.busy = "1";
  button.focus();
  button.removeAttribute("aria-label");
  button.setAttribute("aria-live", "polite");
  button.textContent = button.dataset.copied;
  setTimeout(() => {
    button.textContent = before.text;
    button.setAttribute("aria-label", before.label);
    delete button.dataset.busy;
  }, 1500);
});
