"""Foreign and damaged files in a run's folder: foreign_files.py BINARY [--long]

Replaces each file of a run in turn by something else and runs `eval`, `predict`, `train --resume`
and `report` on it. No command may end by a signal or run longer than ten seconds, a refusal names
the file, and exit code 0 means the output of the undamaged run unless the bytes of the run's own
file changed. Also runs the commands with every combination of standard descriptors closed. The
short form runs each replacement with one of the commands in turn; --long runs all.
"""

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys

from recovery import TINY_MODEL, Workplace, clean_environment, read_bytes

LIMIT_S = 10
FILES = ("config.json", "sources.json", "data.json", "items.tsv", "metrics.jsonl", "result.json",
         "model.safetensors", "checkpoints/latest.safetensors")
COMMANDS = ("eval", "predict", "resume", "report")


def remove(path):
    os.remove(path)


def as_folder(path, _):
    remove(path)
    os.mkdir(path)


def as_pipe(path, _):
    remove(path)
    os.mkfifo(path)


def as_zeros(path, _):
    remove(path)
    os.symlink("/dev/zero", path)


def as_other(path, other):
    shutil.copyfile(other, path)


def as_deep_json(path, _):
    with open(path, "w", encoding="ascii") as file:
        file.write("[" * 300000)


def as_cut(path, _):
    os.truncate(path, os.path.getsize(path) // 2)


def as_flipped(path, _):
    content = bytearray(read_bytes(path))
    content[len(content) // 2] ^= 4
    with open(path, "wb") as file:
        file.write(content)


# Each replacement, and whether it is made of the bytes of the run's own file. What remains of those
# after a cut or a flipped bit cannot always be told from a file that is in order.
REPLACEMENTS = {"a folder": (as_folder, False), "a pipe": (as_pipe, False),
                "/dev/zero": (as_zeros, False), "another run's": (as_other, False),
                "another data's": (as_other, False), "deep JSON": (as_deep_json, False),
                "cut in half": (as_cut, True), "a flipped bit": (as_flipped, True)}


# The options of a run on other data differ in the path of the data alone, which may move.
MOVED = ("config.json", "another data's", "report")


class Prover:
    def __init__(self, binary):
        self.workplace = Workplace(binary)
        self.problems = []
        self.calls = 0
        self.run = self.train("own", self.workplace.data, "7")
        other_data = self.workplace.path("other.csv")
        with open(self.workplace.data, encoding="utf-8") as file:
            text = file.read()
        with open(other_data, "w", encoding="utf-8") as file:
            file.write(text.replace(",m", ",x"))
        self.others = {"another run's": self.train("other", self.workplace.data, "8"),
                       "another data's": self.train("foreign", other_data, "7")}
        self.expected = {command: self.outcome(command, self.run, self.call(command, self.run))
                         for command in COMMANDS}

    def train(self, name, data, seed):
        run = self.workplace.path(name)
        result = self.workplace.call(["train", "--data", data, "--out", run, "--epochs", "2",
                                      "--seed", seed, *TINY_MODEL])
        assert result.returncode == 0, result.stderr
        return run

    def call(self, command, run):
        arguments = {"eval": ["eval", run], "predict": ["predict", run],
                     "resume": ["train", "--resume", "--out", run],
                     "report": ["report", run, "--out", "-"]}[command]
        self.calls += 1
        return subprocess.run([self.workplace.binary, *arguments], capture_output=True,
                              input=b'{"history": ["m1", "m2"]}\n', timeout=LIMIT_S, check=False,
                              env=clean_environment(), cwd=self.workplace.folder.name)

    @staticmethod
    def outcome(command, run, result):
        if command != "resume":
            return result.stdout.replace(run.encode(), b"RUN")
        if result.returncode != 0:
            return None
        return [read_bytes(os.path.join(run, name)) for name in
                ("model.safetensors", "result.json", "items.tsv", "data.json")]

    def check(self, name, kind, command):
        replace, keeps_bytes = REPLACEMENTS[kind]
        copy = self.workplace.path("copy")
        shutil.copytree(self.run, copy)
        path = os.path.join(copy, name)
        other = os.path.join(self.others[kind], name) if kind in self.others else None
        replace(path, other)
        title = f"{name} is {kind}, {command}"
        try:
            result = self.call(command, copy)
            any_output = keeps_bytes or (name, kind, command) == MOVED
            self.judge(title, name, result, None if any_output else
                       self.outcome(command, copy, result) == self.expected[command], not other)
        except subprocess.TimeoutExpired:
            self.problems.append(f"{title}: runs longer than {LIMIT_S} s")
        shutil.rmtree(copy)

    def judge(self, title, name, result, is_expected, is_own):
        """`is_expected`: None if any output will do. With a file of another run (not `is_own`), the
        message may name either of two files that do not fit each other."""
        errors = result.stderr.decode(errors="replace")
        if result.returncode < 0 or result.returncode >= 128:
            self.problems.append(f"{title}: ended by a signal, {result.returncode}")
        elif result.returncode == 0 and is_expected is False:
            self.problems.append(f"{title}: exit code 0 with another output")
        elif result.returncode != 0 and not any(
                os.path.basename(file) in errors for file in ([name] if is_own else FILES)):
            self.problems.append(f"{title}: exit code {result.returncode}, the message does not "
                                 f"name the file: {errors[-300:]}")

    def check_descriptors(self, closed, command):
        """A run whose caller has closed these descriptors."""
        run = self.workplace.path("closed")
        if command == "train":
            arguments = ["train", "--data", self.workplace.data, "--out", run, "--epochs", "1",
                         *TINY_MODEL]
        else:
            shutil.copytree(self.run, run)
            arguments = {"eval": ["eval", run], "predict": ["predict", run],
                         "resume": ["train", "--resume", "--out", run],
                         "report": ["report", run]}[command]
        redirections = " ".join(f"{descriptor}>&-" for descriptor in closed)
        self.calls += 1
        title = f"{command} with descriptors {closed} closed"
        try:
            result = subprocess.run(["sh", "-c", f'exec "$@" {redirections}', "sh",
                                     self.workplace.binary, *arguments], capture_output=True,
                                    stdin=subprocess.DEVNULL, timeout=LIMIT_S, check=False,
                                    env=clean_environment(), cwd=self.workplace.folder.name)
            if result.returncode != 0:
                self.problems.append(f"{title}: exit code {result.returncode} {result.stderr}")
            with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
                for line in file:
                    json.loads(line)
            if os.path.getsize(os.path.join(run, ".lock")) > 0:
                self.problems.append(f"{title}: text in .lock")
        except subprocess.TimeoutExpired:
            self.problems.append(f"{title}: runs longer than {LIMIT_S} s")
        except ValueError:
            self.problems.append(f"{title}: text in metrics.jsonl")
        shutil.rmtree(run, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary")
    parser.add_argument("--long", action="store_true", help="all commands on all replacements")
    arguments = parser.parse_args()
    prover = Prover(arguments.binary)
    for number, (name, kind) in enumerate(itertools.product(FILES, REPLACEMENTS)):
        turn = number + number // len(REPLACEMENTS)  # another command for the next file
        for command in COMMANDS if arguments.long else [COMMANDS[turn % len(COMMANDS)]]:
            prover.check(name, kind, command)
    for closed in itertools.chain.from_iterable(
            itertools.combinations(range(3), count) for count in range(1, 4)):
        for command in ("train", *COMMANDS) if arguments.long else ["train"]:
            prover.check_descriptors(closed, command)
    print("\n".join(prover.problems), file=sys.stderr)
    print(f"foreign files: {prover.calls} calls, {len(prover.problems)} problems")
    return 1 if prover.problems else 0


if __name__ == "__main__":
    sys.exit(main())
