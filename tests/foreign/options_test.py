"""Absurd values of every option of every command: options_test.py BINARY [--long] [COMMAND...]

The commands and options are those of the help, so that new ones are covered. Each call gets one
option with one value; it must be a run, or a refusal (exit code 2) that names the option. A file
that does not exist and filters that leave no event end with exit code 3, and training that diverges ends with 5. Signals,
more than ten seconds of CPU time, and memory beyond that of the machine fail. The short form gives
numbers three of the values, and texts one.
"""

import concurrent.futures
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cli"))
from harness import TINY_MODEL, Workplace, clean_environment  # pylint: disable=wrong-import-position

VALUES = ["-1", "0", str(2**31), str(2**60), str(2**63 - 1), "1e400", "nan", "inf", "", "text"]
SHORT_NUMBERS = ["-1", str(2**60), "nan"]
SHORT_TEXTS = [str(2**60)]
CPU_SECONDS = 10
WALL_SECONDS = 120
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

OPTION = re.compile(r"^  (?:-\w, )?--([a-z][\w-]*)(?: ([A-Z.]+))?(?:  |$)")
COMMAND = re.compile(r"^  ([a-z]+)  ")

# What else an option needs to have an effect.
CONTEXT = {
    ("train", "num-clusters"): ["--model", "routing"],
    ("train", "codebook-size"): ["--model", "lisa"],
    ("train", "num-codebooks"): ["--model", "lisa"],
    ("train", "target-codebooks"): ["--model", "lisa", "--lisa-variant", "mini"],
    ("train", "target-codebook-size"): ["--model", "lisa", "--lisa-variant", "mini"],
    ("train", "codebook-temperature"): ["--model", "lisa"],
    ("train", "histogram-decay"): ["--model", "lisa"],
    ("train", "gate-temperature"): ["--model", "gsa"],
    ("train", "time-periods"): ["--model", "fuxi-linear"],
    ("profile", "time-periods"): ["--model", "fuxi-linear"],
    ("train", "logit-scale"): ["--logits", "cosine"],
    ("profile", "logit-scale"): ["--logits", "cosine"],
    ("train", "window"): ["--model", "elastic-window"],
    ("train", "window-targets"): ["--model", "elastic-window"],
    ("train", "negatives"): ["--loss", "bce"],
    ("train", "gbce-t"): ["--loss", "gbce", "--negatives", "8"],
    ("train", "weight-decay"): ["--optimizer", "adamw"],
    ("predict", "explain-events"): ["--explain"],
    ("predict", "save-every-s"): ["--stream"],
    ("eval", "sampling-seed"): ["--sampled", "uni:5"],
}


def section(text, heading):
    """The lines under a heading of the help, or of all headings if it is None."""
    lines = []
    inside = heading is None
    for line in text.split("\n"):
        if line.endswith(":") and not line.startswith(" "):
            inside = heading is None or line == heading + ":"
        elif inside:
            lines.append(line)
    return lines


