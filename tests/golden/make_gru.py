#!/usr/bin/env python3
"""Makes gru.safetensors: weights, states, losses and gradients of the model `gru`, in float64 by
PyTorch's own GRU, embedding, norms and cross-entropy, from docs/models.md alone.

    python3 tests/golden/make_gru.py      # PyTorch 2.x; the file in the repository: 2.15, CPU
"""
import json
import math
import pathlib
import struct

import torch
from torch.nn import functional

CONFIG = {"model": "gru", "position": "forward", "max_len": 24, "dim": 16, "num_layers": 2,
          "num_heads": 2, "ffn_dim": 32, "dropout": 0.0, "num_items": 30}
LENGTHS = [1, 13, 24, 2, 7]


def random_parameters():
    dim, ffn = CONFIG["dim"], CONFIG["ffn_dim"]
    shapes = {"item_embedding.weight": [CONFIG["num_items"] + 1, dim],
              "position_embedding.weight": [CONFIG["max_len"], dim]}
    norms = ["input_norm", "final_norm"]
    for i in range(CONFIG["num_layers"]):
        layer = f"layers.{i}"
        norms += [layer + ".attention_norm", layer + ".ffn_norm"]
        for name in ("input", "hidden"):
            shapes[f"{layer}.gru.{name}.weight"] = [3 * dim, dim]
            shapes[f"{layer}.gru.{name}.bias"] = [3 * dim]
        shapes.update({layer + ".ffn.up.weight": [ffn, dim], layer + ".ffn.up.bias": [ffn],
                       layer + ".ffn.down.weight": [dim, ffn], layer + ".ffn.down.bias": [dim]})
    for norm in norms:
        shapes.update({norm + ".weight": [dim], norm + ".bias": [dim]})
    parameters = {}
    for name, shape in shapes.items():
        values = torch.randn(shape) * 0.3 + (1.0 if "norm.weight" in name else 0.0)
        if name == "item_embedding.weight":
            values[0] = 0.0
        parameters[name] = values.to(torch.float32).to(torch.float64).requires_grad_()
    return parameters


def norm(x, parameters, name):
    return functional.layer_norm(x, x.shape[-1:], parameters[name + ".weight"],
                                 parameters[name + ".bias"], 1e-5)


def recurrence(x, parameters, layer):
    gru = torch.nn.GRU(CONFIG["dim"], CONFIG["dim"], dtype=torch.float64)
    names = {"weight_ih_l0": "input.weight", "bias_ih_l0": "input.bias",
             "weight_hh_l0": "hidden.weight", "bias_hh_l0": "hidden.bias"}
    weights = {mine: parameters[f"{layer}.gru.{name}"] for mine, name in names.items()}
    return torch.func.functional_call(gru, weights, (x,))[0]


def encode(ids, parameters):
    positions = parameters["position_embedding.weight"][:len(ids)]
    x = norm(parameters["item_embedding.weight"][ids] + positions, parameters, "input_norm")
    for i in range(CONFIG["num_layers"]):
        layer = f"layers.{i}"
        x = x + recurrence(norm(x, parameters, layer + ".attention_norm"), parameters, layer)
        up = functional.linear(norm(x, parameters, layer + ".ffn_norm"),
                               parameters[layer + ".ffn.up.weight"],
                               parameters[layer + ".ffn.up.bias"])
        x = x + functional.linear(functional.gelu(up, approximate="tanh"),
                                  parameters[layer + ".ffn.down.weight"],
                                  parameters[layer + ".ffn.down.bias"])
    return norm(x, parameters, "final_norm")


def write(path, tensors, metadata):
    header, blobs, at = {"__metadata__": metadata}, [], 0
    for name, tensor in tensors.items():
        blob = tensor.detach().contiguous().numpy().tobytes()
        kind = {torch.float32: "F32", torch.int32: "I32"}[tensor.dtype]
        header[name] = {"dtype": kind, "shape": list(tensor.shape),
                        "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def main():
    torch.manual_seed(1)
    parameters = random_parameters()
    total = sum(LENGTHS)
    ids = torch.randint(1, CONFIG["num_items"] + 1, (total,))
    targets = torch.randint(1, CONFIG["num_items"] + 1, (total,))
    offsets = torch.tensor([0] + LENGTHS).cumsum(0)
    hidden = torch.cat([encode(part, parameters) for part in ids.split(LENGTHS)])
    logits = hidden @ parameters["item_embedding.weight"][1:].T
    last = offsets[1:] - 1
    loss_all = functional.cross_entropy(logits, targets - 1)
    loss_last = functional.cross_entropy(logits[last], targets[last] - 1)
    loss_all.backward()
    assert math.isfinite(loss_all.item())
    tensors = {"ids": ids.int(), "offsets": offsets.int(), "targets": targets.int(),
               "hidden": hidden.float(), "last_logits": logits[last].float(),
               "loss.last": loss_last.float().reshape(1), "loss.all": loss_all.float().reshape(1)}
    for name, parameter in parameters.items():
        grad = parameter.grad.clone()
        if name == "item_embedding.weight":
            grad[0] = 0.0
        tensors["param." + name] = parameter.float()
        tensors["grad." + name] = grad.float()
    write(pathlib.Path(__file__).parent / "gru.safetensors", tensors,
          {"config": json.dumps(CONFIG), "gradient_of": "loss.all"})


if __name__ == "__main__":
    main()
