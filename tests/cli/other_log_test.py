"""Tests of eval --other-log and --fail-worse. other_log_test.py BINARY"""

import json
import math
import os
import sys
import unittest

from harness import NUM_USERS, TINY_MODEL, Workplace, combined, ratings_csv

WORKPLACE = None
HEAD = "userId,movieId,rating,timestamp\n"


def train(name, data, *options, epochs=3):
    """A run, trained once."""
    run = WORKPLACE.path(name)
    if not os.path.isdir(run):
        result = WORKPLACE.call(["train", "--data", data, "--out", run, "--epochs", str(epochs),
                                 "--seed", "5", "--learning-rate", "0.01", "--model", "softmax",
                                 *combined(["--dropout", "0.1", *TINY_MODEL], options)])
        assert result.returncode == 0, result.stderr
    return run


def evaluate(run, *options, code=0, stdin=""):
    """The report of a call, or its error messages."""
    result = WORKPLACE.call(["eval", run, "--json", *options], stdin=stdin)
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout) if code == 0 else result.stderr


def later_log():
    """A log with new users, new items in histories and as last events, a user of new items only."""
    rows = [f"u{user},m{1 + (user * 7 + event * 3) % 40},4,{3000 + event}"
            for user in range(30, 75) for event in range(6)]
    rows += [f"u{user},new1,4,3003" for user in range(40, 60, 2)]  # within the histories
    rows += [f"u{user},new2,4,4000" for user in range(45, 55)]     # the last events
    rows += [f"strange,new{item},4,{3000 + item}" for item in range(1, 5)]
    rows += [f"odd,new{item},4,{3000 + item}" for item in range(1, 4)] + ["odd,m3,4,4000"]
    return WORKPLACE.write("later.csv", HEAD + "\n".join(rows) + "\n")


def sequences_of(path):
    """{user: items in the order of time}."""
    users = {}
    with open(path, encoding="utf-8") as file:
        for row in file.read().splitlines()[1:]:
            user, item, _, time = row.split(",")
            users.setdefault(user, []).append((int(time), item))
    return {user: [item for _, item in sorted(events, key=lambda event: event[0])]
            for user, events in users.items()}


def answers(run, histories, times=None):
    """Ranked ids of all items for each history; none if no item is known."""
    questions = [{"history": history} for history in histories]
    for question, moments in zip(questions, times or []):
        question["times"] = moments
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    result = WORKPLACE.call(["predict", run, "-k", "1000"], stdin=lines)
    return [[item["id"] for item in json.loads(line).get("items", [])]
            for line in result.stdout.splitlines()]


def known_items(run):
    with open(os.path.join(run, "items.tsv"), encoding="utf-8") as lines:
        return {line.split("\t")[1] for line in lines.read().splitlines()[1:]}


def files_of(run):
    """{path: time of the last change} of the run."""
    return {os.path.join(folder, name): os.stat(os.path.join(folder, name)).st_mtime_ns
            for folder, _, names in os.walk(run) for name in names}


