#!/usr/bin/env python3
"""Makes options.safetensors and options.json: what TransformerLens says about small random models, one
for each option of a config that this program knows.

    pip install transformer_lens==2.18.0
    python tests/golden/make_options.py

Both files are written beside this script. options.json has each model's config as TransformerLens
writes it (`cfg.to_dict()`), and beside it `pad_token` where a hook masks padding. Tensors:

    NAME/weights/PARAMETER   the state dict, buffers left out
    NAME/tokens              [row, pos]
    NAME/logits              [row, pos, d_vocab_out]
    NAME/cache/HOOK          every activation

Everything is computed in f32 on the processor, and the same on every run.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformer_lens import HookedTransformer, HookedTransformerConfig

BASE = dict(
    n_layers=1,
    n_heads=2,
    d_model=8,
    d_head=4,
    d_mlp=10,
    n_ctx=6,
    d_vocab=7,
    d_vocab_out=5,
    act_fn="relu",
    normalization_type=None,
    use_attn_result=True,
    use_hook_mlp_in=True,
    ungroup_grouped_query_attention=True,
    device="cpu",
    seed=0,
)
PAD = 6
OPTIONS = {
    "relu": {},
    "gelu": dict(act_fn="gelu"),
    "gelu_new": dict(act_fn="gelu_new"),
    "silu": dict(act_fn="silu"),
    "solu": dict(act_fn="solu"),
    "solu_ln": dict(act_fn="solu_ln", normalization_type="LN"),
    "solu_ln_pre": dict(act_fn="solu_ln", normalization_type="LNPre"),
    "gated": dict(act_fn="silu", gated_mlp=True, normalization_type="RMS"),
    "gated_gelu": dict(act_fn="gelu_new", gated_mlp=True),
    "ln": dict(n_layers=2, normalization_type="LN", eps=1e-3),
    "ln_pre": dict(normalization_type="LNPre"),
    "rms": dict(normalization_type="RMS", eps=0.1),
    "rms_pre": dict(normalization_type="RMSPre"),
    "final_rms": dict(normalization_type="LN", final_rms=True),
    "ln_attn_only": dict(n_layers=2, normalization_type="LN", attn_only=True),
    "shortformer": dict(positional_embedding_type="shortformer", normalization_type="LN"),
    "rotary": dict(n_layers=2, positional_embedding_type="rotary", rotary_dim=2),
    "rotary_pairs": dict(
        positional_embedding_type="rotary", rotary_base=100, rotary_adjacent_pairs=True
    ),
    "bidirectional": dict(n_layers=2, attention_dir="bidirectional", normalization_type="LN"),
    "padding": dict(n_layers=2, attention_dir="bidirectional", pad=True),
    "padding_causal": dict(n_layers=2, pad=True),
    "parallel": dict(parallel_attn_mlp=True, normalization_type="LN"),
    "grouped": dict(n_heads=4, n_key_value_heads=2),
    "grouped_rotary": dict(n_heads=4, n_key_value_heads=1, positional_embedding_type="rotary"),
    "unscaled": dict(use_attn_scale=False),
    "attn_scale": dict(attn_scale=3.5),
    "narrow_heads": dict(d_head=3),
}
BUFFERS = (".mask", ".IGNORE", ".rotary_sin", ".rotary_cos")


def masked(tokens):
    keys = (tokens == PAD)[:, None, None, :]

    def hook(scores, hook):
        return scores.masked_fill(keys, -torch.inf)

    return hook


def main():
    torch.set_grad_enabled(False)
    folder = Path(__file__).parent
    tensors, configs = {}, {}
    for number, (name, options) in enumerate(OPTIONS.items()):
        options = dict(options)
        pad = options.pop("pad", False)
        model = HookedTransformer(HookedTransformerConfig(**{**BASE, **options})).eval()
        generator = torch.Generator().manual_seed(number)
        for parameter, value in model.named_parameters():
            around = 1.0 if parameter.endswith(".w") else 0.0
            value.copy_(around + 0.6 * torch.randn(value.shape, generator=generator))
        tokens = torch.randint(0, BASE["d_vocab"], (2, 6), generator=generator)
        if pad:
            # at the start, where a causal query sees nothing else, and at the end
            tokens[0, 0], tokens[0, 1:] = PAD, tokens[0, 1:] % PAD
            tokens[1, :4], tokens[1, 4:] = tokens[1, :4] % PAD, PAD
            for block in model.blocks:
                block.attn.hook_attn_scores.add_hook(masked(tokens), is_permanent=True)
        logits, cache = model.run_with_cache(tokens)
        for parameter, value in model.state_dict().items():
            if not parameter.endswith(BUFFERS):
                tensors[f"{name}/weights/{parameter}"] = value
        tensors[f"{name}/tokens"] = tokens
        tensors[f"{name}/logits"] = logits
        for hook, value in cache.items():
            tensors[f"{name}/cache/{hook}"] = value
        config = {key: value for key, value in model.cfg.to_dict().items()}
        config = {key: value if is_json(value) else str(value) for key, value in config.items()}
        if pad:
            config["pad_token"] = PAD
        configs[name] = config
    tensors = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
    save_file(tensors, folder / "options.safetensors")
    lines = [f'"{name}": {json.dumps(config)}' for name, config in configs.items()]
    (folder / "options.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def is_json(value):
    return value is None or isinstance(value, (bool, int, float, str))


if __name__ == "__main__":
    main()
