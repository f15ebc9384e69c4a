"""Walks down a parabola. Put your own program in its place."""

import json
import os
import sys

# A brief says only what it searches, so what it leaves out has its value here.
config = {"lr": 0.1, "steps": 100}
with open(sys.argv[1], encoding="utf-8") as file:
    config.update(json.load(file))

# What is said here, one JSON object a line, shows at once on the run's page.
descriptor = os.environ.get("CUPOLA_EVENTS_FD")
events = open(int(descriptor) if descriptor else os.devnull, "w", buffering=1)


def say(kind, **fields):
    print(json.dumps({"type": kind, **fields}), file=events)


x = 1.0
for step in range(1, config["steps"] + 1):
    x -= config["lr"] * 2.0 * x
    say("metrics", step=step, values={"loss": x * x})
    say("progress", current=step, total=config["steps"], message=f"x = {x:.4g}")

# The last line is the result; it holds the objective.
print(json.dumps({"loss": x * x, "x": x}))
