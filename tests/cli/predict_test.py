"""Prediction beyond the top items of a user: candidates, neighbours, vectors, explanations, and
input of all kinds. predict_test.py BINARY"""

import json
import math
import os
import shutil
import struct
import subprocess
import sys
import unittest

from harness import TINY_MODEL, Workplace, clean_environment

WORKPLACE = None
HISTORY = ["m1", "m4", "m7", "m9"]


def call(*options, stdin="", run=None):
    return WORKPLACE.call(["predict", run or WORKPLACE.run, *options], stdin=stdin)


def answers(*options, stdin="", run=None):
    result = call(*options, stdin=stdin, run=run)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.split("\n") if line]


def scores(answer):
    return {item["id"]: item["score"] for item in answer["items"]}


def read_npy(path):
    """Rows of a float32 matrix, read as the .npy format defines it."""
    with open(path, "rb") as file:
        content = file.read()
    assert content[:8] == b"\x93NUMPY\x01\x00"
    (length,) = struct.unpack("<H", content[8:10])
    assert (10 + length) % 64 == 0
    header = content[10:10 + length].decode("ascii")
    assert header.endswith("\n")
    described = eval(header)  # pylint: disable=eval-used  # the format defines a Python literal
    assert described["descr"] == "<f4" and described["fortran_order"] is False
    rows, cols = described["shape"]
    values = struct.unpack(f"<{rows * cols}f", content[10 + length:])
    return [values[i * cols:(i + 1) * cols] for i in range(rows)]


