"""Tests of sampled candidates, rank files and gates. evaluation_test.py BINARY"""

import json
import math
import os
import shutil
import sys
import unittest

from harness import TINY_MODEL, Workplace, combined

WORKPLACE = None


def evaluate(*options):
    return WORKPLACE.call(["eval", WORKPLACE.run, *options])


def ranks_file(name, *options):
    path = WORKPLACE.path(name)
    result = evaluate("--ranks", path, "--json", *options)
    assert result.returncode == 0, result.stderr
    with open(path, encoding="utf-8") as file:
        return json.loads(result.stdout), file.read().splitlines()


class Ranks(unittest.TestCase):
    def test_metrics_follow_from_the_ranks(self):
        report, lines = ranks_file("ranks.tsv", "--sampled", "uni:20")
        self.assertEqual(lines[0], "user\titem\trank\thistory\trank[uni:20]")
        rows = [line.split("\t") for line in lines[1:]]
        self.assertEqual(len(rows), 60)
        self.assertEqual(rows[0][0], "u1")
        for column, metrics, suffix in ((2, report["metrics"], ""),
                                        (4, report["sampled"][0]["metrics"], "[uni:20]")):
            ranks = [int(row[column]) for row in rows]
            hits = sum(rank <= 10 for rank in ranks) / 60
            gain = sum(1 / math.log2(1 + rank) for rank in ranks if rank <= 10) / 60
            self.assertAlmostEqual(hits, metrics["HR@10" + suffix], places=6)
            self.assertAlmostEqual(gain, metrics["NDCG@10" + suffix], places=6)

    def test_lines_of_json_hold_the_same(self):
        _, rows = ranks_file("ranks.tsv")
        _, lines = ranks_file("ranks.jsonl")
        records = [json.loads(line) for line in lines]
        self.assertEqual([[r["user"], r["item"], str(r["rank"]), str(r["history"])]
                          for r in records], [row.split("\t") for row in rows[1:]])

    def test_other_file_names_are_refused_and_leave_no_file(self):
        for name in ("-", "ranks.csv", "ranks.tsv.gz"):
            result = evaluate("--ranks", name)
            self.assertEqual(result.returncode, 2)
            self.assertIn("--ranks: expected a file name that ends in .tsv or .jsonl",
                          result.stderr)
        result = evaluate("--ranks", "nowhere/ranks.tsv")
        self.assertEqual(result.returncode, 1)
        self.assertIn("nowhere/ranks.tsv", result.stderr)
        evaluate("--ranks", WORKPLACE.path("early.tsv"), "--min-history", "99")
        self.assertFalse([name for name in os.listdir(WORKPLACE.folder.name)
                          if name.startswith("early")])


