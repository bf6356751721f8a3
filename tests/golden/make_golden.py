#!/usr/bin/env python3
"""Makes golden.safetensors and golden.json: what TransformerLens says about a checkpoint.

    pip install transformer_lens==2.18.0
    python tests/golden/make_golden.py models/array_update.safetensors models/array_update.json

Both files are written beside this script, or into the folder given as a third argument. The
tests in tests/parity.rs compare this program with them. The checkpoint must have two layers of
one head each; a `.pt` state dict does as well.

Tensors (prediction i is made at position list_len + 4 + i, one before b_i stands):

    generator.seed42_batch256         the first batch of the notebook's data generator
    generator.seed0_batch4.{0,1,2}    the first three batches of four
    forward.*                         32 prompts; rows 0 and 1 are a clean and a corrupted one,
                                      row 1 goes on with the clean answer, which is wrong there
    cache4.HOOK                       every activation of rows 0 to 3
    attribution.*  mean_pattern.*     means over generator.seed42_batch256
    circuit.*  svd.*                  products of weights, unscaled and without causal mask
    patching.K.GRID                   denoising: clean into corrupted, metric normalised

Everything is computed in f32 on the processor, and the same on every run.
"""

import json
import random
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformer_lens import HookedTransformer, HookedTransformerConfig, patching

FORWARD_ROWS = 32
CACHED_ROWS = 4


class Task:
    def __init__(self, list_len, max_num):
        self.list_len, self.max_num = list_len, max_num
        self.bos, self.newline = max_num, max_num + 1
        self.first = list_len + 4  # where b_0 is predicted

    def answer(self, a, idx, elt):
        return a[:idx] + [elt] + a[idx + 1 :]

    def sequence(self, a, idx, elt, b=None):
        b = self.answer(a, idx, elt) if b is None else b
        return [self.bos, *a, self.newline, idx, elt, self.newline, *b]

    def random_update(self, rng):
        a = [rng.randrange(self.max_num) for _ in range(self.list_len)]
        return a, rng.randrange(self.list_len), rng.randrange(self.max_num)

    def notebook_batches(self, batch, seed):
        """Lists from torch's generator, one (idx, elt) a batch from Python's, seeded with 0."""
        python = random.Random(0)
        generator = torch.Generator().manual_seed(seed)
        while True:
            lists = torch.randint(0, self.max_num, (batch, self.list_len), generator=generator)
            idx = python.randint(0, self.list_len - 1)
            elt = python.randint(0, self.max_num - 1)
            yield torch.tensor([self.sequence(a, idx, elt) for a in lists.tolist()])


def load(weights, config):
    said = json.loads(config.read_text())
    task = Task(said["list_len"], said["max_num"])
    assert (said["n_layers"], said["n_heads"]) == (2, 1), "two layers of one head are needed"
    model = HookedTransformer(
        HookedTransformerConfig(
            n_layers=said["n_layers"],
            n_heads=said["n_heads"],
            d_model=said["d_model"],
            d_head=said["d_head"],
            n_ctx=said["n_ctx"],
            d_vocab=said["d_vocab"],
            d_vocab_out=said["d_vocab_out"],
            positional_embedding_type=said["positional_embedding_type"],
            normalization_type=None,
            attn_only=True,
            use_attn_result=True,
            device="cpu",
            seed=0,
        )
    )
    is_pt = weights.suffix == ".pt"
    state = torch.load(weights, map_location="cpu") if is_pt else load_file(weights)
    missing, extra = model.load_state_dict(state, strict=False)
    assert not extra, f"extra tensors: {extra}"
    learned = [name for name in missing if not name.endswith((".mask", ".IGNORE"))]
    assert not learned, f"missing tensors: {learned}"
    return model.eval(), task


def forward_rows(task, rng):
    a, idx, elt = [14, 26, 35][: task.list_len], 1, 48
    rows = [task.sequence(a, idx, elt), task.sequence(a, 2, elt, task.answer(a, idx, elt))]
    while len(rows) < FORWARD_ROWS:
        rows.append(task.sequence(*task.random_update(rng)))
    return torch.tensor(rows)


