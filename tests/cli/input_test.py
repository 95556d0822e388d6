"""Tests of logs as input: filters, splits, held-out files, pipes, the cache. input_test.py BINARY"""

import gzip
import json
import os
import subprocess
import sys
import unittest

from harness import TINY_MODEL, Workplace, clean_environment, ratings_csv, tested

WORKPLACE = None
SHORT_TRAINING = ["--epochs", "1", *TINY_MODEL]


def rows():
    """The rows of the harness's log, without its header."""
    return [line.split(",") for line in ratings_csv().splitlines()[1:]]


class Trained:
    """A run trained with `options`, and its output."""

    def __init__(self, name, options, stdin=""):
        self.path = WORKPLACE.path(name)
        self.result = WORKPLACE.call(
            ["train", "--out", self.path, "--json", *options, *SHORT_TRAINING], stdin=stdin)
        assert self.result.returncode == 0, self.result.stderr
        self.report = json.loads(self.result.stdout)
        with open(os.path.join(self.path, "data.json"), encoding="utf-8") as file:
            self.data = json.load(file)


class Splits(unittest.TestCase):
    def check_used_again(self, run):
        """Evaluation, recommendation and resuming read the same split again."""
        result = WORKPLACE.call(["eval", run.path, "--json"])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout), tested(run.report))
        result = WORKPLACE.call(["eval", run.path, "--split", "valid", "--json"])
        self.assertEqual(json.loads(result.stdout)["protocol"]["users"],
                         run.data["split"]["valid_users"])
        self.assertEqual(WORKPLACE.call(["predict", run.path], stdin="u1\n").returncode, 0)
        result = WORKPLACE.call(["train", "--resume", "--out", run.path, "--epochs", "2"])
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_by_time(self):
        run = Trained("by_time", ["--data", WORKPLACE.data, "--split", "time", "--valid-time", "1009",
                                  "--test-time", "1970-01-01T00:16:51"])
        self.assertEqual(run.data["split"]["train_events"], 60 * 9)
        protocol = run.report["protocol"]
        self.assertIn("time: the test begins at 1011 (1970-01-01T00:16:51Z), the validation at 1009",
                      protocol["split"])
        self.assertEqual(protocol["history"], "all events before the ranked one")
        self.assertEqual(protocol["longest_history"], 11)
        self.assertEqual(protocol["split_hash"], run.data["split"]["hash"])
        self.check_used_again(run)
        other = WORKPLACE.call(["eval", WORKPLACE.run, "--against", run.path])
        self.assertEqual(other.returncode, 2)
        self.assertIn("another split", other.stderr)

    def test_by_ratio(self):
        run = Trained("by_ratio", ["--data", WORKPLACE.data, "--split", "ratio", "--test-ratio", "0.25"])
        # Of twelve events, one is for validation and three for the test; the first of these is ranked.
        self.assertEqual(run.data["split"]["train_events"], 60 * 8)
        self.assertEqual(run.report["protocol"]["longest_history"], 9)
        self.check_used_again(run)

    def test_by_files(self):
        def write(name, events, header):
            chosen = [",".join(row) for row in rows() if int(row[3]) - 1000 in events]
            return WORKPLACE.write(name, "\n".join([header, *chosen]) + "\n")

        header = "userId,movieId,rating,timestamp"
        train = write("train.csv", range(10), header)
        valid = write("valid.csv", [10], header)
        test = write("test.csv", [11], header)
        with open(test, "a", encoding="utf-8") as file:
            file.write("stranger,m1,5,1\nu1,unheard,5,2000\n")
        files = ["--valid-data", valid, "--test-data", test]
        run = Trained("by_files", ["--data", train, *files])
        whole = Trained("whole", ["--data", WORKPLACE.data])
        self.assertEqual(run.data["split"]["train_events"], whole.data["split"]["train_events"])
        self.assertEqual(run.report["protocol"]["users"], 60)
        self.assertEqual(run.data["split"]["cold_users"], 1)
        self.assertEqual(run.data["split"]["cold_items"], 1)
        self.assertIn("users without any event before the held-out ones: 1 in the test",
                      run.result.stderr)
        # Equal to the users and items of the whole file, except for the item that occurs only in the test.
        self.assertEqual(run.report["popularity"], whole.report["popularity"])
        self.check_used_again(run)
        moved = WORKPLACE.path("moved.csv")
        os.rename(test, moved)
        self.assertEqual(WORKPLACE.call(["eval", run.path]).returncode, 3)
        found = WORKPLACE.call(["eval", run.path, "--test-data", moved])
        self.assertEqual(found.returncode, 0, found.stderr)
        unfit = WORKPLACE.call(["eval", WORKPLACE.run, "--test-data", moved])
        self.assertEqual(unfit.returncode, 2)

    def test_a_changed_log_changes_its_split(self):
        data = WORKPLACE.write("growing.csv", ratings_csv())
        run = Trained("growing", ["--data", data, "--split", "time"])
        with open(data, "a", encoding="utf-8") as file:
            file.write("u1,m1,5,1012\n")
        result = WORKPLACE.call(["eval", run.path])
        self.assertEqual(result.returncode, 6)
        self.assertIn("not what the run was trained on", result.stderr)