class Means(unittest.TestCase):
    """Several runs that answer as one."""

    @classmethod
    def setUpClass(cls):
        cls.other = WORKPLACE.path("gru")
        result = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--items", WORKPLACE.items,
                                 "--out", cls.other, "--model", "gru", "--dim", "8",
                                 "--max-len", "5", "--epochs", "2"])
        assert result.returncode == 0, result.stderr
        cls.both = WORKPLACE.run + "," + cls.other

    def scores(self, run):
        question = json.dumps({"history": ["m1", "m2", "m3", "m4", "m5", "m6", "m7"]})
        result = WORKPLACE.call(["predict", run, "--top-k", "999", "-o", "json"], question + "\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        answer = json.loads(result.stdout)
        return {item["id"]: item["score"] for item in answer["items"]}

    def test_predict_ranks_by_the_mean_of_the_scores(self):
        one, two, mean = map(self.scores, (WORKPLACE.run, self.other, self.both))
        self.assertEqual(set(mean), set(one))
        for item, score in mean.items():
            self.assertAlmostEqual(score, (one[item] + two[item]) / 2, places=4)
        self.assertEqual(list(mean.values()), sorted(mean.values(), reverse=True))

    def test_eval_says_which_runs(self):
        result = WORKPLACE.call(["eval", self.both, "--json", "--against", self.other])
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(result.stdout)
        self.assertEqual(report["protocol"]["mean_of"], [WORKPLACE.run, self.other])
        self.assertNotIn("run", report)
        table = WORKPLACE.call(["eval", self.both]).stdout
        self.assertIn("mean of the scores of %s, %s" % (WORKPLACE.run, self.other), table)
        self.assertNotIn("mean_of", json.loads(evaluate("--json").stdout)["protocol"])

    def test_runs_that_cannot_be_joined_are_refused(self):
        self.assertIn("is named twice",
                      WORKPLACE.call(["eval", WORKPLACE.run + "," + WORKPLACE.run]).stderr)
        foreign = WORKPLACE.path("foreign")
        with open(WORKPLACE.data, encoding="utf-8") as file:
            rows = [line for line in file if ",m3," not in line]
        data = WORKPLACE.write("fewer.csv", "".join(rows))
        WORKPLACE.call(["train", "--data", data, "--out", foreign, "--model", "gru", "--dim", "8",
                        "--epochs", "1"])
        result = WORKPLACE.call(["predict", WORKPLACE.run + "," + foreign], "u1\n")
        self.assertEqual(result.returncode, 2)
        self.assertIn("has other items than", result.stderr)
        for arguments in (["predict", self.both, "--stream"], ["predict", self.both, "--explain"]):
            result = WORKPLACE.call(arguments, "u1 m1\n")
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
        result = WORKPLACE.call(["eval", WORKPLACE.run + ","])
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("RUN: expected RUN1,RUN2,.., got", result.stderr)


class SwappedExperts(unittest.TestCase):
    def test_differences_are_paired_with_the_same_users(self):
        plain = json.loads(evaluate("--json").stdout)
        result = evaluate("--swap-experts", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(result.stdout)
        swapped = report.pop("swapped_experts")
        self.assertEqual(report, plain)
        low, high = swapped["intervals"]["NDCG@10"]
        self.assertLessEqual(low, swapped["differences"]["NDCG@10"])
        self.assertLessEqual(swapped["differences"]["NDCG@10"], high)
        self.assertIn("own experts minus another user's, paired by user",
                      evaluate("--swap-experts").stdout)

    def test_a_model_that_reads_its_experts_ranks_worse_with_others(self):
        run = WORKPLACE.path("long")
        WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out", run,
                        *combined(TINY_MODEL, ["--epochs", "40", "--model", "elastic", "--dropout",
                                               "0.1", "--logits", "dot", "--learning-rate",
                                               "0.001"])])
        result = WORKPLACE.call(["eval", run, "--swap-experts", "--json"])
        swapped = json.loads(result.stdout)["swapped_experts"]
        self.assertGreater(swapped["intervals"]["NDCG@10"][0], 0.05)

    def test_two_users_swap_and_one_cannot(self):
        result = evaluate("--swap-experts", "--eval-users", "2", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout)["protocol"]["users"], 2)
        result = evaluate("--swap-experts", "--eval-users", "1")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("--swap-experts: there is only one user to evaluate", result.stderr)

    def test_models_without_retrieval_are_refused(self):
        run = WORKPLACE.path("plain")
        WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out", run, "--model", "softmax",
                        "--dim", "8", "--num-heads", "2", "--epochs", "1"])
        result = WORKPLACE.call(["eval", run, "--swap-experts"])
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("--swap-experts: softmax retrieves no experts per user", result.stderr)


