// What is drawn over a chart beside its lines: where a program went back, and where a value is no
// number. Nothing that was sent is passed over in silence.
const SIZE = 4;

const triangle = (context, x, y, direction) => {
  context.beginPath();
  context.moveTo(x - SIZE, y);
  context.lineTo(x + SIZE, y);
  context.lineTo(x, y + direction * 2 * SIZE);
  context.closePath();
  context.fill();
};

const cross = (context, x, y) => {
  context.beginPath();
  context.moveTo(x - SIZE, y - SIZE);
  context.lineTo(x + SIZE, y + SIZE);
  context.moveTo(x - SIZE, y + SIZE);
  context.lineTo(x + SIZE, y - SIZE);
  context.stroke();
};

// Where a mark stands and which it is: infinite values at the edge that they are beyond, all others
// that are no numbers at the lower edge.
const lostMarks = (curve, xs) => {
  const marks = [];
  for (const [at, lost] of (curve.lost ?? []).entries()) {
    if (lost) marks.push({ x: xs[at], word: lost });
  }
  return marks;
};

function draw(plot, { curves, colours, range }) {
  const { ctx: context, bbox: box } = plot;
  const ratio = window.devicePixelRatio || 1;
  const isInside = (x) => x != null && x >= plot.scales.x.min && x <= plot.scales.x.max;
  const place = (x) => plot.valToPos(x, "x", true) / ratio;
  context.save();
  context.scale(ratio, ratio);
  const [top, bottom] = [box.top / ratio, (box.top + box.height) / ratio];
  for (const curve of curves) {
    context.strokeStyle = colours.quiet;
    context.lineWidth = 1;
    context.setLineDash([4, 3]);
    for (const restart of (curve.restarts ?? []).filter(({ x }) => isInside(x))) {
      context.beginPath();
      context.moveTo(place(restart.x), top);
      context.lineTo(place(restart.x), bottom);
      context.stroke();
    }
    context.setLineDash([]);
    context.strokeStyle = context.fillStyle = colours.bad;
    context.lineWidth = 1.5;
    for (const { x, word } of lostMarks(curve, curve.x).filter(({ x }) => isInside(x))) {
      if (word === "Infinity") triangle(context, place(x), top + 2 * SIZE, -1);
      else if (word === "-Infinity") triangle(context, place(x), bottom - 2 * SIZE, 1);
      else cross(context, place(x), bottom - SIZE - 1);
    }
  }
  context.restore();
}

Object.assign(charts, { drawMarks: draw, lostMarks });
