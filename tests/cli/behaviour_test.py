"""Tests of signals, resuming, pipes and terminals. behaviour_test.py BINARY"""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

from harness import TINY_MODEL, Workplace, clean_environment, tested

WORKPLACE = None
LONG_TRAINING = ["--epochs", "100000", "--patience", "100000", "--save-every-s", "0.2", *TINY_MODEL]


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


def metrics_of(run):
    with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Stopping(unittest.TestCase):
    def interrupted_run(self, name, number, code):
        run = WORKPLACE.path(name)
        process = WORKPLACE.start(["train", "--data", WORKPLACE.data, "--out", run, *LONG_TRAINING],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: os.path.exists(os.path.join(run, "model.safetensors")))
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, errors)
        self.assertEqual(output, "")
        self.assertIn(f"elastic train --resume --out {run}", errors)
        return run

    def test_interrupt_saves_and_resume_continues(self):
        run = self.interrupted_run("interrupted", signal.SIGINT, 130)
        epochs = len({event["epoch"] for event in metrics_of(run) if "epoch" in event})
        result = WORKPLACE.call(["train", "--resume", "--out", run, "--epochs", str(epochs + 2)])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("NDCG", result.stdout)
        self.assertTrue(os.path.exists(os.path.join(run, "result.json")))

    def test_terminate_saves(self):
        self.interrupted_run("terminated", signal.SIGTERM, 143)

    def test_resumed_run_equals_the_uninterrupted_one(self):
        options = ["--data", WORKPLACE.data, "--patience", "100000", *TINY_MODEL]
        whole, parts = WORKPLACE.path("whole"), WORKPLACE.path("parts")
        result = WORKPLACE.call(["train", "--out", whole, "--epochs", "6", *options])
        self.assertEqual(result.returncode, 0, result.stderr)
        result = WORKPLACE.call(["train", "--out", parts, "--epochs", "2", *options])
        self.assertEqual(result.returncode, 0, result.stderr)
        result = WORKPLACE.call(["train", "--resume", "--out", parts, "--epochs", "6"])
        self.assertEqual(result.returncode, 0, result.stderr)
        for name in ("model.safetensors", "result.json"):
            with open(os.path.join(whole, name), "rb") as one:
                with open(os.path.join(parts, name), "rb") as other:
                    self.assertEqual(one.read(), other.read(), name)


