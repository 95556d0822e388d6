"""The outputs of `profile`, and its comparison with an earlier one. profile_test.py BINARY"""

import json
import os
import sys
import unittest

from harness import Workplace

WORKPLACE = None
QUICK = ["profile", "--model", "lda,softmax", "--length", "8", "--batch", "1", "--phase", "serve",
         "--items", "50", "--dim", "8", "-q"]


def profile(*options, code=0, repetitions=4):
    result = WORKPLACE.call([*QUICK, "--repetitions", str(repetitions), *options])
    assert result.returncode == code, (result.returncode, result.stderr)
    return result


def read(name):
    with open(WORKPLACE.path(name), encoding="utf-8") as file:
        return file.read()


class Outputs(unittest.TestCase):
    def test_lines_of_json_hold_the_rows_of_the_json(self):
        whole = json.loads(profile("-o", "json").stdout)
        lines = [json.loads(line) for line in profile("-o", "jsonl").stdout.splitlines()]
        self.assertEqual([row["model"] for row in whole["rows"]], ["lda", "softmax"])
        rows = [line for line in lines if "model" in line]
        self.assertEqual([row["model"] for row in rows], ["lda", "softmax"])
        for row, same in zip(rows, whole["rows"]):
            self.assertEqual(len(same["ms"]), 4)
            for key in ("phase", "length", "batch", "status", "parameters"):
                self.assertEqual(row.get(key), same.get(key), key)

    def test_page_and_trace_are_written(self):
        profile("--report", "page.html", "--trace", "trace.json", "--ops")
        page = read("page.html")
        for text in ("<svg", "lda", "softmax"):
            self.assertIn(text, page)
        events = json.loads(read("trace.json"))["traceEvents"]
        names = {event["name"] for event in events}
        self.assertIn("process_name", names)
        self.assertIn("memory", names)
        self.assertEqual({event["pid"] for event in events}, {0, 1})
        processes = [event["args"]["name"] for event in events if event["name"] == "process_name"]
        self.assertEqual(processes, ["lda serve 8", "softmax serve 8"])
        spans = [event for event in events if event.get("cat")]
        self.assertLessEqual({"layer", "op", "kernel"}, {event["cat"] for event in spans})
        for event in spans:
            self.assertGreaterEqual(event["dur"], 0)
        self.assertTrue(any(event["args"]["operands"] for event in spans if event["cat"] == "kernel"))

    def test_the_shortcut_is_on_off_or_both(self):
        def shortcuts(*options):
            rows = json.loads(profile("-o", "json", *options).stdout)["rows"]
            return [row["shortcut"] for row in rows if row["model"] == "softmax"]
        self.assertEqual(shortcuts(), [True])
        self.assertEqual(shortcuts("--shortcut", "off"), [False])
        self.assertEqual(shortcuts("--shortcut", "both"), [False, True])

    @staticmethod
    def training_rows(model, *options):
        result = WORKPLACE.call(["profile", "--model", model, "--phase", "train", "--batch", "3",
                                 "--length", "8", "--items", "50", "--dim", "8", "--repetitions",
                                 "1", "--ops", "-q", "-o", "json", *options])
        return json.loads(result.stdout)["rows"]

    def test_a_loss_at_the_last_position_has_a_shortcut(self):
        def shortcuts(supervision):
            rows = self.training_rows("softmax", "--supervision", supervision, "--shortcut", "both")
            return [row["shortcut"] for row in rows]
        self.assertEqual(shortcuts("last"), [False, True])
        self.assertEqual(shortcuts("all"), [True])

    def test_the_loss_is_of_the_supervised_positions(self):
        def flops_of_loss(model, *options):
            row, = self.training_rows(model, "--supervision", *options)
            flops, = [kernel["kernel_flops"] for kernel in row["kernels"]
                      if kernel["kernel"] == "linear_cross_entropy"]
            return flops
        last = flops_of_loss("softmax", "last")
        self.assertGreater(last, 0)
        self.assertEqual(flops_of_loss("softmax", "all"), 8 * last)
        self.assertEqual(flops_of_loss("elastic-window", "window", "--window", "3"), 3 * last)


