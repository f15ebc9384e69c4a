// Charts whose numbers stand in the page (`data-drawn`): lists with commas between, a value for each
// place. They are drawn anew when the part of the page that they stand in is.
const drawn = new WeakMap();
const HEIGHT = 200;

const numbers = (text) => (text ? text.split(",").map((one) => (one === "" ? null : Number(one))) : []);

function curveOf(element, x, at) {
  const mid = numbers(element.dataset.values);
  const most = numbers(element.dataset.most);
  const band = most.length > 0 ? { low: mid, high: most.map((value, index) => value ?? mid[index]) } : {};
  return { label: element.dataset.label, colour: charts.colourAt(at), x, mid, ...band };
}

function draw(element) {
  const place = element.querySelector(".drawn-plot");
  const said = [element.dataset.places, ...[...element.querySelectorAll("[data-values]")].map((one) => one.dataset.values)].join(";");
  let known = drawn.get(place);
  if (known?.said === said) return;
  known ??= { plot: new charts.Plot(place.appendChild(document.createElement("div")), { name: element.dataset.drawn, height: HEIGHT }) };
  drawn.set(place, Object.assign(known, { said }));
  const x = numbers(element.dataset.places);
  const curves = [...element.querySelectorAll("[data-values]")].map((one, at) => curveOf(one, x, at));
  const ends = numbers(element.dataset.ends);
  known.plot.show({ curves, axis: element.dataset.axis, yLabel: element.dataset.unit, ends: ends.length === 2 ? ends : null });
}

const drawAll = () => document.querySelectorAll("[data-drawn]").forEach(draw);
document.addEventListener("changed", drawAll);
drawAll();
