#!/usr/bin/env python3
"""Compares models of `elastic` with the same models in PyTorch, on the CPU or GPU of this machine.

Scores: models trained by `elastic` are loaded from model.safetensors into PyTorch, and both score
the same histories. Speed: training steps and answers, measured alternately. The PyTorch models pad
their batches, compute only the last token in the last layer, and use fused attention and fused
Adam; ELASTIC also has the absorbed projections (--form). PyTorch's softmax attention never stores
the map, so its counterpart is `softmax-tiled`.

On a GPU both may round the factors of products to TF32. Times include the work of the device.

    scripts/compare_torch.py build/elastic [--data ratings.txt] [--compile]
    scripts/compare_torch.py build/elastic --device cuda [--cases train:512x1024,serve:1x200]
"""

import argparse
import contextlib
import functools
import gzip
import itertools
import json
import lzma
import math
import pathlib
import random
import re
import signal
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
ITEMS = 3416
# PHASE:BATCHxLENGTH. About half a million tokens keep a GPU busy. The last two are small steps,
# dominated by kernel launches.
CASES = {"cpu": "train:128x200,train:16x1024,serve:1x200",
         "cuda": "train:2560x200,train:512x1024,train:32x16384,serve:2560x200,serve:512x1024,"
                 "serve:32x16384,train:128x200,serve:1x200"}