class CutoffsOfMetrics(unittest.TestCase):
    def test_eval_takes_over_those_of_the_run(self):
        run = WORKPLACE.path("cutoffs")
        result = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out", run, "--epochs", "2",
                                 "--k", "20,3", "--stop-metric", "MRR@7", *TINY_MODEL])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"model +@3 +@10 +@20\n")
        with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
            self.assertIn('"MRR@7"', file.read())
        names = {f"{name}@{k}" for name in ("HR", "NDCG", "MRR", "Recall") for k in (3, 10, 20)}
        result = WORKPLACE.call(["eval", run, "--json", "--sampled", "uni:5"])
        report = json.loads(result.stdout)
        self.assertEqual(set(report["metrics"]), names)
        self.assertEqual(set(report["intervals"]), names)
        result = WORKPLACE.call(["eval", run, "--k", "2", "--fail-below", "NDCG@2=2"])
        self.assertEqual(result.returncode, 8)
        result = WORKPLACE.call(["eval", run, "--k", "2", "--fail-below", "NDCG@3=0"])
        self.assertEqual(result.returncode, 2)
        self.assertIn("at 2 or 10, as in --k", result.stderr)

    def test_unusable_ones_of_the_run_are_an_error_of_its_file(self):
        run = WORKPLACE.path("bad_cutoffs")
        shutil.copytree(WORKPLACE.run, run)
        path = os.path.join(run, "config.json")
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
        for k in ("0", [3]):
            with open(path, "w", encoding="utf-8") as file:
                json.dump({**config, "k": k}, file)
            result = WORKPLACE.call(["eval", run])
            self.assertEqual((result.returncode, result.stdout), (6, ""))
            self.assertIn("config.json: k: expected numbers from 1 to 1000", result.stderr)

    def test_compare_reads_any_cutoff(self):
        result = WORKPLACE.call(["compare", WORKPLACE.run, "--metrics", "NDCG@3,HR@30", "-o", "csv"])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("NDCG@3", result.stdout)
        self.assertIn("HR@30", result.stdout)


class UserSamples(unittest.TestCase):
    def test_a_sample_of_the_users_is_named_and_ranked_alike(self):
        ranks = WORKPLACE.path("all_ranks.tsv")
        WORKPLACE.call(["eval", WORKPLACE.run, "--ranks", ranks])
        sample = WORKPLACE.path("sample_ranks.tsv")
        result = WORKPLACE.call(["eval", WORKPLACE.run, "--eval-users", "7", "--json", "--ranks",
                                 sample])
        self.assertEqual(result.returncode, 0, result.stderr)
        protocol = json.loads(result.stdout)["protocol"]
        self.assertEqual((protocol["users"], protocol["users_drawn_from"]), (7, 60))
        with open(sample, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(len(lines), 8)
        with open(ranks, encoding="utf-8") as file:
            self.assertLessEqual(set(lines), set(file.read().splitlines()))
        text = WORKPLACE.call(["eval", WORKPLACE.run, "--eval-users", "7"]).stdout
        self.assertIn("7 users of 60, drawn by the seed, all 40 items ranked", text)
        whole = json.loads(WORKPLACE.call(["eval", WORKPLACE.run, "--eval-users", "60",
                                           "--json"]).stdout)["protocol"]
        self.assertEqual(whole["users"], 60)
        self.assertNotIn("users_drawn_from", whole)

    def test_validation_of_a_sample(self):
        run = WORKPLACE.path("sampled_validation")
        result = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out", run, "--epochs", "2",
                                 "--eval-users", "9", *TINY_MODEL])
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
            events = [json.loads(line) for line in file]
        self.assertEqual([e["users"] for e in events if e["event"] == "evaluation"], [9, 9])
        self.assertIn("60 users, all 40 items", result.stdout)  # the test has all of them