def read_ids(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


class Candidates(unittest.TestCase):
    def test_candidates_have_the_scores_of_the_whole_ranking(self):
        full = scores(answers("-k", "40", "--no-filter-seen",
                              stdin=json.dumps({"history": HISTORY}))[0])
        wanted = ["m30", "m2", "m11", "m2", "m4"]
        question = json.dumps({"history": HISTORY, "candidates": wanted})
        one = answers("--no-filter-seen", stdin=question)[0]
        self.assertEqual(scores(one), {item: full[item] for item in wanted})
        self.assertEqual(list(scores(one).values()), sorted(scores(one).values(), reverse=True))
        self.assertNotIn("m4", scores(answers(stdin=question)[0]))

    def test_questions_with_and_without_candidates_share_a_batch(self):
        lines = [{"user": "u1"}, {"user": "u1", "candidates": ["m5", "m6"]},
                 {"history": HISTORY, "candidates": ["m3"]}, {"user": "u2"}]
        together = answers("-k", "2", stdin="\n".join(map(json.dumps, lines)))
        for line, answer in zip(lines, together):
            self.assertEqual(answers("-k", "2", stdin=json.dumps(line)),
                             [dict(answer, **({"line": 1} if "line" in answer else {}))])

    def test_unknown_candidates_are_counted_and_named(self):
        question = json.dumps({"history": ["m1", "what"], "candidates": ["m2", "this", "that"]})
        answer = answers(stdin=question)[0]
        self.assertEqual((answer["unknown"], answer["unknown_candidates"]), (1, 2))
        self.assertEqual(answer["unknown_ids"], ["what", "this", "that"])
        self.assertIn("(3 unknown ids skipped: what, this, that)",
                      call("-o", "table", stdin=question).stdout)
        for candidates, error in ((["this"], "no candidate is known"),
                                  ([], "an empty list of candidates")):
            result = call(stdin=json.dumps({"history": ["m1"], "candidates": candidates}))
            self.assertEqual(json.loads(result.stdout)["error"], error)
            self.assertEqual(result.returncode, 3)

    def test_a_file_of_candidates_serves_questions_without_their_own(self):
        path = WORKPLACE.write("candidates.txt", "m3\nm20\n\nnone\nm21\nm3\n")
        questions = ['{"user": "u1"}', '{"user": "u2", "candidates": ["m5"]}']
        result = call("--candidates", path, "--no-filter-seen", stdin="\n".join(questions))
        first, second = [set(scores(json.loads(line))) for line in result.stdout.splitlines()]
        self.assertEqual((first, second), ({"m3", "m20", "m21"}, {"m5"}))
        self.assertIn("1 of 5 candidates are unknown: none", result.stderr)
        nothing = call("--candidates", WORKPLACE.write("nothing.txt", "x\ny\n"))
        self.assertEqual(nothing.returncode, 3)
        self.assertIn("none of the 2 is known", nothing.stderr)


class Neighbours(unittest.TestCase):
    def test_nearest_items_are_those_of_the_largest_cosine(self):
        path = WORKPLACE.path("neighbours.npy")
        self.assertEqual(call("--embeddings", "items", "--out", path).returncode, 0)
        vectors = dict(zip(read_ids(WORKPLACE.path("neighbours.ids.txt")), read_npy(path)))
        mine = vectors["m7"]
        cosine = {item: dot(mine, v) / math.sqrt(dot(mine, mine) * dot(v, v))
                  for item, v in vectors.items() if item != "m7"}
        answer = answers("--similar", "-k", "40", stdin="m7\n")[0]
        self.assertEqual(answer["item"], "m7")
        self.assertEqual(set(scores(answer)), set(cosine))
        for item, score in scores(answer).items():
            self.assertAlmostEqual(score, cosine[item], places=4)
        self.assertEqual(list(scores(answer).values()),
                         sorted(scores(answer).values(), reverse=True))

    def test_items_and_users_share_a_batch(self):
        lines = [{"item": "m7"}, {"user": "u1"}, {"item": "m7", "candidates": ["m1", "m7"]},
                 {"item": "nothing"}]
        seven, user, among, nothing = answers("-k", "3", stdin="\n".join(map(json.dumps, lines)))
        self.assertEqual(seven, answers("--similar", "-k", "3", stdin="m7")[0])
        self.assertEqual(user, answers("-k", "3", stdin="u1")[0])
        self.assertEqual(list(scores(among)), ["m1"])
        self.assertEqual(nothing, {"item": "nothing", "error": "unknown item"})
        self.assertIn("m7\t1\t", call("--similar", "-o", "tsv", stdin="m7").stdout)


class Vectors(unittest.TestCase):
    def export(self, of, name, *options, stdin=""):
        result = call(*options, "--embeddings", of, "--out", WORKPLACE.path(name + ".npy"),
                      stdin=stdin)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, "")
        return (read_npy(WORKPLACE.path(name + ".npy")),
                read_ids(WORKPLACE.path(name + ".ids.txt")), result.stderr)

    def test_a_state_times_an_item_is_its_score(self):
        items, item_ids, note = self.export("items", "items")
        self.assertIn("items.npy: 40 x 16 float32, ids in ", note)
        with open(os.path.join(WORKPLACE.run, "items.tsv"), encoding="utf-8") as file:
            self.assertEqual(item_ids, [line.split("\t")[1] for line in file][1:])
        users, user_ids, _ = self.export("users", "users")
        self.assertEqual((len(users), user_ids[0], user_ids[-1]), (60, "u1", "u60"))
        expected = scores(answers("-k", "40", "--no-filter-seen", stdin="u9")[0])
        state = users[user_ids.index("u9")]
        for item, vector in zip(item_ids, items):
            self.assertAlmostEqual(dot(state, vector), expected[item], places=4)

    def test_states_of_the_users_in_the_input(self):
        users, user_ids, _ = self.export("users", "all")
        some, ids, note = self.export("users", "some", "-", stdin="u3\nnobody\nu1\n")
        self.assertEqual(ids, ["u3", "u1"])
        self.assertEqual(some, [users[user_ids.index(user)] for user in ids])
        self.assertIn("line 2: no row: unknown user", note)
        _, ids, _ = self.export("users", "histories", "-", "--histories", stdin="m1 m2\nm3\n")
        self.assertEqual(ids, ["line 1", "line 2"])

    def test_options_that_exclude_each_other_are_refused(self):
        for options, message in (
                (["--embeddings", "item", "--out", "a.npy"], "did you mean items?"),
                (["--embeddings", "items"], "--out FILE.npy go together"),
                (["--out", "a.npy"], "--out FILE.npy go together"),
                (["--embeddings", "items", "--out", "a.csv"], "ends in .npy, got \"a.csv\""),
                (["-", "--embeddings", "items", "--out", "a.npy"], "takes no questions"),
                (["--embeddings", "users", "--out", "a.npy", "-k", "3"], "--top-k has no effect"),
                (["--stream", "--fallback", "popular"], "--fallback has no effect with --stream"),
                (["--similar", "--users"], "exclude each other"),
                (["--explain", "-o", "tsv"], "expected -o jsonl or table"),
                (["--explain-events", "2"], "--explain-events is for --explain"),
                (["--candidates", "-"], "standard input is for the questions")):
            with self.subTest(options):
                result = call(*options)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(message, result.stderr)
        self.assertFalse(os.path.exists(WORKPLACE.path("a.npy")))