def forward(model, task, tensors, rng):
    tokens = forward_rows(task, rng)
    logits = model(tokens)
    predicted = logits[:, task.first : -1].double().log_softmax(-1)
    typed = tokens[:, task.first + 1 :]
    tensors["forward.tokens"] = tokens
    tensors["forward.logits"] = logits
    tensors["forward.argmax"] = logits.argmax(-1)
    tensors["forward.loss_per_position"] = -predicted.gather(-1, typed[..., None])[..., 0]
    _, cache = model.run_with_cache(tokens[:CACHED_ROWS])
    for name, value in cache.items():
        tensors[f"cache4.{name}"] = value


def attribution(model, task, sample, tensors, scalars):
    logits, cache = model.run_with_cache(sample)
    at = slice(task.first, task.first + task.list_len)
    targets = sample[:, task.first + 1 :]
    directions = model.W_U.T[targets]  # [row, prediction, d_model]

    def mean_logit(parts):  # [part, row, pos, d_model] -> [part, prediction]
        return (parts[:, :, at] * directions).sum(-1).mean(1)

    for name, (parts, labels) in {
        "accumulated_resid": cache.accumulated_resid(return_labels=True),
        "decompose_resid": cache.decompose_resid(return_labels=True),
    }.items():
        parts = torch.stack([part.expand(len(sample), -1, -1) for part in parts])
        tensors[f"attribution.{name}"] = mean_logit(parts)
        scalars[f"attribution.{name}.labels"] = labels

    first, second = (cache["pattern", layer][:, 0] for layer in range(2))
    ov = [model.W_V[layer, 0] @ model.W_O[layer, 0] for layer in range(2)]
    embed = cache["hook_embed"]
    through = second @ (first @ embed @ ov[0]) @ ov[1]
    alone = second @ embed @ ov[1]
    tensors["attribution.head1_paths"] = mean_logit(torch.stack([through, alone]))
    scalars["attribution.head1_paths.labels"] = ["through 0.0 then 1.0", "through 1.0 alone"]
    for name, pattern in {"0": first, "1": second, "virtual": second @ first}.items():
        tensors[f"mean_pattern.{name}"] = pattern.mean(0)

    predicted = logits[:, at]
    losses = torch.nn.functional.cross_entropy(
        predicted.double().flatten(0, 1), targets.flatten()
    )
    scalars["sample.accuracy"] = (predicted.argmax(-1) == targets).double().mean().item()
    scalars["sample.loss"] = losses.item()


def circuits(model, task, tensors, scalars):
    embed, unembed, pos = model.W_E, model.W_U, model.W_pos
    ov = [model.W_V[layer, 0] @ model.W_O[layer, 0] for layer in range(2)]
    qk = [model.W_Q[layer, 0] @ model.W_K[layer, 0].T for layer in range(2)]
    tables = {
        "ov.0": embed @ ov[0] @ unembed,
        "ov.1": embed @ ov[1] @ unembed,
        "ov.virtual": embed @ ov[0] @ ov[1] @ unembed,
        "direct": embed @ unembed,
    }
    values = torch.arange(task.max_num)
    for name, table in tables.items():
        tensors[f"circuit.{name}"] = table
        hits = table[: task.max_num].argmax(-1) == values
        scalars[f"circuit.{name}.top1_on_diagonal"] = hits.float().mean().item()
    for layer in range(2):
        tensors[f"circuit.qk.{layer}.pos_pos"] = pos @ qk[layer] @ pos.T
        tensors[f"circuit.qk.{layer}.tok_tok"] = embed @ qk[layer] @ embed.T
        tensors[f"svd.ov.{layer}"] = torch.linalg.svdvals(ov[layer])
        tensors[f"svd.qk.{layer}"] = torch.linalg.svdvals(qk[layer])
        eigenvalues = torch.linalg.eigvals(tables[f"ov.{layer}"][: task.max_num])
        score = eigenvalues.sum().real / eigenvalues.abs().sum()
        scalars[f"eigen.ov.{layer}.copying_score"] = score.item()
    tensors["circuit.qk.1.k_comp"] = pos @ qk[1] @ ov[0].T @ embed.T
    for mode in "QKV":
        scores = model.all_composition_scores(mode)
        scalars[f"composition.{mode}"] = scores[0, 0, 1, 0].item()


