#!/usr/bin/env python3
"""Compares models of `elastic` with the same models in PyTorch, on the CPU or GPU of this machine.

First the scores: models trained by `elastic` are loaded from their model.safetensors into PyTorch,
and both score the same histories. Then the speed: training steps and answers, in turns. The PyTorch
models are those of torch_models.py, trained with the fused Adam; ELASTIC has a form with absorbed
projections too (--form). PyTorch's softmax attention never stores the map, so it is compared with
`softmax-tiled`.

On a GPU both may use TF32 products, and each measured time includes the device's work.

    scripts/compare_torch.py build/elastic [--data ratings.txt] [--compile]
    scripts/compare_torch.py build/elastic --device cuda [--cases train:512x1024,serve:1x200]
"""

import argparse
import contextlib
import gzip
import itertools
import json
import lzma
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
    from torch_models import MODELS
except ImportError as error:
    sys.exit(f"compare_torch.py: {error}; pip install torch numpy")

ROOT = pathlib.Path(__file__).resolve().parent.parent
ITEMS = 3416
# PHASE:BATCHxLENGTH. A GPU needs about half a million tokens to be busy; the last two are small
# steps, where launching the kernels takes most of the time.
CASES = {"cpu": "train:128x200,train:16x1024,serve:1x200",
         "cuda": "train:2560x200,train:512x1024,train:32x16384,serve:2560x200,serve:512x1024,"
                 "serve:32x16384,train:128x200,serve:1x200"}
# Largest accepted difference of scores, relative to the largest score. TF32 keeps 10 bits, so two
# nearly tied experts may swap places: on a GPU the median over the histories is compared.
TOLERANCE = {"cpu": 1e-4, "cuda": 5e-3}


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
    """ids [B, n], and lengths [B] or None if all are equal."""
    lengths = [len(history) for history in histories]
    n = max(lengths)
    zeros = [[0] * (n - length) for length in lengths]
    rows = [z + h if in_front else h + z for z, h in zip(zeros, histories)]
    ids = torch.tensor(rows, device=device)
    return ids, None if min(lengths) == n else torch.tensor(lengths, device=device)


def compare_scores(options, name, folder):
    """For each form and history, the largest difference between the scores of `elastic`'s best items
    and PyTorch's, relative to the largest score."""
    run_folder = folder / name
    common = ["--device", options.device, "--quiet"]
    run(options.binary, "train", "--data", ROOT / "data/ml-latest-small/ratings.csv.xz", "--out",
        run_folder, "--model", name, "--logits", "dot", "--max-len", 100, "--cuts", 4, "--epochs", 2, *common)
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
    """Prints the differences of all models; true if they are within the tolerance."""
    agree = True
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            differences = compare_scores(options, name, pathlib.Path(folder))
        worst, median = max(differences), statistics.median(differences)
        agree &= (median if options.device == "cuda" else worst) <= TOLERANCE[options.device]
        print(f"scores of the loaded {name}: relative difference {median:.1e}, worst {worst:.1e}")
    return agree


class TimeLimit(BaseException):  # not an Exception, which torch.compile may catch
    pass


@contextlib.contextmanager
def time_limit(seconds):
    """Raises TimeLimit in the body of the `with` after `seconds`."""

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
    """Milliseconds, or a text with the reason for their absence."""
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
    """Milliseconds, or a text with the reason for their absence."""
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
        # A single answer is so short that it takes many repetitions to time.
        repetitions = options.repetitions * (20 if batch == 1 else 1)
        # Real lengths give each batch another shape; compiled code has to cope with several.
        batches = random_batches(8 if data else 2, batch, length,
                                 lengths_of(data) if data else None,
                                 name == "elastic", options.device)
        forms = [form for form in MODELS[name] if form in options.form]
        ways = [False, True] if options.compile else [False]
        for form, compiled in itertools.product(forms, ways):
            other = torch_ms(options, MODELS[name][form], phase, length, batches, repetitions,
                             compiled)
            if options.device == "cuda":
                torch.cuda.empty_cache()  # for the process of `elastic`
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
    parser.add_argument("--data", help="also measure with the history lengths of this file, whose rows begin with a user")
    parser.add_argument("--form", default="plain,absorbed,sdpa", help="forms of the PyTorch models")
    parser.add_argument("--compile", nargs="?", const="default", metavar="MODE",
                        help="torch.compile as well, in its mode MODE [default]")
    parser.add_argument("--only", choices=["scores", "speed"])
    parser.add_argument("--jsonl", help="append each row of the table to this file")
    parser.add_argument("--limit-s", type=int, default=120,
                        help="time limit of PyTorch for a row, compiling included [120]")
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
        sys.exit("compare_torch.py: the scores differ")
    if options.device == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32; the scores above were exact
    if options.only != "scores":
        compare_speed(options)


if __name__ == "__main__":
    main()
