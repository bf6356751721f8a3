"""Checks a finding of circuitscope with TransformerLens 2: the same model, the same interventions.

    pip install transformer_lens safetensors && python CHECK.py

The weights lie beside this file under TransformerLens's names. Nothing else of circuitscope is used.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file
from transformer_lens import HookedTransformer, HookedTransformerConfig

DATA = json.loads(r"""DATA_OF_THE_FINDING""")
# logits and metrics, relative to 1 or to the number; probabilities of attention, absolute
TOLERANCE = 1e-4

SAME = ("n_layers n_heads d_model d_head n_ctx d_vocab d_vocab_out attn_only attention_dir d_mlp act_fn "
        "normalization_type positional_embedding_type eps gated_mlp parallel_attn_mlp final_rms "
        "n_key_value_heads rotary_dim rotary_base rotary_adjacent_pairs").split()


def model():
    config = {name: DATA["config"][name] for name in SAME if DATA["config"].get(name) is not None}
    config.setdefault("normalization_type", None)
    used = [one["hook"] for one in DATA["interventions"]]
    used += [one["sender"]["hook"] for one in DATA["interventions"] if one["does"] == "edge"]
    hooks = " ".join(used)
    config["use_split_qkv_input"] = any(name in hooks for name in ("q_input", "k_input", "v_input"))
    config["use_attn_result"] = "hook_result" in hooks
    config["use_hook_mlp_in"] = "hook_mlp_in" in hooks
    if not config.get("attn_only"):
        config.setdefault("act_fn", "relu")
    made = HookedTransformer(HookedTransformerConfig(**config, device="cpu", dtype=torch.float32))
    weights = load_file(str(pathlib.Path(__file__).with_name(DATA["weights"])))
    missing, unexpected = made.load_state_dict(weights, strict=False)
    missing = [name for name in missing if not name.endswith((".mask", ".IGNORE", "rotary_sin", "rotary_cos"))]
    assert not missing and not unexpected, (missing, unexpected)
    return made.eval()


# untouched runs that activations are taken from, by their tokens
SOURCES = {}


def source(made, one):
    """What an intervention puts there, [1, ...]: the mean over runs of these tokens, or numbers."""
    if "numbers" in one:
        return torch.tensor(one["numbers"]).reshape([1] + one["shape"])
    key = json.dumps(one["rows"])
    if key not in SOURCES:
        SOURCES[key] = made.run_with_cache(torch.tensor(one["rows"]))[1]
    hook = one["sender"]["hook"] if one["does"] == "edge" else one["hook"]
    return SOURCES[key][hook].mean(0, keepdim=True)


def selected(one, value):
    """Where it acts, as a mask."""
    mask = torch.zeros_like(value, dtype=torch.bool)
    every = slice(None)
    place = lambda x: every if x is None else x
    head = place(one["head"])
    if one["axes"] == "cell":
        mask[:, head, place(one["dest"]), place(one["src"])] = True
        return mask
    for position in range(value.shape[1]) if one["positions"] is None else one["positions"]:
        if one["axes"] == "head":
            mask[:, position, head] = True
        elif one["neurons"]:
            mask[:, position, head] = True
        else:
            mask[:, position] = True
    return mask


class Writing:
    """What senders wrote in this run and how heads attended, and what each carrier brings so far."""

    def __init__(self):
        self.seen, self.carried = {}, {}

    def hooks(self, interventions):
        """Reads what the interventions need to know; to be put behind them."""
        points = set()
        for one in interventions:
            if one["does"] == "edge":
                points.add(one["sender"]["hook"])
            if one["does"] == "path":
                points |= {f"blocks.{layer}.attn.hook_pattern" for layer, _ in one["heads"]}

        def read(value, hook):
            self.seen[hook.name] = value

        return [(point, read) for point in sorted(points)]

    def brought(self, one, value, put):
        """What an edge or a path brings to a hook point, shaped as the value there."""
        if one["does"] == "edge":
            return term(self.seen[one["sender"]["hook"]], one, value)
        along = put
        for layer, head in one["heads"]:
            along = self.seen[f"blocks.{layer}.attn.hook_pattern"][:, head] @ along
        return (along[:, :, None] if value.dim() == 4 else along).expand_as(value)


def term(written, one, like):
    head = one["sender"]["head"]
    own = written if head is None else written[:, :, head]
    return (own[:, :, None] if like.dim() == 4 else own).expand_as(like)


def hook_of(made, one, writing):
    put = source(made, one) if "rows" in one or "numbers" in one else None

    def hook(value, hook):
        chosen = selected(one, value)
        if one["does"] == "put":
            new = put.expand_as(value).to(value.dtype)
        elif one["does"] == "scale":
            new = torch.where(torch.isinf(value), value, value * one["by"])
        elif one["does"] == "add":
            matrix, index = one["direction"]
            vector = {"W_E": lambda: made.W_E[index], "W_U": lambda: made.W_U[:, index],
                      "W_pos": lambda: made.W_pos[index]}[matrix]()
            new = value + one["by"] * vector
        elif one["does"] == "map":
            new = value @ put[0]
        elif one["does"] == "rank":
            new = torch.einsum("bphd,hde->bphe", value, put[0][:, :-1]) + put[0][:, -1]
        elif one["does"] in ("edge", "path"):
            # what is taken away twice is taken away once
            key = (hook.name, json.dumps(one.get("sender", one.get("heads"))), json.dumps(one.get("path")))
            carried = writing.carried.get(key)
            carried = writing.brought(one, value, put) if carried is None else carried
            instead = one["does"] == "edge" and put is not None
            now = term(put, one, value) if instead else torch.zeros_like(value)
            new = value - carried + now
            writing.carried[key] = torch.where(chosen, now, carried)
        else:
            new = torch.full_like(value, float(one["value"]))
        return torch.where(chosen, new, value)

    return one["hook"], hook


class AtLogits:
    name = "logits"


def run_of(made, tokens, interventions):
    """A run under interventions, which act in their order; its logits and activations."""
    writing = Writing()
    inner = [one for one in interventions if one["hook"] != "logits"]
    hooks = [hook_of(made, one, writing) for one in inner] + writing.hooks(inner)
    made.reset_hooks()
    with torch.no_grad(), made.hooks(fwd_hooks=hooks):
        logits, cache = made.run_with_cache(torch.tensor([tokens]))
    for one in interventions:
        if one["hook"] == "logits":
            logits = hook_of(made, one, writing)[1](logits, AtLogits)
    return logits[0].double(), cache


def measured(metric, row, other):
    """A metric of a row of logits; `other` is that of the run that activations are taken from."""
    log_probs = torch.log_softmax(row, -1)
    answer = metric["answer"]
    rank = (row >= row[answer]).sum().item()
    return {
        "logit_diff": lambda: (row[answer] - row[metric["other"]]).item(),
        "log_prob": lambda: log_probs[answer].item(),
        "prob": lambda: log_probs[answer].exp().item(),
        "rank": lambda: float(rank),
        "accuracy": lambda: float(rank == 1),
        "kl": lambda: (torch.log_softmax(other, -1).exp() * (torch.log_softmax(other, -1) - log_probs)).sum().item(),
    }[metric["measure"]]()


# the hook point of each grid inside a block
GRIDS = {"resid_pre": "hook_resid_pre", "resid_mid": "hook_resid_mid", "attn_out": "hook_attn_out",
         "mlp_out": "hook_mlp_out", "z": "attn.hook_z", "q": "attn.hook_q", "k": "attn.hook_k", "v": "attn.hook_v",
         "pattern": "attn.hook_pattern"}


def cells(name, values):
    """The cells of a grid that have a number: the patch that each stands for, and the number."""
    point = name.removesuffix("_all_pos").removesuffix("_dest_src")
    by_cell = point == "pattern"

    def walk(values, index):
        if isinstance(values, list):
            for i, inner in enumerate(values):
                yield from walk(inner, index + [i])
        elif values is not None:
            yield index, values

    for index, number in walk(values, []):
        layer, rest = index[0], index[1:]
        head = pos = src = None
        if by_cell:
            head, pos, src = (rest + [None, None])[:3]
        elif name.endswith("_all_pos"):
            head = rest[0]
        else:
            pos, head = (rest + [None])[:2]
        if by_cell and src is not None and src > pos:
            continue
        yield {"hook": f"blocks.{layer}.{GRIDS[point]}", "axes": "cell" if by_cell else "pos" if head is None else "head",
               "positions": None if by_cell or pos is None else [pos], "dest": pos if by_cell else None, "src": src,
               "head": head, "neurons": False, "does": "put"}, number


def check_grids(made, worst):
    """Every cell is one patch more, and its number is what that makes of the metric: 0 corrupted, 1 clean."""
    metric, grids = DATA["metric"], DATA["grids"]
    ends = metric and [metric["clean"], metric["corrupted"]]
    if not grids or not metric or None in ends or ends[0] == ends[1]:
        return
    base, other = ("corrupted", "clean") if DATA["direction"] == "denoise" else ("clean", "corrupted")
    tokens = [DATA["runs"][name]["tokens"] for name in (base, other)]
    rows = run_of(made, tokens[1], [])[0][metric["position"]]
    for name, values in grids.items():
        if name.removesuffix("_all_pos").removesuffix("_dest_src") not in GRIDS:
            continue
        found, recorded = [], []
        for patch, number in cells(name, values["values"]):
            run = run_of(made, tokens[0], DATA["interventions"] + [{**patch, "rows": [tokens[1]]}])[0]
            share = (measured(metric, run[metric["position"]], rows) - ends[1]) / (ends[0] - ends[1])
            found.append(share)
            recorded.append(number)
        check(f"grid {name}", found, recorded, True, worst)


def check(what, found, recorded, relative, worst):
    found, recorded = torch.as_tensor(found, dtype=torch.float64), torch.tensor(recorded, dtype=torch.float64)
    size = torch.clamp(recorded.abs(), min=1.0) if relative else 1.0
    apart = ((found - recorded).abs() / size).max().item() if recorded.numel() else 0.0
    print(f"{what}: {recorded.numel()} numbers, apart by {apart:.1e} at most")
    worst.append((apart <= TOLERANCE, what))


def main():
    made, worst, rows = model(), [], {}
    for name, run in DATA["runs"].items():
        logits, cache = run_of(made, run["tokens"], DATA["interventions"] if name == "patched" else [])
        rows[name] = logits
        check(f"{name} logits", logits, run["logits"], True, worst)
        pattern = torch.stack([cache[f"blocks.{layer}.attn.hook_pattern"][0] for layer in range(made.cfg.n_layers)])
        if run["pattern"]:
            check(f"{name} attention", pattern, run["pattern"], False, worst)
        for one in run["predictions"]:
            row = torch.log_softmax(logits[one["position"]], -1)
            if one["target"] is not None and one["log_prob"] is not None:
                check(f"{name} {one['predicts']}", row[one["target"]], one["log_prob"], True, worst)
            assert one["argmax"] is None or row.argmax().item() == one["argmax"], (name, one)
    metric = DATA["metric"]
    for name in rows if metric else []:
        if metric[name] is not None:
            other = rows["clean" if DATA["direction"] == "denoise" else "corrupted"][metric["position"]]
            found = measured(metric, rows[name][metric["position"]], other)
            check(f"{name} {metric['measure']}", found, metric[name], True, worst)
    check_grids(made, worst)
    wrong = [what for right, what in worst if not right]
    print("as the finding says" if not wrong else f"NOT as the finding says: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    sys.exit(main())
