#!/usr/bin/env python3
"""Trains a character transformer with PyTorch, on the processor or a GPU.

    train.py --config-file FILE [--data PATH] [--threads N] [--quiet]

The contract is that of `cupola train char-lm`: FILE is one flat JSON object; the last line
of stdout is one JSON object with val_bpb, train_loss, steps_completed, wall_time_seconds,
device_used and model_params; everything else goes to stderr; training ends by itself after
90 % of time_budget_seconds. Live events go as JSON lines to the descriptor that
CUPOLA_EVENTS_FD names. Without --data it learns the same generated text as the built-in
program, byte for byte, so that the two can be compared.

Exit codes: 0 done (also when the loss became NaN: the report says so), 2 the command line,
the config or the data cannot be used, 3 PyTorch is missing.
"""

import time

STARTED = time.monotonic()

import argparse
import bisect
import itertools
import json
import math
import os
import sys
import zlib

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as error:
    print(
        f"PyTorch is missing for {sys.executable} ({error}): install it with "
        "`pip install torch`, or use the built-in program `cupola train char-lm`",
        file=sys.stderr,
    )
    sys.exit(3)

# ---------------------------------------------------------------- the run's proportions

TRAINING_PART = 0.9
EVALUATION_PART = 0.97
EVALUATIONS = 15
PERIODIC_BYTES = 1 << 13
FINAL_BYTES = 1 << 16
PERIODIC_PART = 0.005
FINAL_SAFETY = 0.75
EVALUATION_COST = 0.4
WARMUP = 0.02
FLOOR = 0.1
LOSS_STEPS = 20
TOKENS_PER_PASS = {"cpu": 2048, "cuda": 65536, "mps": 16384, "xpu": 65536}


def elapsed():
    return time.monotonic() - STARTED


# ---------------------------------------------------------------- config

DEFAULTS = {
    "lr": 0.003, "lr_schedule": "cosine", "n_layers": 4, "n_heads": 4, "d_model": 64,
    "d_ff": 256, "batch_size": 32, "context_length": 128, "weight_decay": 0.01, "seed": 42,
    "time_budget_seconds": None, "max_steps": None, "eval_interval": None, "threads": None,
}
SCHEDULES = ("cosine", "linear", "step_decay")
COUNTS = {
    "n_layers": 64, "n_heads": 64, "d_model": 2048, "d_ff": 8192, "batch_size": 4096,
    "context_length": 2048, "max_steps": 10**9, "eval_interval": 10**9, "threads": 1024,
}
# The lowest value, whether it is allowed itself, and the highest.
NUMBERS = {
    "lr": (0, False, 10), "weight_decay": (0, True, 1), "time_budget_seconds": (0, False, 10**7),
}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_count(value, low, high):
    return is_number(value) and float(value).is_integer() and low <= value <= high


def check_config(config):
    """What is wrong with each field, and what to write instead."""
    problems = []
    for name, high in COUNTS.items():
        if config[name] is not None and not is_count(config[name], 1, high):
            problems.append((name, f"give a whole number from 1 to {high}"))
    for name, (low, included, high) in NUMBERS.items():
        value = config[name]
        good = value is None or (
            is_number(value) and (value > low or (included and value == low)) and value <= high
        )
        if not good:
            word = "from" if included else "above"
            problems.append((name, f"give a number {word} {low} and at most {high}"))
    if not is_count(config["seed"], 0, 2**64 - 1):
        problems.append(("seed", "give a whole number from 0 to 2^64 - 1"))
    if config["lr_schedule"] not in SCHEDULES:
        problems.append(("lr_schedule", f"use one of {', '.join(SCHEDULES)}"))
    named = {name for name, _ in problems}
    if not named & {"n_heads", "d_model"} and config["d_model"] % config["n_heads"]:
        problems.append(("n_heads", f"must divide `d_model` = {config['d_model']}"))
    return [f"`{name}` is {json.dumps(config[name])}: {remedy}" for name, remedy in problems]


