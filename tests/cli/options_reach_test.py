"""Options of train, data, eval, predict, profile and serve reach their use: options_reach_test.py BINARY [COMMAND...]

Each row of a table is a call without an option and with it. The parts of the result that the option
is about must differ: the weights, a file, the output. The options are those of the help, so that a
new one needs a row, or a reason in ELSEWHERE.
"""

import http.client
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
from collections import namedtuple

from harness import TINY_MODEL, Workplace, combined

Row = namedtuple("Row", "option value others parts")
OPTION = re.compile(r"^  (?:-\w, )?--(?:\[no-\])?([a-z][\w-]*)(?: [A-Z.]+)?(?:  |$)", re.M)
CLOCK_KEYS = ("seconds", "elapsed_s")


def rows(text):
    """Lines `option value | other options | parts`; - is no value."""
    for line in text.strip().split("\n"):
        words, others, parts = (part.strip() for part in line.split("|"))
        option, value = words.split(" ", 1)
        yield Row(option, None if value == "-" else value, others.split(), parts.split())


# Parts of a training: weights (of the best model), latest (of the checkpoint, with its moments),
# epochs and validation (lines of metrics.jsonl), test (the metrics of result.json), data (counts and
# hashes of data.json), items (items.tsv), names (of the run's files), output, messages.
TRAIN = """
data {other} | | data weights
items {titles} | | items
id-column title | --items {titles} | exit
title-column genre | --items {titles} | items
format histories | --data {lists} | data
separator semicolon | --data {mixed} --columns user,item | data
columns user=session,item=movieId | | data weights
user-column session | | data weights
item-column category | | data weights
time-column - | | data weights
rating-column - | --min-rating 3 | exit
time-format milliseconds | --min-time 2009-01-01 | exit
keep kind=buy | | data weights
on-bad-row skip | --data {bad} | exit
max-bad-rows 0.0001 | --data {bad} --on-bad-row skip | exit
max-input-bytes 10 | | exit
min-time 2009-02-14 | | data weights
max-time 2009-02-15 | | data weights
min-rating 3 | | data weights
drop-duplicates all | | data weights
min-user-events 12 | | data weights
min-item-events 20 | | data weights
split time | | data validation test
valid-time 2009-02-15 | --split time | data validation
test-time 2009-02-16 | --split time | data test
valid-ratio 0.3 | --split ratio | data validation
test-ratio 0.3 | --split ratio | data test
model lda | | weights
dim 8 | | weights
num-heads 4 | | weights
num-layers 2 | | weights
ffn-dim 16 | | weights
max-len 3 | | weights
dropout 0.5 | | weights
position none | | weights
logits dot | | weights
logit-scale 5 | --logits cosine | weights
block gated | | weights
ffn swiglu | | weights
time-features past | | weights
time-periods 2 | --model fuxi-linear --time-features past | weights
num-experts 2 | | weights
pool-subkeys 5 | | weights
retrieval-heads 2 | | weights
key-dim 4 | | weights
query-stride 2 | | weights
query-attention-len 0 | --model elastic | weights
retrieval random | | weights
expert-gate none | | weights
expert-balance 1 | | epochs
expert-start retrieved | --num-layers 2 | weights
query-network mean | | weights
query-norm centred | | weights
memory per-token | --model elastic-causal | weights
memory-len 9 | --model elastic-window --max-len 3 | epochs weights validation
window 2 | --model elastic-window --window 5 | weights
gate-temperature 2 | --model gsa | weights
num-clusters 2 | --model routing | weights
lisa-variant soft | --model lisa | weights
num-codebooks 2 | --model lisa --num-codebooks 3 | weights
codebook-size 8 | --model lisa | weights
target-codebooks 2 | --model lisa --lisa-variant mini | weights
target-codebook-size 8 | --model lisa --lisa-variant mini | weights
codebook-temperature 0.5 | --model lisa | weights
histogram-decay 1 | --model lisa | weights
epochs 3 | | epochs validation latest
batch-size 7 | | epochs weights
batch-tokens 50 | | epochs weights
shards 2 | --batch-size 8 | weights
learning-rate 0.1 | | epochs weights
optimizer adamw | --weight-decay 0.1 | exit
weight-decay 0.5 | --optimizer adamw | weights
warmup-steps 50 | | epochs weights
schedule cosine | | epochs weights
clip-norm 0.01 | | weights
loss bce | | epochs weights
train-seen exclude | --train-seen keep | epochs weights
negatives 3 | --loss sampled-softmax | epochs weights
negative-sampling popularity | --loss sampled-softmax --negatives 4 | epochs weights
gbce-t 0.1 | --loss gbce --negatives 4 | epochs weights
item-updates all | --loss sampled-softmax --negatives 4 | weights
teacher {run} | | epochs weights
teacher-weight 0.9 | --teacher {run} | epochs weights
teacher-temperature 3 | --teacher {run} | epochs weights
item-vectors {titles} | | weights
id-dropout 0.5 | --item-vectors {titles} | epochs weights
seed 8 | | weights
supervision last | --model elastic-causal | epochs weights
window-targets 2 | --model elastic-window --window 5 | epochs weights
cuts 1 | --model elastic | epochs weights
stop-metric HR@50 | --epochs 6 | weights
patience 1 | --epochs 9 --learning-rate 1e-12 | epochs
eval-every 2 | | validation
eval-users 5 | | validation
max-time-s 1e-9 | | epochs
max-tokens 100 | | epochs
cuda-graphs - | | exit
init-from {run} | --model elastic-causal --position none | weights epochs
init-moments - | --init-from {run} | epochs weights
refit validation | | weights
no-filter-seen - | | validation test
repeats miss | | validation test
k 3,20 | | validation test
tensorboard - | | names
report - | | names
output json | | output
json - | | output
quiet - | | messages
"""

