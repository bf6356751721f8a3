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
    hooks = " ".join(one["hook"] for one in DATA["interventions"])
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


def source(made, one):
    """What an intervention puts there, [1, ...]: the mean over runs of these tokens, or numbers."""
    if "numbers" in one:
        return torch.tensor(one["numbers"]).reshape([1] + one["shape"])
    _, cache = made.run_with_cache(torch.tensor(one["rows"]))
    return cache[one["hook"]].mean(0, keepdim=True)


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


def hook_of(made, one):
    put = source(made, one) if "rows" in one or "numbers" in one else None

    def hook(value, hook):
        if one["does"] == "put":
            new = put.expand_as(value).to(value.dtype)
        elif one["does"] == "scale":
            new = torch.where(torch.isinf(value), value, value * one["by"])
        elif one["does"] == "add":
            matrix, index = one["direction"]
            vector = {"W_E": lambda: made.W_E[index], "W_U": lambda: made.W_U[:, index],
                      "W_pos": lambda: made.W_pos[index]}[matrix]()
            new = value + one["by"] * vector
        else:
            new = torch.full_like(value, float(one["value"]))
        return torch.where(selected(one, value), new, value)

    return one["hook"], hook


def check(what, found, recorded, relative, worst):
    found, recorded = torch.as_tensor(found, dtype=torch.float64), torch.tensor(recorded, dtype=torch.float64)
    size = torch.clamp(recorded.abs(), min=1.0) if relative else 1.0
    apart = ((found - recorded).abs() / size).max().item() if recorded.numel() else 0.0
    print(f"{what}: {recorded.numel()} numbers, apart by {apart:.1e} at most")
    worst.append((apart <= TOLERANCE, what))


def main():
    made, worst = model(), []
    # taken together they act in their order, as they were listed
    hooks = [hook_of(made, one) for one in DATA["interventions"]]
    for name, run in DATA["runs"].items():
        tokens = torch.tensor([run["tokens"]])
        made.reset_hooks()
        with torch.no_grad(), made.hooks(fwd_hooks=hooks if name == "patched" else []):
            logits, cache = made.run_with_cache(tokens)
        logits = logits[0].double()
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
        if metric and metric["measure"] == "logit_diff":
            row = logits[metric["position"]]
            check(f"{name} metric", row[metric["answer"]] - row[metric["other"]], metric[name], True, worst)
    wrong = [what for right, what in worst if not right]
    print("as the finding says" if not wrong else f"NOT as the finding says: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    sys.exit(main())
