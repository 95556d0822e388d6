"""Tests of train --refit, --split none and --init-from. refit_test.py BINARY"""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import unittest

from harness import NUM_USERS, TINY_MODEL, Workplace, ratings_csv

WORKPLACE = None
OPTIONS = ["--model", "softmax", "--epochs", "3", "--seed", "5", "--learning-rate", "0.01",
           *TINY_MODEL]
CLOCK_KEYS = ("seconds", "elapsed_s")
LABEL = "the validation event too, as HSTU, FuXi and RAILS are"


def read_json(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return json.load(file)


def read_bytes(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def read_safetensors(*path):
    """(metadata, {name: list of numbers})."""
    content = read_bytes(*path)
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + size])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name] = struct.unpack(f"<{(end - begin) // 4}f", content[begin:end])
    return header["__metadata__"], tensors


def rows_by_id(run, name="item_embedding.weight", file="model.safetensors"):
    """{raw id: its row} of a table of items."""
    table = read_safetensors(run, file)[1][name]
    with open(os.path.join(run, "items.tsv"), encoding="utf-8") as lines:
        ids = [line.split("\t")[1] for line in lines.read().splitlines()[1:]]
    dim = len(table) // (len(ids) + 1)
    return {raw: table[(row + 1) * dim:(row + 2) * dim] for row, raw in enumerate(ids)}


def events_of(run):
    with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [{key: value for key, value in line.items() if key not in CLOCK_KEYS} for line in lines]


def outcome(run):
    """The content of a run and its search that no interruption may change."""
    files = {}
    for folder in (run, os.path.join(run, "search")):
        if os.path.isdir(folder):
            part = os.path.relpath(folder, run)
            for name in ("model.safetensors", "result.json", "config.json", "data.json",
                         "items.tsv", "sources.json"):
                files[part, name] = read_bytes(folder, name)
            files[part, "metrics"] = events_of(folder)
            files[part, "latest"] = read_safetensors(folder, "checkpoints/latest.safetensors")[1]
    return files


def train(name, *options, code=0, data=None):
    """The run and the result of the call."""
    run = WORKPLACE.path(name)
    result = WORKPLACE.call(["train", "--data", data or WORKPLACE.data, "--out", run, *OPTIONS,
                             *options])
    assert result.returncode == code, result.stderr
    return run, result


def trained(name, *options, data=None):
    """The same, trained once."""
    run = WORKPLACE.path(name)
    return run if os.path.isdir(run) else train(name, *options, data=data)[0]


def refused(test, arguments, code, *texts):
    result = WORKPLACE.call(arguments)
    test.assertEqual(result.returncode, code, result.stderr)
    for text in texts:
        test.assertIn(text, result.stderr)
    return result


def new_log():
    """Another night's log: without the item m7, with two new ones."""
    rows = [row for row in ratings_csv().splitlines() if ",m7," not in row]
    rows += [f"u{user},{item},4,{5000 + place}" for user in range(1, 21)
             for place, item in enumerate(("new1", "new2", f"m{user + 10}"))]
    return WORKPLACE.write("new.csv", "\n".join(rows) + "\n")


