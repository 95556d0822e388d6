"""Tests of elastic sweep. sweep_test.py BINARY"""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

from behaviour_test import wait_for
from harness import Workplace

WORKPLACE = None
# Enough epochs for a signal to arrive between the first and the last training.
OPTIONS = {"--model": "softmax", "--epochs": "12", "--patience": "12", "--learning-rate": "0.01",
           "--dim": "16", "--ffn-dim": "32", "--num-layers": "1", "--max-len": "20",
           "--batch-size": "32"}
GRID = ["--set", "dropout=0,0.2", "--set", "ffn_dim=16,32", "--seeds", "1,2"]


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def read_bytes(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def read_json(*path):
    return json.loads(read(*path))


def arguments(name, *options):
    fixed = [word for pair in OPTIONS.items() if pair[0] not in options for word in pair]
    return ["sweep", "--data", WORKPLACE.data, "--out", WORKPLACE.path(name), *fixed, *options]


def sweep(name, *options, code=0):
    """The folder and the result of the call."""
    result = WORKPLACE.call(arguments(name, *options))
    assert result.returncode == code, (result.returncode, result.stderr)
    return WORKPLACE.path(name), result


def timeless(value):
    """A table without its times."""
    if isinstance(value, dict):
        return {key: timeless(part) for key, part in value.items() if key != "seconds"}
    return [timeless(part) for part in value] if isinstance(value, list) else value


def outcome(folder):
    """The results that no interruption may change."""
    models = {run: read_bytes(folder, "runs", run, "model.safetensors")
              for run in sorted(os.listdir(os.path.join(folder, "runs")))
             if os.path.exists(os.path.join(folder, "runs", run, "model.safetensors"))}
    rows = [{key: cell for key, cell in row.items() if key != "seconds"}
            for row in csv.DictReader(read(folder, "table.csv").splitlines())]
    text = re.sub(r" +\d+:\d\d ", " ", read(folder, "table.txt"))
    return (models, rows, text, timeless(read_json(folder, "table.json")),
            read_json(folder, "best.json"))


class Grid(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder, cls.result = sweep("grid", *GRID)
        cls.table = read_json(cls.folder, "table.json")

    def results(self, configuration):
        return [read_json(self.folder, training["run"], "result.json")
                for training in configuration["trainings"]]

    def test_the_best_mean_of_the_validation_is_chosen(self):
        self.assertEqual(len(self.table["configurations"]), 4)
        means = []
        for configuration in self.table["configurations"]:
            values = [result["validation"]["metrics"]["NDCG@10"]
                      for result in self.results(configuration)]
            self.assertEqual(len(values), 2)
            mean = sum(values) / 2
            self.assertAlmostEqual(configuration["validation"]["NDCG@10"]["mean"], mean, places=12)
            self.assertAlmostEqual(configuration["validation"]["NDCG@10"]["standard_deviation"],
                                   abs(values[0] - values[1]) / 2 ** 0.5, places=12)
            means.append(mean)
        self.assertEqual(means, sorted(means, reverse=True))
        self.assertEqual(self.table["best"], self.table["configurations"][0]["settings"])
        self.assertEqual([one["state"] for one in self.table["configurations"]],
                         ["best", "trained", "trained", "trained"])

    def test_only_the_best_one_is_evaluated_on_the_test(self):
        best, *others = self.table["configurations"]
        tests = [result["metrics"]["NDCG@10"] for result in self.results(best)]
        self.assertAlmostEqual(self.table["test"]["metrics"]["NDCG@10"]["mean"], sum(tests) / 2,
                               places=12)
        for configuration in others:
            for result in self.results(configuration):
                self.assertEqual(set(result), {"validation", "training", "run"})
        self.assertEqual(self.table["test"]["tested_before"], [])
        self.assertIn("test, evaluated for this configuration only", self.result.stdout)

    def test_best_json_repeats_the_first_seed_of_the_best_one(self):
        run = WORKPLACE.path("repeated")
        result = WORKPLACE.call(["train", "--config", os.path.join(self.folder, "best.json"),
                                 "--out", run, "--json"])
        self.assertEqual(result.returncode, 0, result.stderr)
        first = self.results(self.table["configurations"][0])[0]
        self.assertEqual(json.loads(result.stdout), first)
        self.assertEqual(read_json(run, "result.json"), first)

    def test_every_training_is_a_run_with_a_log(self):
        for values in ("dropout=0.0_ffn-dim=16", "dropout=0.2_ffn-dim=32"):
            for seed in (1, 2):
                name = f"{values}_seed={seed}"
                config = read_json(self.folder, "runs", name, "config.json")
                self.assertEqual(config["seed"], seed)
                self.assertIn(f"dropout={config['dropout']}_ffn-dim={config['ffn_dim']}_", name)
                self.assertIn("12 epochs", read(self.folder, "logs", name + ".log"))
        self.assertEqual(len(os.listdir(os.path.join(self.folder, "runs"))), 8)

    def test_the_same_command_trains_nothing_again(self):
        before = outcome(self.folder)
        log = os.path.join(self.folder, "logs", "dropout=0.0_ffn-dim=16_seed=1.log")
        size = os.path.getsize(log)
        for form, name in (("json", "table.json"), ("csv", "table.csv"), ("table", "table.txt")):
            result = sweep("grid", *GRID, "-o", form)[1]
            self.assertEqual(result.stdout, read(self.folder, name))
        self.assertEqual(outcome(self.folder), before)
        self.assertEqual(os.path.getsize(log), size)

    def test_another_plan_is_refused(self):
        for change, text in ((["--set", "dropout=0,0.3", *GRID[2:]], "--set dropout=0,0.2"),
                             ([*GRID, "--num-heads", "1"], "--num-heads 2, not 1"),
                             ([*GRID[:4], "--seeds", "1"], "--seeds 1,2, not 1"),
                             ([*GRID, "--search", "halving"], "--search grid, not halving")):
            result = sweep("grid", *change, code=2)[1]
            self.assertIn(text, result.stderr)

    def test_the_report_shows_options_and_curves_and_refers_to_nothing_else(self):
        page = read(self.folder, "report.html")
        for text in ("NDCG@10 and dropout", "NDCG@10 and ffn_dim", "of the best configurations",
                     "Best configuration", "<h2>Test</h2>"):
            self.assertIn(text, page)
        scatter = page[page.index("NDCG@10 and dropout"):page.index("NDCG@10 and ffn_dim")]
        self.assertIn("<circle", scatter)
        self.assertNotIn("<path", scatter)  # trainings are not joined
        self.assertNotRegex(page, r"<script|src=|url\(|https?://")

    def test_a_larger_plan_adds_trainings(self):
        folder = WORKPLACE.path("larger")
        shutil.copytree(self.folder, folder)
        sweep("larger", "--set", "dropout=0,0.2", "--set", "ffn_dim=16,32", "--seeds", "1,2,3",
              "--jobs", "2")
        table = read_json(folder, "table.json")
        self.assertEqual({len(one["trainings"]) for one in table["configurations"]}, {3})


class Interruptions(unittest.TestCase):
    def start(self, name, *options):
        process = WORKPLACE.start(arguments(name, *GRID, *options), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return WORKPLACE.path(name), process

    def test_killed_and_interrupted_sweeps_continue_to_the_same_table(self):
        whole = outcome(Grid.folder if hasattr(Grid, "folder") else sweep("grid", *GRID)[0])
        folder, process = self.start("interrupted", "--jobs", "2")
        runs = os.path.join(folder, "runs")
        ended = lambda: [run for run in os.listdir(runs)
                         if os.path.exists(os.path.join(runs, run, "result.json"))]
        wait_for(lambda: os.path.isdir(runs) and ended())
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertFalse(os.path.exists(os.path.join(folder, "table.txt")))
        before = len(ended())
        self.assertLess(before, 8)

        _, process = self.start("interrupted", "--jobs", "2")
        wait_for(lambda: len(ended()) > before)
        process.kill()
        process.wait()
        self.assertLess(len(ended()), 8)

        # Waits for the trainings that the killed process has left.
        sweep("interrupted", *GRID, "--jobs", "2")
        self.assertEqual(outcome(folder), whole)

    def test_a_folder_is_used_by_one_sweep_at_a_time(self):
        folder, process = self.start("twice")
        wait_for(lambda: os.path.isdir(os.path.join(folder, "runs")))
        self.assertIn("in use by another sweep", sweep("twice", *GRID, code=2)[1].stderr)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        self.assertEqual(process.returncode, 143)


class Refusals(unittest.TestCase):
    def test_mistakes_are_refused_before_anything_starts(self):
        for change, texts in (
                (["--set", "dropuot=0,1"], ["unknown option", "did you mean dropout?"]),
                (["--set", "schedule=constant,cosin"], ["--set schedule", "did you mean cosine?"]),
                (["--set", "dropout=0,2"], ["--set dropout"]),
                (["--set", "weight_decay=0,0.1"], ["--optimizer adamw", "weight_decay=0.1"]),
                (["--set", "dropout"], ["OPTION=VALUES"]),
                (["--set", "seed=1,2"], ["--seeds"]),
                (["--set", "split=ratio"], ["not be comparable"]),
                (["--set", "dropout=0", "--search", "gird"], ["did you mean grid?"]),
                (["--set", "dropout=0", "--trials", "3"], ["--trials", "grid"]),
                (["--set", "dropout=uniform:0:1", "--search", "grid"], ["--search random"]),
                (["--set", "epochs=1,2", "--search", "halving"], ["--set epochs"]),
                (["--set", "dropout=0", "--seeds", "1,x"], ["--seeds"]),
                (["--set", "dropout=0", "--seeds", "1,2", "--seed", "3"], ["--seed"]),
                (["--set", "dropout=0", "--budget", "2"], ["--budget", "2h"]),
                (["--set", "dropout=0", "--refit", "all"], ["best.json --refit all"]),
                (["--set", "dropout=0", "--jobs", "0"], ["--jobs"]),
                ([], ["--set"])):
            result = sweep("refused", *change, code=2)[1]
            for text in texts:
                self.assertIn(text, result.stderr, change)
            self.assertFalse(os.path.exists(WORKPLACE.path("refused")), change)
        result = WORKPLACE.call(["sweep", "--out", WORKPLACE.path("refused"), "--set", "dim=1"])
        self.assertEqual(result.returncode, 2)
        self.assertIn("--data", result.stderr)

    def test_a_folder_with_other_files_is_refused(self):
        os.makedirs(WORKPLACE.path("other"))
        WORKPLACE.write("other/mine.txt", "x")
        result = sweep("other", "--set", "dropout=0", code=2)[1]
        self.assertIn("not empty", result.stderr)

    def test_train_without_its_test_needs_a_validation(self):
        result = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out",
                                 WORKPLACE.path("refused"), "--no-test", "--refit", "all"])
        self.assertEqual(result.returncode, 2)
        self.assertIn("--refit", result.stderr)


class Trainings(unittest.TestCase):
    def test_a_failed_training_is_tried_twice_and_reported(self):
        options = ["--set", "learning_rate=0.01,1e30", "--epochs", "2"]
        folder, result = sweep("failing", *options)
        best, failed = read_json(folder, "table.json")["configurations"]
        self.assertEqual((best["state"], failed["state"]), ("best", "failed"))
        self.assertIn("exit code 5", failed["trainings"][0]["failure"])
        self.assertIn("not finite", failed["trainings"][0]["failure"])
        self.assertIn("to be tried again", result.stderr)
        self.assertIn("failed: learning-rate=1e+30_seed=42", read(folder, "table.txt"))
        log = os.path.join(folder, "logs", "learning-rate=1e+30_seed=42.log")
        self.assertEqual(read(log).count("elastic: "), 2)
        before = outcome(folder)
        sweep("failing", *options)
        self.assertEqual(read(log).count("elastic: "), 3)
        self.assertEqual(outcome(folder), before)

    def test_a_sweep_without_any_result_fails(self):
        folder, _ = sweep("hopeless", "--set", "learning_rate=1e30", "--epochs", "1", code=1)
        self.assertIn("none is chosen", read(folder, "table.txt"))
        self.assertFalse(os.path.exists(os.path.join(folder, "best.json")))

    def test_random_draws_follow_the_search_seed(self):
        options = ["--set", "learning_rate=log:1e-3:1e-1", "--set", "ffn_dim=int:8:16",
                   "--epochs", "1"]
        settings = {}
        for name, extra in (("one", ["--trials", "2"]), ("two", ["--trials", "3"]),
                            ("other", ["--trials", "2", "--search-seed", "5"])):
            folder, _ = sweep("random_" + name, *options, *extra, "--jobs", "2")
            settings[name] = {json.dumps(one["settings"], sort_keys=True)
                              for one in read_json(folder, "table.json")["configurations"]}
        self.assertLess(settings["one"], settings["two"])
        self.assertFalse(settings["one"] & settings["other"])

    def test_halving_continues_the_best_third(self):
        folder, result = sweep("halving", "--set", "learning_rate=0.0001,0.003,0.01,0.03",
                               "--search", "halving", "--epochs", "6", "--jobs", "2")
        table = read_json(folder, "table.json")["configurations"]
        self.assertEqual([one["epochs"] for one in table], [6, 6, 2, 2])
        self.assertEqual([one["state"] for one in table],
                         ["best", "trained", "dropped", "dropped"])
        self.assertIn("rung 2 of 2: 2 configurations, 6 epochs", result.stderr)
        # A run that continued has the bits of one that never stopped.
        plain = WORKPLACE.path("uninterrupted")
        best = os.path.join(folder, "best.json")
        call = WORKPLACE.call(["train", "--config", best, "--out", plain])
        self.assertEqual(call.returncode, 0, call.stderr)
        self.assertEqual(read_json(plain, "result.json"),
                         read_json(folder, table[0]["trainings"][0]["run"], "result.json"))

    def test_halving_trains_anew_what_depends_on_the_number_of_epochs(self):
        folder, _ = sweep("cosine", "--set", "dropout=0,0.1,0.2", "--search", "halving",
                          "--epochs", "3", "--schedule", "cosine", "--jobs", "2")
        runs = os.listdir(os.path.join(folder, "runs"))
        self.assertEqual(sorted(run.split("_")[1] for run in runs),
                         ["epochs=1", "epochs=1", "epochs=1", "epochs=3"])

    def test_a_spent_budget_leaves_trainings_out_and_a_larger_one_continues(self):
        options = ["--set", "dropout=0,0.1", "--epochs", "1"]
        folder, result = sweep("budget", *options, "--budget", "0.000001s", code=1)
        self.assertIn("left out: 2 trainings", result.stdout)
        self.assertEqual(read_json(folder, "table.json")["left_out"], 2)
        self.assertEqual(os.listdir(os.path.join(folder, "runs")), [])
        sweep("budget", *options, "--budget", "1h")
        self.assertEqual(read_json(folder, "table.json")["left_out"], 0)

    def test_another_choice_names_the_one_that_was_tested_before(self):
        options = ["--set", "learning_rate=0.00001", "--epochs", "2"]
        folder, _ = sweep("tested", *options)
        self.assertEqual(read_json(folder, "table.json")["test"]["tested_before"], [])
        sweep("tested", "--set", "learning_rate=0.00001,0.01", "--epochs", "2")
        self.assertEqual(read_json(folder, "table.json")["test"]["tested_before"],
                         ["learning_rate 1e-05"])
        self.assertIn("an earlier call chose", read(folder, "table.txt"))


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
