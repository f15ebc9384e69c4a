// How long the tasks of a brief will take and what they will cost, while it is being written.
const form = document.querySelector('form[data-behavior="estimate"]');

// What so many seconds cost on the machines of the chosen class, as far as they have prices.
function costText(secs) {
  const classes = form.dataset.hourly.split(" ").map((one) => one.split(":"));
  const found = classes.find(([hardware]) => hardware !== "" && hardware === form.elements.hardware.value);
  if (!found) return "";
  const [least, most] = found.slice(1).map((hourly) => moneyText((Number(hourly) * secs) / 3600, form.dataset.currency));
  return `, about ${least === most ? most : `${least} to ${most}`} for one attempt each`;
}

function estimate() {
  const tasks = Number(form.elements.num_tasks.value);
  const secs = Number(form.elements.time_budget.value);
  const isSound = Number.isInteger(tasks) && tasks > 0 && secs > 0 && Number.isFinite(secs);
  if (!isSound) return "–";
  const slots = Math.max(Number(form.dataset.slots), 1);
  const whole = Math.ceil(tasks / slots) * secs * 1000;
  const each = durationText(secs * 1000);
  const where = slots === 1 ? "one slot" : `${slots} slots`;
  return `${tasks} ${tasks === 1 ? "task" : "tasks"} × ${each} ≈ ${durationText(whole)} on ${where}${costText(tasks * secs)}`;
}

form?.addEventListener("input", () => {
  form.querySelector("[data-estimate]").textContent = estimate();
});
form?.closest("main").querySelector("#errors")?.focus();
