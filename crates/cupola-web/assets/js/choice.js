// A choice within a part shows the part again; without this script it is a form with a button.
document.addEventListener("change", (event) => {
  const form = event.target.closest('form[data-behavior="choice"]');
  if (!form) return;
  const part = form.closest("[data-src]");
  const query = new URLSearchParams(new FormData(form)).toString();
  part.dataset.src = `${form.dataset.route}?${query}`;
  history.replaceState(null, "", `?${query}`);
  part.dispatchEvent(new CustomEvent("refresh", { bubbles: true }));
});
