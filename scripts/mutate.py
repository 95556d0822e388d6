#!/usr/bin/env python3
"""Plants mutations in the C++ code, one at a time, and reports those that no test notices.

    scripts/mutate.py --build /tmp/mutate --seed 1 --count 40
    scripts/mutate.py --build /tmp/mutate --seed 1 --files 'src/train/*' --list

A mutation is a small slip: `<` for `<=`, a dropped statement, an option that is not read (KINDS in
mutation_places.py). --seed selects the mutations: first a kind, then a place of this kind under
src/. They are planted in a clone of the last commit in FOLDER/source, never in the working tree,
and built there, with the checks of the standard library in place of sanitizers.

The tests of the file's folder run first, then the others, --jobs at a time and the short ones
first, until one fails: the mutation is killed. Scripts that start the program must fail twice in a
row. A test that takes ten times its usual time has failed. A mutation that does not compile, or that rebuilds more than --max-objects objects, is not
counted, and another one is drawn.

Results go to FOLDER/results-SEED.jsonl, one line per mutation. The same command continues there,
at the commit of its first line, and ends with a summary. To leave a survivor out of the rate
because it cannot change any behaviour, add "equivalent": "the reason" to its line.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutation_places import describe, draw, find_mutations, planted

REPOSITORY = Path(__file__).resolve().parent.parent
CONFIGURE = ["-G", "Ninja", "-DELASTIC_CUDA=OFF", "-DELASTIC_UNITY=OFF",
             "-DCMAKE_BUILD_TYPE=Release",
             # Products and sums are contracted as in a release: some tests compare bits.
             "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -fexpensive-optimizations -D_GLIBCXX_ASSERTIONS"]
MEMORY_BYTES = 12 << 30  # a mutated program may allocate without end

FOLDERS = ["base", "tensor", "autograd", "data", "model", "eval", "train", "report", "profile", "cli"]
HOST_TARGETS = [*(folder + "_tests" for folder in FOLDERS), "golden_test", "elastic", "read_logs",
                "elastic_faults"]
DEVICE_TARGETS = ["tensor_tests_emulated", "autograd_tests_emulated", "golden_test_emulated"]
DEVICE_TESTS = ["tensor_emulated", "autograd_emulated", "golden_emulated"]
PROGRAMS = {*FOLDERS, "golden", *DEVICE_TESTS}
LEFT_OUT = re.compile(r".*_(cuda|emulated|emulated_.*)|install|tutorial_self_test")


def run(command, seconds, limited=False):
    """(exit code, output). After `seconds` the command and its children are killed: code None."""
    if limited:
        command = ["prlimit", f"--as={MEMORY_BYTES}", *command]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", start_new_session=True) as process:
        try:
            output = process.communicate(timeout=seconds)[0]
            return process.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None, process.communicate()[0]


class Laboratory:
    """The clone, its build, and the usual times of the tests."""

    def __init__(self, folder, jobs, max_objects):
        self.folder, self.jobs, self.max_objects = folder, jobs, max_objects
        self.source, self.build_folder = folder / "source", folder / "build"
        self.times = {}

    def check_out(self, commit):
        if not self.source.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.must(["git", "clone", "-q", "--shared", str(REPOSITORY), str(self.source)])
        self.must(["git", "-C", str(self.source), "fetch", "-q"])
        self.must(["git", "-C", str(self.source), "checkout", "-q", "--force", "--detach", commit])

    @staticmethod
    def must(command):
        code, output = run(command, None)
        if code != 0:
            sys.exit(f"failed: {' '.join(command)}\n{output[-3000:]}")
        return output

    def ninja(self, targets, *options):
        return ["ninja", "-C", str(self.build_folder), f"-j{self.jobs}", *options, *targets]

    def prepare(self, commit, targets, tests):
        """Builds the targets, and measures the tests unless this commit's times are known."""
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] * bool(shutil.which("ccache"))
        self.must(["cmake", "-S", str(self.source), "-B", str(self.build_folder), *CONFIGURE,
                   *launcher])
        self.must(self.ninja(targets))
        record = self.folder / "times.json"
        known = json.loads(record.read_text()) if record.exists() else {}
        self.times = known.get("tests", {}) if known.get("commit") == commit else {}
        for name in tests:
            if name not in self.times:
                begin = time.monotonic()
                passes = self.passes(name)
                self.times[name] = time.monotonic() - begin if passes else None
                record.write_text(json.dumps({"commit": commit, "tests": self.times}))
        left_out = [name for name in tests if self.times[name] is None]
        if left_out:
            print(f"left out, since they fail without a mutation: {', '.join(left_out)}", flush=True)
        self.times = {name: self.times[name] for name in tests if self.times[name] is not None}

    def host_tests(self):
        listed = json.loads(self.must(["ctest", "--test-dir", str(self.build_folder),
                                       "--show-only=json-v1"]))
        names = []
        for test in listed["tests"]:
            labels = [p["value"] for p in test["properties"] if p["name"] == "LABELS"]
            if "house" not in sum(labels, []) and not LEFT_OUT.fullmatch(test["name"]):
                names.append(test["name"])
        return names

    def passes(self, name):
        """Whether the test passes. A script has a second try unless the first took too long."""
        limit = int(max(30.0, 10.0 * self.times.get(name, 60.0)))
        for _ in range(1 if name in PROGRAMS else 2):
            begin = time.monotonic()
            code, _ = run(["ctest", "--test-dir", str(self.build_folder), "-R", f"^{name}$",
                           "--timeout", str(limit)], limit + 30,
                          limited=name not in DEVICE_TESTS)  # emulation reserves addresses
            if code == 0 or time.monotonic() - begin > limit:
                break
        return code == 0

    def first_failure(self, names):
        """The first of the tests that fails; None if all pass."""
        failed = []

        def attempt(name):
            if not failed and not self.passes(name):
                failed.append(name)
        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(attempt, sorted(names, key=self.times.get)))
        return failed[0] if failed else None

    def judge(self, mutation):
        """(outcome, detail) of the mutation, which is planted."""
        folder = Path(mutation.path).parts[1]
        if folder == "cuda":
            stages = [(DEVICE_TARGETS, self.times.keys() & set(DEVICE_TESTS))]
        else:
            host = self.times.keys() - set(DEVICE_TESTS)
            stages = [([folder + "_tests"], host & {folder}), (HOST_TARGETS, host - {folder})]
        objects = self.must(self.ninja(stages[-1][0], "-n")).count("Building CXX")
        if objects > self.max_objects:
            return "not counted", f"rebuilds {objects} objects"
        for targets, tests in stages:
            code, output = run(self.ninja(targets), 1800)
            if code != 0:
                errors = re.findall(r"error: .*", output)
                return "not counted", errors[0] if errors else "cannot be built"
            name = self.first_failure(tests)
            if name:
                return "killed", name
        return "survived", ""

    def try_out(self, mutation):
        path = self.source / mutation.path
        text = path.read_text(encoding="utf-8")
        record = describe(text, mutation)
        begin = time.monotonic()
        try:
            path.write_text(planted(text, mutation), encoding="utf-8")
            record["outcome"], record["by"] = self.judge(mutation)
        finally:
            path.write_text(text, encoding="utf-8")
        record["seconds"] = round(time.monotonic() - begin, 1)
        return record