class Explanations(unittest.TestCase):
    def check(self, experts, retrieved=True):
        self.assertEqual(len(experts), 4)
        for expert in experts:
            self.assertEqual("gate" in expert, retrieved)
            if retrieved:
                first, second = expert["subkeys"]
                self.assertEqual(expert["expert"], first * 4 + second)
            self.assertEqual(len(expert["events"]), 2)
            weights = [event["weight"] for event in expert["events"]]
            self.assertEqual(weights, sorted(weights, reverse=True))
            self.assertLess(0, weights[-1])
            self.assertLessEqual(sum(weights), 1.0001)
            for event in expert["events"]:
                self.assertEqual(event["id"], HISTORY[event["event"] - 1])
                self.assertEqual(event["title"], "Title, " + event["id"][1:])

    def test_experts_with_their_gates_and_events(self):
        question = json.dumps({"history": HISTORY})
        options = ["--explain", "--explain-events", "2", "-k", "3"]
        answer = answers(*options, stdin=question)[0]
        self.check(answer["experts"])
        gates = [expert["gate"] for expert in answer["experts"]]
        self.assertEqual(gates, sorted(gates, reverse=True))
        self.assertAlmostEqual(sum(gates), 4, places=3)
        del answer["experts"]
        self.assertEqual(answer, answers("-k", "3", stdin=question)[0])
        table = call(*options, "-o", "table", stdin=question).stdout
        self.assertIn(", sub-keys ", table)
        self.assertRegex(table, r"0\.\d+  event \d: m\d+  Title, ")

    def test_events_beyond_the_models_reach_are_not_shown(self):
        events = [f"m{event % 40 + 1}" for event in range(50)]
        answer = answers("--explain", "--explain-events", "99",
                         stdin=json.dumps({"history": events}))[0]
        for expert in answer["experts"]:
            self.assertEqual(sorted(event["event"] for event in expert["events"]),
                             list(range(31, 51)))

    def test_other_models(self):
        for model in ("lda", "elastic-window", "softmax"):
            run = WORKPLACE.path(model)
            options = ["--window", "2"] if model == "elastic-window" else []
            trained = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--items",
                                      WORKPLACE.items, "--out", run, "--model", model, "--epochs",
                                      "1", *options, *TINY_MODEL])
            self.assertEqual(trained.returncode, 0, trained.stderr)
            result = call("--explain", "--explain-events", "2",
                          stdin=json.dumps({"history": HISTORY}), run=run)
            if model == "softmax":
                self.assertEqual(result.returncode, 2)
                self.assertIn("expected a run of elastic, elastic-window, lda", result.stderr)
            else:
                self.check(json.loads(result.stdout)["experts"], retrieved=model != "lda")


