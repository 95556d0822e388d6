"""Tests of `elastic compare`. compare_test.py BINARY"""

import csv
import io
import json
import os
import re
import sys
import unittest

from harness import Workplace, combined

WORKPLACE = None
SMALL = ["--dim", "8", "--num-layers", "1", "--num-heads", "2", "--max-len", "5", "--epochs", "2",
         "--batch-size", "32"]


def train(name, *options, data=None):
    result = WORKPLACE.call(["train", "--data", data or WORKPLACE.data, "--out",
                             WORKPLACE.path(name), *combined(SMALL, options)])
    assert result.returncode == 0, result.stderr


def compare(*arguments, **options):
    return WORKPLACE.call(["compare", *arguments], **options)


def compared(*arguments):
    result = compare(*arguments, "-o", "json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


class Base(unittest.TestCase):
    made = False

    @classmethod
    def setUpClass(cls):
        if not Base.made:
            Base.made = True
            for seed in ("1", "2", "3"):
                train("sweep/runs/softmax-" + seed, "--model", "softmax", "--seed", seed)
            for seed in ("1", "2"):
                train("sweep/runs/wide_" + seed, "--model", "softmax", "--seed", seed, "--dim",
                      "16")
            train("sweep/runs/gru", "--model", "gru", "--seed", "5")
            WORKPLACE.write("sweep/runs/gru.log", "a log\n")

    def refused(self, words, *arguments, code=2):
        result = compare(*arguments)
        self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
        self.assertIn(words, result.stderr)


class Groups(Base):
    def test_runs_that_differ_in_the_seed_are_a_group_named_by_other_differences(self):
        report = compared("sweep")
        self.assertEqual([(g["group"], g["seeds"]) for g in report["groups"]],
                         [("gru dim=8", 1), ("softmax dim=8", 3), ("softmax dim=16", 2)])
        self.assertEqual(report["groups"][2]["options"], {"model": "softmax", "dim": 16})
        self.assertEqual(report["groups"][1]["runs"][2],
                         {"run": "sweep/runs/softmax-3", "seed": 3})
        self.assertEqual(report["baseline"], "gru dim=8")
        self.assertEqual(report["family"]["tests"], 6)
        everyone = report["parts"][0]
        self.assertEqual((everyone["kind"], everyone["users"]), ("all", 60))
        wide = everyone["groups"][2]["metrics"]["NDCG@10"]
        self.assertEqual(wide["covers"], "users")  # the baseline has one seed

    def test_options_of_one_model_alone_are_not_part_of_a_name(self):
        train("other/window", "--model", "elastic-window", "--seed", "1")
        report = compared("other/window", "sweep/runs/softmax-1", "sweep/runs/wide_1")
        self.assertEqual([g["group"] for g in report["groups"]],
                         ["elastic-window dim=8", "softmax dim=8", "softmax dim=16"])

    def test_means_deviations_and_differences_follow_from_the_runs(self):
        report = compared("sweep", "--baseline", "softmax dim=8", "--metrics", "HR@10,MRR@5")
        values = {}
        for name in ("softmax-1", "softmax-2", "softmax-3", "wide_1", "wide_2"):
            result = WORKPLACE.call(["eval", "sweep/runs/" + name, "--json"])
            values[name] = json.loads(result.stdout)["metrics"]
        for metric in ("HR@10", "MRR@5"):
            plain = [values[name][metric] for name in values if name.startswith("softmax")]
            wide = [values[name][metric] for name in values if name.startswith("wide")]
            cells = {g["group"]: g["metrics"][metric] for g in report["parts"][0]["groups"]}
            mean = sum(plain) / 3
            spread = (sum((value - mean) ** 2 for value in plain) / 2) ** 0.5
            self.assertAlmostEqual(cells["softmax dim=8"]["mean"], mean, places=5)
            self.assertAlmostEqual(cells["softmax dim=8"]["deviation"], spread, places=5)
            cell = cells["softmax dim=16"]
            self.assertAlmostEqual(cell["difference"], sum(wide) / 2 - mean, places=5)
            self.assertLess(cell["interval"][0], cell["difference"])
            self.assertGreater(cell["interval"][1], cell["difference"])
            self.assertEqual(cell["covers"], "users and seeds")
            self.assertGreaterEqual(cell["p_adjusted"], cell["p"])
            self.assertEqual(cells["gru dim=8"]["covers"], "users")

    def test_two_runs_have_the_figures_of_eval_against(self):
        first, second = "sweep/runs/softmax-1", "sweep/runs/gru"
        report = compared(second, first)
        cell = report["parts"][0]["groups"][1]["metrics"]["NDCG@10"]
        result = WORKPLACE.call(["eval", first, "--against", second, "--json"])
        against = json.loads(result.stdout)["against"][0]
        self.assertAlmostEqual(cell["difference"], against["differences"]["NDCG@10"], places=5)
        for ours, theirs in zip(cell["interval"], against["intervals"]["NDCG@10"]):
            self.assertAlmostEqual(ours, theirs, places=5)

    def test_group_by_names_the_options_of_a_group(self):
        result = compare("sweep", "--group-by", "model", "--json")
        groups = json.loads(result.stdout)["groups"]
        self.assertEqual([(g["group"], g["seeds"]) for g in groups], [("gru", 1), ("softmax", 5)])
        self.assertIn("group softmax: the runs differ in dim, not only in the seed", result.stderr)
        self.refused("did you mean model?", "sweep", "--group-by", "modle")
        self.refused("--baseline: expected a group, \"gru\", \"softmax\"", "sweep", "--group-by",
                     "model", "--baseline", "softmx")

    def test_parts_hold_all_users(self):
        report = compared("sweep")
        for kind in ("history", "popularity"):
            parts = [part for part in report["parts"] if part["kind"] == kind]
            self.assertEqual(sum(part["users"] for part in parts), 60)
            for group in range(3):
                mean = sum(part["users"] * part["groups"][group]["metrics"]["HR@10"]["mean"]
                           for part in parts) / 60
                whole = report["parts"][0]["groups"][group]["metrics"]["HR@10"]["mean"]
                self.assertAlmostEqual(mean, whole, places=9)


class Arguments(Base):
    def test_files_and_unfinished_runs_are_left_out_with_a_note(self):
        os.makedirs(WORKPLACE.path("begun"), exist_ok=True)
        WORKPLACE.write("begun/config.json", "{}")
        result = compare("sweep/runs/gru", "sweep/runs/gru.log", "sweep/runs/gru/", "begun",
                         "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("left out: sweep/runs/gru.log is a file, not a run", result.stderr)
        self.assertIn("left out: begun: its training is not finished (there is no model",
                      result.stderr)
        groups = json.loads(result.stdout)["groups"]
        self.assertEqual([(g["group"], g["seeds"]) for g in groups], [("gru", 1)])

    def test_what_cannot_be_compared_is_refused_with_the_reason(self):
        rows = "".join(f"u{u},m{i},{u * 100 + i}\n" for u in range(20) for i in range(8))
        data = WORKPLACE.write("other.csv", "user,item,time\n" + rows)
        train("other", "--model", "gru", data=data)
        self.refused("RUN: other was trained on other data or another split", "sweep", "other")
        train("twice", "--model", "gru", "--seed", "5")
        self.refused("sweep/runs/gru and twice are the same training", "sweep", "twice")
        self.refused("RUN: there is no folder nowhere", "nowhere")
        os.makedirs(WORKPLACE.path("empty"), exist_ok=True)
        self.refused("RUN: empty is no run, and there is none in it", "empty")
        self.refused("did you mean NDCG@10?", "sweep", "--metrics", "NDGC@10")


class Forms(Base):
    def test_latex_escapes_names_and_marks_the_best(self):
        text = compare("sweep", "-o", "latex", "--group-by", "dim,model").stdout
        for line in (r"\toprule", r"\midrule", r"\bottomrule", r"\begin{tabular}{lrlll}"):
            self.assertIn(line, text)
        self.assertEqual(text.count(r"\textbf{"), 3)
        self.assertGreaterEqual(text.count(r"\underline{"), 3)
        text = compare("sweep/runs/softmax-1", "sweep/runs/gru", "-o", "latex", "--group-by",
                       "learning_rate,model,batch_size,seed").stdout
        self.assertIn("softmax seed=1 & 1", text)
        train("rate", "--model", "gru", "--seed", "5", "--learning-rate", "0.01")
        text = compare("sweep/runs/gru", "rate", "-o", "latex").stdout
        self.assertIn(r"learning\_rate=0.01 & 1 & ", text)
        self.assertNotRegex(text, r"(?<!\\)_")
        self.assertNotRegex(text.split("\n", 1)[1], r"(?<!\\)%")

    def test_markdown_is_a_table_with_escaped_names(self):
        text = compare("sweep", "-o", "md").stdout
        lines = text.splitlines()
        self.assertEqual(lines[0], "| group | seeds | NDCG@10 | HR@10 | MRR@10 |")
        self.assertIn("**", lines[2] + lines[3] + lines[4])
        self.assertIn("<ins>", lines[2] + lines[3] + lines[4])

    def test_csv_has_a_line_for_each_part_group_and_metric(self):
        text = compare("sweep", "-o", "csv").stdout
        rows = list(csv.DictReader(io.StringIO(text)))
        report = compared("sweep")
        self.assertEqual(len(rows), 9 * len(report["parts"]))
        cell = report["parts"][0]["groups"][1]["metrics"]["NDCG@10"]
        row = rows[3]
        self.assertEqual((row["part"], row["group"], row["metric"]),
                         ("all", "softmax dim=8", "NDCG@10"))
        for key in ("mean", "difference", "p", "p_adjusted", "df"):
            self.assertEqual(float(row[key]), cell[key])
        self.assertEqual(rows[0]["difference"], "")

    def test_the_table_says_what_intervals_cover(self):
        text = compare("sweep", "--baseline", "softmax dim=8").stdout
        self.assertRegex(text, r"softmax dim=8 \(baseline\) +3 +0\.\d{4} \(0\.\d{4}\)")
        self.assertIn("users and seeds", text)
        self.assertIn("over users only for gru dim=8, as a group has a single seed", text)
        self.assertIn("a family of 6 tests", text)

    def test_the_page_has_curves_intervals_and_tables(self):
        result = compare("sweep", "--report", "page.html", "-q")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        with open(WORKPLACE.path("page.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertEqual(page.count("<figure>"), 5)  # three metrics, curves by epoch and time
        self.assertEqual(page.count('opacity="0.5"'), 9)  # six runs by epoch, three by time
        self.assertIn("By popularity of the held-out item", page)
        self.assertIsNone(re.search(r'(src|href)="?http', page))
        self.refused("nowhere/page.html", "sweep", "--report", "nowhere/page.html", code=1)


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    os.makedirs(WORKPLACE.path("sweep/runs"))
    unittest.main()
