#!/usr/bin/env python3
"""Makes hstu.safetensors, hstu_past.safetensors and hstu_asked.safetensors: weights, states, losses
and gradients of the model `hstu`, in float64 by PyTorch, from docs/models.md alone. The attention is
dense, with a mask; the files with times hold the seconds of the events, `times` [T], and of the events
to predict, `asked` [B].

    python3 tests/golden/make_hstu.py      # PyTorch 2.x; the files in the repository: 2.15, CPU
"""
import json
import math
import pathlib

import torch
from torch.nn import functional

from make_gru import norm, write

CONFIG = {"model": "hstu", "position": "forward", "max_len": 80, "dim": 16, "num_layers": 2,
          "num_heads": 2, "dropout": 0.0, "num_items": 30}
LENGTHS = [1, 13, 80, 2, 70]
BUCKETS = 32


def random_parameters(features):
    dim = CONFIG["dim"]
    shapes = {"item_embedding.weight": [CONFIG["num_items"] + 1, dim],
              "position_embedding.weight": [CONFIG["max_len"], dim]}
    norms = ["input_norm", "final_norm"]
    for i in range(CONFIG["num_layers"]):
        attention = f"layers.{i}.attention"
        norms.append(f"layers.{i}.attention_norm")
        for name in ("gate", "query", "key", "value", "output"):
            shapes[f"{attention}.{name}.weight"] = [dim, dim]
        shapes[attention + ".output.bias"] = [dim]
        shapes[attention + ".position_bias"] = [CONFIG["max_len"]]
        if features != "none":
            shapes[attention + ".time_bias"] = [BUCKETS]
    for name in norms:
        shapes.update({name + ".weight": [dim], name + ".bias": [dim]})
    parameters = {}
    for name, shape in shapes.items():
        values = torch.randn(shape) * 0.4 + (1.0 if "norm.weight" in name else 0.0)
        if name == "item_embedding.weight":
            values[0] = 0.0
        parameters[name] = values.to(torch.float32).to(torch.float64).requires_grad_()
    return parameters


def bucket(seconds):
    return min((max(int(seconds), 0) + 1).bit_length() - 1, BUCKETS - 1)


def biases(times, asked, features, parameters, attention):
    """[n, n]: of each query, a row, for each key."""
    length = len(times)
    places = torch.arange(length)
    distances = (places[:, None] - places[None, :]).clamp(min=0)
    bias = parameters[attention + ".position_bias"][distances]
    if features == "none":
        return bias
    at = times[1:] + [asked] if features == "asked" else times
    buckets = torch.tensor([[bucket(one - other) for other in times] for one in at])
    return bias + parameters[attention + ".time_bias"][buckets]


def unit(x, times, asked, features, parameters, layer):
    heads, dim = CONFIG["num_heads"], CONFIG["dim"]
    attention = layer + ".attention"
    z = norm(x, parameters, layer + ".attention_norm")
    gate, query, key, value = (
        functional.silu(z @ parameters[f"{attention}.{name}.weight"].T)
        for name in ("gate", "query", "key", "value"))
    query, key, value = (part.reshape(len(x), heads, dim // heads).transpose(0, 1)
                         for part in (query, key, value))
    scores = query @ key.transpose(1, 2) + biases(times, asked, features, parameters, attention)
    weights = torch.tril(functional.silu(scores)) / CONFIG["max_len"]
    attended = (weights @ value).transpose(0, 1).reshape(len(x), dim)
    gated = gate * functional.layer_norm(attended, [dim], eps=1e-5)
    return x + functional.linear(gated, parameters[attention + ".output.weight"],
                                 parameters[attention + ".output.bias"])


def encode(ids, times, asked, features, parameters):
    positions = parameters["position_embedding.weight"][:len(ids)]
    x = norm(parameters["item_embedding.weight"][ids] + positions, parameters, "input_norm")
    for i in range(CONFIG["num_layers"]):
        x = unit(x, times, asked, features, parameters, f"layers.{i}")
    return norm(x, parameters, "final_norm")


def make(name, features, seed):
    torch.manual_seed(seed)
    parameters = random_parameters(features)
    total = sum(LENGTHS)
    ids = torch.randint(1, CONFIG["num_items"] + 1, (total,))
    targets = torch.randint(1, CONFIG["num_items"] + 1, (total,))
    offsets = torch.tensor([0] + LENGTHS).cumsum(0)
    # Gaps from none to years; the next events of a sequence follow its last one.
    gaps = [(10.0 ** (8 * torch.rand(length + 1)) - 1).long() for length in LENGTHS]
    clocks = [gap.cumsum(0).tolist() for gap in gaps]
    hidden = torch.cat([encode(part, clock[:-1], clock[-1], features, parameters)
                        for part, clock in zip(ids.split(LENGTHS), clocks)])
    logits = hidden @ parameters["item_embedding.weight"][1:].T
    last = offsets[1:] - 1
    loss_all = functional.cross_entropy(logits, targets - 1)
    loss_last = functional.cross_entropy(logits[last], targets[last] - 1)
    loss_all.backward()
    assert math.isfinite(loss_all.item())
    tensors = {"ids": ids.int(), "offsets": offsets.int(), "targets": targets.int(),
               "hidden": hidden.float(), "last_logits": logits[last].float(),
               "loss.last": loss_last.float().reshape(1), "loss.all": loss_all.float().reshape(1)}
    if features != "none":
        times = [time for clock in clocks for time in clock[:-1]]
        tensors["times"] = torch.tensor(times, dtype=torch.int32)
        tensors["asked"] = torch.tensor([clock[-1] for clock in clocks], dtype=torch.int32)
    for parameter_name, parameter in parameters.items():
        grad = parameter.grad.clone()
        if parameter_name == "item_embedding.weight":
            grad[0] = 0.0
        tensors["param." + parameter_name] = parameter.float()
        tensors["grad." + parameter_name] = grad.float()
    config = {**CONFIG, "time_features": features}
    write(pathlib.Path(__file__).parent / name, tensors,
          {"config": json.dumps(config), "gradient_of": "loss.all"})


def main():
    make("hstu.safetensors", "none", 1)
    make("hstu_past.safetensors", "past", 2)
    make("hstu_asked.safetensors", "asked", 3)


if __name__ == "__main__":
    main()
