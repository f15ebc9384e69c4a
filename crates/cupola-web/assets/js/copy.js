// Buttons that copy: `data-copy` holds the text, `data-copy-text` stands in the block that does.
async function put(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without TLS a browser offers the clipboard only in this old way.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-text]");
  if (!button) return;
  const block = button.closest('[data-behavior="copy"]');
  await put(button.dataset.copy ?? block.querySelector("pre").textContent);
  button.classList.add("is-done");
  const said = button.childElementCount === 0 ? button.textContent : null;
  if (said) button.textContent = "Copied";
  setTimeout(() => {
    button.classList.remove("is-done");
    if (said) button.textContent = said;
  }, 1200);
});
