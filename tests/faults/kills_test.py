"""kill -9 at random moments, then resume: kills_test.py BINARY [--rounds N] [--seed S]

A round starts or resumes a command and kills it after a random time, unless it ends before. When
one ends, its files must have the bits of a run that was never killed, and the next round starts a
new run. Jobs: training, training with a refit and `predict --stream`, each on one and on two threads.
"""

import argparse
import random
import subprocess
import sys
import time

from recovery import Refitting, Streaming, Training, Workplace, differences, leftovers, uninterrupted


class Killer:
    def __init__(self, workplace, job, rounds, rng):
        self.workplace = workplace
        self.job = job
        self.rounds = rounds
        self.rng = rng
        self.kills = self.ends = self.problems = 0

    def start(self, run):
        return self.workplace.start(self.job.command(run), stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE)

    def compare(self, expected, run):
        self.ends += 1
        wrong = differences(expected, self.job.outcome(run)) + leftovers(run)
        if wrong:
            self.problems += 1
            print(f"{self.job.name}: not the same after kills: {wrong}", file=sys.stderr)

    def prove(self):
        run = self.workplace.path("killed")
        begin = time.monotonic()
        expected = uninterrupted(self.workplace, self.job, run)
        seconds = time.monotonic() - begin
        self.job.prepare(run)
        while self.kills < self.rounds or self.ends == 0:
            process = self.start(run)
            try:
                # After the requested number of kills, it may end.
                limit = self.rng.uniform(0, seconds) if self.kills < self.rounds else 600
                errors = process.communicate(timeout=limit)[1]
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                self.kills += 1
                continue
            if process.returncode != 0:
                self.problems += 1
                print(f"{self.job.name}: could not continue: {errors.decode()}", file=sys.stderr)
                return
            self.compare(expected, run)
            self.job.prepare(run)
        process = self.start(run)
        process.communicate()
        self.compare(expected, run)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=6, help="kills of each job")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    workplace = Workplace(arguments.binary)
    problems = 0
    for job_class in (Training, Refitting, Streaming):
        for threads in (1, 2):
            rng = random.Random(arguments.seed + threads)
            killer = Killer(workplace, job_class(workplace, threads), arguments.rounds, rng)
            killer.prove()
            problems += killer.problems
            print(f"kills: {killer.job.name}, {threads} threads: {killer.kills} kills, "
                  f"{killer.ends} ends compared, {killer.problems} problems", flush=True)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