class Pipes(unittest.TestCase):
    def test_an_answer_is_written_while_the_input_pauses(self):
        process = WORKPLACE.start(["predict", WORKPLACE.run, "--histories", "-k", "2"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for line in ("m1 m2", "m3"):
            process.stdin.write(line + "\n")
            process.stdin.flush()
            self.assertEqual(len(json.loads(process.stdout.readline())["items"]), 2)
        process.stdin.close()
        self.assertEqual(process.wait(timeout=60), 0)
        process.stdout.close()

    @unittest.skipUnless(os.path.exists("/proc/self/comm"), "no /proc")
    def test_the_process_keeps_its_name_and_input(self):
        # If the user sets no waiting policy, the program sets its own and runs itself again.
        environment = clean_environment()
        del environment["OMP_WAIT_POLICY"]
        with subprocess.Popen([WORKPLACE.binary, "predict", WORKPLACE.run, "-q", "--histories"],
                              env=environment, text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            process.stdin.write("m1 m2\n")
            process.stdin.flush()
            self.assertIn('"items"', process.stdout.readline())
            with open(f"/proc/{process.pid}/comm", encoding="utf-8") as file:
                self.assertEqual(file.read().strip(), os.path.basename(WORKPLACE.binary)[:15])
            process.stdin.close()
            self.assertEqual(process.wait(timeout=60), 0)

    def test_a_closed_pipe_is_not_a_failure(self):
        process = WORKPLACE.start(["predict", WORKPLACE.run, "--histories", "-k", "20"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        process.stdin.write("m1 m2\n")
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        try:
            for _ in range(200):
                process.stdin.write("m1 m2\n")
                process.stdin.flush()
                time.sleep(0.001)
            process.stdin.close()
        except BrokenPipeError:
            pass
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(process.stderr.read(), "")
        process.stderr.close()

    def test_answers_do_not_depend_on_the_chunks_of_the_input(self):
        questions = [f"m{i + 1} m{(i * 5) % 40 + 1} m{(i * 3) % 40 + 1}" for i in range(40)]
        arguments = ["predict", WORKPLACE.run, "--histories", "-k", "3"]
        together = WORKPLACE.call(arguments, stdin="\n".join(questions)).stdout.splitlines()
        self.assertEqual(len(together), 40)
        for i in (0, 7, 39):
            alone = json.loads(WORKPLACE.call(arguments, stdin=questions[i]).stdout)
            self.assertEqual(alone["items"], json.loads(together[i])["items"])

    def test_a_full_disk_is_a_failure(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            process = WORKPLACE.start(["eval", WORKPLACE.run], stdout=full, stderr=subprocess.PIPE)
            self.assertIn(b"No space left", process.communicate(timeout=60)[1])
            self.assertEqual(process.returncode, 1)


class Streams(unittest.TestCase):
    EVENTS = [f"m{event * 7 % 40 + 1}" for event in range(15)]

    def stream(self, run, text, *options):
        result = WORKPLACE.call(["predict", run, "--stream", "-k", "3", *options], stdin=text)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def answer_to_history(self, run, events):
        question = json.dumps({"user": "new", "history": events})
        result = WORKPLACE.call(["predict", run, "-k", "3"], stdin=question)
        return json.loads(result.stdout)

    def assert_same(self, first, second):
        self.assertEqual([item["id"] for item in first["items"]],
                         [item["id"] for item in second["items"]])
        for one, other in zip(first["items"], second["items"]):
            self.assertAlmostEqual(one["score"], other["score"], delta=2e-5)  # printed digits

    def test_each_event_is_answered_as_its_whole_history_would_be(self):
        run = WORKPLACE.stream_run
        answers = self.stream(run, "".join(f"new {event}\n" for event in self.EVENTS))
        for count in (1, 2, 15):
            self.assert_same(answers[count - 1], self.answer_to_history(run, self.EVENTS[:count]))

    def test_states_are_kept_with_the_run(self):
        run = WORKPLACE.stream_run
        for event in self.EVENTS[:4]:
            self.stream(run, json.dumps({"user": "new", "item": event}))
        whole = self.answer_to_history(run, self.EVENTS[:4])
        self.assert_same(self.stream(run, "new")[0], whole)
        self.stream(run, "other m1\n")
        self.assert_same(self.stream(run, "new")[0], whole)

    def test_users_in_one_batch_do_not_mix(self):
        run = WORKPLACE.stream_run
        lines = [f"{user} {event}\n" for event in self.EVENTS for user in ("a", "b")]
        answers = self.stream(run, "".join(lines) + "a\nb\n")
        whole = self.answer_to_history(run, self.EVENTS)
        self.assert_same(answers[-2], whole)
        self.assert_same(answers[-1], whole)

    def test_a_question_is_answered_from_the_events_before_it(self):
        run = WORKPLACE.stream_run
        answers = self.stream(run, "new m1\nnew\nnew m2\nother m7\nnew\n")  # one batch
        for answer, events in zip(answers, (["m1"], ["m1"], ["m1", "m2"], ["m7"], ["m1", "m2"])):
            self.assert_same(answer, self.answer_to_history(run, events))
        # As the first line of a batch, of a user with a state.
        answers = self.stream(run, "new\nnew m3\nnew\n")
        for answer, events in zip(answers, (["m1", "m2"], ["m1", "m2", "m3"], ["m1", "m2", "m3"])):
            self.assert_same(answer, self.answer_to_history(run, events))

    def test_a_known_user_continues_from_the_data(self):
        run = WORKPLACE.stream_run
        plain = json.loads(WORKPLACE.call(["predict", run, "-k", "3"], stdin="u1\n").stdout)
        self.assert_same(self.stream(run, "u1\n", "--from-data")[0], plain)

    def test_rows_that_repeat_the_history_add_their_last_item_only(self):
        rows = [f"u{user}\t{' '.join(items[:n])}\t{items[n]}\n" for user in range(9)
                for items in [[f"m{(user * step + step) % 11}" for step in range(6)]]
                for n in range(1, 6)]
        log = WORKPLACE.write("prefixes.tsv", "user_id:token\titem_id_list:token_seq\titem_id:token\n"
                              + "".join(rows))
        run = WORKPLACE.path("prefixes")
        result = WORKPLACE.call(["train", "--data", log, "--out", run, "--model", "elastic-causal",
                                 "--position", "none", "--epochs", "1", *TINY_MODEL])
        self.assertEqual(result.returncode, 0, result.stderr)
        answers = self.stream(run, "new\tm1 m2\tm3\nnew\tm1 m2 m3\tm4\nnew\tm1 m2 m3 m4\tother\n")
        for answer, events in zip(answers, (["m1", "m2", "m3"], ["m1", "m2", "m3", "m4"],
                                            ["m1", "m2", "m3", "m4"])):
            self.assert_same(answer, self.answer_to_history(run, events))

    def test_an_interrupt_saves(self):
        run = WORKPLACE.stream_run
        process = WORKPLACE.start(["predict", run, "--stream"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdin.write("new m5\n")
        process.stdin.flush()
        self.assertIn("new", process.stdout.readline())
        busy = WORKPLACE.call(["predict", run, "--stream"], stdin="new m5\n")
        self.assertEqual(busy.returncode, 2)
        self.assertIn("in use by another process", busy.stderr)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assert_same(self.stream(run, "new")[0], self.answer_to_history(run, ["m5"]))

    def test_states_of_another_model_are_refused(self):
        run = WORKPLACE.stream_run
        self.stream(run, "new m5\n")
        copy = WORKPLACE.path("streaming_again")
        result = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out", copy, "--model",
                                 "elastic-causal", "--position", "none", "--epochs", "1", "--seed",
                                 "8", *TINY_MODEL])
        self.assertEqual(result.returncode, 0, result.stderr)
        shutil.copy(os.path.join(run, "streams.safetensors"), copy)
        result = WORKPLACE.call(["predict", copy, "--stream"], stdin="new m5\n")
        self.assertEqual(result.returncode, 6)
        self.assertIn("streams.safetensors", result.stderr)

    def test_a_model_without_states_is_refused(self):
        result = WORKPLACE.call(["predict", WORKPLACE.run, "--stream"], stdin="u1 m1\n")
        self.assertEqual(result.returncode, 2)
        self.assertIn("model elastic cannot read a stream", result.stderr)


class Terminals(unittest.TestCase):
    def test_progress_is_one_live_line(self):
        controller, terminal = pty.openpty()
        process = WORKPLACE.start(["train", "--data", WORKPLACE.data, "--out",
                                   WORKPLACE.path("watched"), "--max-time-s", "2", *LONG_TRAINING],
                                  stdout=subprocess.PIPE, stderr=terminal)
        os.close(terminal)
        shown = b""
        while True:
            try:
                piece = os.read(controller, 65536)
            except OSError:  # Linux reports the closed other end in this way
                break
            if not piece:
                break
            shown += piece
        os.close(controller)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertGreater(shown.count(b"\r"), 2)
        self.assertIn(b"examples/s", shown)

    def test_the_time_left_is_that_of_the_run(self):
        controller, terminal = pty.openpty()
        process = WORKPLACE.start(["train", "--data", WORKPLACE.data, "--out",
                                   WORKPLACE.path("long"), *LONG_TRAINING],
                                  stdout=subprocess.PIPE, stderr=terminal)
        os.close(terminal)
        shown = b""
        end = time.monotonic() + 60
        while not re.search(rb"left \d", shown) and time.monotonic() < end:
            shown += os.read(controller, 65536)
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        try:
            while os.read(controller, 65536):
                pass
        except OSError:  # closed by the process
            pass
        os.close(controller)
        process.wait(timeout=60)
        # An epoch takes a fraction of a second, all of them minutes.
        self.assertRegex(shown, rb"left ([1-9]|0:[1-9])")

    def test_progress_without_a_terminal_is_plain_lines(self):
        result = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out",
                                 WORKPLACE.path("logged"), "--max-time-s", "1", *LONG_TRAINING])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("\r", result.stderr)
        self.assertNotIn("\033", result.stderr)


class Runs(unittest.TestCase):
    def test_a_run_serves_histories_without_its_data(self):
        moved = WORKPLACE.path("moved")
        shutil.copytree(WORKPLACE.run, moved)
        config = os.path.join(moved, "config.json")
        with open(config, encoding="utf-8") as file:
            values = json.load(file)
        values["data"] = "/gone.csv"
        with open(config, "w", encoding="utf-8") as file:
            json.dump(values, file)
        self.assertEqual(
            WORKPLACE.call(["predict", moved, "--histories"], stdin="m1\n").returncode, 0)
        missing = WORKPLACE.call(["predict", moved], stdin="u1\n")
        self.assertEqual(missing.returncode, 3)
        self.assertIn("/gone.csv", missing.stderr)
        found = WORKPLACE.call(["eval", moved, "--data", WORKPLACE.data])
        self.assertEqual(found.returncode, 0, found.stderr)

    def test_the_config_of_a_run_reproduces_it(self):
        again = WORKPLACE.path("again")
        config = os.path.join(WORKPLACE.run, "config.json")
        result = WORKPLACE.call(["train", "--config", config, "--out", again])
        self.assertEqual(result.returncode, 0, result.stderr)
        for name in ("model.safetensors", "result.json", "config.json", "items.tsv"):
            with open(os.path.join(WORKPLACE.run, name), "rb") as one:
                with open(os.path.join(again, name), "rb") as other:
                    self.assertEqual(one.read(), other.read(), name)

    def test_eval_repeats_the_result_of_training(self):
        result = WORKPLACE.call(["eval", WORKPLACE.run, "--json"])
        with open(os.path.join(WORKPLACE.run, "result.json"), encoding="utf-8") as file:
            self.assertEqual(json.loads(result.stdout), tested(json.load(file)))

    def test_a_printed_config_reads_back(self):
        printed = WORKPLACE.call(["train", "--print-config", "--dim", "48"]).stdout
        config = WORKPLACE.write("printed.json", printed)
        again = WORKPLACE.call(["train", "--print-config", "--config", config]).stdout
        self.assertIn('"dim": 48,                            // ' + config, again)

    def test_damaged_files_are_named(self):
        for name, text in (("model.safetensors", "junk"), ("config.json", "{"),
                           ("data.json", "[]"), ("items.tsv", "")):
            with self.subTest(name):
                damaged = WORKPLACE.path("damaged_" + name)
                shutil.copytree(WORKPLACE.run, damaged)
                with open(os.path.join(damaged, name), "w", encoding="utf-8") as file:
                    file.write(text)
                result = WORKPLACE.call(["predict", damaged], stdin="u1\n")
                self.assertEqual(result.returncode, 6, result.stderr)
                self.assertIn(name, result.stderr)


class UnreadableFolder(unittest.TestCase):
    def test_it_is_named(self):
        run = WORKPLACE.path("unreadable")
        shutil.copytree(WORKPLACE.run, run)
        folder = os.path.join(run, "checkpoints")
        os.chmod(folder, 0)
        self.addCleanup(os.chmod, folder, 0o755)
        os.chmod(WORKPLACE.folder.name, 0o755)

        def become_another_user():  # root may read all folders
            if os.geteuid() == 0:
                os.setuid(65534)
        try:
            result = subprocess.run([WORKPLACE.binary, "train", "--data", WORKPLACE.data, "--out",
                                     run], capture_output=True, text=True, check=False, cwd="/",
                                    env=clean_environment(), preexec_fn=become_another_user)
        except PermissionError:
            self.skipTest("the binary lies in a folder that other users cannot read")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn(folder + ": cannot be read: Permission denied", result.stderr)


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
