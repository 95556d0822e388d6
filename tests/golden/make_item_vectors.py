#!/usr/bin/env python3
"""Makes item_vectors.safetensors: weights, features, states, losses and gradients of the model `gru`
with item vectors, in float64 by PyTorch, from docs/models.md alone. The items are summed one by one.

    python3 tests/golden/make_item_vectors.py   # PyTorch 2.x; the file in the repository: 2.15, CPU
"""
import json
import math
import pathlib

import torch
from torch.nn import functional

from make_gru import CONFIG, LENGTHS, encode, random_parameters, write

WIDTH = 5
TABLE = "item_embedding.weight"
PROJECTION = "item_vectors.projection.weight"
FEATURES = "item_vectors.features"


def effective_table(parameters, features):
    """Each item's learned row plus the sum of its features, each times its column."""
    columns = parameters[PROJECTION].T
    return torch.stack([row + sum(value * column for value, column in zip(vector, columns))
                        for row, vector in zip(parameters[TABLE], features)])


def main():
    torch.manual_seed(4)
    parameters = random_parameters()
    projection = torch.randn(CONFIG["dim"], WIDTH).mul(0.4).to(torch.float32).to(torch.float64)
    parameters[PROJECTION] = projection.requires_grad_()
    features = torch.randn(CONFIG["num_items"] + 1, WIDTH).to(torch.float32).to(torch.float64)
    features[0] = 0.0
    features[3] = 0.0  # an item without features
    total = sum(LENGTHS)
    ids = torch.randint(1, CONFIG["num_items"] + 1, (total,))
    targets = torch.randint(1, CONFIG["num_items"] + 1, (total,))
    offsets = torch.tensor([0] + LENGTHS).cumsum(0)
    items = effective_table(parameters, features)
    hidden = torch.cat([encode(part, {**parameters, TABLE: items}) for part in ids.split(LENGTHS)])
    logits = hidden @ items[1:].T
    last = offsets[1:] - 1
    loss_all = functional.cross_entropy(logits, targets - 1)
    loss_last = functional.cross_entropy(logits[last], targets[last] - 1)
    loss_all.backward()
    assert math.isfinite(loss_all.item())
    tensors = {"ids": ids.int(), "offsets": offsets.int(), "targets": targets.int(),
               "hidden": hidden.float(), "last_logits": logits[last].float(),
               "loss.last": loss_last.float().reshape(1), "loss.all": loss_all.float().reshape(1),
               "param." + FEATURES: features.float()}
    for name, parameter in parameters.items():
        grad = parameter.grad.clone()
        if name == TABLE:
            grad[0] = 0.0
        tensors["param." + name] = parameter.float()
        tensors["grad." + name] = grad.float()
    write(pathlib.Path(__file__).parent / "item_vectors.safetensors", tensors,
          {"config": json.dumps({**CONFIG, "num_item_features": WIDTH}),
           "gradient_of": "loss.all"})


if __name__ == "__main__":
    main()
