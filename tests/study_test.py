"""The study, scripts/study.sh, on a small data set: study_test.py BINARY [TEST...]"""

import html.parser
import json
import os
import re
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "cli"))
from harness import Workplace, clean_environment  # noqa: E402  (needs the path set above)

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts", "study.sh")
WORKPLACE = None


def start(out, *options):
    """Starts the study in its own process group, so that all of it can be killed at once."""
    command = [SCRIPT, WORKPLACE.data, out, "--quick", "--tokens", "1200", "--time", "0.3",
               "--elastic", WORKPLACE.binary, *options]
    return subprocess.Popen(command, env=clean_environment(), start_new_session=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def call(out, *options):
    process = start(out, *options)
    output, errors = process.communicate(timeout=300)
    return process.returncode, output, errors


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return file.read()


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)


def files(folder, ending):
    return sorted(os.path.relpath(os.path.join(place, name), folder)
                  for place, _, names in os.walk(folder) for name in names if name.endswith(ending))


def table(out, title):
    """Rows of a table of table.md: lists of cells."""
    section = read(out, "table.md").split(f"## {title}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:]]


class Page(html.parser.HTMLParser):
    """Counts the elements of the report and its references to other files."""

    def __init__(self, text):
        super().__init__()
        self.tags = {}
        self.loaded = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.loaded += [value for name, value in attrs if name in ("src", "href")]


class Whole(unittest.TestCase):
    MODELS = ["elastic", "lda", "softmax"]

    def test_a_killed_study_continues(self):
        out = WORKPLACE.path("killed")
        options = ["--models", ",".join(self.MODELS), "--long", "11,12", "--time", "2"]
        process = start(out, *options)
        begun = os.path.join(out, "runs/time/elastic-s1")
        wait_for(lambda: os.path.exists(os.path.join(begun, "checkpoints/latest.safetensors")))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        self.assertFalse(os.path.exists(os.path.join(begun, "result.json")))
        finished = {name: os.stat(os.path.join(out, name)).st_mtime_ns
                    for name in files(out, "result.json")}
        self.assertEqual(sorted(finished), [f"runs/tokens/{m}-s1/result.json" for m in self.MODELS])
        first_epoch = read(begun, "metrics.jsonl").splitlines()[0]  # with its measured time

        code, _, errors = call(out, *options, "--time", "3")
        self.assertEqual(code, 2, errors)
        self.assertIn("choose another OUT", errors)

        code, _, errors = call(out, *options)
        self.assertEqual(code, 0, errors)
        self.assertIn("resuming runs/time/elastic-s1", errors)
        self.assertEqual(read(begun, "metrics.jsonl").splitlines()[0], first_epoch)
        for name, changed in finished.items():
            self.assertEqual(os.stat(os.path.join(out, name)).st_mtime_ns, changed, name)
        self.check_tables(out)
        self.check_page(out)

        results = {name: os.stat(os.path.join(out, name)).st_mtime_ns for name in files(out, ".json")}
        code, _, errors = call(out, *options)
        self.assertEqual(code, 0, errors)
        self.assertNotIn("training", errors)
        self.assertNotIn("profiling", errors)
        self.assertEqual(results, {name: os.stat(os.path.join(out, name)).st_mtime_ns
                                   for name in files(out, ".json")})

    def check_tables(self, out):
        for title in ("Equal tokens", "Equal time"):
            rows = table(out, title)
            self.assertEqual([row[0] for row in rows], self.MODELS)
            for row in rows:
                self.assertEqual(row[-1], "done")
                self.assertRegex(row[2], r"^[01]\.\d{4} \([01]\.\d{4} to [01]\.\d{4}\)$")
                paired = r"^$" if row[0] == "softmax" else r"^[+-]0\.\d{4} \([+-].* to [+-].*\)$"
                self.assertRegex(row[5], paired)
        tokens = [float(row[-4].replace(",", "")) for row in table(out, "Equal tokens")]
        self.assertGreaterEqual(min(tokens), 1200)
        self.assertLess(max(tokens), 1200 + 1024)
        # All users have a history of exactly 11 events.
        self.assertEqual(len(table(out, "Equal tokens: users with at least 11 events")), 3)
        self.assertNotIn("at least 12 events", read(out, "table.md"))
        ablations = [row[0] for row in table(out, "ELASTIC with parts left out")]
        for label in ("experts shared by all users (lda)", "no gate", "random experts",
                      "every layer from the retrieved experts", "mean as query network",
                      "experts k 4", "experts k 8 (as is)", "sub-keys S 8", "length N 16"):
            self.assertIn(label, ablations)
        cost = table(out, "Cost")
        self.assertEqual([row[0] for row in cost], self.MODELS)
        self.assertTrue(all(cell for row in cost for cell in row), cost)
        runs = table(out, "Runs")
        self.assertEqual(len(runs), len(files(out, "result.json")))
        self.assertTrue(all(row[-1].startswith("elastic train --data") for row in runs), runs)
        self.assertIn("compiler", read(out, "table.md"))

    def check_page(self, out):
        page = Page(read(out, "report.html"))
        self.assertEqual(page.tags["figure"], 6)
        self.assertGreaterEqual(page.tags["table"], 8)
        self.assertEqual(page.loaded, [])
        self.assertIn("prefers-color-scheme: dark", read(out, "report.html"))

    def test_every_registered_model_takes_part(self):
        listed = json.loads(WORKPLACE.call(["models", "--json"]).stdout)
        out = WORKPLACE.path("all")
        code, _, errors = call(out, "--stages", "tokens", "--tokens", "300", "--seeds", "1,2",
                               "--jobs", "2")
        self.assertEqual(code, 0, errors)
        names = [entry["model"] for entry in listed]
        self.assertEqual([row[0] for row in table(out, "Equal tokens")], names + names)
        means = table(out, "Equal tokens: mean over the seeds")
        self.assertEqual([row[:2] for row in means], [[name, "2"] for name in names])


class Trouble(unittest.TestCase):
    def test_one_failure_does_not_lose_the_rest(self):
        # 100 experts do not fit in a pool of 8 x 8.
        out = WORKPLACE.path("failed")
        code, _, errors = call(out, "--models", "softmax", "--stages", "ablations", "--tokens", "100",
                               "--", "--num-experts", "100")
        self.assertEqual(code, 1, errors)
        self.assertIn("1 of the study's parts failed", errors)
        status = {row[0]: row[-1] for row in table(out, "ELASTIC with parts left out")}
        self.assertIn("failed: exit code 2:", status.pop("sub-keys S 8"))
        self.assertGreater(len(status), 8)
        self.assertEqual(set(status.values()), {"done"})
        self.assertEqual(table(out, "What failed")[0][0], "runs/ablations/pool-subkeys-8-s1")

    def test_a_stopped_study_saves(self):
        out = WORKPLACE.path("stopped")
        process = start(out, "--models", "softmax", "--stages", "time", "--time", "100")
        run = os.path.join(out, "runs/time/softmax-s1")
        wait_for(lambda: os.path.exists(os.path.join(run, "model.safetensors")))
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143, errors)
        self.assertTrue(os.path.exists(os.path.join(run, "checkpoints/latest.safetensors")))
        self.assertRegex(read(out, "runs/time/softmax-s1.failed"), r"^exit code 143: stopped by a signal")

    def test_two_studies_do_not_share_a_folder(self):
        out = WORKPLACE.path("shared")
        process = start(out, "--models", "softmax", "--stages", "time", "--time", "100")
        wait_for(lambda: os.path.exists(os.path.join(out, "runs/time/softmax-s1/config.json")))
        code, _, errors = call(out, "--models", "softmax", "--stages", "time", "--time", "100")
        self.assertEqual(code, 1, errors)
        self.assertIn("another study is running", errors)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    def test_usage(self):
        out = WORKPLACE.path("usage")
        for options, said in ((["--stages", "train"], "no stage train"),
                              (["--models", "elastc"], "no model elastc"),
                              (["--jobs", "0"], "--jobs: expected"),
                              (["--epochs-preset", "half"], "full or quick, got half"),
                              (["--what", "1"], "unknown option --what"),
                              (["--time"], "--time: expected a value")):
            code, _, errors = call(out, *options)
            self.assertEqual(code, 2, errors)
            self.assertIn(said, errors)
        self.assertFalse(os.path.exists(out))
        help_text = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True, check=True).stdout
        flags = set(re.findall(r"^ +(--[a-z-]+)\)", read(SCRIPT), re.M))
        self.assertGreater(len(flags), 15)
        self.assertEqual([flag for flag in flags if flag not in help_text], [])


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
