#!/usr/bin/env python3
"""Times a transformer encoder in PyTorch, as rows for `elastic profile --import`.

    scripts/profile_torch.py > rows.json
    elastic profile --length 256-1024*2 --phase serve --import rows.json --report page.html
"""

import json
import resource
import time

import torch

BATCH, WIDTH, REPETITIONS = 16, 64, 5


def resident():
    """The largest resident set so far, in bytes."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measured(model, length, before):
    """One row: the seconds of each repetition after one that is not timed, and the peak."""
    x = torch.randn(BATCH, length, WIDTH)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(length)
    seconds = []
    for _ in range(1 + REPETITIONS):
        begin = time.perf_counter()
        with torch.inference_mode():
            model(x, mask=mask, is_causal=True)[:, -1]
        seconds.append(time.perf_counter() - begin)
    # On a GPU: torch.cuda.synchronize() before each clock, and torch.cuda.max_memory_allocated().
    return {"name": "torch encoder", "phase": "serve", "length": length, "batch": BATCH,
            "seconds": seconds[1:], "peak_bytes": resident(), "activation_bytes": resident() - before}


layer = torch.nn.TransformerEncoderLayer(WIDTH, 2, 4 * WIDTH, batch_first=True, norm_first=True)
encoder = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
start = resident()  # the interpreter, the library and the weights
print(json.dumps([measured(encoder, length, start) for length in (256, 512, 1024)], indent=1))