class Refit(unittest.TestCase):
    def test_the_search_is_the_run_without_refit(self):
        plain, run = trained("plain"), trained("refit_all", "--refit", "all")
        search = os.path.join(run, "search")
        self.assertEqual(read_safetensors(plain, "model.safetensors")[1],
                         read_safetensors(search, "model.safetensors")[1])
        self.assertEqual(read_json(plain, "config.json"), read_json(search, "config.json"))
        self.assertEqual(events_of(plain), events_of(search))
        self.assertEqual(read_json(plain, "result.json")["metrics"],
                         read_json(search, "result.json")["metrics"])

    def test_both_phases_have_as_many_epochs_and_their_own_events(self):
        for refit, events in (("validation", 11 * NUM_USERS), ("all", 12 * NUM_USERS)):
            run = trained("refit_" + refit, "--refit", refit)
            best = read_safetensors(run, "search/model.safetensors")[0]
            model = read_safetensors(run, "model.safetensors")[0]
            self.assertEqual(model["epoch"], best["epoch"])
            self.assertEqual((model["phase"], model["refit"]), ("refit", refit))
            self.assertNotIn("phase", best)
            self.assertEqual(model["metric"], "NDCG@10 of the search")
            self.assertEqual(model["metric_value"], best["metric_value"])
            lines = events_of(run)
            self.assertEqual([line["event"] for line in lines], ["epoch"] * int(best["epoch"]))
            self.assertEqual(read_json(run, "data.json")["split"]["train_events"], events)
            # Every event but the first of a user is a target once an epoch.
            self.assertEqual(lines[0]["epoch_targets"], events - NUM_USERS)

    def test_results_name_their_phases(self):
        run = trained("refit_validation", "--refit", "validation")
        result = read_json(run, "result.json")
        honest = read_json(run, "search", "result.json")
        self.assertEqual((result["phase"], result["refit"]["phase"]), ("search", "refit"))
        self.assertEqual(result["metrics"], honest["metrics"])
        self.assertNotIn("trained_on", result["protocol"])
        self.assertEqual(result["refit"]["protocol"]["trained_on"], LABEL)
        self.assertEqual(result["refit"]["trained_on"], LABEL)
        self.assertEqual(result["refit"]["against"][0]["run"], "search")
        again = WORKPLACE.call(["eval", run, "--json"])
        self.assertEqual(json.loads(again.stdout)["metrics"], result["refit"]["metrics"])
        self.assertEqual(json.loads(again.stdout)["protocol"]["trained_on"], LABEL)
        self.assertIn("trained on " + LABEL, WORKPLACE.call(["eval", run]).stdout)
        result = read_json(trained("refit_all", "--refit", "all"), "result.json")
        self.assertNotIn("metrics", result["refit"])
        self.assertEqual(result["metrics"], honest["metrics"])

    def test_events_that_were_trained_on_evaluate_nothing(self):
        run = trained("refit_all", "--refit", "all")
        for split in ("test", "valid"):
            refused(self, ["eval", run, "--split", split], 2, "--refit all", run + "/search")
        self.assertEqual(WORKPLACE.call(["eval", run + "/search"]).returncode, 0)
        run = trained("refit_validation", "--refit", "validation")
        refused(self, ["eval", run, "--split", "valid"], 2, "trained on the validation events")
        refused(self, ["eval", run + "/search", "--split", "valid", "--against", run], 2,
                "another split")

    def test_a_refit_and_its_search_have_the_same_test_events(self):
        run = trained("refit_validation", "--refit", "validation")
        recorded = read_json(run, "result.json")["refit"]["against"][0]
        (found,) = json.loads(WORKPLACE.call(["eval", run, "--against", run + "/search",
                                              "--json"]).stdout)["against"]
        self.assertEqual(found["differences"], recorded["differences"])
        self.assertEqual(found["intervals"], recorded["intervals"])
        self.assertNotIn("trained_on", found)
        result = WORKPLACE.call(["eval", run + "/search", "--against", run, "--json"])
        (other,) = json.loads(result.stdout)["against"]
        self.assertEqual(other["trained_on"], LABEL)
        for name, value in other["differences"].items():
            self.assertAlmostEqual(value, -found["differences"][name], places=5)
        text = WORKPLACE.call(["eval", run + "/search", "--against", run]).stdout
        self.assertIn(f"against {run} (trained on {LABEL}), paired", text)
        refused(self, ["eval", run, "--against", trained("refit_all", "--refit", "all")], 2,
                "another split")

    def test_predict_and_report_use_the_refitted_model(self):
        run = trained("refit_all", "--refit", "all")
        answers = [WORKPLACE.call(["predict", folder], stdin="u3\n").stdout
                   for folder in (run, run + "/search")]
        self.assertIn('"score"', answers[0])
        self.assertNotEqual(*answers)
        for name in ("refit_all", "refit_validation"):
            run = trained(name, "--refit", name.removeprefix("refit_"))
            self.assertEqual(WORKPLACE.call(["report", run]).returncode, 0)
            with open(os.path.join(run, "report.html"), encoding="utf-8") as page:
                self.assertIn("Refit", page.read())

    def test_json_on_standard_output_is_the_result(self):
        run, result = train("printed", "--refit", "validation", "--json")
        self.assertEqual(json.loads(result.stdout), read_json(run, "result.json"))

    def test_a_refit_needs_held_out_events(self):
        refused(self, ["train", "--data", WORKPLACE.data, "--out", WORKPLACE.path("no"), *OPTIONS,
                       "--refit", "all", "--split", "none"], 2, "--refit all", "--split none")
        refused(self, ["train", "--data", WORKPLACE.data, "--out", WORKPLACE.path("no"), *OPTIONS,
                       "--refit", "al"], 2, "--refit", "all")
        self.assertFalse(os.path.exists(WORKPLACE.path("no")))

    def test_a_failed_start_leaves_no_trace(self):
        short = WORKPLACE.write("short.csv", "user,item,time\nu,a,1\nv,b,2\n")
        for refit in ("validation", "all"):
            refused(self, ["train", "--data", short, "--out", WORKPLACE.path("failed"), *OPTIONS,
                           "--refit", refit], 3, "nothing to learn from")
            self.assertFalse(os.path.exists(WORKPLACE.path("failed")))

    def test_a_split_by_time_adds_its_validation_period(self):
        run, _ = train("by_time", "--refit", "validation", "--split", "time", "--valid-time", "1008",
                       "--test-time", "1010")
        self.assertEqual(read_json(run, "data.json")["split"]["train_events"], 10 * NUM_USERS)

    def test_train_seen_is_that_of_the_search(self):
        """The validation event repeats an item, the training events do not."""
        rows = [row for row in ratings_csv().splitlines() if ",1010" not in row]
        rows += [",".join((f"u{user}", next(row.split(",")[1] for row in rows
                                           if row.startswith(f"u{user},")), "3", "1010"))
                 for user in range(1, NUM_USERS + 1)]
        run, _ = train("repeats", "--refit", "all", data=WORKPLACE.write("r.csv", "\n".join(rows)))
        for folder in (run, run + "/search"):
            self.assertEqual(read_json(folder, "config.json")["train_seen"], "exclude")


