"""Fits a polynomial to noisy points by gradient descent. Needs nothing but Python 3.8."""

import json
import math
import os
import random
import sys
import time


class Events:
    """What the program says of itself: one JSON object a line on the descriptor that it is given.

    Without one, as when it is started by hand, nothing is said and everything else works.
    """

    def __init__(self):
        descriptor = os.environ.get("CUPOLA_EVENTS_FD")
        self._file = os.fdopen(int(descriptor), "w", buffering=1) if descriptor else None
        self._cancel_file = os.environ.get("CUPOLA_CANCEL_FILE")
        # Whoever says so is given time to stop by itself before it is told to by a signal.
        self.say("cancellable")

    def say(self, kind, **fields):
        if self._file:
            self._file.write(json.dumps({"type": kind, **fields}) + "\n")

    def is_cancelled(self):
        return bool(self._cancel_file) and os.path.exists(self._cancel_file)


CURVES = {
    "sine": lambda x: math.sin(math.pi * x),
    "step": lambda x: 1.0 if x > 0 else -1.0,
    "cubic": lambda x: 2 * x**3 - x,
}


def make_points(data, rng):
    """Points on the curve with noise: three quarters to learn from, one to judge by."""
    curve = CURVES[data["curve"]]
    points = []
    for _ in range(data["points"]):
        x = rng.uniform(-1.0, 1.0)
        points.append((x, curve(x) + rng.gauss(0.0, data["noise"])))
    held_out = len(points) // 4
    return points[held_out:], points[:held_out]


def features(x, degree):
    """Chebyshev polynomials up to `degree`: unlike powers they are far from each other."""
    values = [1.0, x]
    for _ in range(degree - 1):
        values.append(2.0 * x * values[-1] - values[-2])
    return values[: degree + 1]


def loss_and_gradient(weights, rows):
    """Mean squared error over `rows`, and how it changes with each weight."""
    loss, gradient = 0.0, [0.0] * len(weights)
    for inputs, wanted in rows:
        error = sum(w * value for w, value in zip(weights, inputs)) - wanted
        loss += error * error
        for at, value in enumerate(inputs):
            gradient[at] += 2.0 * error * value
    return loss / len(rows), [slope / len(rows) for slope in gradient]


def fit(config, train, validate, events):
    """Descends until the steps, the time or somebody's patience are over; the weights and losses."""
    deadline = time.monotonic() + 0.9 * config.get("time_budget_seconds", math.inf)
    weights = [0.0] * (config["degree"] + 1)
    velocity = [0.0] * len(weights)
    steps, every = config["steps"], max(1, config["steps"] // 50)
    train_loss = val_loss = math.nan
    began, told = time.monotonic(), 0
    for step in range(1, steps + 1):
        train_loss, gradient = loss_and_gradient(weights, train)
        for at, slope in enumerate(gradient):
            velocity[at] = config["momentum"] * velocity[at] - config["lr"] * slope
            weights[at] += velocity[at]
        is_last = step == steps or not math.isfinite(train_loss) or time.monotonic() > deadline
        if step % every == 0 or is_last:
            val_loss, _ = loss_and_gradient(weights, validate)
            values = {"train_loss": said(train_loss), "val_loss": said(val_loss)}
            took = time.monotonic() - began
            if took > 0:
                values["samples_per_second"] = (step - told) * len(train) / took
            events.say("metrics", step=step, values=values)
            began, told = time.monotonic(), step
            events.say("progress", current=step, total=steps, message=f"loss {train_loss:.4f}")
        if is_last or events.is_cancelled():
            break
    return weights, step, train_loss, val_loss


def said(value):
    """A number as JSON can say it: those that it lacks are words."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    defaults = {"lr": 0.1, "momentum": 0.9, "degree": 3, "steps": 400, "seed": 0}
    config = {**defaults, **config}
    data = {"curve": "sine", "points": 64, "noise": 0.1, **config.get("data", {})}
    events = Events()
    train, validate = make_points(data, random.Random(config["seed"]))
    print(f"{len(train)} points to learn from, {len(validate)} held out", flush=True)
    rows = [
        [(features(x, config["degree"]), y) for x, y in points] for points in (train, validate)
    ]
    weights, steps, train_loss, val_loss = fit(config, rows[0], rows[1], events)
    events.say("result", key="weights", value=[said(weight) for weight in weights])
    if events.is_cancelled():
        print(f"stopped after {steps} steps because somebody asked", flush=True)
        return
    result = {"val_loss": said(val_loss), "train_loss": said(train_loss), "steps": steps}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