# The output and the messages of `elastic data` about the same log, as JSON.
DATA = """
items none.csv | | exit
id-column title | --items {titles} | exit
title-column userId | --items {titles} | exit
format histories | --data {lists} | output
separator semicolon | --data {mixed} --columns user,item | output
columns user=session,item=movieId | | output
user-column session | | output
item-column category | | output
time-column - | | output
rating-column - | | output
time-format milliseconds | | output
keep kind=buy | | output
on-bad-row skip | --data {bad} | output
max-bad-rows 0.0001 | --data {bad} --on-bad-row skip | exit
max-input-bytes 10 | | exit
min-time 2009-02-14 | | output
max-time 2009-02-15 | | output
min-rating 3 | | output
drop-duplicates all | | output
min-user-events 12 | | output
min-item-events 20 | | output
split time | --data {untimed} | exit
json - | | output
"""

EVAL = """
split valid | | output
no-filter-seen - | | output
repeats miss | | output
k 3,20 | | output
min-history 9 | | output
eval-users 5 | | output
sampled uni:5 | | output
sampling-seed 3 | --sampled uni:5 | output
ranks ranks.tsv | | names
fail-below HR@10=2 | | exit
fail-worse HR@10 | | exit
other-log - | --data {other} | output
data {other} | | exit
against {run2} | | output
swap-experts - | | output
output json | | output
json - | | output
"""

PREDICT = """
users - | | output
histories - | | output
similar - | | output
stream - | | output
top-k 3 | | output
filter-seen - | --no-filter-seen | output
no-filter-seen - | | output
candidates {candidates} | | output
exclude {candidates} | | output
all-users - | | output
all-items - | --similar | output
fallback popular | | output
output table | | output
json - | --output table | output
"""

# Parts of a profile: rows (of its JSON, without times), inputs (their origin), format (its first
# character), names, exit.
PROFILE = """
length 16 | | rows
batch 2 | | rows
phase train | | rows
supervision all | --phase train | rows
sweep dim=8,16 | | rows
shortcut off | | rows
items 20 | | rows
data {log} | | inputs
repetitions 2 | | rows
max-memory 1k | | rows
baseline elastic | | rows
import {rows} | | rows
against {profile} | | rows
fail-above 1e-9 | --against {profile} --repetitions 4 | exit
ops - | | rows
report page.html | | names
trace trace.json | | names
output csv | | format
json - | --output csv | format
"""

# The statuses of POST /predict and /events, and the answer.
SERVE = """
token-file {token} | | status
max-body-bytes 10 | | status
top-k 3 | | output
candidates {candidates} | | output
exclude {candidates} | --candidates {candidates} --no-filter-seen | output
fallback popular | | output
filter-seen - | --no-filter-seen | output
no-filter-seen - | | output
no-events - | | status
"""