def read_config(path):
    """The config with its defaults, and the keys that are not used."""
    try:
        with open(path, encoding="utf-8") as file:
            given = json.load(file)
    except (OSError, ValueError) as error:
        refuse([f"config file `{path}`: {error}"])
    if not isinstance(given, dict):
        refuse([f"config file `{path}`: give one JSON object"])
    known = {key: value for key, value in given.items() if key in DEFAULTS and value is not None}
    config = DEFAULTS | known
    problems = check_config(config)
    if problems:
        refuse([f"config file `{path}`: {problem}" for problem in problems])
    for name in COUNTS.keys() | {"seed"}:
        if config[name] is not None:
            config[name] = int(config[name])
    if config["time_budget_seconds"] is None and config["max_steps"] is None:
        config["time_budget_seconds"] = 60
    return config, [key for key in given if key not in DEFAULTS]


def refuse(problems):
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(2)


# ---------------------------------------------------------------- the generated text
#
# Paragraphs of a made-up language whose entropy rate is known exactly. The order of the
# draws is part of the text's definition.
#
#   paragraph -> NAME ":\n" sentence (3/4: " " sentence)* " So says " NAME ".\n\n"
#   sentence  -> clause (1/5: ", " conjunction " " clause)* end      first letter upper case
#   clause    -> phrase " " verb " " phrase (1/4: " " preposition " " phrase)*
#   phrase    -> determiner " " (3/8: adjective " ") noun            singular or plural, 1/2 each
#   noun      -> NOUNS[(rank + 30 topic) mod 240]                    plural adds "s"
#   adjective -> ADJECTIVES[(rank + 6 topic) mod 48]
#   verb      -> VERBS[(rank + 7 subject noun) mod 96]               singular subject adds "s"
#
# A name is uniform and its number modulo 8 is the topic; rank r has weight
# floor(2^20 / (r + 3)).

TEXT_LEN = 1_000_000
TEXT_SEED = 20_260
TEXT_CRC32 = 2_999_131_567
LEXICON_SEED = 1
ONSETS = "b d f g k l m n p r t v st tr br gl".split()
VOWELS = "a e i o u ai ou ee".split()
CODAS = ["", "", "n", "r", "l", "m", "t", "k"]
FIXED = (
    "the a every this some these many in on with under near without and but so while says"
).split()
MASK = 2**64 - 1


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        value = self.state
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
        return ((value ^ (value >> 31)) * bound) >> 64