class Samples(unittest.TestCase):
    def test_samples_repeat_and_depend_on_their_seed_only(self):
        first, again, other = (
            json.loads(evaluate("--sampled", "uni:5,pop:5", "--json", *more).stdout)["sampled"]
            for more in ([], ["--threads", "1"], ["--sampling-seed", "1"]))
        self.assertEqual([s["candidates"] for s in first], ["uni:5", "pop:5"])
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_the_full_ranking_stays_as_it_is(self):
        plain = json.loads(evaluate("--json").stdout)
        sampled = json.loads(evaluate("--json", "--sampled", "uni:5").stdout)
        self.assertEqual(plain["metrics"], sampled["metrics"])
        self.assertNotIn("sampled", plain)
        self.assertNotIn("sampled_negatives", plain["protocol"])
        self.assertIn("not comparable", sampled["protocol"]["sampled_negatives"]["note"])

    def test_the_table_warns(self):
        text = evaluate("--sampled", "uni:30", "--sampled", "pop:30").stdout
        self.assertIn("model [uni:30]", text)
        self.assertIn("model [pop:30]", text)
        self.assertIn("60 users had fewer items left than that", text)
        self.assertIn("Krichene and Rendle", text)


class Gates(unittest.TestCase):
    def test_a_result_below_its_gate_exits_with_8_after_the_report(self):
        result = evaluate("--fail-below", "NDCG@10=0,HR@50=1.5", "--fail-below", "MRR@1=2")
        self.assertEqual(result.returncode, 8)
        self.assertIn("protocol: test split", result.stdout)
        self.assertIn("--fail-below: HR@50 is 1.000000, below 1.5; MRR@1 is", result.stderr)
        self.assertNotIn("NDCG@10", result.stderr)

    def test_a_result_at_its_gate_passes(self):
        value = json.loads(evaluate("--json").stdout)["metrics"]["HR@50"]
        self.assertEqual(value, 1.0)
        result = evaluate("--fail-below", "HR@50=1,HR@10[uni:3]=1", "--sampled", "uni:3")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_unknown_metrics_are_refused_before_any_work(self):
        for gate, message in (("NDGC@10=0.1", "did you mean NDCG@10?"),
                              ("HR@10[uni:9]=0.1", "[uni:N]"), ("NDCG@10", "METRIC=VALUE"),
                              ("NDCG@10=x", "expected a number, got \"x\"")):
            result = WORKPLACE.call(["eval", "no-such-run", "--fail-below", gate])
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn("--fail-below", result.stderr)
            self.assertIn(message, result.stderr)


class Groups(unittest.TestCase):
    def test_popularity_groups_hold_every_user_once(self):
        report = json.loads(evaluate("--json").stdout)
        groups = report["by_item_popularity"]
        self.assertEqual(sum(group["users"] for group in groups), report["protocol"]["users"])
        self.assertLessEqual(sum(group["items"] for group in groups), 40)
        mean = sum(group["users"] * group["HR@10"] for group in groups) / 60
        self.assertAlmostEqual(mean, report["metrics"]["HR@10"], places=5)

    def test_cold_items_are_reported_and_count_as_misses(self):
        rows = "".join(f"u{user},m{item},{user * 100 + item}\n"
                       for user in range(1, 21) for item in range(1, 7))
        data = WORKPLACE.write("cold.csv", "user,item,time\n" + rows + "u1,new,999\n")
        run = WORKPLACE.path("cold")
        trained = WORKPLACE.call(["train", "--data", data, "--out", run, "--model", "softmax",
                                  "--epochs", "1", "--dim", "8", "--num-layers", "1", "--json"])
        self.assertEqual(trained.returncode, 0, trained.stderr)
        report = json.loads(trained.stdout)
        # All users hold out m6 and new; m5 is the validation item of all.
        self.assertEqual(report["cold_items"], 20)
        self.assertEqual(report["cold_users"], 0)
        # u1 has seen all but one of the seven items, so its rank is both the last and the first.
        self.assertEqual(report["metrics"]["HR@1"], 0.05)
        self.assertEqual([g["group"] for g in report["by_item_popularity"]], ["cold"])
        text = WORKPLACE.call(["eval", run]).stdout
        self.assertIn("cold items: 20 users' held-out item has no training event", text)


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
