"""Tests of repeated targets and of the rules that a run keeps. repeats_test.py BINARY"""

import json
import os
import shutil
import sys
import unittest

from harness import TINY_MODEL, Workplace, tested

WORKPLACE = None

USERS = 40
ITEMS = 30
EVENTS = 11


def sequences(repeated):
    """{user: items}: walks through the items. The last two items of the first `repeated` users
    occur before."""
    walks = {}
    for user in range(USERS):
        walk = [(user * 7 + event * (1 + user % 2)) % ITEMS for event in range(EVENTS)]
        if user < repeated:
            walk[-2:] = [walk[2], walk[4]]
        walks[f"u{user}"] = [f"m{item}" for item in walk]
    return walks


def train(name, *options, repeated=USERS // 2, epochs=1):
    """The run and the output of its training."""
    rows = [f"{user},{item},{time}" for user, items in sequences(repeated).items()
            for time, item in enumerate(items)]
    data = WORKPLACE.write(name + ".csv", "user,item,time\n" + "\n".join(rows) + "\n")
    run = WORKPLACE.path(name)
    result = WORKPLACE.call(["train", "--data", data, "--out", run, "--model", "softmax",
                             "--epochs", str(epochs), "--seed", "3", "--json", *TINY_MODEL,
                             *options])
    assert result.returncode == 0, result.stderr
    return run, result


def evaluate(run, *options, env=None):
    result = WORKPLACE.call(["eval", run, "--json", *options], env=env)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def answers(run, questions, *options, env=None):
    result = WORKPLACE.call(["predict", run, *options], env=env,
                            stdin="".join(json.dumps(question) + "\n" for question in questions))
    assert result.returncode == 0, result.stderr
    return [[item["id"] for item in json.loads(line)["items"]]
            for line in result.stdout.splitlines()]


def read_json(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return json.load(file)


def write_json(value, *path):
    with open(os.path.join(*path), "w", encoding="utf-8") as file:
        json.dump(value, file)


def read_bytes(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def metrics(run):
    with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def validations(run):
    return [event for event in metrics(run) if event["event"] == "evaluation"]


class SeenItemsInTheLoss(unittest.TestCase):
    """--train-seen: whether the loss compares targets with items that the user had before."""

    def check_choice(self, run, result, choice):
        self.assertEqual(read_json(run, "config.json")["train_seen"], choice)
        self.assertEqual(read_json(run, "result.json")["protocol"]["train_seen"], choice)
        self.assertEqual(evaluate(run)["protocol"]["train_seen"], choice)
        self.assertIn(f"loss softmax, --train-seen {choice}: ", result.stderr)
        table = WORKPLACE.call(["eval", run]).stdout
        self.assertIn(f", loss softmax (--train-seen {choice}), seed 3", table)

    def test_auto_follows_the_ranking_and_the_repeats(self):
        # The repeats of the other tests are held out: the training events have none.
        for name, choice, options in (("seen_auto", "exclude", ()),
                                      ("seen_ranked", "keep", ("--no-filter-seen",)),
                                      ("seen_kept", "keep", ("--train-seen", "keep"))):
            run, result = train(name, *options)
            self.check_choice(run, result, choice)
            losses = [event["loss"] for event in metrics(run) if event["event"] == "epoch"]
            seen = [event["train_seen"] for event in metrics(run) if event["event"] == "epoch"]
            self.assertEqual(seen, [choice])
            if choice == "exclude":
                excluded = losses
            else:
                self.assertGreater(losses, excluded)  # more items to tell apart

    def test_auto_keeps_seen_items_if_training_events_repeat_one(self):
        log = "".join(f"u{user},m{item},{time}\n" for user in range(6)
                      for time, item in enumerate((1, 2, 3, 1 if user == 0 else 4, 5, 6)))
        data = WORKPLACE.write("one_repeat.csv", "user,item,time\n" + log)
        for choice, options in (("keep", ()), ("exclude", ("--train-seen", "exclude"))):
            run = WORKPLACE.path("one_repeat_" + choice)
            result = WORKPLACE.call(["train", "--data", data, "--out", run, "--model", "softmax",
                                     "--epochs", "1", "--seed", "3", *TINY_MODEL, *options])
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(": 1 of 24 training events repeat an item of the user", result.stderr)
            self.check_choice(run, result, choice)

    def test_rankings_with_items_that_the_loss_left_out_are_warned_of(self):
        excluding, result = train("seen_excluded", "--train-seen", "exclude", "--no-filter-seen")
        keeping, _ = train("seen_warned", "--train-seen", "keep")
        self.assertIn("warning: --train-seen exclude leaves seen items out", result.stderr)
        for command in ("eval", "predict"):
            for run, options, warned in ((excluding, (), True), (keeping, (), False),
                                         (excluding, ("--filter-seen",), False),
                                         (keeping, ("--no-filter-seen",), False)):
                result = WORKPLACE.call([command, run, *options], stdin="u1\n")
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual("--train-seen exclude leaves" in result.stderr, warned)

    def test_the_choice_survives_a_resume(self):
        whole, _ = train("seen_whole", epochs=2)
        parts, _ = train("seen_parts")
        refused = WORKPLACE.call(["train", "--resume", "--out", parts, "--epochs", "2",
                                  "--train-seen", "keep"])
        self.assertEqual(refused.returncode, 6, refused.stderr)
        self.assertIn('started with train_seen = "exclude"', refused.stderr)
        result = WORKPLACE.call(["train", "--resume", "--out", parts, "--epochs", "2"])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.check_choice(parts, result, "exclude")
        self.assertEqual(read_json(parts, "sources.json")["train_seen"], "auto")
        self.assertEqual(read_bytes(parts, "model.safetensors"),
                         read_bytes(whole, "model.safetensors"))

    def test_a_run_from_before_the_option_resumes_as_it_began(self):
        whole, _ = train("before_whole", "--train-seen", "keep", epochs=2)
        parts, _ = train("before_parts", "--train-seen", "keep")
        config = read_json(parts, "config.json")
        del config["train_seen"]
        write_json(config, parts, "config.json")
        result = WORKPLACE.call(["train", "--resume", "--out", parts, "--epochs", "2"])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.check_choice(parts, result, "keep")
        self.assertEqual(read_bytes(parts, "model.safetensors"),
                         read_bytes(whole, "model.safetensors"))


class Rules(unittest.TestCase):
    """--no-filter-seen and --repeats of the training apply everywhere."""

    @classmethod
    def setUpClass(cls):
        cls.run_path, cls.trained = train("unfiltered", "--no-filter-seen", "--repeats", "drop")
        cls.history = {"history": sequences(USERS // 2)["u0"]}

    def test_they_reach_the_validation(self):
        (event,) = validations(self.run_path)
        same = evaluate(self.run_path, "--split", "valid", "--no-filter-seen", "--repeats", "drop")
        self.assertAlmostEqual(event["MRR@50"], same["metrics"]["MRR@50"], places=6)
        for other in (["--filter-seen", "--repeats", "drop"],
                      ["--no-filter-seen", "--repeats", "count"]):
            report = evaluate(self.run_path, "--split", "valid", *other)
            self.assertNotAlmostEqual(event["MRR@50"], report["metrics"]["MRR@50"], places=6)

    def test_they_reach_the_test(self):
        result = read_json(self.run_path, "result.json")
        self.assertIs(result["protocol"]["filter_seen"], False)
        self.assertEqual(result["protocol"]["repeats"], "drop")
        self.assertEqual(result["protocol"]["users"], USERS // 2)
        self.assertEqual(tested(result),
                         evaluate(self.run_path, "--no-filter-seen", "--repeats", "drop"))
        self.assertEqual(json.loads(self.trained.stdout), result)

    def test_they_reach_eval(self):
        report = evaluate(self.run_path)
        self.assertIs(report["protocol"]["filter_seen"], False)
        self.assertEqual(report["protocol"]["repeats"], "drop")
        self.assertEqual(report, tested(read_json(self.run_path, "result.json")))

    def test_they_reach_predict(self):
        (items,) = answers(self.run_path, [self.history], "-k", "100")
        self.assertEqual(len(items), ITEMS)
        (items,) = answers(self.run_path, [self.history], "-k", "100", "--filter-seen")
        self.assertEqual(set(items) & set(self.history["history"]), set())

    def test_they_reach_streams(self):
        run = WORKPLACE.path("stream_rules")
        shutil.copytree(WORKPLACE.stream_run, run)
        config = read_json(run, "config.json")
        for filter_seen, seen in ((True, 0), (False, 1)):
            write_json({**config, "filter_seen": filter_seen}, run, "config.json")
            result = WORKPLACE.call(["predict", run, "--stream", "-k", "100"],
                                    stdin=f"new{seen} m1\n")
            items = [item["id"] for item in json.loads(result.stdout)["items"]]
            self.assertEqual(items.count("m1"), seen)

    def test_flags_and_variables_win(self):
        protocol = evaluate(self.run_path, "--filter-seen", "--repeats", "miss")["protocol"]
        self.assertEqual((protocol["filter_seen"], protocol["repeats"]), (True, "miss"))
        variables = {"ELASTIC_FILTER_SEEN": "true", "ELASTIC_REPEATS": "only"}
        protocol = evaluate(self.run_path, env=variables)["protocol"]
        self.assertEqual((protocol["filter_seen"], protocol["repeats"]), (True, "only"))
        (items,) = answers(self.run_path, [self.history], "-k", "100", env=variables)
        self.assertEqual(set(items) & set(self.history["history"]), set())

    def test_the_printed_config_names_their_source(self):
        printed = WORKPLACE.call(["eval", self.run_path, "--print-config"]).stdout
        self.assertRegex(printed, r'"filter_seen": false, +// .*unfiltered/config\.json')
        self.assertRegex(printed, r'"repeats": "drop", +// .*unfiltered/config\.json')
        printed = WORKPLACE.call(["predict", self.run_path, "--print-config"]).stdout
        self.assertRegex(printed, r'"filter_seen": false, +// .*unfiltered/config\.json')

    def test_they_hold_after_a_resume(self):
        whole, _ = train("whole", "--no-filter-seen", "--repeats", "miss", epochs=2)
        parts, _ = train("parts", "--no-filter-seen", "--repeats", "miss")
        for wrong in (["--filter-seen"], ["--repeats", "drop"]):
            refused = WORKPLACE.call(["train", "--resume", "--out", parts, "--epochs", "2", *wrong])
            self.assertEqual(refused.returncode, 2)
            self.assertIn("the run was started with", refused.stderr)
        result = WORKPLACE.call(["train", "--resume", "--out", parts, "--epochs", "2"])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(read_json(whole, "result.json"), read_json(parts, "result.json"))
        timeless = [[{k: v for k, v in event.items() if k not in ("seconds", "elapsed_s")}
                     for event in validations(run)] for run in (whole, parts)]
        self.assertEqual(*timeless)

    def test_an_unusable_config_is_refused(self):
        run = WORKPLACE.path("mistyped")
        shutil.copytree(self.run_path, run)
        for key, value in (("filter_seen", "maybe"), ("repeats", "never")):
            write_json({**read_json(self.run_path, "config.json"), key: value}, run, "config.json")
            for command in ("eval", "predict"):
                result = WORKPLACE.call([command, run])
                self.assertEqual(result.returncode, 6, result.stderr)
                self.assertIn(f"mistyped/config.json: {key}: expected", result.stderr)

    def test_predict_needs_no_config(self):
        run = WORKPLACE.path("served")
        os.mkdir(run)
        for name in ("model.safetensors", "items.tsv"):
            shutil.copy(os.path.join(self.run_path, name), run)
        (items,) = answers(run, [self.history], "-k", "100")
        self.assertEqual(set(items) & set(self.history["history"]), set())

    def test_runs_of_earlier_versions_are_read(self):
        run, _ = train("earlier", repeated=0, epochs=2)
        expected = evaluate(run)
        config = read_json(run, "config.json")
        del config["repeats"]
        write_json(config, run, "config.json")
        result = read_json(run, "result.json")
        for key in ("new_targets", "repeated_targets", "by_repeat"):
            del result[key]
        del result["protocol"]["repeats"]
        write_json(result, run, "result.json")
        self.assertEqual(evaluate(run), expected)
        for arguments in (["report", run], ["train", "--resume", "--out", run, "--epochs", "3"]):
            again = WORKPLACE.call(arguments)
            self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(read_json(run, "config.json")["repeats"], "count")


class Repeats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.run_path, cls.trained = train("half")

    def test_they_are_counted_and_reported_apart(self):
        for report in (json.loads(self.trained.stdout), evaluate(self.run_path),
                       evaluate(self.run_path, "--split", "valid")):
            self.assertEqual((report["new_targets"], report["repeated_targets"]), (20, 20))
            new, repeated = report["by_repeat"]
            self.assertEqual((new["targets"], new["users"]), ("new", 20))
            self.assertEqual((repeated["targets"], repeated["users"]), ("repeated", 20))
            self.assertAlmostEqual((new["HR@10"] + repeated["HR@10"]) / 2,
                                   report["metrics"]["HR@10"], places=5)
        (event,) = validations(self.run_path)
        self.assertEqual(event["repeated_targets"], 20)
        self.assertAlmostEqual((event["NDCG@10[new]"] + event["NDCG@10[repeated]"]) / 2,
                               event["NDCG@10"])
        text = WORKPLACE.call(["eval", self.run_path]).stdout
        self.assertIn("repeated targets: 20 of 40 are items that the user had before\n", text)
        self.assertRegex(text, r"\n  new  +20 .*\n  repeated +20 ")
        self.assertIn("\n  repeated targets: ranked (--repeats count)\n", text)

    def test_the_choices(self):
        count = evaluate(self.run_path)
        new, repeated = count["by_repeat"]
        miss = evaluate(self.run_path, "--repeats", "miss")
        self.assertEqual(miss["by_repeat"][0], new)
        self.assertEqual(miss["by_repeat"][1]["HR@10"], 0)
        self.assertAlmostEqual(miss["metrics"]["HR@10"], new["HR@10"] / 2, places=5)
        drop = evaluate(self.run_path, "--repeats", "drop")
        self.assertEqual(drop["by_repeat"], [new])
        self.assertEqual(drop["metrics"]["HR@10"], new["HR@10"])
        only = evaluate(self.run_path, "--repeats", "only")
        self.assertEqual(only["by_repeat"], [repeated])
        self.assertEqual(only["metrics"]["HR@10"], repeated["HR@10"])
        for name, report in (("count", count), ("miss", miss), ("drop", drop), ("only", only)):
            self.assertEqual(report["protocol"]["repeats"], name)
            self.assertEqual(report["repeated_targets"], 20)

    def test_eval_finds_the_hits_of_predict(self):
        walks = sequences(USERS // 2).values()
        questions = [{"history": walk[:-1]} for walk in walks]
        for flag, repeats in (("--filter-seen", "miss"), ("--no-filter-seen", "count")):
            found = answers(self.run_path, questions, flag, "-k", "10")
            hits = sum(walk[-1] in items for walk, items in zip(walks, found))
            report = evaluate(self.run_path, flag, "--repeats", repeats)
            self.assertAlmostEqual(report["metrics"]["HR@10"], hits / USERS, places=6)
            self.assertGreater(hits, 0)
        # The default credits hits that answers without seen items cannot contain.
        self.assertGreater(evaluate(self.run_path)["metrics"]["HR@50"],
                           evaluate(self.run_path, "--repeats", "miss")["metrics"]["HR@50"])

    def test_misses_have_no_rank(self):
        path = WORKPLACE.path("missed.tsv")
        evaluate(self.run_path, "--repeats", "miss", "--sampled", "uni:5", "--ranks", path)
        with open(path, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file][1:]
        self.assertEqual(sum(row[2] == "" for row in rows), 20)
        self.assertEqual(sum(row[4] == "" for row in rows), 20)
        path = WORKPLACE.path("missed.jsonl")
        evaluate(self.run_path, "--repeats", "miss", "--ranks", path)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(sum(json.loads(line)["rank"] is None for line in file), 20)

    def test_a_warning_is_printed_once(self):
        evaluation = WORKPLACE.call(["eval", self.run_path])
        for result, share in (
                (self.trained, "50.0 % of the validation targets (20 of 40) and 50.0 % of the test"),
                (evaluation, "50.0 % of the test targets (20 of 40) are repeated")):
            self.assertEqual(result.stderr.count("warning:"), 1)
            for text in (share, "never shows these", "--filter-seen", "--repeats miss or drop",
                         "--no-filter-seen"):
                self.assertIn(text, result.stderr)
        only = WORKPLACE.call(["eval", self.run_path, "--repeats", "only"])
        self.assertIn("warning: 50.0 %", only.stderr)
        ranked = WORKPLACE.call(["eval", self.run_path, "--no-filter-seen"])
        self.assertIn("warning: 50.0 %", ranked.stderr)  # `predict` filters them still

    def test_no_warning_if_evaluation_and_answers_agree(self):
        for options in (["--repeats", "miss"], ["--repeats", "drop"], ["-q"]):
            self.assertNotIn("warning", WORKPLACE.call(["eval", self.run_path, *options]).stderr)
        _, trained = train("agreeing", "--no-filter-seen")
        self.assertNotIn("warning", trained.stderr)
        run, trained = train("without", repeated=0)
        self.assertNotIn("warning", trained.stderr)
        self.assertIn("repeated targets: 0 of 40", WORKPLACE.call(["eval", run]).stdout)

    def test_rules_that_leave_nobody_are_refused(self):
        for repeated, rule in ((USERS, "drop"), (0, "only")):
            run, _ = train(f"all_{rule}", repeated=repeated)
            result = WORKPLACE.call(["eval", run, "--repeats", rule])
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn(f"--repeats {rule}: no user is left to evaluate: of 40", result.stderr)
            out = WORKPLACE.path("never")
            result = WORKPLACE.call(["train", "--data", run + ".csv", "--out", out, "--repeats",
                                     rule, *TINY_MODEL])
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertFalse(os.path.exists(out))

    def test_other_names_are_refused(self):
        result = WORKPLACE.call(["eval", self.run_path, "--repeats", "dropp"])
        self.assertEqual(result.returncode, 2)
        self.assertIn("--repeats: expected count, miss, drop or only, got 'dropp'; did you mean "
                      "drop?", result.stderr)


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
