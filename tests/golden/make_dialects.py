#!/usr/bin/env python3
"""Makes the checkpoints in dialects/ and dialects/logits.json: small random models as other programs
write them, and what each says about one prompt.

    pip install transformer_lens==2.18.0
    python tests/golden/make_dialects.py

Those of TransformerLens's own names are renamed here; the others are modules of PyTorch, run as they
are. Everything is computed in f32 on the processor, and the same on every run.
"""

import dataclasses
import json
from pathlib import Path

import torch
from torch import nn
from transformer_lens import HookedTransformer, HookedTransformerConfig

SIZES = dict(n_layers=1, n_heads=2, d_model=8, d_head=4, d_mlp=6, n_ctx=5, d_vocab=7)
TOKENS = torch.tensor([[3, 1, 6, 0, 2]])


@dataclasses.dataclass
class TrainConfig:
    n_heads: int = 2
    act_fn: str = "gelu"
    lr: float = 1e-3
    name: str = "a run"


def randomised(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.named_parameters():
        around = 1.0 if name.endswith((".w", "ln1.weight", "ln2.weight", "ln_f.weight")) else 0.0
        value.data = around + 0.5 * torch.randn(value.shape, generator=generator)
    return model.eval()


def lens(seed, **options):
    cfg = {**SIZES, "act_fn": "relu", "normalization_type": None, "device": "cpu", **options}
    return randomised(HookedTransformer(HookedTransformerConfig(**cfg, seed=0)), seed)


def learned(model):
    ends = (".mask", ".IGNORE", ".rotary_sin", ".rotary_cos")
    return {name: value for name, value in model.state_dict().items() if not name.endswith(ends)}


def older(state):
    """The layout of the first grokking experiments."""
    new = {}
    for name, value in state.items():
        last = name.rsplit(".")[-1]
        if last in ("b_Q", "b_K", "b_V", "b_O", "b_U"):
            continue
        if last == "W_O":
            value = value.flatten(0, 1).T
        elif last in ("W_Q", "W_K", "W_V", "W_E", "W_in", "W_out"):
            value = value.transpose(-1, -2)
        new[name] = value.contiguous()
    return new


def native(state):
    """TransformerLens 4."""
    words = dict(W_Q="q", W_K="k", W_V="v", b_Q="q", b_K="k", b_V="v", W_O="o", b_O="o")
    words.update(W_in="in", b_in="in", W_out="out", b_out="out", W_gate="gate")
    new = {}
    for name, value in state.items():
        place, last = name.rsplit(".", 1)
        kind = "bias" if last.startswith("b") else "weight"
        if last in ("W_Q", "W_K", "W_V"):
            value = value.permute(0, 2, 1).flatten(0, 1)
        elif last in ("b_Q", "b_K", "b_V"):
            value = value.flatten()
        elif last == "W_O":
            value = value.flatten(0, 1).T
        elif last in ("W_U", "W_in", "W_out", "W_gate"):
            value = value.T
        if last == "b_U" or (last in ("b_in", "b_out") and "blocks.0.mlp.W_gate" in state):
            continue
        word = words.get(last)
        new[".".join(part for part in (place, word, kind) if part)] = value.contiguous()
    return new


class Joined(nn.Module):
    """nn.MultiheadAttention, norms before what reads them."""

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln1, self.ln2 = nn.LayerNorm(8), nn.LayerNorm(8)
            self.attn = nn.MultiheadAttention(8, 2, batch_first=True)
            self.mlp = nn.Sequential(nn.Linear(8, 6), nn.GELU(), nn.Linear(6, 8))

        def forward(self, x):
            mask = torch.triu(torch.full((5, 5), -torch.inf), 1)
            read = self.ln1(x)
            x = x + self.attn(read, read, read, attn_mask=mask)[0]
            return x + self.mlp(self.ln2(x))

    def __init__(self):
        super().__init__()
        self.tok_emb = nn.Embedding(7, 8)
        self.pos_emb = nn.Parameter(torch.zeros(1, 5, 8))
        self.blocks = nn.ModuleList([self.Block()])
        self.ln_f = nn.LayerNorm(8)
        self.head = nn.Linear(8, 7)

    def forward(self, tokens):
        x = self.tok_emb(tokens) + self.pos_emb
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))


