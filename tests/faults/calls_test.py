"""The order of the system calls that write a run: calls_test.py BINARY LIBRARY

LIBRARY is faults.cpp, which logs these calls, and makes one of them wait for ever. No test cuts the
power, but what must be on the disk before what follows from the order of syncs and renames: a file's
content before its name, the name before anything that relies on it.
"""

import os
import signal
import subprocess
import sys
import time
import unittest
from collections import namedtuple

from recovery import Resuming, Streaming, Training, Workplace, clean_environment

WORKPLACE = LIBRARY = None
STEPS = 17  # of an epoch: TINY_MODEL trains 32 of the 60 * 9 examples per step
Call = namedtuple("Call", "name file other")


def environment(run, log, **settings):
    return {"LD_PRELOAD": LIBRARY, "FAULT_UNDER": run, "FAULT_LOG": log, **settings}


def calls_in(log):
    with open(log, encoding="utf-8") as file:
        return [Call(*line.rstrip("\n").split("\t")) for line in file]


def recorded(job, name):
    """(run, calls) of the job's command."""
    run, log = WORKPLACE.path("run_" + name), WORKPLACE.path("log_" + name)
    job.prepare(run)
    result = WORKPLACE.call(job.command(run), env=environment(run, log))
    assert result.returncode == 0, result.stderr
    return run, calls_in(log)


class Order(unittest.TestCase):
    def check(self, run, calls):
        problems = []
        written = {}  # file -> its latest write or sync
        unsynced = None  # the folder of the latest rename
        for number, call in enumerate(calls, 1):
            def expect(holds, problem, at=(number, call)):
                if not holds:
                    problems.append((problem, *at))
            if call.name in ("write", "pwrite", "ftruncate", "fsync"):
                written[call.file] = call.name
            if call == Call("fsync", unsynced, ""):
                unsynced = None
            if call.name == "rename":
                expect(unsynced is None, "the folder was not synced after the rename before")
                unsynced = os.path.dirname(call.file)
                expect(written.pop(call.other, None) == "fsync", "content was not synced")
                metrics = written.get(os.path.join(run, "metrics.jsonl"))
                expect(metrics == "fsync" or not call.file.endswith("latest.safetensors"),
                       "the checkpoint refers to lines that may be lost")
        self.assertEqual(problems[:3], [])
        self.assertIsNone(unsynced)
        left = {os.path.relpath(file, run) for file, call in written.items() if call != "fsync"}
        self.assertLessEqual(left, {"metrics.jsonl"})  # a last line that no checkpoint refers to

    @staticmethod
    def named(run, calls):
        """(call, name below the run) of the calls that change names, temporary ones left out."""
        return [(call.name, os.path.relpath(call.file, run)) for call in calls
                if call.name in ("rename", "link", "unlink", "remove")
                and not call.file.endswith(".tmp")]

    def test_training(self):
        for options in (["--save-every-s", "0"], ["--save-every-s", "1e6"]):
            run, calls = recorded(Training(WORKPLACE, epochs=3, options=options), "train")
            self.check(run, calls)
            names = self.named(run, calls)
            saves = names.count(("rename", "checkpoints/latest.safetensors"))
            self.assertEqual(saves, 3 * (1 + STEPS if options[1] == "0" else 1))
            self.assertEqual(names[:4], [("rename", name) for name in (
                "sources.json", "config.json", "data.json", "items.tsv")])
            self.assertEqual(names[-1], ("rename", "result.json"))
            # While the best model is replaced, the checkpoint's one has another name.
            best = [(i, name) for i, name in enumerate(names) if name[1] == "model.safetensors"]
            self.assertGreater(len(best), 1)
            former = "checkpoints/former-best.safetensors"
            for i, _ in best[1:]:
                self.assertEqual(names[i - 1], ("link", former))
                self.assertEqual(names[i + 1], ("rename", "checkpoints/latest.safetensors"))
                self.assertEqual(names[i + 2][1], former)

    def test_resuming(self):
        self.check(*recorded(Resuming(WORKPLACE), "resume"))

    def test_streaming(self):
        run, calls = recorded(Streaming(WORKPLACE), "stream")
        self.check(run, calls)
        self.assertIn(("rename", "streams.safetensors"), self.named(run, calls))


class FolderSync(unittest.TestCase):
    """File systems without a sync of folders, and folders that may not be read, do no harm."""

    def test_errors_that_are_passed_over(self):
        job = Streaming(WORKPLACE, lines=5)
        run, calls = recorded(job, "folder")
        renamed = next(i for i, call in enumerate(calls) if call.name == "rename")
        opened = next(i for i, call in enumerate(calls) if i > renamed and call.name == "open")
        self.assertEqual([call.name for call in calls[opened:opened + 2]], ["open", "fsync"])
        self.assertEqual(calls[opened].file, run)
        for number in (opened + 1, opened + 2):  # FAULT_AT counts from 1
            for error in ("EACCES", "EPERM", "EINVAL", "ENOTSUP", "EBADF", "EIO"):
                with self.subTest(error, number=number):
                    job.prepare(run)
                    settings = environment(run, WORKPLACE.path("log_folder"), FAULT_HOW=error,
                                           FAULT_AT=str(number))
                    result = WORKPLACE.call(job.command(run), env=settings)
                    self.assertEqual(result.returncode, 1 if error == "EIO" else 0, result.stderr)
                    if error == "EIO":
                        self.assertIn("may be lost in a power failure", result.stderr)


class SecondSignal(unittest.TestCase):
    """A command that hangs in a save ends at the second Ctrl-C."""

    def check(self, job, name, file):
        _, calls = recorded(job, name)
        number = 1 + next(i for i, call in enumerate(calls) if file + "." in call.file)
        run, log = WORKPLACE.path("stalled_" + name), WORKPLACE.path("stalled_log_" + name)
        for second, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            job.prepare(run)
            settings = environment(run, log, FAULT_HOW="STALL", FAULT_AT=str(number))
            process = subprocess.Popen([WORKPLACE.binary, *job.command(run)],
                                       env=clean_environment(settings), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            self.addCleanup(process.kill)
            deadline = time.monotonic() + 60
            while not os.path.exists(log) or len(calls_in(log)) < number:
                self.assertLess(time.monotonic(), deadline)
                self.assertIsNone(process.poll())
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            with self.assertRaises(subprocess.TimeoutExpired):  # the first one lets it save
                process.wait(timeout=0.3)
            process.send_signal(second)
            self.assertEqual(process.wait(timeout=30), code)
            os.remove(log)

    def test_training(self):
        self.check(Training(WORKPLACE, epochs=2), "train", "latest.safetensors")

    def test_streaming(self):
        self.check(Streaming(WORKPLACE), "stream", "streams.safetensors")


if __name__ == "__main__":
    LIBRARY = os.path.abspath(sys.argv.pop(2))
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
