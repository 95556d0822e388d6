#!/usr/bin/env python3
"""Compares ELASTIC in `elastic` with the same model in PyTorch, on this machine's CPU.

First the numbers: a model trained by `elastic` is loaded from its model.safetensors into PyTorch,
and both score the same histories. Then the speed: training steps and single answers, in turns. The
PyTorch model pads its batches, computes only the last token in its last layer, and uses fused
attention and the fused Adam; it has the absorbed projections too (--form).

    scripts/compare_torch.py build/elastic [--data ratings.txt] [--compile]
"""

import argparse
import itertools
import json
import math
import pathlib
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time

try:
    import numpy
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as error:
    sys.exit(f"compare_torch.py: {error}; pip install torch numpy")

ROOT = pathlib.Path(__file__).resolve().parent.parent
DIM, HEADS, LAYERS, FFN, EXPERTS, SUBKEYS, KEY_DIM, STRIDE, LEVEL_ATTENTION = (
    64, 2, 2, 256, 8, 16, 64, 4, 256)


def heads_of(x):
    """[B, n, D] -> [B, H, n, Dh]"""
    return x.unflatten(-1, (HEADS, DIM // HEADS)).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(DIM, DIM, bias=False)
        self.key = nn.Linear(DIM, DIM, bias=False)
        self.value = nn.Linear(DIM, DIM, bias=False)
        self.output = nn.Linear(DIM, DIM)

    def forward(self, query, tokens, mask=None):
        mixed = F.scaled_dot_product_attention(
            heads_of(self.query(query)), heads_of(self.key(tokens)), heads_of(self.value(tokens)),
            attn_mask=None if mask is None else mask[:, None, None, :])
        return self.output(mixed.transpose(1, 2).flatten(2))

    def head_weights(self, linear):
        return linear.weight.unflatten(0, (HEADS, DIM // HEADS))

    def absorbed_aggregate(self, experts, tokens, mask):
        """The same with the projections of the tokens folded into the experts."""
        scale = 1 / math.sqrt(DIM // HEADS)
        query = torch.einsum("bhkd,hdc->bhkc", heads_of(self.query(experts)),
                             self.head_weights(self.key)) * scale
        scores = query.flatten(1, 2) @ tokens.transpose(1, 2)
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, :], -torch.inf)
        pooled = (scores.softmax(-1) @ tokens).unflatten(1, (HEADS, -1))
        mixed = torch.einsum("bhkc,hdc->bkhd", pooled, self.head_weights(self.value))
        return self.output(mixed.flatten(2))

    def absorbed_dispatch(self, tokens, experts):
        scale = 1 / math.sqrt(DIM // HEADS)
        key = torch.einsum("bhkd,hdc->bhkc", heads_of(self.key(experts)),
                           self.head_weights(self.query)) * scale
        value = torch.einsum("bhkd,chd->bhkc", heads_of(self.value(experts)),
                             self.output.weight.unflatten(1, (HEADS, DIM // HEADS)))
        scores = tokens @ key.flatten(1, 2).transpose(1, 2)
        probs = scores.unflatten(-1, (HEADS, -1)).softmax(-1).flatten(2)
        return probs @ value.flatten(1, 2) + self.output.bias


class Ffn(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(DIM, FFN)
        self.down = nn.Linear(FFN, DIM)

    def forward(self, x):
        return self.down(F.gelu(self.up(x), approximate="tanh"))


class Layer(nn.Module):
    def __init__(self, absorbed, dropout):
        super().__init__()
        self.attention_norm = nn.LayerNorm(DIM)
        self.aggregate = Attention()
        self.expert_norm = nn.LayerNorm(DIM)
        self.dispatch = Attention()
        self.ffn_norm = nn.LayerNorm(DIM)
        self.ffn = Ffn()
        self.absorbed = absorbed
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, experts, mask, last_only):
        z = self.attention_norm(x)
        query = F.layer_norm(experts, (DIM,))
        gathered = (self.aggregate.absorbed_aggregate(query, z, mask) if self.absorbed
                    else self.aggregate(query, z, mask))
        experts = self.expert_norm(experts + gathered)
        if last_only:
            x, z = x[:, -1:], z[:, -1:]
        mixed = (self.dispatch.absorbed_dispatch(z, experts) if self.absorbed
                 else self.dispatch(z, experts))
        x = x + self.dropout(mixed)
        return x + self.dropout(self.ffn(self.ffn_norm(x))), experts


class Level(nn.Module):
    def __init__(self, attends):
        super().__init__()
        self.pool = nn.Linear(STRIDE * DIM, DIM)
        if attends:
            self.attention_norm = nn.LayerNorm(DIM)
            self.attention = Attention()


class QueryNetwork(nn.Module):
    def __init__(self, max_len):
        super().__init__()
        self.levels = nn.ModuleList()
        length = max_len
        while True:
            length = -(-length // STRIDE)
            self.levels.append(Level(1 < length <= LEVEL_ATTENTION))
            if length <= 1:
                break
        self.project = nn.Linear(DIM, KEY_DIM)
        self.norm = nn.LayerNorm(KEY_DIM)

    def forward(self, x, lengths):
        """x [B, n, D], its latest token last, zeros in front -> [B, KEY_DIM]"""
        for level in self.levels:
            x = F.pad(x, (0, 0, -x.shape[1] % STRIDE, 0))
            x = level.pool(x.unflatten(1, (-1, STRIDE)).flatten(2))
            mask = None
            if lengths is not None:
                lengths = (lengths + STRIDE - 1) // STRIDE
                mask = torch.arange(x.shape[1] - 1, -1, -1) < lengths[:, None]
                x = x * mask[..., None]
            if hasattr(level, "attention"):
                z = level.attention_norm(x)
                x = x + level.attention(z, z, mask)
                if mask is not None:
                    x = x * mask[..., None]
        return self.norm(self.project(x[:, -1]))


class InterestMemory(nn.Module):
    def __init__(self, max_len):
        super().__init__()
        self.query = QueryNetwork(max_len)
        self.subkeys = nn.Parameter(torch.randn(1, 2, SUBKEYS, KEY_DIM // 2) / math.sqrt(KEY_DIM / 2))
        self.memory = nn.Parameter(torch.randn(SUBKEYS * SUBKEYS, DIM) / math.sqrt(DIM))

    def forward(self, x, lengths):
        first, second = self.query(x, lengths).chunk(2, -1)
        scores, ids = zip(*((half @ self.subkeys[0, i].T).topk(min(EXPERTS, SUBKEYS))
                            for i, half in enumerate((first, second))))
        pairs = (scores[0][:, :, None] + scores[1][:, None, :]).flatten(1)
        pair_ids = (ids[0][:, :, None] * SUBKEYS + ids[1][:, None, :]).flatten(1)
        best, place = pairs.topk(EXPERTS)
        gates = EXPERTS * best.softmax(-1)
        return gates[..., None] * self.memory[pair_ids.gather(1, place)]


class Elastic(nn.Module):
    """`elastic`'s model: bidirectional, position counted back from the latest event."""

    def __init__(self, num_items, max_len, absorbed=False, dropout=0.1):
        super().__init__()
        self.item_embedding = nn.Embedding(num_items + 1, DIM)
        self.position_embedding = nn.Embedding(max_len, DIM)
        for table in (self.item_embedding, self.position_embedding):
            nn.init.normal_(table.weight, std=0.02)
        self.input_norm = nn.LayerNorm(DIM)
        self.imr = InterestMemory(max_len)
        self.layers = nn.ModuleList(Layer(absorbed, dropout) for _ in range(LAYERS))
        self.final_norm = nn.LayerNorm(DIM)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids, lengths):
        """ids [B, n], the latest last, 0 in front; lengths [B], or None if none is shorter than n
        -> logits [B, V]"""
        n = ids.shape[1]
        mask = None
        x = self.item_embedding(ids) + self.position_embedding.weight[:n].flip(0)
        x = self.dropout(self.input_norm(x))
        if lengths is not None:
            mask = ids != 0
            x = x * mask[..., None]
        experts = self.imr(x, lengths)
        for i, layer in enumerate(self.layers):
            x, experts = layer(x, experts, mask, last_only=i + 1 == LAYERS)
        return self.final_norm(x[:, -1]) @ self.item_embedding.weight[1:].T


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    size, = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = numpy.frombuffer(data[8 + size + begin:8 + size + end], dtype=numpy.float32)
        tensors[name] = torch.from_numpy(array.copy()).reshape(entry["shape"])
    return tensors


def run(*command, stdin=None):
    result = subprocess.run([str(part) for part in command], input=stdin, text=True,
                            stdout=subprocess.PIPE, check=False)
    if result.returncode != 0:
        sys.exit(f"compare_torch.py: {' '.join(map(str, command))}: exit code {result.returncode}")
    return result.stdout


def pad(histories):
    """Tensors of ids [B, n] and lengths [B], or None where all lengths agree."""
    lengths = [len(history) for history in histories]
    n = max(lengths)
    ids = torch.tensor([[0] * (n - len(history)) + history for history in histories])
    return ids, None if min(lengths) == n else torch.tensor(lengths)


def compare_scores(binary, folder):
    """Largest difference of the scores of a trained model's best items, relative to the largest."""
    run_folder = folder / "run"
    run(binary, "train", "--data", ROOT / "data/ml-latest-small/ratings.csv.xz", "--out", run_folder,
        "--max-len", 100, "--cuts", 4, "--epochs", 2, "--quiet")
    state = read_safetensors(run_folder / "model.safetensors")
    rows = [line.split("\t") for line in (run_folder / "items.tsv").read_text().splitlines()[1:]]
    id_of = {row[1]: int(row[0]) for row in rows}
    draw = random.Random(1)
    histories = [draw.sample(sorted(id_of), length) for length in (1, 2, 3, 5, 17, 64, 99, 100)]
    questions = "".join(json.dumps({"history": history}) + "\n" for history in histories)
    answers = [json.loads(line) for line in
               run(binary, "predict", run_folder, "--top-k", 100, "--quiet", stdin=questions)
               .splitlines()]
    worst = 0.0
    for absorbed in (False, True):
        model = Elastic(len(rows), 100, absorbed).eval()
        model.load_state_dict(state)
        with torch.no_grad():
            logits = model(*pad([[id_of[raw] for raw in history] for history in histories]))
        for answer, scores in zip(answers, logits):
            for item in answer["items"]:
                difference = abs(item["score"] - scores[id_of[item["id"]] - 1].item())
                worst = max(worst, difference / scores.abs().max().item())
    return worst


def training_step(model, batches):
    """A function that trains on the next batch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    turns = itertools.cycle(batches)

    def step():
        ids, lengths, targets = next(turns)
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(ids, lengths), targets).backward()
        optimizer.step()

    return step


def median_ms(function, repetitions, warmup=3):
    for _ in range(warmup):
        function()
    times = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        function()
        times.append(1e3 * (time.perf_counter() - begin))
    return statistics.median(times)


def elastic_ms(binary, threads, phase, length, batch, repetitions, data):
    command = [binary, "profile", "--model", "elastic", "--phase", phase, "--length", length,
               "--batch", batch, "--repetitions", repetitions, "--warmup", 3, "--threads", threads,
               "--json", "--quiet"] + (["--data", data] if data else [])
    row, = json.loads(run(*command))["rows"]
    return row["ms_median"]


def lengths_of(path):
    counts = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            user = line.split(None, 1)[0]
            counts[user] = counts.get(user, 0) + 1
    return list(counts.values())


def random_batches(count, batch, length, num_items, user_lengths):
    draw = random.Random(2)
    batches = []
    for _ in range(count):
        sizes = [min(length, draw.choice(user_lengths)) if user_lengths else length
                 for _ in range(batch)]
        histories = [[draw.randint(1, num_items) for _ in range(size)] for size in sizes]
        ids, lengths = pad(histories)
        batches.append((ids, lengths, torch.randint(0, num_items, (batch,))))
    return batches


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("binary", type=pathlib.Path, help="the elastic binary")
    parser.add_argument("--data", help="plain text of `user item` rows: real lengths as well")
    parser.add_argument("--form", default="plain,absorbed", help="projections of the PyTorch model")
    parser.add_argument("--compile", action="store_true", help="torch.compile as well")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    items = 3416

    print(f"PyTorch {torch.__version__}, {options.threads} threads")
    with tempfile.TemporaryDirectory() as folder:
        worst = compare_scores(options.binary, pathlib.Path(folder))
    print(f"scores of the loaded model: worst relative difference {worst:.1e}")
    if worst > 1e-4:
        sys.exit("compare_torch.py: the two disagree")

    cases = [("train", 200, 128, None), ("train", 1024, 16, None), ("serve", 200, 1, None)]
    if options.data:
        cases = [("train", 200, 128, options.data), ("train", 1024, 16, options.data)] + cases
    ways = [(form, False) for form in options.form.split(",")]
    if options.compile:
        ways += [(form, True) for form in options.form.split(",")]
    print("| phase | length | batch | lengths | elastic, ms | PyTorch | ms | elastic is faster by |")
    print("| --- | ---: | ---: | --- | ---: | --- | ---: | ---: |")
    for phase, length, batch, data in cases:
        # One answer takes too little time for few repetitions.
        repetitions = options.repetitions * (20 if phase == "serve" else 1)
        user_lengths = lengths_of(data) if data else None
        # Every batch has another shape with real lengths; compiled code is given a few of them.
        batches = random_batches(8, batch, length, items, user_lengths)
        for form, compiled in ways:
            model = Elastic(items, length, absorbed=form == "absorbed")
            model.train(phase == "train")
            function = torch.compile(model) if compiled else model
            if phase == "train":
                step = training_step(function, batches)
            else:
                ids, lengths, _ = batches[0]

                def step(function=function, ids=ids, lengths=lengths):
                    with torch.inference_mode():
                        function(ids, lengths)

            torch_ms = median_ms(step, repetitions, warmup=10 if compiled else 3)
            own_ms = elastic_ms(options.binary, options.threads, phase, length, batch,
                                repetitions, data)
            print(f"| {phase} | {length} | {batch} | {'as in the data' if data else 'all equal'} | "
                  f"{own_ms:.3g} | {form}{', compiled' if compiled else ''} | {torch_ms:.3g} | "
                  f"x{torch_ms / own_ms:.2f} |", flush=True)


if __name__ == "__main__":
    main()