class Filters(unittest.TestCase):
    def test_counts_are_printed_and_recorded(self):
        run = Trained("filtered", ["--data", WORKPLACE.data, "--min-time", "1001", "--max-time", "1010",
                                   "--min-rating", "4", "--drop-duplicates", "consecutive",
                                   "--min-item-events", "2"])
        steps = [step["after"] for step in run.data["filters"]]
        self.assertEqual(steps, ["read", "time window", "min rating",
                                 "consecutive duplicates dropped", "min events"])
        self.assertEqual(run.data["filters"][1]["events"], 60 * 10)
        self.assertIn("data: time window: 60 users, 40 items, 600 events", run.result.stderr)

    def test_drop_duplicates_accepts_its_former_switch_values(self):
        for value, expected in (("true", "all"), ("false", "none"), ('"consecutive"', "consecutive")):
            config = WORKPLACE.write("old.json", f'{{"drop_duplicates": {value}}}')
            printed = WORKPLACE.call(["train", "--print-config", "--config", config]).stdout
            self.assertIn(f'"drop_duplicates": "{expected}"', printed)
        for arguments, variables in (([], {"ELASTIC_DROP_DUPLICATES": "1"}),
                                     (["--drop-duplicates", "all"], {}),
                                     (["--drop-duplicates=true"], {})):
            printed = WORKPLACE.call(["train", "--print-config", *arguments, "--dim", "8"],
                                     env=variables).stdout
            self.assertIn('"drop_duplicates": "all"', printed)

    def test_a_run_with_the_former_switch_resumes(self):
        run = Trained("switched", ["--data", WORKPLACE.data, "--drop-duplicates", "all"])
        config = os.path.join(run.path, "config.json")
        with open(config, encoding="utf-8") as file:
            values = json.load(file)
        for key in ("split", "valid_time", "test_time", "valid_ratio", "test_ratio", "valid_data",
                    "test_data", "min_time", "max_time"):
            del values[key]
        values["drop_duplicates"] = True
        with open(config, "w", encoding="utf-8") as file:
            json.dump(values, file)
        data = os.path.join(run.path, "data.json")
        with open(data, encoding="utf-8") as file:
            counts = json.load(file)
        split = counts["split"]
        counts["split"] = {key: split[key] for key in ("rule", "hash", "train_events", "eval_users")}
        with open(data, "w", encoding="utf-8") as file:
            json.dump(counts, file)
        result = WORKPLACE.call(["eval", run.path, "--json"])
        self.assertEqual(json.loads(result.stdout), tested(run.report), result.stderr)
        result = WORKPLACE.call(["train", "--resume", "--out", run.path, "--epochs", "2"])
        self.assertEqual(result.returncode, 0, result.stderr)