class Resuming(unittest.TestCase):
    def resume(self, run, *options):
        result = WORKPLACE.call(["train", "--resume", "--out", run, *options])
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def test_a_finished_run_resumes_to_the_same_bits(self):
        run, first = train("twice", "--refit", "validation")
        before = outcome(run)
        self.assertEqual(self.resume(run).stdout, first.stdout)
        after = outcome(run)
        self.assertEqual([key for key in before if before[key] != after[key]], [])

    def test_a_killed_run_resumes_to_the_same_bits(self):
        options = ["--refit", "all", "--save-every-s", "0"]
        expected = outcome(train("whole", *options)[0])
        run = WORKPLACE.path("killed")
        begin = time.monotonic()
        train("timed", *options)
        seconds = time.monotonic() - begin
        for part in range(8):
            shutil.rmtree(run, ignore_errors=True)
            process = WORKPLACE.start(["train", "--data", WORKPLACE.data, "--out", run, *OPTIONS,
                                       *options], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            time.sleep(seconds * (part + 1) / 9)
            process.kill()
            process.wait()
            if os.path.exists(os.path.join(run, "config.json")):
                self.resume(run)
            else:
                train("killed", *options)
            found = outcome(run)
            self.assertEqual([key for key in expected if expected[key] != found.get(key)], [], part)

    def test_either_phase_stops_on_a_signal(self):
        for phase in ("search", "."):
            run = WORKPLACE.path("stopped_" + phase.replace(".", "refit"))
            options = ["--refit", "all", "--epochs", "400", "--patience", "400",
                       "--learning-rate", "1e-4"]
            process = WORKPLACE.start(["train", "--data", WORKPLACE.data, "--out", run,
                                       *[word for word in OPTIONS if word not in
                                         ("--epochs", "3", "--learning-rate", "0.01")], *options],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            metrics = os.path.join(run, phase, "metrics.jsonl")
            deadline = time.monotonic() + 100
            while not (os.path.exists(metrics) and os.path.getsize(metrics) > 0):
                self.assertLess(time.monotonic(), deadline)
                self.assertIsNone(process.poll())
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            errors = process.communicate(timeout=60)[1]
            self.assertEqual(process.returncode, 130, errors)
            self.assertIn(f"elastic train --resume --out {run}\n", errors)

    def test_limits_of_a_search_that_is_over_cannot_change(self):
        run = trained("refit_all", "--refit", "all")
        for option, value in (("epochs", "9"), ("patience", "1"), ("max-time-s", "5"),
                              ("max-tokens", "7")):
            refused(self, ["train", "--resume", "--out", run, "--" + option, value], 2,
                    "--" + option, "the search for the best epoch is over")
        refused(self, ["train", "--resume", "--out", run, "--learning-rate", "0.5"], 6,
                "learning_rate = 0.01")
        refused(self, ["train", "--resume", "--out", run, "--refit", "validation"], 2, 'refit "all"')

    def test_a_plain_run_cannot_become_a_refit(self):
        refused(self, ["train", "--resume", "--out", trained("plain"), "--refit", "all"], 2,
                'refit "none"')

    def test_limits_of_time_are_those_of_the_search(self):
        run, result = train("limited", "--refit", "all", "--max-tokens", "900")
        self.assertIn("out-of-tokens", result.stderr)
        best = read_safetensors(run, "search/model.safetensors")[0]
        self.assertEqual(len(events_of(run)), int(best["epoch"]))

    def test_a_search_of_another_run_is_refused(self):
        run = WORKPLACE.path("mixed")
        shutil.copytree(trained("refit_all", "--refit", "all"), run)
        shutil.rmtree(run + "/search")
        shutil.copytree(trained("other_seed", "--refit", "all", "--dropout", "0.3") + "/search",
                        run + "/search")
        refused(self, ["train", "--resume", "--out", run], 6,
                "search/model.safetensors: belongs to another run")

    def test_damage_is_refused_by_name(self):
        for name in ("search/model.safetensors", "model.safetensors",
                     "checkpoints/latest.safetensors"):
            run = WORKPLACE.path("damaged")
            shutil.rmtree(run, ignore_errors=True)
            shutil.copytree(trained("refit_all", "--refit", "all"), run)
            with open(os.path.join(run, name), "r+b") as file:
                file.seek(-9, os.SEEK_END)
                file.write(b"x")
            refused(self, ["train", "--resume", "--out", run], 6, name)


class NothingHeldOut(unittest.TestCase):
    def test_the_last_epoch_is_kept_and_no_result_claimed(self):
        run, result = train("none", "--split", "none", "--json")
        self.assertEqual(json.loads(result.stdout)["train_events"], 12 * NUM_USERS)
        self.assertNotIn("metrics", read_json(run, "result.json"))
        self.assertEqual(read_safetensors(run, "model.safetensors")[0]["epoch"], "3")
        self.assertEqual({line["event"] for line in events_of(run)}, {"epoch"})
        refused(self, ["eval", run], 2, "--split none", "none is left to evaluate it with")
        self.assertIn('"score"', WORKPLACE.call(["predict", run], stdin="u3\n").stdout)
        self.assertEqual(WORKPLACE.call(["report", run]).returncode, 0)

    def test_the_epochs_must_be_given(self):
        options = ["--model", "softmax", *TINY_MODEL]
        refused(self, ["train", "--data", WORKPLACE.data, "--out", WORKPLACE.path("no"), "--split",
                       "none", *options], 2, "--epochs N")
        refused(self, ["train", "--data", WORKPLACE.data, "--out", WORKPLACE.path("no"), "--split",
                       "none", *OPTIONS, "--patience", "3"], 2, "--patience")

    def test_more_epochs_continue_it(self):
        run, _ = train("more", "--split", "none")
        result = WORKPLACE.call(["train", "--resume", "--out", run, "--epochs", "4"])
        self.assertEqual(result.returncode, 0, result.stderr)
        options = [word if word != "3" else "4" for word in OPTIONS]
        whole = WORKPLACE.path("more_whole")
        WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out", whole, "--split", "none",
                        *options])
        self.assertEqual(*(read_safetensors(folder, "model.safetensors")[1]
                           for folder in (run, whole)))