class OtherLog(unittest.TestCase):
    def test_ranks_are_those_of_the_answers(self):
        run, data = train("run", WORKPLACE.data), later_log()
        before, path = files_of(run), WORKPLACE.path("ranks.jsonl")
        report = evaluate(run, "--data", data, "--other-log", "--ranks", path)
        self.assertEqual(files_of(run), before)
        with open(path, encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        users, known = sequences_of(data), known_items(run)
        self.assertEqual([record["user"] for record in records], list(users))
        lists = answers(run, [items[:-1] for items in users.values()])
        for record, items, ranked in zip(records, users.values(), lists):
            self.assertEqual((record["item"], record["history"]), (items[-1], len(items) - 1))
            if items[-1] not in known or not known.intersection(items[:-1]):
                self.assertIsNone(record["rank"], record)
            elif items[-1] not in items[:-1]:
                # A tie counts against the model; this log of 40 items has none.
                self.assertEqual(record["rank"], ranked.index(items[-1]) + 1, record)
        ranks = [record["rank"] or math.inf for record in records]
        self.assertAlmostEqual(report["metrics"]["HR@10"],
                               sum(rank <= 10 for rank in ranks) / len(ranks), places=5)

    def test_a_model_that_reads_times_reads_those_of_known_events(self):
        run = train("times", WORKPLACE.data, "--time-features", "past")
        rows = [f"u{user},{item},4,{3000 + 7 * user * place ** 2}" for user in range(1, 13)
                for place, item in enumerate(("m1", "new1", f"m{user + 1}", "new2", f"m{user + 20}"))]
        data = WORKPLACE.write("gaps.csv", HEAD + "\n".join(rows) + "\n")
        path = WORKPLACE.path("gaps.jsonl")
        evaluate(run, "--data", data, "--other-log", "--ranks", path)
        with open(path, encoding="utf-8") as file:
            ranks = [json.loads(line)["rank"] for line in file]
        users = sequences_of(data)
        times = [[3000 + 7 * user * place ** 2 for place in range(4)] for user in range(1, 13)]
        lists = answers(run, [items[:-1] for items in users.values()], times)
        self.assertEqual(ranks, [ranked.index(items[-1]) + 1
                                 for ranked, items in zip(lists, users.values())])

    def test_unknown_items_are_counted(self):
        run, data = train("run", WORKPLACE.data), later_log()
        report = evaluate(run, "--data", data, "--other-log")
        users, known = sequences_of(data), known_items(run)
        histories = [items[:-1] for items in users.values()]
        unknown = {
            "targets": sum(items[-1] not in known for items in users.values()),
            "histories": sum(not known.intersection(history) for history in histories),
            "history_events": sum(item not in known for history in histories for item in history),
            "of_history_events": sum(map(len, histories))}
        self.assertEqual(unknown["targets"], 11)
        self.assertEqual(unknown["histories"], 2)
        self.assertEqual(report["unknown"], unknown)
        self.assertEqual(report["cold_items"], 11)
        protocol = report["protocol"]
        self.assertEqual((protocol["users"], protocol["items"]), (47, len(known)))
        log = protocol["other_log"]
        self.assertEqual((log["users"], log["unknown_items"]), (47, 4))
        self.assertEqual(log["events"], sum(map(len, users.values())))
        self.assertNotIn("trained_on", protocol)
        text = WORKPLACE.call(["eval", run, "--data", data, "--other-log"]).stdout
        self.assertIn("unknown to the model: 11 of 47 held-out items and the whole history of 2 "
                      "users, misses; 16 of 251 events", text)
        self.assertIn("another log than the training's, data " + log["data_hash"], text)
        self.assertNotIn("cold items", text)

    def test_the_log_of_the_training_gives_the_usual_result(self):
        run = train("core", WORKPLACE.data, "--min-item-events", "19")
        usual = evaluate(run)
        self.assertLess(usual["protocol"]["items"], 40)
        self.assertEqual(evaluate(run, "--data", WORKPLACE.data, "--other-log"), usual)

    def test_filters_by_count_are_for_the_log_of_the_training(self):
        run = train("core", WORKPLACE.data, "--min-item-events", "19")
        report = evaluate(run, "--data", later_log(), "--other-log")
        self.assertEqual(report["protocol"]["users"], 47)
        self.assertGreater(report["unknown"]["targets"], 11)

    def test_standard_input(self):
        run, data = train("run", WORKPLACE.data), later_log()
        with open(data, encoding="utf-8") as file:
            piped = evaluate(run, "--data", "-", "--other-log", stdin=file.read())
        self.assertEqual(piped, evaluate(run, "--data", data, "--other-log"))

    def test_the_split_rule_is_that_of_the_run(self):
        run = train("timed", WORKPLACE.data, "--split", "time", "--valid-time", "1008",
                    "--test-time", "1010")
        rows = "".join(f"u{user},m{1 + (user + time) % 40},3,{time}\n"
                       for user in range(1, 9) for time in range(1004, 1014 - user % 4))
        data = WORKPLACE.write("times.csv", HEAD + rows)
        path = WORKPLACE.path("times.tsv")
        report = evaluate(run, "--data", data, "--other-log", "--ranks", path)
        self.assertIn("time: the test begins at 1010", report["protocol"]["split"])
        with open(path, encoding="utf-8") as file:
            found = [line.split("\t")[:2] for line in file.read().splitlines()[1:]]
        self.assertEqual(found, [[f"u{u}", f"m{1 + (u + 1010) % 40}"] for u in range(1, 9)])
        validation = evaluate(run, "--data", data, "--other-log", "--split", "valid")
        self.assertEqual(validation["protocol"]["users"], 8)

    def test_an_explicit_flag_is_needed(self):
        run, data = train("run", WORKPLACE.data), later_log()
        refusal = evaluate(run, "--data", data, code=6)
        self.assertIn("not what the run was trained on", refusal)
        self.assertIn("add --other-log", refusal)
        self.assertIn("--data FILE or --against RUN", evaluate(run, "--other-log", code=2))
        self.assertIn("leave out --other-log", evaluate(run, "--data", data, "--other-log",
                                                        "--sampled", "uni:5", code=2))

    def test_runs_that_were_trained_on_held_out_events(self):
        data = later_log()
        for refit, words in (("validation", "the validation events of another log too"),
                             ("all", "all events of another log, its test events included")):
            run = train("refit_" + refit, WORKPLACE.data, "--refit", refit)
            report = evaluate(run, "--data", data, "--other-log")
            self.assertEqual(report["protocol"]["trained_on"], words)
        self.assertIn("--refit all", evaluate(run, "--data", WORKPLACE.data, "--other-log", code=2))
        plain = train("run", WORKPLACE.data)
        self.assertIn("was trained on this log",
                      evaluate(plain, "--against", run, "--other-log", code=2))
        run = train("all_events", WORKPLACE.data, "--split", "none")
        self.assertIn("--split none, which holds out no events",
                      evaluate(run, "--data", data, "--other-log", code=2))
        self.assertIn("was trained on this log",
                      evaluate(plain, "--against", run, "--other-log", code=2))

    def test_experts_and_means(self):
        data, elastic = later_log(), WORKPLACE.run
        report = evaluate(elastic, "--data", data, "--other-log", "--swap-experts")
        self.assertIn("swapped_experts", report)
        runs = [train("run", WORKPLACE.data), train("drop", WORKPLACE.data, "--dropout", "0.3")]
        report = evaluate(",".join(runs), "--data", data, "--other-log")
        self.assertEqual(report["protocol"]["mean_of"], runs)


class Against(unittest.TestCase):
    """Yesterday's run and today's, whose log has more users, events and items."""

    @classmethod
    def setUpClass(cls):
        rows = ratings_csv() + "".join(f"u{user},{item},4,{5000 + place}\n"
                                       for user in range(1, 31)
                                       for place, item in enumerate(("new1", "m3", "new2")))
        cls.log = WORKPLACE.write("today.csv", rows)
        cls.today = train("today", cls.log, epochs=20)
        cls.yesterday = train("run", WORKPLACE.data)

    def test_both_rank_the_same_events(self):
        self.assertIn("other data or another split",
                      evaluate(self.today, "--against", self.yesterday, code=2))
        both = evaluate(self.today, "--against", self.yesterday, "--other-log")
        alone = evaluate(self.today)
        (against,) = both.pop("against")
        self.assertEqual(both, alone)
        other = evaluate(self.yesterday, "--data", self.log, "--other-log")
        self.assertEqual(against["unknown"], other["unknown"])
        self.assertEqual(other["unknown"]["targets"], 30)
        self.assertEqual(other["protocol"]["split_hash"], alone["protocol"]["split_hash"])
        for name, value in against["differences"].items():
            self.assertAlmostEqual(value, alone["metrics"][name] - other["metrics"][name], places=5)
        table = WORKPLACE.call(["eval", self.today, "--against", self.yesterday, "--other-log"])
        self.assertIn(f"against {self.yesterday}, paired by user", table.stdout)
        self.assertIn(f"unknown to the model: 30 of {NUM_USERS} held-out items", table.stdout)

    def test_a_worse_model_exits_with_8_after_the_report(self):
        bad = train("bad", self.log, "--max-tokens", "1")
        worse = ["--against", self.yesterday, "--other-log", "--fail-worse"]
        result = WORKPLACE.call(["eval", bad, *worse, "NDCG@10,HR@10"])
        self.assertEqual(result.returncode, 8, result.stderr)
        self.assertIn("protocol: test split", result.stdout)
        self.assertRegex(result.stderr, r"--fail-worse: .*NDCG@10 is lower than that of \S+ by 0\.")
        self.assertEqual(WORKPLACE.call(["eval", self.today, *worse, "NDCG@10"]).returncode, 0)
        both = WORKPLACE.call(["eval", bad, *worse, "NDCG@10", "--fail-below", "HR@1=2"])
        self.assertEqual(both.returncode, 8)
        self.assertRegex(both.stderr, r"--fail-below: HR@1 is .*; --fail-worse: NDCG@10 is lower")

    def test_fail_worse_is_checked_before_any_work(self):
        self.assertIn("add --against RUN",
                      evaluate(self.today, "--fail-worse", "NDCG@10", code=2))
        result = WORKPLACE.call(["eval", "no-such-run", "--against", "x", "--fail-worse", "NDGC@10"])
        self.assertEqual(result.returncode, 2)
        self.assertIn("--fail-worse: no metric \"NDGC@10\"", result.stderr)
        self.assertIn("did you mean NDCG@10?", result.stderr)


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
