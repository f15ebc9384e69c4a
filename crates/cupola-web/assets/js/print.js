// Buttons that print the page as it is shown on paper.
document.addEventListener("click", (event) => {
  if (event.target.closest('[data-behavior="print"]')) window.print();
});
