"""The state saved after signals, closed pipes and pauses of the input: signals_test.py BINARY"""

import json
import os
import shutil
import signal
import subprocess
import sys
import unittest

from behaviour_test import LONG_TRAINING, metrics_of, wait_for
from harness import TINY_MODEL, Workplace, combined

WORKPLACE = None
NEVER_SAVE = ["--save-every-s", "1000000"]


class Training(unittest.TestCase):
    def start(self, name, *options):
        run = WORKPLACE.path(name)
        process = WORKPLACE.start(["train", "--data", WORKPLACE.data, "--out", run,
                                   *combined(LONG_TRAINING, options)],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return run, process

    def test_sigusr1_saves_and_training_continues(self):
        run, process = self.start("asked", *NEVER_SAVE, "--batch-size", "1")
        wait_for(lambda: os.path.exists(os.path.join(run, "metrics.jsonl")))
        checkpoint = os.path.join(run, "checkpoints/latest.safetensors")
        before = os.path.getmtime(checkpoint) if os.path.exists(checkpoint) else 0
        process.send_signal(signal.SIGUSR1)
        while "saved after step" not in process.stderr.readline():
            self.assertIsNone(process.poll())
        self.assertGreater(os.path.getmtime(checkpoint), before)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143)

    def test_sigusr1_while_the_process_starts_is_kept(self):
        def block():
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
            os.kill(os.getpid(), signal.SIGUSR1)  # pending from the first instruction on
        run = WORKPLACE.path("early")
        process = WORKPLACE.start(["train", "--data", WORKPLACE.data, "--out", run, "--epochs",
                                   "100000", "--patience", "100000", *NEVER_SAVE, *TINY_MODEL],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True, preexec_fn=block)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        while "saved after step" not in process.stderr.readline():
            self.assertIsNone(process.poll())

    def test_killed_runs_resume_without_losing_or_repeating_an_epoch(self):
        run, process = self.start("killed")
        wait_for(lambda: os.path.exists(os.path.join(run, "metrics.jsonl")) and
                 len(metrics_of(run)) > 4)
        process.kill()
        process.communicate()
        result = WORKPLACE.call(["train", "--resume", "--out", run, "--max-time-s", "1e-9"])
        self.assertEqual(result.returncode, 0, result.stderr)
        epochs = [event["epoch"] for event in metrics_of(run) if event["event"] == "epoch"]
        self.assertEqual(epochs, list(range(1, len(epochs) + 1)))
        self.assertGreater(len(epochs), 1)

    def test_evaluations_report_the_experts(self):
        evaluation = [event for event in metrics_of(WORKPLACE.run)
                      if event["event"] == "evaluation"][-1]
        self.assertEqual(evaluation["experts_pool"], 16)
        self.assertLessEqual(evaluation["experts_used"], 16)
        self.assertLessEqual(evaluation["expert_entropy"], 1.0)
        with open(os.path.join(WORKPLACE.run, "result.json"), encoding="utf-8") as file:
            experts = json.load(file)["experts"]
        self.assertEqual(len(experts["users_of_expert"]), experts["experts_used"])
        self.assertEqual(sum(experts["users_of_expert"]), 60 * 4)  # k experts of every user


class Streams(unittest.TestCase):
    def setUp(self):
        self.run_folder = WORKPLACE.path("stream_" + self.id().rsplit(".", 1)[-1])
        shutil.copytree(WORKPLACE.stream_run, self.run_folder)
        self.states = os.path.join(self.run_folder, "streams.safetensors")

    def start(self, *options):
        process = WORKPLACE.start(["predict", self.run_folder, "--stream", "-k", "3", *options],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def ask(self, process, line):
        process.stdin.write(line + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def answers(self, text, *options):
        result = WORKPLACE.call(["predict", self.run_folder, "--stream", "-k", "3", *options],
                                stdin=text)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def test_sigusr1_saves_while_the_input_pauses(self):
        process = self.start(*NEVER_SAVE)
        before = self.ask(process, "new m5")
        self.assertFalse(os.path.exists(self.states))
        process.send_signal(signal.SIGUSR1)
        wait_for(lambda: os.path.exists(self.states))
        self.assertIsNone(process.poll())
        self.ask(process, "new m6")
        process.kill()
        process.communicate()
        self.assertEqual(self.answers("new\n")[0]["items"], before["items"])

    def test_states_are_saved_on_time_without_further_events(self):
        process = self.start("--save-every-s", "0.1")
        self.ask(process, "new m5")
        wait_for(lambda: os.path.exists(self.states))
        self.assertIsNone(process.poll())

    def test_a_closed_pipe_loses_no_event(self):
        process = self.start(*NEVER_SAVE)
        self.ask(process, "new m5")
        process.stdout.close()
        process.stdin.write("new m6\n")
        process.stdin.flush()
        self.assertEqual(process.wait(timeout=60), 0)
        process.stdout = None
        self.assertTrue(os.path.exists(self.states))

    def test_the_same_input_again_reads_each_event_once(self):
        lines = [f"u{i % 3} m{i % 40 + 1}\n" for i in range(10)]
        whole = self.answers("".join(lines) + "u1\n")[-1]["items"]
        os.remove(self.states)
        self.answers("".join(lines[:6]))
        again = self.answers("".join(lines) + "u1\n", "--resume")
        self.assertEqual(len(again), 5)
        for one, other in zip(again[-1]["items"], whole):
            self.assertEqual(one["id"], other["id"])
            self.assertAlmostEqual(one["score"], other["score"], delta=1e-5)
        self.assertEqual(self.answers("".join(lines) + "u1\n", "--resume"), [])

    def test_resuming_with_a_shorter_input_is_refused(self):
        self.answers("a m1\na m2\n")
        result = WORKPLACE.call(["predict", self.run_folder, "--stream", "--resume"],
                                stdin="a m1\n")
        self.assertEqual(result.returncode, 2)
        self.assertIn("has read 2 lines, standard input has 1", result.stderr)


class SecondSignal(unittest.TestCase):
    def test_a_second_interrupt_ends_at_once_and_the_run_resumes(self):
        run = WORKPLACE.path("twice")
        process = WORKPLACE.start(["train", "--data", WORKPLACE.data, "--out", run, *LONG_TRAINING],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(os.path.join(run, "model.safetensors")))
        for _ in range(2):
            process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 130)
        result = WORKPLACE.call(["train", "--resume", "--out", run, "--max-time-s", "1e-9"])
        self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    import behaviour_test
    WORKPLACE = behaviour_test.WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