class Choice:
    """Words and the running sum of their weights."""

    def __init__(self, words, weights):
        self.words = words
        self.cumulative = list(itertools.accumulate(weights))

    @classmethod
    def ranked(cls, words):
        return cls(words, [(1 << 20) // (rank + 3) for rank in range(len(words))])

    def draw(self, rng):
        return bisect.bisect_right(self.cumulative, rng.below(self.cumulative[-1]))

    def word(self, rng):
        return self.words[self.draw(rng)]


class Lexicon:
    def __init__(self):
        self.rng = SplitMix64(LEXICON_SEED)
        self.taken = set(FIXED)
        self.nouns = Choice.ranked([self.make_word() for _ in range(240)])
        self.verbs = Choice.ranked([self.make_word() for _ in range(96)])
        self.adjectives = Choice.ranked([self.make_word() for _ in range(48)])
        self.names = [self.make_word().capitalize() for _ in range(16)]
        self.determiners = (
            Choice(["the", "a", "every", "this"], [8, 4, 2, 2]),
            Choice(["the", "some", "these", "many"], [8, 4, 2, 2]),
        )
        self.prepositions = Choice(["in", "on", "with", "under", "near", "without"], [1] * 6)
        self.conjunctions = Choice(["and", "but", "so", "while"], [4, 2, 1, 1])
        self.ends = Choice([".", "!", "?"], [6, 1, 1])

    def make_word(self):
        while True:
            word = ""
            for _ in range(1 + self.rng.below(3)):
                for part in (ONSETS, VOWELS, CODAS):
                    word += part[self.rng.below(len(part))]
            if len(word) > 2 and word not in self.taken:
                self.taken.add(word)
                return word


class Writer:
    def __init__(self, lexicon, seed):
        self.lexicon = lexicon
        self.rng = SplitMix64(seed)

    def toss(self, heads, of):
        return self.rng.below(of) < heads

    def paragraph(self):
        number = self.rng.below(len(self.lexicon.names))
        name, topic = self.lexicon.names[number], number % 8
        sentences = [self.sentence(topic)]
        while self.toss(3, 4):
            sentences.append(self.sentence(topic))
        return f"{name}:\n{' '.join(sentences)} So says {name}.\n\n"

    def sentence(self, topic):
        text = self.clause(topic)
        while self.toss(1, 5):
            conjunction = self.lexicon.conjunctions.word(self.rng)
            text += f", {conjunction} {self.clause(topic)}"
        text += self.lexicon.ends.word(self.rng)
        return text[0].upper() + text[1:]

    def clause(self, topic):
        subject, noun, plural = self.phrase(topic)
        verbs = self.lexicon.verbs
        verb = verbs.words[(verbs.draw(self.rng) + 7 * noun) % len(verbs.words)]
        text = f"{subject} {verb}{'' if plural else 's'} {self.phrase(topic)[0]}"
        while self.toss(1, 4):
            preposition = self.lexicon.prepositions.word(self.rng)
            text += f" {preposition} {self.phrase(topic)[0]}"
        return text

    def phrase(self, topic):
        """The text, the noun's number and whether it is plural."""
        nouns, adjectives = self.lexicon.nouns, self.lexicon.adjectives
        plural = self.toss(1, 2)
        text = self.lexicon.determiners[plural].word(self.rng) + " "
        if self.toss(3, 8):
            rank = adjectives.draw(self.rng)
            text += adjectives.words[(rank + 6 * topic) % len(adjectives.words)] + " "
        noun = (nouns.draw(self.rng) + 30 * topic) % len(nouns.words)
        return f"{text}{nouns.words[noun]}{'s' if plural else ''}", noun, plural


def generate_text(length=TEXT_LEN, seed=TEXT_SEED):
    writer, parts, written = Writer(Lexicon(), seed), [], 0
    while written < length:
        parts.append(writer.paragraph())
        written += len(parts[-1])
    return "".join(parts).encode()[:length]


# ---------------------------------------------------------------- data


class Corpus:
    """A text as tokens (the bytes that appear, in order); the last tenth is held out."""

    def __init__(self, text, device):
        vocab = sorted(set(text))
        table = torch.zeros(256, dtype=torch.long)
        table[vocab] = torch.arange(len(vocab))
        tokens = table[torch.frombuffer(bytearray(text), dtype=torch.uint8).long()]
        cut = len(tokens) - len(tokens) // 10
        self.vocab_size = len(vocab)
        self.train = tokens[:cut].to(device)
        self.held_out = tokens[cut:].to(device)

    def has_windows(self, context):
        return min(len(self.train), len(self.held_out)) > context

    def batch(self, rng, size, context):
        starts = torch.randint(len(self.train) - context, (size,), generator=rng)
        return windows(self.train, starts, context)

    def held_out_windows(self, count, context):
        """The first windows in an order that spreads any beginning over the whole."""
        total = (len(self.held_out) - 1) // context
        stride = max(total * 618 // 1000, 1)
        while math.gcd(stride, total) != 1:
            stride += 1
        starts = torch.arange(min(count, total)) * stride % total * context
        return windows(self.held_out, starts, context)


def windows(tokens, starts, context):
    index = starts[:, None] + torch.arange(context + 1)
    window = tokens[index.to(tokens.device)]
    return window[:, :-1], window[:, 1:]


def read_corpus(path, context, device, events):
    if path is None:
        text = generate_text()
        if zlib.crc32(text) != TEXT_CRC32:
            events.log("warning", "the generated text is not that of the built-in program")
        return Corpus(text, device)
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError as error:
        refuse([f"data `{path}`: {error}"])
    corpus = Corpus(text, device) if text else None
    if corpus is None or not corpus.has_windows(context):
        refuse([
            f"data `{path}` has {len(text)} bytes: `context_length` = {context} needs "
            f"{10 * (context + 1)} or more"
        ])
    return corpus


# ---------------------------------------------------------------- model


class Block(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.hidden_norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, hidden)
        self.contract = nn.Linear(hidden, width)

    def forward(self, x):
        batch, length, width = x.shape
        parts = self.qkv(self.attention_norm(x)).split(width, dim=2)
        q, k, v = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in parts)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(mixed.transpose(1, 2).reshape(batch, length, width))
        active = F.gelu(self.expand(self.hidden_norm(x)), approximate="tanh")
        return x + self.contract(active)


class CharLm(nn.Module):
    def __init__(self, config, vocab_size):
        super().__init__()
        width, layers = config["d_model"], config["n_layers"]
        self.token = nn.Embedding(vocab_size, width)
        self.position = nn.Embedding(config["context_length"], width)
        self.blocks = nn.Sequential(
            *(Block(width, config["n_heads"], config["d_ff"]) for _ in range(layers))
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocab_size, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                shrink = (2 * layers) ** -0.5 if "mix" in name or "contract" in name else 1.0
                nn.init.normal_(parameter, std=0.02 * shrink)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens, targets):
        """The sum of the loss over positions, in nats."""
        x = self.token(tokens) + self.position.weight[: tokens.shape[1]]
        logits = self.head(self.norm(self.blocks(x)))
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")


# ---------------------------------------------------------------- what the run says


def number(value):
    """A number as JSON; what JSON cannot say is said as a string."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


class Events:
    """Lines for people on stderr, events for a watcher on a descriptor."""

    def __init__(self, quiet):
        self.quiet = quiet
        self.sent = {}
        self.learned = [0, 0.0]
        self.watcher = None
        descriptor = os.environ.get("CUPOLA_EVENTS_FD")
        if descriptor is not None:
            try:
                self.watcher = open(int(descriptor), "w", encoding="utf-8", closefd=False)
            except (OSError, ValueError) as error:
                self.log("warning", f"CUPOLA_EVENTS_FD cannot be written to: {error}")

    def log(self, level, message):
        if level == "warning" or not self.quiet:
            prefix = "warning: " if level == "warning" else ""
            print(prefix + message, file=sys.stderr, flush=True)
        self.send({"type": "log", "level": level, "message": message})

    def metrics(self, step, values):
        values = {key: number(value) for key, value in values.items()}
        self.send({"type": "metrics", "step": step, "values": values})

    def step(self, step, values, tokens, took):
        self.learned[0] += tokens
        self.learned[1] += took
        if self.is_due("metrics", 0.1):
            tokens, took = self.learned
            self.learned = [0, 0.0]
            if took > 0:
                values = {**values, "tokens_per_second": tokens / took}
            self.metrics(step, values)

    def progress(self, fraction, step):
        if self.is_due("progress", 0.25) or fraction >= 1:
            self.send({"type": "progress", "fraction": fraction, "message": f"step {step}"})

    def is_due(self, kind, interval):
        now = elapsed()
        due = kind not in self.sent or now >= self.sent[kind] + interval
        if due:
            self.sent[kind] = now
        return due

    def send(self, event):
        if self.watcher is not None:
            try:
                self.watcher.write(json.dumps(event) + "\n")
                self.watcher.flush()
            except OSError:
                self.watcher = None


# ---------------------------------------------------------------- the run


def schedule_factor(schedule, fraction):
    fraction = min(max(fraction, 0.0), 1.0)
    warmup = min(fraction / WARMUP, 1.0)
    if schedule == "cosine":
        return warmup * (FLOOR + (1 - FLOOR) * (1 + math.cos(math.pi * fraction)) / 2)
    if schedule == "linear":
        return warmup * (FLOOR + (1 - FLOOR) * (1 - fraction))
    return warmup * 0.5 ** min(int(4 * fraction), 3)


def decay_groups(model, weight_decay):
    parameters = list(model.parameters())
    return [
        {"params": [p for p in parameters if p.dim() == 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.dim() != 2], "weight_decay": 0.0},
    ]


class Run:
    def __init__(self, config, corpus, device, events):
        self.config, self.corpus, self.device, self.events = config, corpus, device, events
        torch.manual_seed(config["seed"])
        self.model = CharLm(config, corpus.vocab_size).to(device)
        groups = decay_groups(self.model, config["weight_decay"])
        self.optimizer = torch.optim.AdamW(groups, lr=config["lr"], betas=(0.9, 0.99))
        self.rng = torch.Generator().manual_seed(config["seed"] % 2**63)
        self.context = config["context_length"]
        self.budget = config["time_budget_seconds"] or math.inf
        self.max_steps = config["max_steps"]
        self.rows = max(TOKENS_PER_PASS.get(device.type, 2048) // self.context, 1)
        self.steps = self.evaluations = 0
        self.losses = []
        self.secs_per_window = math.inf
        self.periodic = None
        self.interval = config["eval_interval"] or (
            max(self.max_steps // EVALUATIONS, 1) if self.max_steps else None
        )

    def is_time_up(self):
        return elapsed() >= TRAINING_PART * self.budget

    def fraction(self):
        if self.max_steps:
            return min(self.steps / self.max_steps, 1.0)
        return min(elapsed() / (TRAINING_PART * self.budget), 1.0)

    def schedule_fraction(self, began):
        """That of the middle of the step which began then and is about to be made."""
        if self.max_steps:
            return (self.steps + 0.5) / self.max_steps
        return (began + elapsed()) / 2 / (TRAINING_PART * self.budget)

    def is_over(self):
        return self.is_time_up() or (self.max_steps and self.steps >= self.max_steps)

    def learn(self):
        # Even if starting up used up the time, there has to be a loss to report.
        while not self.losses or not self.is_over():
            began = elapsed()
            loss = self.look(began)
            if loss is None:
                break
            self.losses = self.losses[1 - LOSS_STEPS :] + [loss]
            if not math.isfinite(loss):
                self.events.log(
                    "warning",
                    f"training loss became {loss} at step {self.steps}: stopped; "
                    "a lower `lr` may help",
                )
                break
            self.step(loss, began)
        if self.max_steps and self.steps < self.max_steps:
            message = f"ended after {self.steps} of {self.max_steps} steps"
            self.events.log("warning", message)

    def look(self, began):
        """Computes one step's gradient; None if the deadline came first."""
        size = self.config["batch_size"]
        inputs, targets = self.corpus.batch(self.rng, size, self.context)
        self.optimizer.zero_grad(set_to_none=True)
        total, done = 0.0, 0
        for start in range(0, size, self.rows):
            if start and self.is_time_up():
                break
            part = slice(start, start + self.rows)
            loss = self.model(inputs[part], targets[part])
            (loss / (size * self.context)).backward()
            total += loss.item()
            done += len(inputs[part])
        if self.steps == 0:
            self.pace((elapsed() - began) / done)
        if done < size and self.steps:
            message = f"step {self.steps} was cut short by the deadline and dropped"
            self.events.log("info", message)
            return None
        if done < size:
            self.events.log(
                "warning",
                f"the deadline came during the first step: it uses {done} of {size} sequences",
            )
            for parameter in self.model.parameters():
                parameter.grad *= size / done
        return total / (done * self.context)

    def pace(self, secs_per_sequence):
        """Learns from the first step how long an evaluation will take."""
        self.secs_per_window = EVALUATION_COST * secs_per_sequence
        count = max(PERIODIC_BYTES // self.context, 1)
        if not self.max_steps:
            affordable = PERIODIC_PART * self.budget / self.secs_per_window
            count = min(count, max(int(affordable), 1))
        self.periodic = self.corpus.held_out_windows(count, self.context)

    def step(self, loss, began):
        fraction = self.schedule_fraction(began)
        factor = schedule_factor(self.config["lr_schedule"], fraction)
        rate = self.config["lr"] * factor
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.steps += 1
        self.events.step(
            self.steps,
            {"train_loss": loss, "learning_rate": rate},
            tokens=self.config["batch_size"] * self.context,
            took=elapsed() - began,
        )
        fraction = self.fraction()
        self.events.progress(fraction, self.steps)
        if self.is_evaluation_due(fraction):
            val_loss, complete = self.evaluate(self.periodic, self.is_time_up)
            if complete:
                val_bpb = val_loss / math.log(2)
                self.events.metrics(self.steps, {"val_bpb": val_bpb, "val_loss": val_loss})
                self.events.log(
                    "info",
                    f"step {self.steps:>6}  {100 * fraction:>3.0f} %  train_loss {loss:.4f}  "
                    f"val_bpb {val_bpb:.4f}  lr {rate:.6f}",
                )

    def is_evaluation_due(self, fraction):
        if self.is_time_up():
            return False
        if self.interval:
            return self.steps % self.interval == 0
        reached = int(fraction * EVALUATIONS)
        due = reached > self.evaluations
        self.evaluations = max(reached, self.evaluations)
        return due

    @torch.no_grad()
    def evaluate(self, held_out, stop):
        """The mean loss, and whether all windows were seen."""
        inputs, targets = held_out
        started, total, done = elapsed(), 0.0, 0
        for start in range(0, len(inputs), self.rows):
            if start and stop():
                break
            part = slice(start, start + self.rows)
            total += self.model(inputs[part], targets[part]).item()
            done += len(inputs[part])
        self.secs_per_window = (elapsed() - started) / done
        return total / (done * self.context), done == len(inputs)

    def report(self):
        end = EVALUATION_PART * self.budget
        count = max(FINAL_BYTES // self.context, 1)
        affordable = FINAL_SAFETY * max(end - elapsed(), 0) / self.secs_per_window
        count = max(int(min(count, affordable)), 1)
        held_out = self.corpus.held_out_windows(count, self.context)
        val_loss, _ = self.evaluate(held_out, lambda: elapsed() >= end)
        report = {
            "val_bpb": number(val_loss / math.log(2)),
            "train_loss": number(sum(self.losses) / len(self.losses)),
            "steps_completed": self.steps,
            "wall_time_seconds": round(elapsed(), 3),
            "device_used": self.device.type,
            "model_params": sum(p.numel() for p in self.model.parameters()),
        }
        val_bpb = val_loss / math.log(2)
        self.events.metrics(self.steps, {"val_bpb": val_bpb, "val_loss": val_loss})
        self.events.progress(1.0, self.steps)
        for key, value in report.items():
            self.events.send({"type": "result", "key": key, "value": value})
        return report


def choose_device():
    if torch.cuda.is_available():
        return torch.device("cuda")
    for name in ("xpu", "mps"):
        backend = getattr(torch, name, None) or getattr(torch.backends, name, None)
        if backend is not None and backend.is_available():
            return torch.device(name)
    return torch.device("cpu")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config-file", required=True)
    parser.add_argument("--data")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--quiet", action="store_true")
    args = parser.parse_args()
    config, ignored = read_config(args.config_file)
    threads = args.threads or config["threads"]
    if threads:
        torch.set_num_threads(threads)
    device = choose_device()
    events = Events(args.quiet)
    for key in ignored:
        events.log("info", f"config field `{key}` is not used by char-lm-torch")
    corpus = read_corpus(args.data, config["context_length"], device, events)
    run = Run(config, corpus, device, events)
    params = sum(p.numel() for p in run.model.parameters())
    events.log("info", f"char-lm-torch: {params} parameters, torch {torch.__version__}, {device}")
    run.learn()
    print(json.dumps(run.report()), flush=True)


if __name__ == "__main__":
    main()
