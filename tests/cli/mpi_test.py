"""Training and evaluation by several processes: mpi_test.py BINARY

Exit code 77 if no MPI has both a module beside the binary and an mpirun.
"""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import unittest

from harness import TINY_MODEL, Workplace, clean_environment, combined

WORKPLACE = None
LAUNCHERS = {}  # name of the MPI: the command that starts its processes, but for their number
SHARDED = ["--shards", "8", "--epochs", "2", "--threads", "1", "--model", "elastic", *TINY_MODEL]
LONG = ["--epochs", "100000", "--patience", "0", "--save-every-s", "1000000"]
CLOCK_KEYS = ("seconds", "elapsed_s", "epoch_seconds")


def find_launchers(binary):
    """The MPIs of which both a module and an mpirun are there."""
    found = {}
    for name, programs, options, words in (
            ("openmpi", ("mpirun.openmpi", "mpirun"), ["--oversubscribe", "--bind-to", "none"],
             "Open MPI"),
            ("mpich", ("mpirun.mpich", "mpirun"), [], "HYDRA")):
        module = os.path.join(os.path.dirname(os.path.abspath(binary)), f"elastic-{name}.so")
        for program in programs:
            if not os.path.exists(module) or not shutil.which(program):
                continue
            answer = subprocess.run([program, "--version"], capture_output=True, text=True,
                                    check=False, timeout=60)
            if words in answer.stdout:
                found[name] = [program, *options]
                break
    return found


