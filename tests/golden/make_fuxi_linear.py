#!/usr/bin/env python3
"""Makes fuxi-linear.safetensors, fuxi-linear_past.safetensors, fuxi-linear_asked.safetensors and
fuxi-linear_stream.safetensors: weights, states, losses and gradients of the model `fuxi-linear`, in
float64 by PyTorch, from docs/models.md alone. All channels are dense: their weights are [n, n]
matrices with a mask. The files with times hold the seconds of the events, `times` [T], and of the
events to predict, `asked` [B].

    python3 tests/golden/make_fuxi_linear.py      # PyTorch 2.x; the files in the repository: 2.15, CPU
"""
import json
import math
import pathlib

import torch
from torch.nn import functional

from make_gru import norm, write

CONFIG = {"model": "fuxi-linear", "max_len": 80, "dim": 16, "num_layers": 2, "num_heads": 2,
          "ffn_dim": 24, "time_periods": 4, "dropout": 0.0, "num_items": 30}
LENGTHS = [1, 13, 80, 2, 70]
FEATURES = 32
PERIODS = [2.0 ** (10 + 21 * p // (CONFIG["time_periods"] - 1)) for p in range(CONFIG["time_periods"])]


def random_parameters(features, position):
    dim, heads = CONFIG["dim"], CONFIG["num_heads"]
    shapes = {"item_embedding.weight": [CONFIG["num_items"] + 1, dim]}
    if position != "none":
        shapes["position_embedding.weight"] = [CONFIG["max_len"], dim]
    norms = ["input_norm", "final_norm"]
    for i in range(CONFIG["num_layers"]):
        layer = f"layers.{i}"
        attention = layer + ".attention"
        norms += [layer + ".attention_norm", layer + ".ffn_norm"]
        channels = [attention]
        shapes[attention + ".query.weight"] = [dim, dim]
        shapes[attention + ".key.weight"] = [dim, dim]
        shapes[attention + ".output.bias"] = [dim]
        shapes[attention + ".decay"] = [heads]
        if features != "none":
            channels.append(attention + ".temporal")
            shapes[attention + ".temporal.decay"] = [CONFIG["time_periods"]]
            shapes[attention + ".temporal.mix"] = [2 * CONFIG["time_periods"]]
        if position != "none":
            channels.append(attention + ".positional")
            shapes[attention + ".positional.table"] = [CONFIG["max_len"], FEATURES]
            shapes[attention + ".positional.mix"] = [1]
        for channel in channels:
            for name in ("value", "gate", "output"):
                shapes[f"{channel}.{name}.weight"] = [dim, dim]
        hidden = 2 * CONFIG["ffn_dim"] // 3
        shapes[layer + ".ffn.gate.weight"] = [hidden, dim]
        shapes[layer + ".ffn.up.weight"] = [hidden, dim]
        shapes[layer + ".ffn.down.weight"] = [dim, hidden]
    for name in norms:
        shapes.update({name + ".weight": [dim], name + ".bias": [dim]})
    parameters = {}
    for name, shape in shapes.items():
        values = torch.randn(shape) * 0.4 + (1.0 if "norm.weight" in name else 0.0)
        if name == "item_embedding.weight":
            values[0] = 0.0
        parameters[name] = values.to(torch.float32).to(torch.float64).requires_grad_()
    return parameters


def retention(z, parameters, attention):
    length, dim, heads = len(z), CONFIG["dim"], CONFIG["num_heads"]
    query, key, value = (
        functional.silu(z @ parameters[f"{attention}.{name}.weight"].T)
        .reshape(length, heads, dim // heads).transpose(0, 1) for name in ("query", "key", "value"))
    places = torch.arange(length)
    steps = (places[:, None] - places[None, :] + 1).clamp(min=0)
    rates = functional.softplus(parameters[attention + ".decay"])
    decay = torch.exp(-rates[:, None, None] * steps)
    weights = torch.tril(query @ key.transpose(1, 2) * decay)
    return (weights @ value).transpose(0, 1).reshape(length, dim)


def temporal(z, times, asked, features, parameters, channel):
    length, dim = len(z), CONFIG["dim"]
    heads = 2 * CONFIG["time_periods"]
    value = z @ parameters[channel + ".value.weight"].T
    at = torch.tensor(times[1:] + [asked] if features == "asked" else times)
    turns = torch.tril(at[:, None] - torch.tensor(times)[None, :])
    rates = functional.softplus(parameters[channel + ".decay"])
    maps = []
    for wave in (torch.sin, torch.cos):
        for period, rate in zip(PERIODS, rates):
            angle = 2.0 * math.pi * turns.to(torch.float64) / period
            maps.append(wave(angle) * torch.exp(-rate * angle))
    weights = torch.tril(torch.stack(maps)) * parameters[channel + ".mix"][:, None, None]
    parts = value.reshape(length, heads, dim // heads).transpose(0, 1)
    return (weights @ parts).transpose(0, 1).reshape(length, dim) + value


def positional(z, parameters, channel):
    value = z @ parameters[channel + ".value.weight"].T
    table = parameters[channel + ".table"][:len(z)]
    weights = torch.tril(table @ table.T) * (2.0 / FEATURES)
    return parameters[channel + ".mix"] * (weights @ value) + value


def block(x, times, asked, features, parameters, layer):
    attention = layer + ".attention"
    z = norm(x, parameters, layer + ".attention_norm")
    channels = {attention: retention(z, parameters, attention)}
    if features != "none":
        name = attention + ".temporal"
        channels[name] = temporal(z, times, asked, features, parameters, name)
    name = attention + ".positional"
    if name + ".table" in parameters:
        channels[name] = positional(z, parameters, name)
    x = x + parameters[attention + ".output.bias"]
    for name, attended in channels.items():
        gate = functional.silu(z @ parameters[name + ".gate.weight"].T)
        gated = gate * functional.layer_norm(attended, [CONFIG["dim"]], eps=1e-5)
        x = x + gated @ parameters[name + ".output.weight"].T
    z = norm(x, parameters, layer + ".ffn_norm")
    gate, up, down = (parameters[f"{layer}.ffn.{name}.weight"] for name in ("gate", "up", "down"))
    return x + (functional.silu(z @ gate.T) * (z @ up.T)) @ down.T


def encode(ids, times, asked, features, parameters):
    x = parameters["item_embedding.weight"][ids]
    if "position_embedding.weight" in parameters:
        x = x + parameters["position_embedding.weight"][:len(ids)]
    x = norm(x, parameters, "input_norm")
    for i in range(CONFIG["num_layers"]):
        x = block(x, times, asked, features, parameters, f"layers.{i}")
    return norm(x, parameters, "final_norm")


def make(name, features, position, seed):
    torch.manual_seed(seed)
    parameters = random_parameters(features, position)
    total = sum(LENGTHS)
    ids = torch.randint(1, CONFIG["num_items"] + 1, (total,))
    targets = torch.randint(1, CONFIG["num_items"] + 1, (total,))
    offsets = torch.tensor([0] + LENGTHS).cumsum(0)
    # Gaps from none to a year; the next events of a sequence follow its last one.
    gaps = [(10.0 ** (7.5 * torch.rand(length + 1)) - 1).long() for length in LENGTHS]
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
    config = {**CONFIG, "time_features": features, "position": position}
    write(pathlib.Path(__file__).parent / name, tensors,
          {"config": json.dumps(config), "gradient_of": "loss.all"})


def main():
    make("fuxi-linear.safetensors", "none", "forward", 1)
    make("fuxi-linear_past.safetensors", "past", "forward", 2)
    make("fuxi-linear_asked.safetensors", "asked", "forward", 3)
    make("fuxi-linear_stream.safetensors", "past", "none", 4)


if __name__ == "__main__":
    main()
