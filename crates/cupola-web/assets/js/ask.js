// The conversation with the assistant: after an answer one goes on typing. Browsers give the field no focus by
// themselves where the address leads to a part of the page, as it does to the newest answer.
const field = document.querySelector("form#ask input#question");
if (field && location.hash.startsWith("#turn-")) field.focus({ preventScroll: true });