class Against(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.earlier = json.loads(profile("-o", "json").stdout)

    def write(self, name, change):
        earlier = json.loads(json.dumps(self.earlier))
        change(earlier)
        return WORKPLACE.write(name, json.dumps(earlier))

    def scaled(self, name, factor):
        def change(earlier):
            for row in earlier["rows"]:
                row["ms_median"] *= factor
                row["ms"] = [factor * value for value in row["ms"]]
        return self.write(name, change)

    def test_ratios_of_time_and_memory(self):
        slow = self.scaled("slow.json", 1e4)
        rows = json.loads(profile("--against", slow, "-o", "json").stdout)["rows"]
        for row in rows:
            self.assertLess(row["time_ratio"], 0.1)
            self.assertGreater(row["time_ratio_low"], 0.0)
            self.assertEqual(row["memory_ratio"], 1.0)
            self.assertEqual(row["earlier_status"], "ok")
        self.assertIn(f"Against {slow}", profile("--against", slow).stdout)

    def test_slower_rows_fail_the_gate(self):
        fast = self.scaled("fast.json", 1e-6)
        slow = self.scaled("slow.json", 1e4)
        profile("--against", slow, "--fail-above", "1.5")
        result = profile("--against", fast, "--fail-above", "1.5", code=8)
        self.assertIn("--fail-above 1.5: ", result.stderr)
        for model in ("lda", "softmax"):
            self.assertIn(model, result.stderr)

    def test_more_memory_fails_the_gate(self):
        def halve(earlier):
            for row in earlier["rows"]:
                row["peak_bytes"] //= 2
                row["ms"] = [1e4 * value for value in row["ms"]]
                row["ms_median"] *= 1e4
        small = self.write("small.json", halve)
        self.assertIn("memory", profile("--against", small, "--fail-above", "1.9", code=8).stderr)
        profile("--against", small, "--fail-above", "2.1")

    def test_rows_without_a_partner_are_named(self):
        def rename(earlier):
            earlier["rows"][0]["length"] = 16
        other = self.write("other.json", rename)
        whole = json.loads(profile("--against", other, "-o", "json").stdout)
        self.assertIsNone(whole["rows"][0]["earlier_status"])
        self.assertEqual(whole["rows"][1]["earlier_status"], "ok")
        self.assertEqual(len(whole["against"]["unmatched"]), 1)
        table = profile("--against", other).stdout
        self.assertIn("no partner", table)
        self.assertIn("lda, serve, length 16, batch 1", table)

        def rename_all(earlier):
            for row in earlier["rows"]:
                row["length"] = 16
        none = self.write("none.json", rename_all)
        self.assertIn("no row has a partner",
                      profile("--against", none, "--fail-above", "2", code=2).stderr)

    def test_a_row_that_no_longer_runs_fails_the_gate(self):
        slow = self.scaled("slow.json", 1e4)
        result = profile("--against", slow, "--fail-above", "5", "--max-memory", "1K", code=8)
        self.assertIn("ran before, and is", result.stderr)

    def test_a_gate_needs_a_file_and_repetitions(self):
        self.assertIn("add --against FILE", profile("--fail-above", "2", code=2).stderr)
        slow = self.scaled("slow.json", 1e4)
        self.assertIn("expected at least 4 --repetitions",
                      profile("--against", slow, "--fail-above", "2", code=2,
                              repetitions=3).stderr)

    def test_other_files_are_refused(self):
        def refused(change, *words):
            text = profile("--against", self.write("bad.json", change), code=6).stderr
            for word in words:
                self.assertIn(word, text)
        refused(lambda earlier: earlier.pop("rows"), "has no list of rows")
        refused(lambda earlier: earlier.update(rows={}), "has no list of rows")
        refused(lambda earlier: earlier.pop("schema_version"), "schema_version is not")
        refused(lambda earlier: earlier.update(machine=[]), "machine is not an object")
        refused(lambda earlier: earlier.update(swept=[1]), "swept")
        refused(lambda earlier: earlier["rows"].insert(1, 7), "row 2 is not an object")
        for key, value in (("model", 1), ("phase", None), ("length", 8.5), ("batch", "1"),
                           ("peak_bytes", "x"), ("ms_median", 0), ("ms", [0.0]), ("ms", 3),
                           ("name", 3)):
            refused(lambda earlier, key=key, value=value: earlier["rows"][1].update({key: value}),
                    "row 2", key)
        WORKPLACE.write("bad.json", "{")
        self.assertIn("is not JSON", profile("--against", "bad.json", code=6).stderr)


class Inputs(unittest.TestCase):
    def test_real_histories_are_named(self):
        table = profile("--data", WORKPLACE.data).stdout
        self.assertIn(f"latest events of random users of {WORKPLACE.data}", table)


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
