"""Finds the minimum of a bowl by gradient descent and tells Cupola how it goes.

Needs nothing but Python. The configuration is the JSON file given as the only argument; metrics and
progress go to the descriptor that Cupola names; the result is the last line on stdout.
"""

import json
import os
import random
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    config = json.load(file)

events = None
if "CUPOLA_EVENTS_FD" in os.environ:
    events = os.fdopen(int(os.environ["CUPOLA_EVENTS_FD"]), "w", buffering=1, encoding="utf-8")


def tell(**event):
    if events:
        print(json.dumps(event), file=events)


random.seed(config["seed"])
x, y = random.uniform(-5, 5), random.uniform(-5, 5)
velocity_x = velocity_y = 0.0
steps = config["steps"]
for step in range(steps):
    loss = x * x + 10 * y * y
    tell(type="metric", name="loss", step=step, value=loss)
    tell(type="progress", current=step + 1, total=steps, message=f"loss {loss:.3g}")
    velocity_x = config["momentum"] * velocity_x - config["lr"] * 2 * x
    velocity_y = config["momentum"] * velocity_y - config["lr"] * 20 * y
    x, y = x + velocity_x, y + velocity_y
print(f"ended at {x:.4f}, {y:.4f}")
print(json.dumps({"loss": x * x + 10 * y * y}))
