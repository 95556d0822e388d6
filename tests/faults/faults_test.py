"""Every system call that writes fails once, and nothing is lost: faults_test.py BINARY LIBRARY [--long]

LIBRARY is faults.cpp, which makes call number n fail. For every n and every kind of failure the
command must end with its documented exit code and a message that names the run, or be killed. The
same command again (with --resume if there is a run by then) must give the bits of an undisturbed
run. The short form tests one kind at all n, and the others at every eleventh. The calls that read the
run's files, the data, titles and questions fail likewise: with an I/O error, an interruption, or half
of the bytes.
"""

import argparse
import os
import subprocess
import sys

from recovery import (Reading, Resuming, Starting, Streaming, Training, Workplace, differences,
                      leftovers, uninterrupted)

MESSAGES = {"EIO": "Input/output error", "FULL": "No space left on device"}
SURVIVED = ("EINTR", "SHORT")  # the command must succeed
KILLED = ("KILL", "TORN")
KINDS = {"writes": (*MESSAGES, *SURVIVED, *KILLED), "reads": ("EIO", *SURVIVED)}
SHORT_STEP = {"writes": 11, "reads": 41}  # a read of each tensor makes hundreds
REFUSED = {"writes": (1,), "reads": (1, 3, 6)}  # exit codes


class Prover:
    def __init__(self, workplace, library, job, calls):
        self.calls = calls
        self.workplace = workplace
        self.library = os.path.abspath(library)
        self.job = job
        self.run = workplace.path("run_" + job.name.split()[0].strip(","))
        self.watched = job.watched(self.run)
        self.expected = uninterrupted(workplace, job, self.run)
        self.problems = []

    def call(self, kind, number, count_file=None):
        environment = {"LD_PRELOAD": self.library, "FAULT_UNDER": self.watched, "FAULT_HOW": kind,
                       "FAULT_AT": str(number), "FAULT_CALLS": self.calls}
        if count_file:
            environment["FAULT_COUNT"] = count_file
        return self.workplace.call(self.job.command(self.run), env=environment)

    def count(self):
        self.job.prepare(self.run)
        path = self.workplace.path("count")
        result = self.call("", 0, path)
        assert result.returncode == 0, result.stderr
        with open(path, encoding="utf-8") as file:
            return int(file.read())

    def complain(self, kind, number, problem, result):
        self.problems.append(f"{self.job.name}: {self.calls}: {kind} at call {number}: {problem}\n"
                             f"  exit {result.returncode}\n  {result.stderr[-1000:]}")

    def check(self, kind, number):
        self.job.prepare(self.run)
        result = self.call(kind, number)
        if kind in KILLED:
            if result.returncode != -9:
                self.complain(kind, number, "was not killed", result)
        elif result.returncode in REFUSED[self.calls] and kind not in SURVIVED:
            if MESSAGES[kind] not in result.stderr or self.watched not in result.stderr:
                self.complain(kind, number, "the message names neither reason nor file", result)
        elif result.returncode != 0:
            self.complain(kind, number, "not the documented exit code", result)
        output = result.stdout
        if result.returncode != 0:
            again = self.workplace.call(self.job.command(self.run))
            output = again.stdout
            if again.returncode != 0:
                self.complain(kind, number, "could not continue", again)
                return
        different = differences(self.expected, self.job.outcome(self.run, output))
        if different:
            self.complain(kind, number, f"other bits in {different}", result)
        if leftovers(self.run) and kind not in SURVIVED and result.returncode != 0:
            self.complain(kind, number, f"left {leftovers(self.run)}", result)


def numbers_for(kind, count, everything, step):
    if everything or kind == "TORN":
        return range(1, count + 1)
    return range(1, count + 1, step)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary")
    parser.add_argument("library")
    parser.add_argument("--long", action="store_true", help="all kinds at all calls")
    parser.add_argument("--only-training", action="store_true", help="the first job alone")
    arguments = parser.parse_args()
    workplace = Workplace(arguments.binary)
    failed = 0
    # Two epochs, each saved only at its end: three would add no further kind of write.
    questions = workplace.write("questions.txt", "u1\nu2\n")
    jobs = [(Training(workplace, epochs=2, options=["--save-every-s", "1e6"]), "writes"),
            (Streaming(workplace), "writes"), (Starting(workplace), "reads"),
            (Resuming(workplace), "reads"), (Reading(workplace, "eval"), "reads"),
            (Reading(workplace, "predict", questions), "reads"),
            (Reading(workplace, "report", "--out", "-"), "reads"),
            (Streaming(workplace, lines=50), "reads")]
    for job, calls in jobs[:1] if arguments.only_training else jobs:
        prover = Prover(workplace, arguments.library, job, calls)
        count = prover.count()
        rounds = 0
        for kind in KINDS[calls]:
            for number in numbers_for(kind, count, arguments.long, SHORT_STEP[calls]):
                prover.check(kind, number)
                rounds += 1
        failed += len(prover.problems)
        print("\n".join(prover.problems[:10]), file=sys.stderr)
        print(f"faults: {job.name}: {count} {calls}, {rounds} failures injected, "
              f"{len(prover.problems)} problems", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.TimeoutExpired as error:
        sys.exit(f"did not end: {error}")