def pairs(task, rng):
    """One pair each for another index, another element and another kept list entry."""
    for field in ["idx", "elt", "a"]:
        # a number in two places would leave open which of them the model went by
        *a, elt = rng.sample(range(task.max_num), task.list_len + 1)
        idx = rng.randrange(task.list_len)
        kept = (idx + 1) % task.list_len
        corrupted = {
            "idx": (a, kept, elt),
            "elt": (a, idx, (elt + task.max_num // 2) % task.max_num),
            "a": (task.answer(a, kept, (a[kept] + task.max_num // 2) % task.max_num), idx, elt),
        }[field]
        yield (a, idx, elt), corrupted


def patch(model, task, tensors, scalars, rng):
    grids = {
        "resid_pre": patching.get_act_patch_resid_pre,
        "attn_out": patching.get_act_patch_attn_out,
        "z": patching.get_act_patch_attn_head_out_by_pos,
        "q": patching.get_act_patch_attn_head_q_by_pos,
        "k": patching.get_act_patch_attn_head_k_by_pos,
        "v": patching.get_act_patch_attn_head_v_by_pos,
        "pattern": patching.get_act_patch_attn_head_pattern_by_pos,
        "pattern_dest_src": patching.get_act_patch_attn_head_pattern_dest_src_pos,
        "z_all_pos": patching.get_act_patch_attn_head_out_all_pos,
        "q_all_pos": patching.get_act_patch_attn_head_q_all_pos,
        "k_all_pos": patching.get_act_patch_attn_head_k_all_pos,
        "v_all_pos": patching.get_act_patch_attn_head_v_all_pos,
        "pattern_all_pos": patching.get_act_patch_attn_head_pattern_all_pos,
    }
    listed = []
    for k, (clean, corrupted) in enumerate(pairs(task, rng)):
        good, bad = task.answer(*clean), task.answer(*corrupted)
        differing = [i for i in [clean[1], *range(task.list_len)] if good[i] != bad[i]][0]
        at, answer, other = task.first + differing, good[differing], bad[differing]
        sequences = [task.sequence(*clean), task.sequence(*corrupted)]
        clean_tokens, corrupted_tokens = (torch.tensor([tokens]) for tokens in sequences)

        def logit_diff(logits):
            return logits[0, at, answer] - logits[0, at, other]

        clean_logits, clean_cache = model.run_with_cache(clean_tokens)
        high, low = logit_diff(clean_logits), logit_diff(model(corrupted_tokens))
        for name, grid in grids.items():
            tensors[f"patching.{k}.{name}"] = grid(
                model,
                corrupted_tokens,
                clean_cache,
                lambda logits: (logit_diff(logits) - low) / (high - low),
            )
        listed.append(
            {
                "clean": sequences[0],
                "corrupted": sequences[1],
                "metric_position": at,
                "answer": answer,
                "other": other,
                "clean_logit_diff": high.item(),
                "corrupted_logit_diff": low.item(),
            }
        )
    scalars["patching.pairs"] = listed


def main():
    weights, config, *folder = (Path(word) for word in sys.argv[1:])
    folder = folder[0] if folder else Path(__file__).parent
    torch.set_grad_enabled(False)
    model, task = load(weights, config)
    tensors, scalars, rng = {}, {}, random.Random(1)
    sample = next(task.notebook_batches(256, 42))
    tensors["generator.seed42_batch256"] = sample
    for i, batch in zip(range(3), task.notebook_batches(4, 0)):
        tensors[f"generator.seed0_batch4.{i}"] = batch
    forward(model, task, tensors, rng)
    attribution(model, task, sample, tensors, scalars)
    circuits(model, task, tensors, scalars)
    patch(model, task, tensors, scalars, rng)
    tensors = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
    save_file(tensors, folder / "golden.safetensors")
    (folder / "golden.json").write_text(json.dumps(scalars, indent=1) + "\n")


if __name__ == "__main__":
    main()