class Apart(nn.Module):
    """A module a head."""

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.W_Q, self.W_K, self.W_V = (nn.Linear(8, 3, bias=False) for _ in range(3))

        def forward(self, x):
            scores = self.W_Q(x) @ self.W_K(x).transpose(1, 2) / 3**0.5
            scores = scores + torch.triu(torch.full((5, 5), -torch.inf), 1)
            return scores.softmax(-1) @ self.W_V(x)

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.heads = nn.ModuleList([Apart.Head() for _ in range(2)])
            self.W_O = nn.Linear(6, 8, bias=False)

        def forward(self, x):
            return x + self.W_O(torch.cat([head(x) for head in self.heads], -1))

    def __init__(self):
        super().__init__()
        self.tok_embed, self.pos_embed = nn.Embedding(7, 8), nn.Embedding(5, 8)
        self.layers = nn.ModuleList([self.Layer() for _ in range(2)])
        self.unembed = nn.Linear(8, 7, bias=False)

    def forward(self, tokens):
        x = self.tok_embed(tokens) + self.pos_embed.weight
        for layer in self.layers:
            x = layer(x)
        return self.unembed(x)


def trained(model):
    """A model, an optimiser that has made a step, and losses."""
    with torch.enable_grad():
        optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
        loss = nn.functional.cross_entropy(model(TOKENS).flatten(0, 1), TOKENS.flatten())
        loss.backward()
        optimiser.step()
    return optimiser, loss.detach()


def main():
    torch.set_grad_enabled(False)
    folder = Path(__file__).parent / "dialects"
    logits = {}

    def keep(name, model, checkpoint):
        logits[name] = model(TOKENS)[0].tolist()
        torch.save(checkpoint, folder / f"{name}.pt")

    plain = lens(1)
    zero = [value for name, value in plain.named_parameters() if name.rsplit(".")[-1] in
            ("b_Q", "b_K", "b_V", "b_O", "b_U")]
    for value in zero:
        value.data.zero_()
    keep("older", plain, older(learned(plain)))
    wrapped = {f"_orig_mod.module.{name}": value for name, value in learned(plain).items()}
    keep("prefixed", plain, wrapped)
    keep("half", plain, {name: value.bfloat16().double() for name, value in learned(plain).items()})
    turning = lens(
        2,
        positional_embedding_type="rotary",
        rotary_adjacent_pairs=True,
        normalization_type="RMS",
        gated_mlp=True,
        act_fn="silu",
    )
    for name, value in turning.named_parameters():
        if name.rsplit(".")[-1] in ("b_in", "b_out", "b_U"):
            value.data.zero_()
    config = {"n_heads": 2, "n_ctx": 5, "normalization_type": "RMS"}
    keep("native", turning, {"model": native(learned(turning)), "config": config})
    joined = randomised(Joined(), 3)
    optimiser, loss = trained(joined)
    checkpoint = {
        "model_state_dict": joined.state_dict(),
        "optimizer_state_dict": optimiser.state_dict(),
        "loss": loss,
        "losses": [loss.item(), float(loss)],
        "epoch": 1,
        "dtype": torch.float32,
        "config": TrainConfig(),
    }
    keep("joined", joined, checkpoint)
    keep("apart", randomised(Apart(), 4), randomised(Apart(), 4).state_dict())
    series = [learned(lens(seed, n_ctx=5, act_fn="relu")) for seed in (5, 6, 7)]
    keep("series", lens(6), {"state_dicts": series, "train_losses": [2.0, 1.0, 0.5]})
    text = ",\n".join(f'"{name}": {json.dumps(rows)}' for name, rows in logits.items())
    (folder / "logits.json").write_text("{\n" + text + "\n}\n")


if __name__ == "__main__":
    main()