def mpi_environment(extra=None):
    return clean_environment({"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                              **(extra or {})})


def command(mpi, size, arguments):
    return [*LAUNCHERS[mpi], "-n", str(size), WORKPLACE.binary, *arguments]


def call(words, env=None):
    return subprocess.run(words, capture_output=True, text=True, cwd=WORKPLACE.folder.name,
                          env=mpi_environment(env), timeout=300, check=False)


def training(name, *options):
    return ["train", "--data", WORKPLACE.data, "--out", WORKPLACE.path(name),
            *combined(SHARDED, options)]


def read(name, file):
    with open(os.path.join(WORKPLACE.path(name), file), "rb") as content:
        return content.read()


def timeless(text):
    event = json.loads(text)
    return {key: value for key, value in event.items() if key not in CLOCK_KEYS}


def outcome(name):
    """The results of a run, without times."""
    checkpoint = read(name, "checkpoints/latest.safetensors")
    header = struct.unpack("<Q", checkpoint[:8])[0]
    return {"model": read(name, "model.safetensors"),
            "checkpoint": checkpoint[8 + header:],
            "metrics": [timeless(line) for line in read(name, "metrics.jsonl").splitlines()],
            "result": json.loads(read(name, "result.json"))["metrics"],
            "config": json.loads(read(name, "config.json"))}


def ranks_below(pid):
    """The processes of the binary among the descendants of `pid`, in the order of their ranks."""
    found = {}
    pending = [pid]
    while pending:
        parent = pending.pop()
        try:
            with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as file:
                pending += [int(child) for child in file.read().split()]
            if os.path.samefile(f"/proc/{parent}/exe", WORKPLACE.binary):
                with open(f"/proc/{parent}/environ", "rb") as file:
                    variables = dict(entry.split(b"=", 1) for entry in file.read().split(b"\0")
                                     if b"=" in entry)
                rank = variables.get(b"OMPI_COMM_WORLD_RANK", variables.get(b"PMI_RANK"))
                found[int(rank)] = parent
        except OSError:
            continue  # it has ended
    return [found[rank] for rank in sorted(found)]


class Ranks(unittest.TestCase):
    maxDiff = 2000

    def succeed(self, words, env=None):
        result = call(words, env)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def refuse(self, words, code, *messages, env=None):
        result = call(words, env)
        self.assertEqual(result.returncode, code, result.stderr)
        for message in messages:
            self.assertIn(message, result.stderr)
        return result

    def same(self, one, other):
        for part, value in outcome(one).items():
            self.assertTrue(value == outcome(other)[part], f"{part} of {one} and {other} differ")

    def start_long(self, mpi, name, *options):
        """A training that has saved its first checkpoint, and the processes of its ranks."""
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            command(mpi, 2, training(name, *combined(LONG, options))), cwd=WORKPLACE.folder.name, text=True,
            env=mpi_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        checkpoint = os.path.join(WORKPLACE.path(name), "checkpoints/latest.safetensors")
        while not os.path.exists(checkpoint):
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        ranks = ranks_below(process.pid)
        self.assertEqual(len(ranks), 2)
        return process, ranks

    def test_any_number_of_processes_gives_the_same_bits(self):
        for case, options in (("softmax", ["--loss", "softmax"]),
                              ("sampled", ["--loss", "sampled-softmax", "--negatives", "20"])):
            alone = f"{case}-alone"
            self.succeed([WORKPLACE.binary, *training(alone, *options)])
            for mpi in LAUNCHERS:
                for size in (1, 2, 3, 4):
                    name = f"{case}-{mpi}-{size}"
                    self.succeed(command(mpi, size, training(name, *options)))
                    self.same(alone, name)

    def test_a_run_resumes_with_another_number_of_processes(self):
        self.succeed([WORKPLACE.binary, *training("whole")])
        for mpi in LAUNCHERS:
            name = f"parts-{mpi}"
            for size, tokens, resumed in ((4, "300", False), (1, "3100", True), (3, "0", True)):
                options = ["--max-tokens", tokens]
                words = (["train", "--resume", "--out", WORKPLACE.path(name), *options]
                         if resumed else training(name, *options))
                self.succeed(command(mpi, size, words))
                steps = json.loads(read(name, "metrics.jsonl").splitlines()[-1])["total_steps"]
                self.assertGreater(steps, 0)
            self.same("whole", name)

    def test_a_signal_to_any_process_stops_all_after_the_same_step(self):
        for mpi in LAUNCHERS:
            process, ranks = self.start_long(mpi, f"stopped-{mpi}")
            os.kill(ranks[1], signal.SIGTERM)
            _, errors = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 143, errors)
            self.assertIn("stopped; the state is saved", errors)
            self.succeed([WORKPLACE.binary, "train", "--resume", "--out",
                          WORKPLACE.path(f"stopped-{mpi}"), "--max-time-s", "1e-9"])

    def test_a_save_signal_to_any_process_saves(self):
        mpi = next(iter(LAUNCHERS))
        _, ranks = self.start_long(mpi, "asked", "--batch-size", "8", "--cuts", "all",
                                   "--eval-every", "100000")
        checkpoint = os.path.join(WORKPLACE.path("asked"), "checkpoints/latest.safetensors")
        before = os.stat(checkpoint).st_ino
        os.kill(ranks[1], signal.SIGUSR1)
        while os.stat(checkpoint).st_ino == before:
            time.sleep(0.02)

    def test_a_killed_process_ends_all_and_leaves_a_whole_checkpoint(self):
        for mpi in LAUNCHERS:
            for victim in (0, 1):
                name = f"killed-{mpi}-{victim}"
                process, ranks = self.start_long(mpi, name, "--save-every-s", "0")
                os.kill(ranks[victim], signal.SIGKILL)
                process.communicate(timeout=120)
                self.assertNotEqual(process.returncode, 0)
                self.succeed([WORKPLACE.binary, "train", "--resume", "--out",
                              WORKPLACE.path(name), "--max-time-s", "1e-9"])

    def test_a_process_that_hangs_ends_all_after_the_time_limit(self):
        for mpi in LAUNCHERS:
            process, ranks = self.start_long(mpi, f"hung-{mpi}", "--collective-timeout-s", "1",
                                             "--eval-every", "100000")
            os.kill(ranks[1], signal.SIGSTOP)
            _, errors = process.communicate(timeout=120)
            self.assertNotEqual(process.returncode, 0)
            self.assertIn("rank 0 of 2 has waited 1 s for the other processes", errors)
            self.assertRegex(errors, "(gradients of|requests before) step [0-9]+")

    def test_an_error_of_one_process_has_its_exit_code(self):
        taken = WORKPLACE.write("taken", "a file")
        for mpi in LAUNCHERS:
            self.refuse(command(mpi, 2, training("x", "--out", taken)), 2, "taken")
            result = self.refuse(command(mpi, 2, training(f"nan-{mpi}", "--learning-rate", "1e38",
                                                          "--epochs", "30")), 5)
            self.assertEqual(result.stderr.count("training diverged"), 1, result.stderr)

    def test_processes_with_other_options_are_refused(self):
        for mpi, launcher in LAUNCHERS.items():
            one = training(f"differ-{mpi}")
            words = [*launcher, "-n", "1", WORKPLACE.binary, *one, ":", "-n", "1",
                     WORKPLACE.binary, *one, "--learning-rate", "0.5"]
            self.refuse(words, 2, "process 1 has another learning_rate than process 0: 0.5, not")
            self.assertFalse(os.path.exists(WORKPLACE.path(f"differ-{mpi}")))

    def test_processes_of_another_program_are_refused(self):
        other = os.path.join(WORKPLACE.folder.name, "build", "elastic")
        os.makedirs(os.path.dirname(other), exist_ok=True)
        shutil.copy(WORKPLACE.binary, other)
        with open(other, "ab") as file:
            file.write(b"more")
        for mpi, launcher in LAUNCHERS.items():
            module = f"elastic-{mpi}.so"
            os.symlink(os.path.join(os.path.dirname(os.path.abspath(WORKPLACE.binary)), module),
                       os.path.join(os.path.dirname(other), module))
            one = training(f"builds-{mpi}")
            words = [*launcher, "-n", "1", WORKPLACE.binary, *one, ":", "-n", "1", other, *one]
            self.refuse(words, 2, "process 1 has another program than process 0")

    def test_more_processes_than_shards_are_refused(self):
        for mpi in LAUNCHERS:
            self.refuse(command(mpi, 4, training("more", "--shards", "2")), 2,
                        "--shards: expected at least as many shards as processes, 4, got 2")

    def test_the_default_shards_are_the_next_power_of_two(self):
        mpi = next(iter(LAUNCHERS))
        words = training("default")
        place = words.index("--shards")
        del words[place:place + 2]
        self.succeed(command(mpi, 3, words))
        self.assertEqual(outcome("default")["config"]["shards"], 4)

    def test_what_several_processes_cannot_do_is_refused(self):
        mpi = next(iter(LAUNCHERS))
        self.refuse(command(mpi, 2, training("refit", "--refit", "all")), 2, "--refit")
        self.refuse(command(mpi, 2, ["sweep", "--data", WORKPLACE.data, "--out", "sweep", "--set",
                                     "dim=8,16"]), 2, "sweep: expected one process, got 2")

    def test_only_the_first_process_speaks_and_writes(self):
        mpi = next(iter(LAUNCHERS))
        one = self.succeed([WORKPLACE.binary, *training("speaks-1", "--json")])
        two = self.succeed(command(mpi, 2, training("speaks-2", "--json")))
        self.assertEqual(json.loads(one.stdout)["metrics"], json.loads(two.stdout)["metrics"])
        self.assertEqual(two.stderr.count("training elastic:"), 1)
        self.assertEqual(sorted(os.listdir(WORKPLACE.path("speaks-1"))),
                         sorted(os.listdir(WORKPLACE.path("speaks-2"))))

    def test_an_evaluation_has_the_same_bytes_with_any_number_of_processes(self):
        self.succeed([WORKPLACE.binary, *training("against", "--model", "softmax")])

        def output(size, mpi):
            ranks = WORKPLACE.path("ranks.tsv")
            words = ["eval", WORKPLACE.run, "--json", "--sampled", "uni:20,pop:20", "--swap-experts",
                     "--against", "against", "--ranks", ranks, "--threads", "1"]
            result = self.succeed([WORKPLACE.binary, *words] if mpi is None else command(mpi, size, words))
            with open(ranks, "rb") as file:
                return result.stdout, file.read()
        alone = output(1, None)
        self.assertIn('"sampled', alone[0])
        for mpi in LAUNCHERS:
            for size in (2, 3):
                self.assertEqual(alone, output(size, mpi))

    def test_an_evaluation_ends_with_the_exit_code_of_a_process_that_fails(self):
        for mpi, launcher in LAUNCHERS.items():
            one = ["eval", WORKPLACE.run]
            for more, code, message in (
                    (["--data", "missing.csv"], 3, "missing.csv"),
                    (["--repeats", "miss"], 2, "process 1 has another repeats than process 0")):
                self.refuse([*launcher, "-n", "1", WORKPLACE.binary, *one, ":", "-n", "1",
                             WORKPLACE.binary, *one, *more], code, message)
            result = self.refuse(command(mpi, 2, [*one, "--fail-below", "NDCG@10=2"]), 8, "NDCG@10")
            self.assertIn("NDCG@10", result.stdout)

    def test_an_evaluation_ends_if_a_process_dies_or_hangs(self):
        data = WORKPLACE.path("never-written")
        os.mkfifo(data)
        for mpi, launcher in LAUNCHERS.items():
            for limit, sent in (("600", signal.SIGKILL), ("1", None)):
                one = [WORKPLACE.binary, "eval", WORKPLACE.run, "--collective-timeout-s", limit]
                process = subprocess.Popen(  # pylint: disable=consider-using-with
                    [*launcher, "-n", "1", *one, ":", "-n", "1", *one, "--data", data],
                    cwd=WORKPLACE.folder.name, text=True, env=mpi_environment(),
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                self.addCleanup(process.communicate)
                self.addCleanup(process.kill)
                if sent is not None:
                    with open(data, "wb"):  # rank 1 reads
                        os.kill(ranks_below(process.pid)[1], sent)
                _, errors = process.communicate(timeout=120)
                self.assertNotEqual(process.returncode, 0)
                if sent is None:
                    self.assertIn("rank 0 of 2 has waited 1 s for the other processes: comparison of "
                                  "the options", errors)

    def test_other_commands_work_in_the_first_process(self):
        users = WORKPLACE.write("users.txt", "u1\nu2\n")
        for mpi in LAUNCHERS:
            arguments = ["predict", WORKPLACE.run, "--users", users]
            plain = self.succeed([WORKPLACE.binary, *arguments])
            several = self.succeed(command(mpi, 2, arguments))
            self.assertEqual(plain.stdout, several.stdout)
            self.assertNotEqual(plain.stdout, "")
            self.assertIn("rank 1 of 2: ends at once; predict works in the first process",
                          several.stderr)

    def test_the_module_of_another_mpi_is_refused(self):
        if len(LAUNCHERS) < 2:
            self.skipTest("needs both Open MPI and MPICH")
        for mpi, other in (("openmpi", "mpich"), ("mpich", "openmpi")):
            self.refuse(command(mpi, 2, training(f"wrong-{mpi}", "--mpi", other)), 2,
                        "but MPI sees 1", "choose the other module with --mpi")
            self.assertFalse(os.path.exists(WORKPLACE.path(f"wrong-{mpi}")))


if __name__ == "__main__":
    LAUNCHERS = find_launchers(sys.argv[1])
    if not LAUNCHERS:
        print("skipped: no MPI (a module beside the binary, and its mpirun)")
        sys.exit(77)
    WORKPLACE = Workplace(sys.argv[1])
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
