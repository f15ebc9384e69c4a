"""The model of `steps_per_second` in plain PyTorch, for comparison.

Same sizes, same number of random windows per step, same optimizer and clipping, on the
processor with a given number of threads. Prints one JSON object.
"""

import argparse
import json
import time

import torch
from torch import nn
from torch.nn import functional as F

WARMUP_STEPS = 5


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
        q, k, v = (p.view(batch, length, self.heads, -1).transpose(1, 2) for p in parts)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(mixed.transpose(1, 2).reshape(batch, length, width))
        active = F.gelu(self.expand(self.hidden_norm(x)), approximate="tanh")
        return x + self.contract(active)


class CharLm(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.token = nn.Embedding(args.vocab, args.width)
        self.position = nn.Embedding(args.context, args.width)
        blocks = (Block(args.width, args.heads, args.hidden) for _ in range(args.layers))
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(args.width)
        self.head = nn.Linear(args.width, args.vocab, bias=False)

    def forward(self, tokens, targets):
        x = self.token(tokens) + self.position.weight[: tokens.shape[1]]
        logits = self.head(self.norm(self.blocks(x)))
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in {
        "threads": 2, "steps": 100, "batch": 16, "context": 128, "width": 64,
        "hidden": 256, "layers": 4, "heads": 4, "vocab": 96,
    }.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--fused", action="store_true", help="use the fused AdamW")
    return parser.parse_args()


def main():
    args = parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(42)
    model = CharLm(args)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=0.003, betas=(0.9, 0.99), weight_decay=0.01, fused=args.fused
    )
    text = torch.randint(args.vocab, (1_000_000,))
    offsets = torch.arange(args.context + 1)
    for step in range(WARMUP_STEPS + args.steps):
        if step == WARMUP_STEPS:
            wall, processor = time.perf_counter(), time.process_time()
        starts = torch.randint(len(text) - args.context - 1, (args.batch, 1))
        window = text[starts + offsets]
        loss = model(window[:, :-1], window[:, 1:])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        loss.item()
    secs = time.perf_counter() - wall
    print(json.dumps({
        "params": sum(p.numel() for p in model.parameters()),
        "threads": args.threads,
        "steps": args.steps,
        "steps_per_second": args.steps / secs,
        "cpu_seconds_per_step": (time.process_time() - processor) / args.steps,
        "torch": torch.__version__,
        "fused": args.fused,
    }))


if __name__ == "__main__":
    main()
