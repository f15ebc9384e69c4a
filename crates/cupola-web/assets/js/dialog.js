// A link to a question, or to another page that is one box, opens that box in a dialog. Without this
// script it is a page.
const dialog = document.querySelector("#dialog");

async function ask(href) {
  const answer = await fetch(href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const box = page.querySelector("[data-confirmation], [data-dialog-box]");
  if (!answer.ok || !box) throw new Error("no box");
  dialog.replaceChildren(document.adoptNode(box));
  dialog.showModal();
  dialog.querySelector("[data-dialog-close]").focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest('a:is([data-behavior="confirm"], [data-behavior="dialog"])');
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    ask(link.href).catch(() => location.assign(link.href));
  }
  const isClosing = event.target.closest("[data-dialog-close]") || event.target === dialog;
  if (isClosing && dialog.open) {
    event.preventDefault();
    dialog.close();
  }
});

// A menu closes when the person looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.who[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
