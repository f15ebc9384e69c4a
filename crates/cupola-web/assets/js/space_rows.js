// Adds a row to the search space.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add-row]");
  if (!button) return;
  const body = document.querySelector('[data-behavior="space-rows"] tbody');
  const row = body.lastElementChild.cloneNode(true);
  const number = body.childElementCount + 1;
  row.classList.remove("is-wrong");
  row.querySelector(".field-error")?.remove();
  for (const input of row.querySelectorAll("input")) {
    input.value = "";
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
    input.ariaLabel = input.ariaLabel.replace(/\d+/, number);
  }
  body.append(row);
  row.querySelector("input").focus();
});
