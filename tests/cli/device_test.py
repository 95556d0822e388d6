"""Tests of the tool on a GPU or the emulated GPU: device_test.py BINARY.

Trains on the GPU, then evaluates and serves the run on both devices: the numbers must be the same.
"""

import json
import sys

from harness import TINY_MODEL, Workplace

GPU = ["--device", "cuda", "--precision", "fp32", "-q"]
CPU = ["--device", "cpu", "-q"]


def main(binary):
    work = Workplace(binary)
    problems = []

    def call(name, *arguments, stdin=""):
        result = work.call(list(arguments), stdin=stdin)
        if result.returncode != 0:
            problems.append(f"{name}: exit {result.returncode}: {result.stderr.strip()}")
        return result.stdout

    data = ["--data", work.data, "--model", "elastic", "--epochs", "1", *TINY_MODEL]
    for name, options in (("plain", []), ("recorded", ["--cuda-graphs"])):
        run = work.path(name)
        call(f"train, {name}", "train", *data, *options, "--out", run, *GPU)
        metrics = [json.loads(call(f"eval, {name}", "eval", run, "--json", *device) or "{}").get("metrics")
                   for device in (GPU, CPU)]
        if metrics[0] is None or metrics[0] != metrics[1]:
            problems.append(f"{name}: metrics on the GPU {metrics[0]}, on the CPU {metrics[1]}")
        answers = []
        for device in (GPU, CPU):
            lines = call(f"predict, {name}", "predict", run, "--top-k", "5", *device,
                         stdin="u1\nu2\nu3\n").splitlines()
            answers.append([[item["id"] for item in json.loads(line)["items"]] for line in lines])
        if len(answers[0]) != 3 or answers[0] != answers[1]:
            problems.append(f"{name}: answers on the GPU {answers[0]}, on the CPU {answers[1]}")
    print("\n".join(problems) or "the GPU and the CPU agree")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