# Options with tests of their own, or whose use no result shows.
ELSEWHERE = {
    "train": {"out", "config", "resume", "valid-data", "test-data",  # input_test, behaviour_test
              "save-every-s",  # signals_test, calls_test
              "no-test",  # sweep_test
              "mpi", "collective-timeout-s",  # mpi_test
              "cache", "threads", "device", "precision"},
    "data": {"data", "valid-data", "test-data", "valid-time", "test-time", "valid-ratio",
             "test-ratio", "cache", "threads", "output"},
    "eval": {"valid-data", "test-data", "mpi", "collective-timeout-s",  # mpi_test
             "cache", "threads", "device", "precision", "quiet"},
    "predict": {"data", "valid-data", "test-data", "from-data", "resume", "save-every-s", "explain",
                "explain-events", "embeddings", "out",  # predict_test, signals_test
                "new-items",  # item_vectors_test
                "cache", "threads", "device", "precision", "quiet"},
    # The model's options are those of train.
    "profile": {row.option for row in rows(TRAIN)} | {"warmup", "threads", "device", "precision",
                                                      "quiet"},
    "serve": {"host", "port", "max-connections", "max-requests", "timeout-s", "idle-s",
              "batch-wait-us", "data", "valid-data", "test-data", "events", "from-data",
              "save-every-s",  # serve_test
              "new-items",  # item_vectors_test
              "cache", "threads", "device", "precision", "quiet"},
}
PROFILED = ["--model", "elastic", "--length", "8", "--batch", "1", "--phase", "serve", "--items", "10",
            "--dim", "16", "--num-layers", "1", "--repetitions", "1", "--warmup", "0", "--threads", "1",
            "--output", "json"]
EVERYWHERE = {"help", "print-config"}


def log_rows(rng):
    """Events on four days, in no order; most users have items twice."""
    events = []
    for user in range(40):
        for event in range(8 + user % 7):
            item = min(int(rng.expovariate(0.2)), 24)
            time = 1234567890 + event * 30000 + user * 97
            events.append(f"u{user},m{item},{1 + rng.randrange(5)},{time},"
                          f"{rng.choice(('view', 'view', 'buy'))},s{rng.randrange(30)},c{item % 9}")
    rng.shuffle(events)
    return events


