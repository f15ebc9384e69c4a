// One crosshair for all charts of a group: it stands at the same step in each, whatever their axes
// show.
const groups = new Map();
let isFollowing = false;
let frame = 0;

// The column whose step is nearest; both lists are in order of step as far as the curve is.
const nearest = (steps, step) => {
  let [low, high] = [0, steps.length - 1];
  if (high < 0) return null;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] < step) low = middle + 1;
    else high = middle;
  }
  return low > 0 && step - steps[low - 1] <= steps[low] - step ? low - 1 : low;
};

const join = (name, chart) => {
  if (!name) return;
  if (!groups.has(name)) groups.set(name, new Set());
  groups.get(name).add(chart);
};

const leave = (name, chart) => groups.get(name)?.delete(chart);

// Tells the others of a group where a chart's crosshair is; `null` when it has none.
const follow = (name, leader, step) => {
  if (!name || isFollowing) return;
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => {
    isFollowing = true;
    for (const chart of groups.get(name) ?? []) if (chart !== leader) chart.pointAt(step);
    isFollowing = false;
  });
};

Object.assign(charts, { nearest, joinGroup: join, leaveGroup: leave, followGroup: follow });