# Largest accepted difference of scores, relative to the largest score. TF32 keeps 10 bits and may
# retrieve another expert if two are nearly tied: there the median over the histories is used.
TOLERANCE = {"cpu": 1e-4, "cuda": 5e-3}


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

    def forward(self, query, tokens, mask=None, causal=False):
        mixed = F.scaled_dot_product_attention(
            heads_of(self.query(query)), heads_of(self.key(tokens)), heads_of(self.value(tokens)),
            attn_mask=None if mask is None else mask[:, None, None, :], is_causal=causal)
        return self.output(mixed.transpose(1, 2).flatten(2))

    def head_weights(self, linear):
        return linear.weight.unflatten(0, (HEADS, DIM // HEADS))

    def absorbed_aggregate(self, experts, tokens, mask):
        """The same, with the projections of the tokens absorbed by the experts."""
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
                mask = (torch.arange(x.shape[1] - 1, -1, -1, device=x.device)
                        < lengths[:, None])
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
        self.subkeys = nn.Parameter(
            torch.randn(1, 2, SUBKEYS, KEY_DIM // 2) / math.sqrt(KEY_DIM / 2))
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
    """`elastic`: bidirectional, positions counted back from the latest event."""

    pads_in_front = True

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


class SoftmaxLayer(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.attention_norm = nn.LayerNorm(DIM)
        self.attention = Attention()
        self.ffn_norm = nn.LayerNorm(DIM)
        self.ffn = Ffn()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths, last_only):
        z = self.attention_norm(x)
        if not last_only:
            mixed = self.attention(z, z, causal=True)
        elif lengths is None:
            x = x[:, -1:]
            mixed = self.attention(z[:, -1:], z)
        else:
            mask = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
            last = (lengths - 1)[:, None, None].expand(-1, 1, DIM)
            x = x.gather(1, last)
            mixed = self.attention(z.gather(1, last), z, mask)
        x = x + self.dropout(mixed)
        return x + self.dropout(self.ffn(self.ffn_norm(x)))


class Softmax(nn.Module):
    """`softmax`: causal, positions counted from the oldest event. Padding follows the events, so no
    event attends to it and no mask is needed."""

    pads_in_front = False

    def __init__(self, num_items, max_len, dropout=0.1):
        super().__init__()
        self.item_embedding = nn.Embedding(num_items + 1, DIM)
        self.position_embedding = nn.Embedding(max_len, DIM)
        for table in (self.item_embedding, self.position_embedding):
            nn.init.normal_(table.weight, std=0.02)
        self.input_norm = nn.LayerNorm(DIM)
        self.layers = nn.ModuleList(SoftmaxLayer(dropout) for _ in range(LAYERS))
        self.final_norm = nn.LayerNorm(DIM)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids, lengths):
        """The same as Elastic.forward, with the oldest event first and 0 after the latest."""
        x = self.item_embedding(ids) + self.position_embedding.weight[:ids.shape[1]]
        x = self.dropout(self.input_norm(x))
        for i, layer in enumerate(self.layers):
            x = layer(x, lengths, last_only=i + 1 == LAYERS)
        return self.final_norm(x[:, -1]) @ self.item_embedding.weight[1:].T


# What `elastic` calls the model -> its forms in PyTorch, each made from num_items and max_len.
MODELS = {"elastic": {"plain": Elastic, "absorbed": functools.partial(Elastic, absorbed=True)},
          "softmax-tiled": {"sdpa": Softmax}}


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


def pad(histories, in_front, device):
    """Tensors of ids [B, n] and lengths [B]; None for the lengths if all are equal."""
    lengths = [len(history) for history in histories]
    n = max(lengths)
    zeros = [[0] * (n - length) for length in lengths]
    rows = [z + h if in_front else h + z for z, h in zip(zeros, histories)]
    ids = torch.tensor(rows, device=device)
    return ids, None if min(lengths) == n else torch.tensor(lengths, device=device)


def compare_scores(options, name, folder):
    """For each history and form: the largest difference in the scores of the best items of a trained
    model, relative to the largest score."""
    run_folder = folder / name
    common = ["--device", options.device, "--quiet"]
    run(options.binary, "train", "--data", ROOT / "data/ml-latest-small/ratings.csv.xz", "--out",
        run_folder, "--model", name, "--max-len", 100, "--cuts", 4, "--epochs", 2, *common)
    state = read_safetensors(run_folder / "model.safetensors")
    rows = [line.split("\t") for line in (run_folder / "items.tsv").read_text().splitlines()[1:]]
    id_of = {row[1]: int(row[0]) for row in rows}
    draw = random.Random(1)
    histories = [draw.sample(sorted(id_of), length) for length in (1, 2, 3, 5, 17, 64, 99, 100)]
    questions = "".join(json.dumps({"history": history}) + "\n" for history in histories)
    answers = [json.loads(line) for line in
               run(options.binary, "predict", run_folder, "--top-k", 100, *common, stdin=questions)
               .splitlines()]
    differences = []
    for make in MODELS[name].values():
        model = make(len(rows), 100).eval()
        model.load_state_dict(state)
        model.to(options.device)
        batch = pad([[id_of[raw] for raw in history] for history in histories],
                    model.pads_in_front, options.device)
        with torch.no_grad():
            logits = model(*batch).cpu()
        for answer, scores in zip(answers, logits, strict=True):
            worst = max(abs(item["score"] - scores[id_of[item["id"]] - 1].item())
                        for item in answer["items"])
            differences.append(worst / scores.abs().max().item())
    return differences


def check_scores(options):
    """Returns whether all models agree."""
    agree = True
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            differences = compare_scores(options, name, pathlib.Path(folder))
        worst, median = max(differences), statistics.median(differences)
        agree &= (median if options.device == "cuda" else worst) <= TOLERANCE[options.device]
        print(f"scores of the loaded {name}: relative difference {median:.1e}, worst {worst:.1e}")
    return agree


class TimeLimit(BaseException):  # not an Exception: compilers catch those
    pass


@contextlib.contextmanager
def time_limit(seconds):
    """Context manager that raises TimeLimit in its body after `seconds`."""

    def stop(*_):
        raise TimeLimit

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def training_step(model, batches):
    """Returns a function that trains on the next batch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    turns = itertools.cycle(batches)

    def step():
        ids, lengths, targets = next(turns)
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(ids, lengths), targets).backward()
        optimizer.step()

    return step


def answering_step(model, batches):
    ids, lengths, _ = batches[0]

    def step():
        with torch.inference_mode():
            model(ids, lengths)

    return step


def median_ms(function, device, repetitions, warmup):
    finish = torch.cuda.synchronize if device == "cuda" else lambda: None
    for _ in range(warmup):
        function()
    times = []
    for _ in range(repetitions):
        finish()
        begin = time.perf_counter()
        function()
        finish()
        times.append(1e3 * (time.perf_counter() - begin))
    return statistics.median(times)


def torch_ms(options, make, phase, length, batches, repetitions, compiled):
    """Returns milliseconds, or the reason for their absence."""
    try:
        with time_limit(options.limit_s):
            model = make(ITEMS, length).to(options.device)
            model.train(phase == "train")
            function = torch.compile(model, mode=options.compile) if compiled else model
            make_step = training_step if phase == "train" else answering_step
            return median_ms(make_step(function, batches), options.device, repetitions,
                             warmup=10 if compiled else 3)
    except TimeLimit:
        return f"more than {options.limit_s} s in all"
    except torch.cuda.OutOfMemoryError:
        return "out of memory"
    except Exception as error:  # pylint: disable=broad-except
        if not compiled:
            raise
        return f"not compiled: {type(error).__name__}"


def elastic_ms(options, name, phase, length, batch, repetitions, data):
    """Returns milliseconds, or the reason for their absence."""
    command = [options.binary, "profile", "--model", name, "--phase", phase, "--length", length,
               "--batch", batch, "--repetitions", repetitions, "--warmup", 3, "--device",
               options.device, "--threads", options.threads, "--json",
               "--quiet"] + (["--data", data] if data else [])
    try:
        row, = json.loads(run(*command))["rows"]
    except SystemExit as error:
        print(error, file=sys.stderr)
        return "failed"
    return row["ms_median"] if row["status"] == "ok" else row["status"]


def lengths_of(path):
    """Returns the number of rows of each user."""
    openers = {".xz": lzma.open, ".gz": gzip.open}
    counts = {}
    with openers.get(pathlib.Path(path).suffix, open)(path, "rt", encoding="utf-8") as file:
        for line in file:
            user = re.split(r"[\s,;|]|::", line, maxsplit=1)[0]
            counts[user] = counts.get(user, 0) + 1
    return list(counts.values())


def random_batches(count, batch, length, user_lengths, in_front, device):
    draw = random.Random(2)
    batches = []
    for _ in range(count):
        sizes = [min(length, draw.choice(user_lengths)) if user_lengths else length
                 for _ in range(batch)]
        histories = [draw.choices(range(1, ITEMS + 1), k=size) for size in sizes]
        ids, lengths = pad(histories, in_front, device)
        batches.append((ids, lengths, torch.randint(0, ITEMS, (batch,), device=device)))
    return batches


def compare_speed(options):
    print("| model | phase | length | batch | lengths | elastic, ms | PyTorch | ms | "
          "elastic is faster by |")
    print("| --- | --- | ---: | ---: | --- | ---: | --- | ---: | ---: |")
    cases = [(case, data) for data in ([options.data] if options.data else []) + [None]
             for case in options.cases if data is None or case[0] == "train"]
    for ((phase, batch, length), data), name in itertools.product(cases, options.models):
        # One answer takes too little time for few repetitions.
        repetitions = options.repetitions * (20 if batch == 1 else 1)
        # Every batch has another shape with real lengths; compiled code is given a few of them.
        batches = random_batches(8 if data else 2, batch, length,
                                 lengths_of(data) if data else None,
                                 name == "elastic", options.device)
        forms = [form for form in MODELS[name] if form in options.form]
        ways = [False, True] if options.compile else [False]
        for form, compiled in itertools.product(forms, ways):
            other = torch_ms(options, MODELS[name][form], phase, length, batches, repetitions,
                             compiled)
            if options.device == "cuda":
                torch.cuda.empty_cache()  # the other process needs it
            own = elastic_ms(options, name, phase, length, batch, repetitions, data)
            row = {"model": name, "phase": phase, "length": length, "batch": batch,
                   "lengths": "as in the data" if data else "all equal", "elastic_ms": own,
                   "torch": form + (", compiled" if compiled else ""), "torch_ms": other}
            is_time = [isinstance(value, float) for value in (own, other)]
            row["ratio"] = other / own if all(is_time) else None
            texts = [f"{value:.3g}" if isinstance(value, float) else str(value)
                     for value in row.values()]
            texts[-1] = f"x{row['ratio']:.2f}" if row["ratio"] else "-"
            print(f"| {' | '.join(texts)} |", flush=True)
            if options.jsonl:
                with open(options.jsonl, "a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")


def parse_case(text):
    match = re.fullmatch(r"(train|serve):(\d+)x(\d+)", text)
    if not match:
        sys.exit(f"compare_torch.py: --cases: expected e.g. train:128x200 (PHASE:BATCHxLENGTH), "
                 f"got '{text}'")
    return match[1], int(match[2]), int(match[3])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("binary", type=pathlib.Path, help="the elastic binary")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--models", default="elastic,softmax-tiled")
    parser.add_argument("--cases", help="PHASE:BATCHxLENGTH, separated by commas")
    parser.add_argument("--data", help="rows that begin with a user: real lengths as well")
    parser.add_argument("--form", default="plain,absorbed,sdpa", help="forms of the PyTorch models")
    parser.add_argument("--compile", nargs="?", const="default", metavar="MODE",
                        help="torch.compile as well, in its mode MODE [default]")
    parser.add_argument("--only", choices=["scores", "speed"])
    parser.add_argument("--jsonl", help="append each row of the table to this file")
    parser.add_argument("--limit-s", type=int, default=120,
                        help="what PyTorch may take for a row, compiling included [120]")
    parser.add_argument("--threads", type=int, default=2, help="on the CPU [2]")
    parser.add_argument("--repetitions", type=int, default=15)
    options = parser.parse_args()
    cases = options.cases or CASES[options.device]
    options.cases = [parse_case(case) for case in cases.split(",")]
    options.models = options.models.split(",")
    options.form = options.form.split(",")
    if unknown := set(options.models) - set(MODELS):
        sys.exit(f"compare_torch.py: --models: expected {' or '.join(MODELS)}, got {unknown}")
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("compare_torch.py: --device cuda: PyTorch sees no GPU")
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)

    where = (torch.cuda.get_device_name() if options.device == "cuda"
             else f"{options.threads} threads")
    print(f"PyTorch {torch.__version__}, {where}")
    if options.only != "speed" and not check_scores(options):
        sys.exit("compare_torch.py: the two disagree")
    if options.device == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32; the scores above were exact
    if options.only != "scores":
        compare_speed(options)


if __name__ == "__main__":
    main()
