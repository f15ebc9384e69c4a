// How long the tasks of a brief will take, while it is being written.
const form = document.querySelector('form[data-behavior="estimate"]');

function estimate() {
  const tasks = Number(form.elements.num_tasks.value);
  const secs = Number(form.elements.time_budget.value);
  const isSound = Number.isInteger(tasks) && tasks > 0 && secs > 0 && Number.isFinite(secs);
  if (!isSound) return "–";
  const slots = Math.max(Number(form.dataset.slots), 1);
  const whole = Math.ceil(tasks / slots) * secs * 1000;
  const each = durationText(secs * 1000);
  const where = slots === 1 ? "one slot" : `${slots} slots`;
  return `${tasks} ${tasks === 1 ? "task" : "tasks"} × ${each} ≈ ${durationText(whole)} on ${where}`;
}

form?.addEventListener("input", () => {
  form.querySelector("[data-estimate]").textContent = estimate();
});
form?.closest("main").querySelector("#errors")?.focus();
