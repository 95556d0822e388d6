"""train --teacher: teacher_test.py BINARY"""

import json
import os
import shutil
import sys
import unittest

from harness import TINY_MODEL, Workplace, combined, ratings_csv

WORKPLACE = Workplace(sys.argv.pop(1))


def train(name, *options, data=None):
    run = WORKPLACE.path(name)
    defaults = ["--data", data or WORKPLACE.data, "--out", run, "--model", "softmax", "--seed", "3",
                "--threads", "1", *TINY_MODEL]
    result = WORKPLACE.call(["train", *combined(defaults, options)])
    return run, result


def read(run, name):
    with open(os.path.join(run, name), "rb") as file:
        return file.read()


def trained(name, *options, data=None):
    run = WORKPLACE.path(name)
    if not os.path.exists(run):
        _, result = train(name, "--epochs", "2", *options, data=data)
        assert result.returncode == 0, result.stderr
    return run


class Teacher(unittest.TestCase):
    def refusal(self, *options):
        run, result = train("refused", "--epochs", "1", *options)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertFalse(os.path.exists(run))
        return result.stderr

    def test_a_run_names_its_teachers_and_answers_without_them(self):
        first = trained("first")
        second = trained("second", "--logits", "cosine")
        run, result = train("student", "--epochs", "2", "--teacher", "first,second",
                            "--teacher-weight", "0.7")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(", weight 0.7, temperature 1", result.stderr)
        self.assertEqual(json.loads(read(run, "config.json"))["teacher"], f"{first},{second}")
        self.assertIn("  learned from " + first + ":", result.stdout)
        protocol = json.loads(read(run, "result.json"))["protocol"]
        self.assertRegex(protocol["teacher"], f"^{first}:[0-9a-f]{{16}},{second}:[0-9a-f]{{16}}$")
        self.assertNotIn("teacher", json.loads(read(first, "result.json"))["protocol"])
        moved = WORKPLACE.path("moved")
        for teacher in (first, second):
            shutil.move(teacher, moved)
            self.assertEqual(WORKPLACE.call(["eval", run]).returncode, 0)
            shutil.move(moved, teacher)

    def test_both_phases_of_a_refit_learn_from_the_teacher(self):
        teacher = trained("first")
        run, result = train("refitted", "--epochs", "2", "--teacher", teacher, "--refit",
                            "validation")
        self.assertEqual(result.returncode, 0, result.stderr)
        result = json.loads(read(run, "result.json"))
        for report in (result, result["refit"]):
            self.assertIn(teacher, report["protocol"]["teacher"])

    def test_a_run_resumes_from_any_folder_with_the_same_teacher_only(self):
        teacher = trained("teacher")
        options = ("--epochs", "2", "--teacher", "teacher")
        whole, result = train("whole", *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        parts, result = train("parts", "--max-tokens", "400", *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        resume = ["train", "--resume", "--out", parts, "--max-tokens", "0"]
        model = os.path.join(teacher, "model.safetensors")
        shutil.copy(model, model + ".kept")
        shutil.copy(os.path.join(trained("teacher2", "--learning-rate", "0.01"),
                                 "model.safetensors"), model)
        refused = WORKPLACE.call(resume)
        self.assertEqual(refused.returncode, 6, refused.stderr)
        shutil.move(model + ".kept", model)
        other = trained("teacher2", "--learning-rate", "0.01")
        refused = WORKPLACE.call([*resume, "--teacher", other])
        self.assertEqual(refused.returncode, 6, refused.stderr)
        self.assertIn("was started with teacher = ", refused.stderr)
        result = WORKPLACE.call(resume, cwd=os.path.dirname(WORKPLACE.folder.name))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(read(parts, "model.safetensors"), read(whole, "model.safetensors"))

    def test_teachers_of_other_data_or_none_at_all_are_refused(self):
        self.assertIn("--teacher: expected run directories", self.refusal("--teacher", "nowhere"))
        first = trained("first")
        self.assertIn("is named twice", self.refusal("--teacher", f"{first},{first}"))
        lines = ratings_csv().splitlines(keepends=True)
        shorter = WORKPLACE.write("shorter.csv", "".join(lines[:-1]))
        self.assertIn("was trained on other data or another split",
                      self.refusal("--teacher", trained("shorter", data=shorter)))
        self.assertIn("was trained on other data or another split",
                      self.refusal("--teacher", trained("by_ratio", "--split", "ratio")))
        renamed = WORKPLACE.write("renamed.csv", ratings_csv().replace(",m1,", ",z1,"))
        self.assertIn("has other items than this run",
                      self.refusal("--teacher", trained("renamed", data=renamed)))
        self.assertIn("expected --loss softmax",
                      self.refusal("--teacher", first, "--loss", "bce"))
        self.assertIn("--teacher: expected a causal model",
                      self.refusal("--teacher", trained("both_ways", "--model", "lda")))


if __name__ == "__main__":
    unittest.main()
