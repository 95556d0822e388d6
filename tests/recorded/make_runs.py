"""Makes the log, the titles and the runs of recorded_test.py: make_runs.py BINARY

The runs are kept with the recorded outputs: another CPU trains other weights in the last bits. Make
them again only if a change of the file formats needs it; earlier formats are read too."""

import json
import os
import random
import shutil
import subprocess
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
TINY = ["-q", "--dim", "8", "--num-layers", "1", "--ffn-dim", "16", "--max-len", "16",
        "--num-experts", "4", "--pool-subkeys", "4", "--key-dim", "4", "--batch-size", "16",
        "--epochs", "4", "--eval-every", "2", "--learning-rate", "0.01", "--threads", "1"]
RUNS = {
    "elastic": ["--model", "elastic", "--items", "items.csv", "--seed", "1"],
    "window": ["--model", "elastic-window", "--window", "5", "--seed", "1", "--k", "3,10,20"],
    "softmax-1": ["--model", "softmax", "--seed", "1"],
    "softmax-2": ["--model", "softmax", "--seed", "2"],
    "gru-1": ["--model", "gru", "--seed", "1"],
    "gru-2": ["--model", "gru", "--seed", "2"],
    "stream": ["--model", "elastic-causal", "--position", "none", "--seed", "1"],
    "timed": ["--model", "fuxi-linear", "--time-features", "asked", "--time-periods", "2", "--split", "ratio",
              "--min-rating", "2", "--no-filter-seen", "--seed", "1"],
}


def log_rows(rng):
    """Users who walk through the items in steps of their own, and return to some."""
    yield "session,movie,stars,when,genre"
    for user in range(36):
        item, time = rng.randrange(24), 1_600_000_000 + rng.randrange(10_000_000)
        for _ in range(5 + user % 3 * 9 + rng.randrange(4)):
            yield f"u{user},m{item},{rng.randrange(1, 11) / 2},{time},{'war' if item % 3 else 'drama'}"
            time += rng.choice([0, 30, 4000, 90_000, 2_000_000])
            item = item if rng.random() < 0.1 else (item + 1 + user % 2 + rng.randrange(2)) % 24


def title_rows():
    yield "movie,title,genre"
    for item in range(24):
        title = {3: "Tom & <Jerry>", 4: "Amélie", 5: "A \"\"quoted\"\" one", 6: "千と千尋の神隠し"}
        yield f"m{item},\"{title.get(item, f'Film, {item}')}\",{'war' if item % 3 else 'drama'}"


def write(name, rows):
    with open(os.path.join(FOLDER, "files", name), "w", encoding="utf-8") as file:
        file.write("\n".join(rows) + "\n")


def train(binary, name, options):
    folder = os.path.join(FOLDER, "files", name)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([binary, "train", "--data", "ratings.csv", "--out", name, *TINY, *options],
                   cwd=os.path.join(FOLDER, "files"), check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(os.path.join(folder, "checkpoints"))
    os.remove(os.path.join(folder, ".lock"))
    path = os.path.join(folder, "config.json")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(os.path.join(FOLDER, "files") + "/", ""))


def main():
    os.makedirs(os.path.join(FOLDER, "files"), exist_ok=True)
    write("ratings.csv", log_rows(random.Random(1)))
    write("items.csv", title_rows())
    for name, options in RUNS.items():
        train(os.path.abspath(sys.argv[1]), name, options)


if __name__ == "__main__":
    main()