class InitialRun(unittest.TestCase):
    def start(self, name, *options, epochs="1", rate="1e-30"):
        """A run whose steps change nothing, so that it shows its start."""
        run = WORKPLACE.path(name)
        result = WORKPLACE.call(["train", "--data", new_log(), "--out", run, "--init-from",
                                 trained("plain"), "--epochs", epochs, "--learning-rate", rate,
                                 "--seed", "9", *options])
        self.assertEqual(result.returncode, 0, result.stderr)
        return run, result

    def test_rows_of_known_items_are_equal_new_ones_drawn_dropped_ones_gone(self):
        run, result = self.start("started")
        self.assertIn("39 of 41 items known, 2 new, 1 dropped", result.stderr)
        before, after = rows_by_id(trained("plain")), rows_by_id(run)
        self.assertEqual(set(after) - set(before), {"new1", "new2"})
        self.assertNotIn("m7", after)
        for raw in set(after) & set(before):
            self.assertEqual(after[raw], before[raw], raw)
        scratch = WORKPLACE.path("scratch")
        config = read_json(run, "config.json")
        config.update({"init_from": ""})
        result = WORKPLACE.call(["train", "--config", WORKPLACE.write("c.json", json.dumps(config)),
                                 "--out", scratch])
        self.assertEqual(result.returncode, 0, result.stderr)
        for raw in ("new1", "new2"):
            self.assertEqual(after[raw], rows_by_id(scratch)[raw])
        others = [read_safetensors(folder, "model.safetensors")[1]
                  for folder in (trained("plain"), run)]
        for name in others[0]:
            if name != "item_embedding.weight":
                self.assertEqual(others[0][name], others[1][name], name)

    def test_the_options_of_the_model_are_those_of_the_run(self):
        run, _ = self.start("options")
        for key in ("model", "dim", "num_layers", "ffn_dim", "max_len"):
            self.assertEqual(read_json(run, "config.json")[key],
                             read_json(trained("plain"), "config.json")[key])
        command = ["train", "--data", new_log(), "--out", WORKPLACE.path("no"), "--init-from",
                   trained("plain")]
        refused(self, [*command, "--dim", "32"], 2, "--dim: expected dim 16", "got 32")
        refused(self, [*command, "--model", "gru"], 2, '--model: expected model "softmax"')
        result = WORKPLACE.call(command, env={"ELASTIC_DROPOUT": "0.7"})
        self.assertEqual(result.returncode, 2)
        self.assertIn("ELASTIC_DROPOUT", result.stderr)
        refused(self, ["train", "--data", WORKPLACE.data, "--out", WORKPLACE.path("no"),
                       "--init-moments"], 2, "--init-moments", "--init-from")
        refused(self, [*command[:-1], WORKPLACE.path("nowhere")], 2,
                "--init-from: there is no run in")
        self.assertFalse(os.path.exists(WORKPLACE.path("no")))

    def test_the_same_options_may_be_repeated(self):
        run, _ = self.start("repeated", "--dim", "16", "--model", "softmax")
        self.assertEqual(rows_by_id(run)["m3"], rows_by_id(trained("plain"))["m3"])

    def test_moments_follow_the_items(self):
        run, _ = self.start("moments", "--init-moments", "--max-tokens", "1")
        cold, _ = self.start("no_moments", "--max-tokens", "1")
        latest = "checkpoints/latest.safetensors"
        name = "adam.second.item_embedding.weight"
        with_moments, without = rows_by_id(run, name, latest), rows_by_id(cold, name, latest)
        former = rows_by_id(trained("plain"), name, latest)
        # One step of decay 0.999 and of a gradient that differs little.
        self.assertGreater(sum(with_moments["m3"]), sum(without["m3"]))
        for value, before in zip(with_moments["m3"], former["m3"]):
            self.assertGreaterEqual(value, 0.998 * before)
        metadata = read_safetensors(run, latest)[0]
        steps = json.loads(read_safetensors(trained("plain"), latest)[0]["state"])["num_steps"]
        self.assertEqual(metadata["earlier_steps"], str(steps))
        self.assertNotIn("earlier_steps", read_safetensors(cold, latest)[0])

    def test_one_thread_and_two_give_the_same_bits(self):
        runs = [self.start(f"threads{count}", "--init-moments", "--threads", count, epochs="2",
                           rate="0.01")[0] for count in ("1", "2")]
        self.assertEqual(*(read_safetensors(run, "checkpoints/latest.safetensors")[1]
                           for run in runs))

    def test_a_resumed_run_needs_the_first_one_no_more(self):
        source = WORKPLACE.path("source")
        shutil.copytree(trained("plain"), source)
        options = ["train", "--data", new_log(), "--init-from", source, "--init-moments",
                   "--refit", "validation", "--epochs", "3", "--save-every-s", "0"]
        whole = WORKPLACE.path("init_whole")
        result = WORKPLACE.call([*options, "--out", whole])
        self.assertEqual(result.returncode, 0, result.stderr)
        run = WORKPLACE.path("init_killed")
        process = WORKPLACE.start([*options, "--out", run], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        latest = os.path.join(run, "search", "checkpoints", "latest.safetensors")
        while not os.path.exists(latest):
            self.assertIsNone(process.poll())
            time.sleep(0.005)
        process.kill()
        process.wait()
        shutil.rmtree(source)
        result = WORKPLACE.call(["train", "--resume", "--out", run])
        self.assertEqual(result.returncode, 0, result.stderr)
        expected, found = outcome(whole), outcome(run)
        self.assertEqual([key for key in expected if expected[key] != found[key]], [])

    def test_damage_is_refused_by_name(self):
        for name in ("model.safetensors", "items.tsv", "checkpoints/latest.safetensors"):
            source = WORKPLACE.path("broken")
            shutil.rmtree(source, ignore_errors=True)
            shutil.copytree(trained("plain"), source)
            with open(os.path.join(source, name), "r+b") as file:
                file.seek(-9, os.SEEK_END)
                file.write(b"x")
            refused(self, ["train", "--data", new_log(), "--out", WORKPLACE.path("no"),
                           "--init-from", source, "--init-moments"], 6, name)
            self.assertFalse(os.path.exists(WORKPLACE.path("no")), name)

    def test_a_refitted_run_may_be_the_start(self):
        run = WORKPLACE.path("nightly")
        result = WORKPLACE.call(["train", "--data", new_log(), "--out", run, "--init-from",
                                 trained("refit_all", "--refit", "all"), "--init-moments",
                                 "--refit", "all", "--epochs", "2"])
        self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
