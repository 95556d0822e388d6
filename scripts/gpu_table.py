#!/usr/bin/env python3
"""Prints the results of scripts/gpu_check.sh as one table: gpu_table.py FOLDER > table.md

"time over floor" is the time divided by a lower bound: the larger of the flops at the rate of large
products and the bytes of all kernel arguments at the bandwidth of a triad, both measured in the
same process. Memory is activations and workspace at the peak.
"""

import json
import pathlib
import re
import sys

HEADER = ["step", "what", "status", "time", "Mtokens/s", "TFLOP/s", "gemm share", "bandwidth share",
          "time over floor", "MiB", "note"]


def number(value):
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def read_json(path):
    """The content of the file, or None if the step did not write it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()
            ] if path.exists() else []


def memory_of(row):
    return row["activation_bytes"] + row["workspace_bytes"]


def comparisons(row, rows):
    """Speed and memory relative to the other models in the same case."""
    keys = ("phase", "length", "batch", "dim", "shortcut")
    texts = []
    for other in rows:
        same = all(other[key] == row[key] for key in keys)
        if same and other["model"] != row["model"] and other["status"] == "ok":
            speed = other["ms_median"] / row["ms_median"]
            memory = 100 * memory_of(row) / max(1, memory_of(other))
            texts.append(f"x{speed:.2f} the speed and {memory:.0f} % of the memory of "
                         f"{other['model']}")
    return "; ".join(texts)


def speed_cells(row, rows):
    shortcut = ", no shortcut" if not row["shortcut"] else ""
    what = (f"{row['model']} {row['phase']}, D {row['dim']}, {row['batch']} x {row['length']}"
            f"{shortcut}")
    if row["status"] != "ok":
        return ["speed", what, row["status"]] + ["-"] * 7 + [row.get("note", "")]
    share = max(row["gemm_share"], row["bandwidth_share"])
    note = comparisons(row, rows) if row["model"] == "elastic" else ""
    if share > 1.2:
        note = f"below the floor: is this the device's time? {note}"
    return ["speed", what, "ok", f"{number(row['ms_median'])} ms",
            number(row["tokens_per_s"] / 1e6), number(row["flops"] / row["ms_median"] / 1e9),
            number(row["gemm_share"]), number(row["bandwidth_share"]),
            number(1 / share) if share > 0 else "-", number(memory_of(row) / 2**20), note]


def torch_cells(row):
    texts = [f"{number(ms)} ms" if isinstance(ms, float) else str(ms)
             for ms in (row["elastic_ms"], row["torch_ms"])]
    ratio = f"x{row['ratio']:.2f} the speed of" if row["ratio"] else "against"
    what = f"{row['model']} {row['phase']}, {row['batch']} x {row['length']}"
    note = f"{ratio} PyTorch, {row['torch']}: {texts[1]}"
    return ["torch", what, "ok" if row["ratio"] else "failed", texts[0]] + ["-"] * 6 + [note]


def training_note(run_folder):
    events = read_lines(run_folder / "metrics.jsonl")
    texts = [f"epoch {event['epoch']}: {event['seconds']:.2f} s, loss {event['loss']:.3f}, "
             f"{number(event['tokens'] / event['seconds'] / 1e6)} Mtokens/s"
             for event in events if event["event"] == "epoch"]
    texts += [f"validation NDCG@10 {event['NDCG@10']:.4f} in {event['seconds']:.2f} s"
              for event in events[-1:] if event["event"] == "evaluation"]
    return "; ".join(texts)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: gpu_table.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    steps = [line.split("\t") for line in
             (folder / "steps.tsv").read_text(encoding="utf-8").splitlines()]
    profiles = {}
    for step, what, *_ in steps:
        if step == "speed":
            profiles[what] = read_json(folder / f"speed-{re.sub('[^a-zA-Z0-9]', '-', what)}.out")
    reports = [report for report in profiles.values() if report]
    speed_rows = [row for report in reports for row in report["rows"]]

    table = [HEADER, ["---"] * 3 + ["---:"] * 7 + ["---"]]
    for step, what, status, seconds, note in steps:
        if step == "speed" and profiles[what]:
            table += [speed_cells(row, speed_rows) for row in profiles[what]["rows"]]
            continue
        if step == "torch" and what == "speed":
            table += [torch_cells(row) for row in read_lines(folder / "torch.jsonl")]
        if (step, what) in (("demo", "train"), ("data", "two epochs")):
            note = "; ".join(filter(None, [note, training_note(folder / f"{step}-run")]))
        if step == "demo" and what.startswith("eval"):
            result = read_json(folder / f"demo-{what.replace(' ', '-')}.out")
            note = note or f"test NDCG@10 {result['metrics']['NDCG@10']}" if result else note
        table.append([step, what, status, f"{seconds} s"] + ["-"] * 6 + [note])

    gpu = folder / "gpu.txt"
    print(f"Device: {gpu.read_text(encoding='utf-8').strip() + ' MiB' if gpu.exists() else 'CPU'}.")
    if reports:
        build, machines = reports[0]["build"], [report["machine"] for report in reports]
        for key, text in (("sgemm_gflops", "GFLOP/s, products"), ("triad_gbps", "GB/s, triad")):
            rates = sorted(machine[key] for machine in machines)
            print(f"{number(rates[0])} to {number(rates[-1])} {text}.")
        print("Build:", ", ".join(f"{key} {value}" for key, value in build.items()) + ".")
    print()
    for cells in table:
        print(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")


if __name__ == "__main__":
    main()