class Place(Workplace):
    """The files that the rows refer to, and the results of calls."""

    def __init__(self, binary):
        super().__init__(binary)
        rng = random.Random(3)
        header = "userId,movieId,rating,timestamp,kind,session,category"
        events = log_rows(rng)
        self.names = {
            "log": self.write("log.csv", "\n".join([header, *events]) + "\n"),
            "other": self.write("other.csv", "\n".join([header, *events[:-40]]) + "\n"),
            "untimed": self.write("untimed.csv", "user,item\n" + "".join(
                ",".join(event.split(",")[:2]) + "\n" for event in events)),
            "bad": self.write("bad.csv", "\n".join([header, *events, "u1,m2,x,1234567890,view,s1,c1"])
                              + "\n"),
            "lists": self.write("lists.txt", "".join(
                f"u{user} " + " ".join(f"m{rng.randrange(20)}" for _ in range(8)) + "\n"
                for user in range(40))),
            "mixed": self.write("mixed.csv", "".join(
                f"u{user % 30},1;m{rng.randrange(20)},2\n" for user in range(400))),
            "titles": self.write("titles.csv", "movieId,title,genre\n" + "".join(
                f"m{item},Title {item},Genre {item % 3}\n" for item in range(25))),
            "token": self.write("token.txt", "0123456789abcdef\n"),
            "rows": self.write("rows.json", '[{"name": "theirs", "phase": "serve", "length": 8, '
                               '"batch": 1, "seconds": 0.5}]'),
            "candidates": self.write("candidates.txt", "m1\nm2\nm3\n"),
        }
        self.count = 0
        self.seen = {}
        self.names["profile"] = self.write("profile.json", self.call(
            ["profile", *combined(PROFILED, ["--repetitions", "4"])]).stdout)
        for name, seed in (("run", "7"), ("run2", "8")):
            self.names[name] = self.path(name)
            trained = self.call(["train", "--data", self.names["log"], "--out", self.names[name],
                                 "--model", "elastic-causal", "--position", "none", "--epochs", "2",
                                 "--seed", seed, *combined(TINY_MODEL, [])])
            assert trained.returncode == 0, trained.stderr

    def result(self, command, options):
        """The parts of the result of a call with these options."""
        key = (command, *options)
        if key not in self.seen:
            self.seen[key] = getattr(self, "call_" + command)(options)
        return self.seen[key]

    def in_folder(self, arguments, stdin=""):
        self.count += 1
        folder = self.path(f"call{self.count}")
        os.mkdir(folder)
        called = self.call(arguments, stdin=stdin, cwd=folder)
        parts = {"output": called.stdout.replace(folder, ""), "exit": called.returncode,
                 "messages": called.stderr.replace(folder, ""), "names": names_below(folder)}
        return folder, parts

    def call_train(self, options):
        defaults = ["--data", self.names["log"], "--epochs", "2", "--threads", "1", *TINY_MODEL]
        folder, parts = self.in_folder(["train", "--out", "run", *combined(defaults, options)])
        run = os.path.join(folder, "run")
        if parts["exit"] == 0:
            parts.update(parts_of_run(run))
        shutil.rmtree(folder)
        return parts

    def call_data(self, options):
        defaults = ["--data", self.names["log"]]
        return self.in_folder(["data", *combined(defaults, options)])[1]

    def call_eval(self, options):
        return self.in_folder(["eval", self.names["run"], *options])[1]

    def call_predict(self, options):
        return self.in_folder(["predict", self.names["run"], *options], "u1\nm1\nu2,m3,1,1234567890,view,s1,c1\n")[1]

    def call_profile(self, options):
        parts = self.in_folder(["profile", *combined(PROFILED, options)])[1]
        parts["format"] = parts["output"][:1]
        if parts["format"] == "{":
            profile = json.loads(parts["output"])
            parts["rows"] = [profiled(row) for row in profile["rows"]]
            parts["inputs"] = profile["inputs"]
        return parts

    def call_serve(self, options):
        server = self.start(["serve", self.names["run"], "--port", "0", *options], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        address = server.stdout.readline().strip().removeprefix("http://")
        replies = [ask(address, "/predict", '[{"history": ["m1", "m2"]}, {"history": ["none"]}]'),
                   ask(address, "/events", '{"user": "u1", "item": "m1"}')]
        server.terminate()
        messages = server.communicate(timeout=60)[1]
        return {"status": [status for status, _ in replies], "output": replies[0][1],
                "messages": messages, "exit": server.returncode}


def profiled(row):
    """A row of a profile, with the presence of each time instead of its value."""
    measured = ("_s", "_ms", "ms_median", "ms_min", "ms_p95", "speedup", "_share", "rss_bytes", "spread", "noisy",
                "remarks", "ratio",
                "ratio_low", "ratio_high")
    known = {key: value is not None if key.endswith(measured) else value for key, value in row.items()}
    return {**known, "ms": len(row.get("ms", [])), "kernels": len(row.get("kernels", []))}


def ask(address, path, body):
    """(status, text) of a POST."""
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("POST", path, body)
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, text


def names_below(folder):
    return sorted(name for _, _, names in os.walk(folder) for name in names)


def tensors_of(path):
    with open(path, "rb") as file:
        content = file.read()
    return content[8 + struct.unpack("<Q", content[:8])[0]:]


def parts_of_run(run):
    def read(name):
        with open(os.path.join(run, name), encoding="utf-8") as file:
            return file.read()

    lines = [json.loads(line) for line in read("metrics.jsonl").splitlines()]
    events = [{key: value for key, value in line.items() if key not in CLOCK_KEYS}
              for line in lines]
    data = json.loads(read("data.json"))
    return {"weights": tensors_of(os.path.join(run, "model.safetensors")),
            "latest": tensors_of(os.path.join(run, "checkpoints/latest.safetensors")),
            "epochs": [event for event in events if event["event"] == "epoch"],
            "validation": [event for event in events if event["event"] == "evaluation"],
            "test": json.loads(read("result.json"))["metrics"],
            "data": [data[key] for key in ("users", "items", "events", "data_hash")]
                    + [data["split"]["hash"]],
            "items": read("items.tsv")}


def without(options, option):
    """The options, less one that is set and its value."""
    kept = []
    skip = False
    for word in options:
        skip = word == "--" + option or (skip and not word.startswith("--"))
        if not skip:
            kept.append(word)
    return kept


def check(place, command, row):
    """What is wrong with the option, or ''."""
    fill = [word.format(**place.names) for word in row.others]
    changed = without(fill, row.option) + ["--" + row.option]
    if row.value is not None:
        changed.append(row.value.format(**place.names))
    before, after = place.result(command, tuple(fill)), place.result(command, tuple(changed))
    same = [part for part in row.parts if before.get(part) == after.get(part)]
    if not same:
        return ""
    return (f"{command} --{row.option}: the same {', '.join(same)}; exit codes {before['exit']}, "
            f"{after['exit']}; {after['messages'].strip()[-300:]}")


def main():
    place = Place(sys.argv[1])
    wanted = sys.argv[2:]
    problems = []
    count = 0
    for command, text in (("train", TRAIN), ("data", DATA), ("eval", EVAL), ("predict", PREDICT),
                          ("profile", PROFILE), ("serve", SERVE)):
        if wanted and command not in wanted:
            continue
        table = list(rows(text))
        known = {row.option for row in table} | ELSEWHERE[command] | EVERYWHERE
        known |= {name.removeprefix("no-") for name in known}
        listed = set(OPTION.findall(place.call([command, "--help"]).stdout))
        problems += [f"{command} --{name}: no row" for name in sorted(listed - known)]
        tested = {row.option.removeprefix("no-") for row in table}
        problems += [f"{command} --{name}: no such option" for name in sorted(tested - listed)]
        for row in table:
            problem = check(place, command, row)
            problems += [problem] if problem else []
            count += 1
    print("\n".join(problems))
    print(f"{count} options, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