class HostileText(unittest.TestCase):
    """Titles, ids and paths with control characters neither drive a terminal nor forge rows."""
    titles = {"m1": "\033[31mRed\033[0m", "m2": '"One\n   1     9.999  m9  Forged"',
              "m3": "Tab\tForged\t1", "m4": "\u009b31mC1", "m5": "\u202eesrever", "m6": "a\u200bb",
              "m7": "x\u2028y\u0085z", "m8": "\u0007\u0008\u007f"}

    def setUp(self):
        self.run_path = WORKPLACE.path("hostile")
        if not os.path.exists(self.run_path):
            rows = [f"{item},{self.titles.get(item, 'Title of ' + item)}"
                    for item in (f"m{number}" for number in range(1, 41))]
            items = WORKPLACE.write("hostile.csv", "movieId,title\n" + "\n".join(rows) + "\n")
            result = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--items", items, "--out",
                                     self.run_path, "--epochs", "1", *TINY_MODEL])
            self.assertEqual(result.returncode, 0, result.stderr)

    def assert_clean(self, text):
        for line in text.splitlines():
            for character in line:
                code = ord(character)
                self.assertFalse(code < 32 and character != "\t" or 127 <= code < 160 or
                                 0x200b <= code <= 0x200f or 0x2028 <= code <= 0x202e or
                                 0x2060 <= code <= 0x206f, (hex(code), line))

    def test_table(self):
        result = call("-o", "table", "-k", "40", "--no-filter-seen", stdin="u1\n", run=self.run_path)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_clean(result.stdout)
        self.assertNotIn("\t", result.stdout)
        self.assertEqual(len(result.stdout.split("\n")), 42)
        self.assertIn("\ufffd[31mRed\ufffd[0m", result.stdout)

    def test_tsv_has_a_row_per_item(self):
        result = call("-o", "tsv", "-k", "40", "--no-filter-seen", stdin="u1\nno\033[31mone\n",
                      run=self.run_path)
        self.assert_clean(result.stdout)
        rows = result.stdout.split("\n")[:-1]
        self.assertEqual(len(rows), 1 + 40 + 1)
        self.assertEqual({len(row.split("\t")) for row in rows}, {6})
        self.assertIn("One    1     9.999  m9  Forged", result.stdout)

    def test_json_keeps_titles_as_they_are(self):
        record = answers("-k", "40", "--no-filter-seen", stdin="u1\n", run=self.run_path)[0]
        titles = {item["id"]: item["title"] for item in record["items"]}
        self.assertEqual(titles["m1"], self.titles["m1"])
        self.assertEqual(titles["m5"], self.titles["m5"])

    def test_unknown_ids(self):
        for form in ("table", "tsv"):
            result = call("-o", form, stdin='{"history": ["m1", "\\u001b[2J\\n", "\\u202e"]}\n')
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assert_clean(result.stdout + result.stderr)

    def test_errors_and_notes_are_one_line(self):
        forged = "no\nelastic: all is well\033[2J"
        for arguments in (["train", "--data", forged, "--out", "x"], ["eval", forged],
                          ["predict", forged], [forged], ["train", "--" + forged, "1"],
                          ["train", "--model", forged], ["train", "--config", forged]):
            result = WORKPLACE.call(arguments)
            self.assertNotEqual(result.returncode, 0)
            self.assert_clean(result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_tables_of_eval(self):
        other = WORKPLACE.path("other\n\033[31m")
        if not os.path.exists(other):
            os.symlink(self.run_path, other)
        result = WORKPLACE.call(["eval", self.run_path, "--against", other])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_clean(result.stdout + result.stderr)
        self.assertIn("other \ufffd[31m, paired", result.stdout)

    def test_tables_of_data(self):
        log = WORKPLACE.write("hostile\n\033[31m.csv", "user,item\n" + "".join(
            f"u{i},\033[2J{i % 3}\u202e\n" for i in range(9)))
        result = WORKPLACE.call(["data", log])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_clean(result.stdout + result.stderr)


class OddInput(unittest.TestCase):
    def lines(self, *lines, options=()):
        """The records of these lines, given as bytes."""
        result = subprocess.run([WORKPLACE.binary, "predict", WORKPLACE.run, "-k", "1", *options],
                                input=b"\n".join(lines) + b"\n", capture_output=True,
                                env=clean_environment(), check=False, timeout=300)
        return result.returncode, [json.loads(line) for line in result.stdout.splitlines()]

    def test_one_bad_line_does_not_stop_the_rest(self):
        deep = b'{"user": ' + b"[" * 200000 + b"]" * 200000 + b"}"
        long_list = b'{"user": ["' + b"x" * 10000000 + b'"]}'
        history = b'{"history": [' + b",".join([b'"m1"'] * 1000000) + b"]}"
        code, records = self.lines(b"u1", b"\xff\xfe", b'{"user": "\xc3\x28"}', deep, long_list,
                                   b"", b"a\x00b", b'{"user": 1e999}', b'{"history": [1e5]}',
                                   b'{"user": 12345678901234567890123}', b"x" * 10000000, history,
                                   b"u1")
        self.assertEqual(code, 3)
        self.assertEqual(len(records), 12)  # none for the blank line
        first, last = records[0], records[-1]
        self.assertEqual(first, last)
        self.assertIn("items", first)
        for record in records[1:10]:
            self.assertIn("error", record)
        for i, message in ((1, "unknown user"), (2, "unknown user"), (3, "lists within lists"),
                           (4, "got a list"), (5, "zero byte"), (6, "unknown user"),
                           (7, "no item of the history is known"), (8, "unknown user"),
                           (9, "longer than 4096 bytes")):
            self.assertIn(message, records[i]["error"])
            self.assertLess(len(records[i]["error"]), 200)
        self.assertEqual(records[8]["user"], "12345678901234567890123")
        self.assertEqual(len(records[10]["items"]), 1)

    def test_a_line_beyond_the_limit_does_not_stop_the_rest(self):
        code, records = self.lines(b"u1", b"x" * (200 << 20), b"u1")
        self.assertEqual(code, 3)
        self.assertEqual(records[1]["error"], "the line is longer than 67108864 bytes")
        self.assertEqual(records[2], records[0])

    def test_json_nested_deep_is_refused_in_every_file_of_a_run(self):
        deep = "[" * 300000 + "]" * 300000
        for name in ("data.json", "config.json", "result.json"):
            run = WORKPLACE.path("deep_" + name)
            shutil.copytree(WORKPLACE.run, run)
            with open(os.path.join(run, name), "w", encoding="utf-8") as file:
                file.write('{"format": ' + deep + ', "model": ' + deep + "}")
            for arguments in (["predict", run], ["eval", run], ["report", run],
                              ["train", "--resume", "--out", run],
                              ["train", "--config", os.path.join(run, name)]):
                result = WORKPLACE.call(arguments, stdin="u1\n")
                self.assertIn(result.returncode, (0, 2, 6), (arguments, result.stderr))
                self.assertNotIn("json.exception", result.stderr)

    def test_line_ends_and_byte_order_marks_of_windows(self):
        code, records = self.lines(b"\xef\xbb\xbfu1\r", b'{"user": "u2"}\r', b"u3")
        self.assertEqual(code, 0)
        self.assertEqual([record["user"] for record in records], ["u1", "u2", "u3"])


class Wishes(unittest.TestCase):
    """The number of items, items to leave out, all users and items, and the fallback."""

    def predict(self, questions, *options, run=None):
        text = "".join((q if isinstance(q, str) else json.dumps(q)) + "\n" for q in questions)
        called = WORKPLACE.call(["predict", run or WORKPLACE.run, *options], stdin=text)
        self.assertEqual(called.returncode, 0, called.stderr)
        return [json.loads(line) for line in called.stdout.splitlines()]

    @staticmethod
    def ids(answer):
        return [item["id"] for item in answer["items"]]

    def test_k_of_a_question(self):
        history = ["m1", "m2"]
        answers = self.predict([{"history": history, "k": k} for k in (1, 4, 10, 25, 10**6)]
                               + [{"history": history}, {"item": "m1", "k": 2},
                                  {"history": history, "k": 2, "candidates": ["m5", "m6", "m7"]}])
        full = self.ids(answers[4])
        self.assertEqual(len(full), 38)
        for answer, k in zip(answers, (1, 4, 10, 25)):
            self.assertEqual(self.ids(answer), full[:k])
        self.assertEqual(self.ids(answers[5]), full[:10])
        self.assertEqual([len(answer["items"]) for answer in answers[6:]], [2, 2])
        for k in (0, -1, "many", 1.5, [1], "99999999999999999999"):
            called = WORKPLACE.call(["predict", WORKPLACE.run],
                                    stdin=json.dumps({"history": history, "k": k}) + "\n")
            self.assertEqual(called.returncode, 3)
            self.assertIn("k: expected a whole number", json.loads(called.stdout)["error"])

    def test_exclude(self):
        plain, without = self.predict([{"history": ["m1", "m2"], "k": 38},
                                       {"history": ["m1", "m2"], "k": 38,
                                        "exclude": ["m5", "m1", "m9", "no"]}])
        kept = [name for name in self.ids(plain) if name not in ("m5", "m9")]
        self.assertEqual(self.ids(without), kept)
        (near,) = self.predict([{"item": "m1", "k": 40, "exclude": ["m2"]}])
        self.assertEqual(sorted(self.ids(near)), sorted(f"m{i}" for i in range(3, 41)))
        path = WORKPLACE.write("exclude.txt", "m5\nm9\nno\n")
        (by_file,) = self.predict([{"history": ["m1", "m2"], "k": 38}], "--exclude", path)
        self.assertEqual(self.ids(by_file), kept)
        (both,) = self.predict([{"history": ["m1"], "exclude": ["m6"],
                                 "candidates": ["m5", "m6", "m7"]}], "--exclude", path)
        self.assertEqual(self.ids(both), ["m7"])

    def test_streams_take_candidates_and_exclude(self):
        candidates = WORKPLACE.write("of.txt", "m3\nm4\nm5\nm6\n")
        exclude = WORKPLACE.write("out.txt", "m4\n")
        answers = self.predict(["ada m1", "bob m3", "ada m5"], "--stream", "--candidates",
                               candidates, "--exclude", exclude, run=WORKPLACE.stream_run)
        self.assertEqual([sorted(self.ids(answer)) for answer in answers],
                         [["m3", "m5", "m6"], ["m5", "m6"], ["m3", "m6"]])
        full = self.predict(["ada m1"], "--stream", "-k", "40", run=WORKPLACE.stream_run)[0]
        scores = {item["id"]: item["score"] for item in full["items"]}
        for item in answers[0]["items"]:
            self.assertEqual(item["score"], scores[item["id"]])

    def test_all_users_and_all_items(self):
        answers = self.predict([], "--all-users", "-k", "3")
        self.assertEqual(answers, self.predict([f"u{i}" for i in range(1, 61)], "-k", "3"))
        answers = self.predict([], "--all-items", "--similar", "-k", "3")
        self.assertEqual(len(answers), 40)
        names = [answer["item"] for answer in answers]
        self.assertEqual(answers, self.predict(names, "--similar", "-k", "3"))
        for options in (["--all-items"], ["--all-users", "--similar"], ["--all-users", "--users"],
                        ["--all-users", "--all-items", "--similar"],
                        ["--all-users", "--stream"], ["--all-users", "-"]):
            if options[-1] == "-":
                options = ["-", "--all-users"]
            called = WORKPLACE.call(["predict", WORKPLACE.run, *options])
            self.assertEqual(called.returncode, 2, options)

    def test_fallback(self):
        counts = {}
        with open(WORKPLACE.data, encoding="utf-8") as file:
            for line in file.read().splitlines()[1:]:
                item = line.split(",")[1]
                counts[item] = counts.get(item, 0) + 1
        questions = ["nobody", {"history": []}, {"history": ["none"]}, {"history": ["m1"]},
                     {"user": "nobody", "exclude": ["m1"], "k": 40},
                     {"user": "nobody", "candidates": ["m2", "m3"]}]
        answers = self.predict(questions, "--fallback", "popular", "-k", "4")
        self.assertEqual(["fallback" in answer for answer in answers], [True] * 3 + [False]
                         + [True] * 2)
        for answer in answers[:3]:
            scores = [item["score"] for item in answer["items"]]
            self.assertEqual(scores, sorted(counts.values(), reverse=True)[:4])
            self.assertEqual(scores, [counts[name] for name in self.ids(answer)])
        self.assertEqual(answers[2]["unknown"], 1)
        self.assertEqual(answers[3], self.predict([questions[3]], "-k", "4")[0] | {"line": 4})
        self.assertNotIn("m1", self.ids(answers[4]))
        self.assertEqual(len(answers[4]["items"]), 39)
        self.assertEqual(sorted(self.ids(answers[5])), ["m2", "m3"])
        called = WORKPLACE.call(["predict", WORKPLACE.run, "--fallback", "popular", "-o", "tsv"],
                                stdin="nobody\n")
        self.assertIn("\tpopular items: unknown user\n", called.stdout)
        called = WORKPLACE.call(["predict", WORKPLACE.run, "--fallback", "popular", "-o", "table"],
                                stdin="nobody\n")
        self.assertIn("nobody: popular items: unknown user\n", called.stdout)


class LaterLog(unittest.TestCase):
    """Histories from another log than the training's."""

    HEADER = "userId,movieId,rating,timestamp\n"

    def predict(self, log, questions, *options, run=None):
        called = WORKPLACE.call(["predict", run or WORKPLACE.run, "-k", "3", "--data", log,
                                 *options], stdin=questions)
        self.assertEqual(called.returncode, 0, called.stderr)
        return [json.loads(line) for line in called.stdout.splitlines()], called.stderr

    def test_new_users_events_and_items(self):
        with open(WORKPLACE.data, encoding="utf-8") as file:
            log = file.read()
        later = WORKPLACE.write("later.csv", log + "fresh,m4,5,9000\nfresh,new,5,9001\n"
                                "fresh,m6,5,9002\nu1,m9,5,9000\nodd,new,5,9000\n")
        answers, messages = self.predict(later, "fresh\nu1\nodd\nnobody\n")
        by_history, _ = self.predict(later, '{"history": ["m4", "new", "m6"]}\n')
        self.assertEqual(answers[0]["items"], by_history[0]["items"])
        self.assertEqual((answers[0]["unknown"], answers[0]["unknown_ids"]), (1, ["new"]))
        items = [line.split(",")[1] for line in log.splitlines() if line.startswith("u1,")]
        by_history, _ = self.predict(later, json.dumps({"history": items + ["m9"]}) + "\n")
        self.assertEqual(answers[1]["items"], by_history[0]["items"])
        self.assertEqual(answers[2]["error"], "no item of the history is known")
        self.assertEqual(answers[3]["error"], "unknown user")
        self.assertIn("62 users", messages)
        self.assertIn("1 of 41 items are unknown", messages)

    def test_the_log_of_the_training_is_no_other(self):
        copy = WORKPLACE.path("copy.csv")
        shutil.copy(WORKPLACE.data, copy)
        answers, messages = self.predict(copy, "u7\n")
        self.assertEqual(messages, "")
        own = WORKPLACE.call(["predict", WORKPLACE.run, "-k", "3"], stdin="u7\n").stdout
        self.assertEqual(answers, [json.loads(own)])

    def test_filters_by_counts_are_for_the_training(self):
        run = WORKPLACE.path("counted")
        trained = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out", run, "--epochs", "1",
                                  "--min-user-events", "5", "--split", "time", *TINY_MODEL])
        self.assertEqual(trained.returncode, 0, trained.stderr)
        small = WORKPLACE.write("small.csv", self.HEADER + "new,m3,5,1\n")
        answers, messages = self.predict(small, "new\n", run=run)
        self.assertEqual(len(answers[0]["items"]), 3)
        self.assertIn("0 of 1 items are unknown", messages)

    def test_vectors_and_streams(self):
        small = WORKPLACE.write("small.csv", self.HEADER + "a,m3,5,1\nb,new,5,2\na,new,5,3\n")
        out = WORKPLACE.path("later.npy")
        called = WORKPLACE.call(["predict", WORKPLACE.run, "--data", small, "--embeddings", "users",
                                 "--out", out])
        self.assertEqual(called.returncode, 0, called.stderr)
        self.assertIn("user b: no row", called.stderr)
        with open(WORKPLACE.path("later.ids.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "a\n")
        answers, _ = self.predict(small, "a\n", "--stream", "--from-data",
                                  run=WORKPLACE.stream_run)
        self.assertEqual(len(answers[0]["items"]), 3)


class DeepMetadata(unittest.TestCase):
    """JSON nested 300,000 deep in the metadata of a run's safetensors files."""
    DEEP = "[" * 300000 + "]" * 300000

    def rewrite(self, path, key):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
            data = file.read()
        header["__metadata__"].pop("checksum_xxh3")
        header["__metadata__"][key] = self.DEEP
        text = json.dumps(header).encode()
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text + data)

    def check(self, run, name, keys, *arguments):
        for key in keys:
            with self.subTest(name + ": " + key):
                copy = WORKPLACE.path("deep_metadata")
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(run, copy)
                self.rewrite(os.path.join(copy, name), key)
                result = WORKPLACE.call([part.replace("RUN", copy) for part in arguments],
                                        stdin="u1 m1\n")
                self.assertEqual(result.returncode, 6, result.stderr)
                self.assertIn(os.path.basename(name), result.stderr)

    def test_model(self):
        self.check(WORKPLACE.run, "model.safetensors", ["config", "format_version"],
                   "predict", "RUN", "--histories")

    def test_streams(self):
        run = WORKPLACE.stream_run
        self.assertEqual(call("--stream", stdin="u1 m1\n", run=run).returncode, 0)
        self.check(run, "streams.safetensors", ["lines", "model", "format"],
                   "predict", "RUN", "--stream")

    def test_checkpoint(self):
        name = os.path.join("checkpoints", "latest.safetensors")
        self.check(WORKPLACE.run, name, ["config", "state", "data_hash"],
                   "train", "--resume", "--out", "RUN", "--epochs", "4")


class LogLines(unittest.TestCase):
    """Lines in the form of the log: ratings.csv has the columns userId,movieId,rating,timestamp."""

    def stream(self, text, *options):
        run = WORKPLACE.stream_run
        result = subprocess.run([WORKPLACE.binary, "predict", run, "--stream", *options],
                                input=text.encode("latin-1"), capture_output=True,
                                env=clean_environment(), check=False, timeout=300)
        return result.returncode, [json.loads(line) for line in result.stdout.splitlines()]

    def assert_same(self, one, other):
        self.assertEqual([item["id"] for item in one["items"]],
                         [item["id"] for item in other["items"]])

    def test_a_stream_of_the_log_ends_with_the_answers_from_the_data(self):
        with open(WORKPLACE.data, encoding="utf-8") as file:
            log = file.read()
        code, records = self.stream(log, "-k", "3")
        self.assertEqual((code, len(records)), (0, len(log.splitlines()) - 1))
        last = {record["user"]: record for record in records}
        users = "".join(user + "\n" for user in last)
        run = os.path.join(WORKPLACE.folder.name, "streaming")
        for answer in answers("-k", "3", stdin=users, run=run):
            self.assert_same(last[answer["user"]], answer)

    def test_lines_of_other_forms_in_the_same_stream(self):
        code, records = self.stream("new,m1,5,1000\n\nnew m2\n{\"user\": \"new\", \"item\": \"m3\"}\n"
                                    "new\nuserId,movieId,rating,timestamp\nnew,m4\n")
        self.assertEqual(code, 3)
        self.assertEqual([record.get("user") for record in records], ["new"] * 4 + [None])
        self.assertEqual(records[4]["error"], "expected 4 fields, got 2")
        self.assert_same(records[3], answers(stdin='{"history": ["m1", "m2", "m3"]}',
                                             run=WORKPLACE.path("streaming"))[0])

    def test_questions_in_the_form_of_the_log(self):
        expected = answers(stdin="u1")[0]
        self.assertEqual(answers(stdin="userId,movieId,rating,timestamp\nu1,m8,3,1000\n"), [expected])
        refused = call("--users", stdin="u1,m8,3,1000\n")
        self.assertEqual(json.loads(refused.stdout),
                         {"user": "u1,m8,3,1000", "error": "unknown user"})

    def test_text_that_is_not_utf8_does_not_harm_a_stream(self):
        code, records = self.stream("alice m1\ncaf\xe9 m2\n")
        self.assertEqual((code, [record["user"] for record in records]), (0, ["alice", "café"]))
        result = call("--stream", "--resume", stdin="alice m1\ncafé m2\ncafé\n",
                      run=WORKPLACE.path("streaming"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_same(json.loads(result.stdout), records[1])

    def test_a_run_without_the_form_reads_the_other_lines(self):
        old = WORKPLACE.path("without_form")
        shutil.copytree(WORKPLACE.run, old)
        with open(os.path.join(old, "data.json"), encoding="utf-8") as file:
            data = json.load(file)
        del data["format"]
        with open(os.path.join(old, "data.json"), "w", encoding="utf-8") as file:
            json.dump(data, file)
        self.assertEqual(answers(stdin="u1", run=old), answers(stdin="u1"))
        self.assertEqual(call(stdin="u1,m8,3,1000\n", run=old).returncode, 3)


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
