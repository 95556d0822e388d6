"""Compares what the tool prints with recorded outputs: recorded_test.py BINARY [--update] [NAME...]

A file NAME.console of this folder holds commands after "$ ", their continuation lines after "> ", and
what they print to both outputs. They run in order, in a copy of the folder `files`, with the binary in
PATH. Numbers with three or more decimals may differ by one in the last of them, or by a part in ten
thousand, since CPUs round differently; all else must be equal. The build and times are left out.

--update writes the files anew: read the difference before you commit it."""

import difflib
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(FOLDER), "cli"))
from harness import clean_environment  # noqa: E402  (needs the path set above)

# What differs from call to call, and what replaces it.
CHANGING = [
    (r'"build": "(?:[^"\\]|\\.)*"', '"build": BUILD'),
    (r'"build": \{[^}]*\}', '"build": BUILD'),
    (r'("(?:\w+_)?(?:seconds|elapsed_s|s)": )[\d.e+-]+', r"\1TIME"),
    (r'("\w+_per_s": )[\d.e+-]+', r"\1RATE"),
    (r"\b\d+:\d\d\b(?!:)", "TIME"),
    (r"elastic \d+\.\d+\.\d+[^<\n]*", "elastic VERSION"),
]
NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e[+-]?\d+)?")


def steps_of(text):
    """Pairs of a command and what it printed."""
    steps = []
    for line in text.splitlines(keepends=True):
        if line.startswith("$ "):
            steps.append([line[2:], ""])
        elif line.startswith("> ") and not steps[-1][1]:
            steps[-1][0] += line[2:]
        else:
            steps[-1][1] += line
    return steps


def printed(command, folder, environment):
    """What the command prints, and its exit code unless that is 0."""
    result = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, timeout=100,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False)
    text = result.stdout.decode(errors="backslashreplace").replace(folder, "FOLDER")
    for pattern, replacement in CHANGING:
        text = re.sub(pattern, replacement, text)
    if text and not text.endswith("\n"):
        text += "\n"
    return text + (f"exit code {result.returncode}\n" if result.returncode else "")


def agree(expected, got):
    """Whether two texts are equal but for the rounding of their numbers."""
    if expected == got:
        return True
    if NUMBER.sub("#", expected) != NUMBER.sub("#", got):
        return False
    for one, other in zip(NUMBER.findall(expected), NUMBER.findall(got)):
        unit = 1.01 * 10.0 ** -len(one.partition(".")[2].partition("e")[0])
        a, b = float(one), float(other)
        if abs(a - b) > max(0.0 if "e" in one else unit, 1e-4 * abs(a)):
            return False
    return True


def run_file(path, binary, update):
    """The number of outputs that differ; with `update`, writes the file anew."""
    with open(path, encoding="utf-8") as file:
        steps = steps_of(file.read())
    failed, text = 0, ""
    with tempfile.TemporaryDirectory(prefix="elastic_recorded_") as outside:
        folder = os.path.join(outside, "files")
        shutil.copytree(os.path.join(FOLDER, "files"), folder)
        os.symlink(binary, os.path.join(outside, "elastic"))
        environment = clean_environment({"PATH": outside + os.pathsep + os.environ["PATH"],
                                         "NO_COLOR": "1", "OMP_NUM_THREADS": "2"})
        for command, expected in steps:
            got = printed(command, folder, environment)
            text += "$ " + "> ".join(command.splitlines(keepends=True)) + got
            if not update and not agree(expected, got):
                failed += 1
                print(f"{os.path.basename(path)}: {command}", "".join(difflib.unified_diff(
                    expected.splitlines(True), got.splitlines(True), "recorded", "printed")))
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return len(steps), failed


def main():
    update = "--update" in sys.argv
    binary, *names = (word for word in sys.argv[1:] if word != "--update")
    paths = [path for path in sorted(glob.glob(os.path.join(FOLDER, "*.console")))
             if not names or os.path.basename(path).removesuffix(".console") in names]
    counts = [run_file(path, os.path.abspath(binary), update) for path in paths]
    steps, failed = (sum(column) for column in zip(*counts))
    print(f"{steps} commands, {failed} outputs differ from the recorded ones")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