def line_of(record):
    return (f"{record['outcome']:11} {record['file']}:{record['line']}: {record['kind']}: "
            f"{record['after']}" + (f"  [{record['by']}]" if record.get("by") else ""))


def summarise(records):
    counts = Counter("equivalent" if r.get("equivalent") else r["outcome"] for r in records)
    judged = counts["killed"] + counts["survived"]
    for record in records:
        if record["outcome"] == "survived":
            print(line_of(record), f"\n  before: {record['before']}",
                  f"\n  equivalent: {record['equivalent']}" if record.get("equivalent") else "")
    print(f"{counts['killed']} of {judged} mutations killed, {counts['survived']} survived, "
          f"{counts['equivalent']} equivalent, {counts['not counted']} not counted")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, metavar="FOLDER",
                        help="for the clone, its build and the results")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20, help="mutations killed or survived")
    parser.add_argument("--files", default="src/*", metavar="GLOB")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--max-objects", type=int, default=60)
    parser.add_argument("--list", action="store_true", help="print the mutations only")
    arguments = parser.parse_args()
    results = arguments.build / f"results-{arguments.seed}.jsonl"
    head = subprocess.check_output(["git", "-C", str(REPOSITORY), "rev-parse", "HEAD"], text=True)
    lines = [json.loads(line) for line in open(results, encoding="utf-8")] if results.exists() else []
    start = lines[0] if lines else {"commit": head.strip(), "files": arguments.files}
    if start["files"] != arguments.files:
        parser.error(f"{results} is for --files {start['files']}")
    records = lines[1:]
    laboratory = Laboratory(arguments.build.resolve(), arguments.jobs, arguments.max_objects)
    laboratory.check_out(start["commit"])
    mutations = draw(find_mutations(laboratory.source, arguments.files), arguments.seed)
    if arguments.list:
        for _, mutation in zip(range(arguments.count), mutations):
            text = (laboratory.source / mutation.path).read_text(encoding="utf-8")
            print(line_of({"outcome": "drawn", **describe(text, mutation)}))
        return
    host = arguments.files != "src/cuda/*"
    device = arguments.files.startswith(("src/*", "src/cuda"))
    laboratory.prepare(start["commit"], HOST_TARGETS * host + DEVICE_TARGETS * device, [])
    tests = laboratory.host_tests() * host + DEVICE_TESTS * device
    laboratory.prepare(start["commit"], [], tests)
    with open(results, "a", encoding="utf-8") as file:
        if not lines:
            print(json.dumps(start), file=file, flush=True)
        for _ in records:
            next(mutations)
        while sum(r["outcome"] != "not counted" for r in records) < arguments.count:
            records.append(laboratory.try_out(next(mutations)))
            print(json.dumps(records[-1]), file=file, flush=True)
            print(line_of(records[-1]), flush=True)
    summarise(records)


if __name__ == "__main__":
    main()