class Calls:
    def __init__(self, workplace):
        self.workplace = workplace
        self.count = 0

    def commands(self):
        lines = section(self.workplace.call(["--help"]).stdout, "Commands")
        return [match.group(1) for match in map(COMMAND.match, lines) if match]

    def options(self, command):
        """Name and type of each option that takes a value."""
        # The other options of sweep are those of train.
        heading = "Sweep" if command == "sweep" else None
        lines = section(self.workplace.call([command, "--help"]).stdout, heading)
        found = [match.groups() for match in map(OPTION.match, lines) if match]
        return [(name, kind) for name, kind in found if kind]

    def base(self, command, option):
        """The arguments of a short call."""
        if command == "train":
            return ["--data", self.workplace.data, "--epochs", "1", "--max-time-s", "2",
                    *TINY_MODEL]
        if command == "sweep":
            return ["--data", self.workplace.data, "--set", "dropout=0", "--epochs", "1",
                    "--out", "sweep", *TINY_MODEL]
        if command == "profile":
            return ["--model", "elastic", "--length", "8", "--batch", "1", "--repetitions", "1",
                    "--warmup", "0", "--items", "10", "--dim", "16", "--num-layers", "1"]
        if command == "data":
            return ["--data", self.workplace.data]
        if command == "serve":
            return [self.workplace.run, "--port", "0"]
        if command in ("eval", "compare", "predict", "report"):
            streams = (command, option) == ("predict", "save-every-s")
            return [self.workplace.streams if streams else self.workplace.run]
        return []

    def arguments(self, command, option, value, number):
        given = self.base(command, option) + CONTEXT.get((command, option), [])
        if command in ("train", "sweep", "eval", "compare", "predict", "profile", "data", "serve"):
            given += ["--threads", "1"]
        if command == "train":
            given += ["--out", self.workplace.path(f"new{number}")]
        flag = "--" + option
        while flag in given:
            at = given.index(flag)
            del given[at:at + 2]
        # A later --model replaces the earlier one.
        while given.count("--model") > 1:
            at = given.index("--model")
            del given[at:at + 2]
        return [command, *given, f"{flag}={value}"]


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def problem(calls, arguments, option, value):
    """The fault of the call's end; empty if there is none."""
    with tempfile.TemporaryDirectory(dir=calls.workplace.folder.name) as cwd:
        return problem_in(cwd, calls, arguments, option, value)


def call(binary, arguments, cwd):
    """(exit code, messages). A server that answers is asked to end."""
    with subprocess.Popen([binary, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", cwd=cwd,
                          env=clean_environment({"OMP_NUM_THREADS": "1"}),
                          preexec_fn=limit) as process:
        deadline = threading.Timer(WALL_SECONDS, process.kill)
        deadline.start()
        try:
            if arguments[0] == "serve" and process.stdout.readline():
                process.terminate()
            message = process.communicate("u1 m1\n")[1]
        finally:
            deadline.cancel()
        return process.returncode, message


def problem_in(cwd, calls, arguments, option, value):
    code, message = call(calls.workplace.binary, arguments, cwd)
    if code == -signal.SIGKILL:
        return f"no end within {WALL_SECONDS} s"
    message = message.strip()[-300:]
    named = "--" + option in message
    if code == 0 or (code == 2 and named):
        return ""
    if code == 3 and (named or (value or "''") in message or "leave no event" in message):
        return ""
    if code == 6 and option == "against" and value in message:  # no such run
        return ""
    if code == 5 and arguments[0] == "train" and "not finite" in message:
        return ""
    if code == 3 and arguments[0] == "predict":  # the answer to the question on standard input
        return ""
    return f"exit {code}: {message}"


def main():
    long = "--long" in sys.argv[2:]
    wanted = [argument for argument in sys.argv[2:] if not argument.startswith("--")]
    workplace = Workplace(sys.argv[1])
    workplace.streams = workplace.stream_run
    assert workplace.run
    calls = Calls(workplace)
    jobs = []
    for command in wanted or calls.commands():
        for option, kind in calls.options(command):
            short = SHORT_NUMBERS if kind in ("INT", "NUMBER") else SHORT_TEXTS
            for value in VALUES if long else short:
                arguments = calls.arguments(command, option, value, len(jobs))
                jobs.append((arguments, option, value))
    with concurrent.futures.ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        ends = list(pool.map(lambda job: problem(calls, *job), jobs))
    problems = [(job, end) for job, end in zip(jobs, ends) if end]
    for (arguments, option, value), end in problems:
        print(f"{arguments[0]} --{option} {value!r}: {end}\n  {' '.join(arguments)}",
              file=sys.stderr)
    options = len({(arguments[0], option) for arguments, option, _ in jobs})
    print(f"options: {options} options, {len(jobs)} calls, {len(problems)} problems")
    return 1 if problems or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