class Inputs(unittest.TestCase):
    def test_every_format_of_a_log_gives_the_same_data(self):
        def table(separator, header):
            return "\n".join([header] * (header != "") + [separator.join(row) for row in rows()]) + "\n"

        forms = {
            "csv": ratings_csv(),
            "bom_crlf": "\ufeff" + ratings_csv().replace("\n", "\r\n"),
            "tab": table("\t", ""),
            "inter": table("\t", "user_id:token\titem_id:token\trating:float\ttimestamp:float"),
            "pipe": table("|", ""),
            "semicolon": table(";", "user;item;rating;timestamp"),
            "dat": table("::", ""),
            "space": table(" ", ""),
            "quoted": "\n".join(f'"{u}","{i}",{r},{t}' for u, i, r, t in rows()),
            "jsonl": "\n".join(json.dumps({"user": u, "item": i, "rating": float(r), "time": int(t)})
                               for u, i, r, t in rows()),
        }
        hashes = {}
        for name, text in forms.items():
            run = Trained("form_" + name, ["--data", WORKPLACE.write("log." + name, text)])
            hashes[name] = run.data["data_hash"]
        self.assertEqual(len(set(hashes.values())), 1, hashes)

    def test_standard_input_compressed_or_not(self):
        packed = WORKPLACE.path("log.gz")
        with gzip.open(packed, "wb") as file:
            file.write(ratings_csv().encode())
        for name, path in (("plain", WORKPLACE.data), ("packed", packed)):
            with open(path, "rb") as file:
                result = subprocess.run(
                    [WORKPLACE.binary, "train", "--data", "-", "--out", WORKPLACE.path("piped_" + name),
                     *SHORT_TRAINING], stdin=file, capture_output=True, env=clean_environment(),
                    timeout=120, check=False)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(b"data: standard input: comma-separated", result.stderr)

    def test_ten_bad_rows_are_shown_with_their_place(self):
        bad = ratings_csv() + "u1,m1,good,5\n" * 12
        path = WORKPLACE.write("bad.csv", bad)
        line = len(ratings_csv().splitlines()) + 1
        result = WORKPLACE.call(["train", "--data", path, "--out", WORKPLACE.path("bad")])
        self.assertEqual(result.returncode, 3)
        self.assertIn(f"bad.csv:{line}: column 3: expected a number as rating, got 'good'",
                      result.stderr)
        run = Trained("skipped", ["--data", path, "--on-bad-row", "skip"])
        self.assertIn("bad rows skipped: 12", run.result.stderr)
        self.assertEqual(run.result.stderr.count("expected a number as rating"), 10)
        self.assertEqual(run.data["bad_rows"], 12)


class Cache(unittest.TestCase):
    def setUp(self):
        lines = ["userId,movieId,rating,timestamp"]
        for copy in range(90):
            lines += [f"{copy}-{u},{i},{r},{t}" for u, i, r, t in rows()]
        self.data = WORKPLACE.write("large.csv", "\n".join(lines) + "\n")
        self.assertGreater(os.path.getsize(self.data), 1 << 20)

    def arguments(self, name):
        return ["train", "--data", self.data, "--out", WORKPLACE.path(name), "--max-tokens", "1",
                *SHORT_TRAINING]

    def test_it_is_written_once_and_read_by_all_commands(self):
        home = WORKPLACE.path("home")
        run = WORKPLACE.path("cached")
        env = {"ELASTIC_CACHE": "auto", "XDG_CACHE_HOME": home}
        first = WORKPLACE.call(self.arguments("cached"), env=env)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn(f"cache: written to {home}/elastic/", first.stderr)
        (entry,) = os.listdir(os.path.join(home, "elastic"))
        again = WORKPLACE.call(["eval", run], env=env)
        self.assertIn(f"cache: read from {home}/elastic/{entry}", again.stderr)
        self.assertEqual(first.stdout, again.stdout)
        without = WORKPLACE.call(["eval", run, "--cache", "off"], env=env)
        self.assertNotIn("cache:", without.stderr)
        self.assertEqual(first.stdout, without.stdout)
        self.assertEqual(WORKPLACE.call(["eval", run, "--cache", ""], env=env).returncode, 2)

    def test_two_processes_at_once(self):
        folder = WORKPLACE.path("shared")
        processes = [WORKPLACE.start([*self.arguments(f"at_once_{i}"), "--cache", folder],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(3)]
        outputs = [process.communicate(timeout=120) for process in processes]
        self.assertEqual([process.returncode for process in processes], [0, 0, 0], outputs)
        self.assertEqual(len({output for output, _ in outputs}), 1)
        self.assertEqual(len(os.listdir(folder)), 1)
        last = WORKPLACE.call([*self.arguments("after"), "--cache", folder])
        self.assertIn("cache: read from", last.stderr)


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
