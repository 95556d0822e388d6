"""Models that read times, from the log to answers and streams. times_test.py BINARY"""

import json
import os
import sys
import unittest

from harness import NUM_ITEMS, NUM_USERS, TINY_MODEL, Workplace

WORKPLACE = None
START = 1577836800


def log(unit):
    """Users whose steps through the items follow from the gaps between their events."""
    lines = ["user,item,timestamp"]
    for user in range(NUM_USERS):
        item, time = user * 7 % NUM_ITEMS, START + 977 * user
        for event in range(12):
            lines.append(f"u{user},m{item + 1},{time * unit}")
            gap = (5, 5000, 900000)[(user + event * event) % 3]
            item, time = (item + len(str(gap))) % NUM_ITEMS, time + gap
    return "\n".join(lines) + "\n"


class Place(Workplace):
    def __init__(self, binary):
        super().__init__(binary)
        self.logs = {unit: self.write(f"log{unit}.csv", log(unit)) for unit in (1, 1000)}
        self.runs = {}

    def train(self, features, model="softmax", unit=1):
        key = (features, model, unit)
        if key not in self.runs:
            run = self.path("-".join(map(str, key)))
            result = self.call(["train", "--data", self.logs[unit], "--out", run, "--model", model,
                                "--position", "none", "--epochs", "2", "--time-features", features,
                                *TINY_MODEL])
            assert result.returncode == 0, result.stderr
            self.runs[key] = run
        return self.runs[key]

    def ask(self, run, *questions, flags=()):
        result = self.call(["predict", run, "--top-k", "3", *flags],
                           stdin="".join(line if isinstance(line, str) else json.dumps(line) + "\n"
                                         for line in questions))
        return result, [json.loads(line) for line in result.stdout.splitlines()]


def result_of(run):
    with open(os.path.join(run, "result.json"), encoding="utf-8") as file:
        return json.load(file)


class TimesTest(unittest.TestCase):
    def test_protocol_names_the_times(self):
        self.assertEqual(result_of(WORKPLACE.train("past"))["protocol"]["times"],
                         "those of past events")
        self.assertEqual(result_of(WORKPLACE.train("asked"))["protocol"]["times"],
                         "those of past events and of the ranked event")
        self.assertNotIn("times", result_of(WORKPLACE.train("none"))["protocol"])

    def test_unit_of_the_log_changes_nothing(self):
        seconds, milliseconds = (WORKPLACE.train("past", unit=unit) for unit in (1, 1000))
        self.assertEqual(result_of(seconds)["metrics"], result_of(milliseconds)["metrics"])

    def test_log_without_times_is_refused(self):
        untimed = WORKPLACE.write("untimed.csv", "".join(
            ",".join(line.split(",")[:2]) + "\n" for line in log(1).splitlines()))
        result = WORKPLACE.call(["train", "--data", untimed, "--out", WORKPLACE.path("untimed"),
                                 "--time-features", "past", *TINY_MODEL])
        self.assertEqual(result.returncode, 2)
        self.assertIn("--time-features past: the log has no times", result.stderr)

    def test_other_times_are_other_data_for_a_model_that_reads_them(self):
        moved = WORKPLACE.write("moved.csv", "".join(
            ",".join(line.split(",")[:2] + [str(int(line.split(",")[2]) // 2)]) + "\n"
            for line in log(1).splitlines()[1:]))
        for features, code in (("none", 0), ("past", 6)):
            run = WORKPLACE.train(features)
            result = WORKPLACE.call(["eval", run, "--data", moved, "--quiet"])
            self.assertEqual(result.returncode, code, result.stderr)
        self.assertIn("times_hash", result.stderr)

    def test_answers_about_a_user_are_those_about_the_same_history(self):
        rows = [line.split(",") for line in log(1).splitlines() if line.startswith("u5,")]
        times = [int(time) for _, _, time in rows]
        history = [item for _, item, _ in rows]
        dates = ["2020-01-01T01:21:25"] + times[1:]
        for features, more in (("past", {}), ("asked", {"time": times[-1] + 60})):
            run = WORKPLACE.train(features)
            _, answers = WORKPLACE.ask(run, {"user": "u5", **more},
                                       {"history": history, "times": times, **more},
                                       {"history": history, "times": dates, **more},
                                       {"history": history,
                                        "times": [time // 3 for time in times], **more})
            self.assertEqual(answers[0]["items"], answers[1]["items"])
            self.assertEqual(answers[0]["items"], answers[2]["items"])
            self.assertNotEqual(answers[0]["items"], answers[3]["items"])

    def test_time_of_the_question_matters_if_it_is_asked_for(self):
        run = WORKPLACE.train("asked")
        _, (soon, late) = WORKPLACE.ask(run, {"user": "u5", "time": "2020-03-01"},
                                        {"user": "u5", "time": "2024-03-01"})
        self.assertNotEqual(soon["items"], late["items"])

    def test_unusable_times_are_errors_of_their_line(self):
        run = WORKPLACE.train("asked")
        bad = [({"history": ["m1"]}, "expected \"times\": [time, ...]"),
               ({"history": ["m1", "m2"], "times": [5], "time": 9}, "one for each of the 2 events"),
               ({"history": ["m1", "m2"], "times": [9, 5], "time": 9}, "the oldest first"),
               ({"history": ["m1"], "times": [1577836800000], "time": 9}, "a time in seconds"),
               ({"history": ["m1"], "times": ["soon"], "time": 9}, "a time in seconds"),
               ({"history": ["m1"], "times": 5, "time": 9}, "times: expected [time, ...]"),
               ({"history": ["m1"], "times": [5], "time": [9]}, "time: expected one time"),
               ({"user": "u5"}, "expected \"time\" in a JSON object"),
               ("u5\n", "expected \"time\" in a JSON object")]
        result, answers = WORKPLACE.ask(run, *(question for question, _ in bad),
                                        {"item": "m1"}, {"user": "u5", "time": "2020-03-01"})
        self.assertEqual(result.returncode, 3)
        for (_, problem), answer in zip(bad, answers):
            self.assertIn(problem, answer["error"])
        self.assertTrue(answers[-1]["items"] and answers[-2]["items"])
        untimed, (answer,) = WORKPLACE.ask(WORKPLACE.train("none"), {"user": "u5", "time": 9})
        self.assertEqual(untimed.returncode, 3)
        self.assertIn("unknown key \"time\"", answer["error"])

    def test_an_unknown_item_takes_its_time_along(self):
        run = WORKPLACE.train("past")
        _, (known, unknown) = WORKPLACE.ask(
            run, {"history": ["m1", "m2"], "times": [100, 900]},
            {"history": ["m1", "other", "m2"], "times": [100, 300, 900]})
        self.assertEqual(known["items"], unknown["items"])

    def test_vectors_and_evaluation(self):
        for features, code in (("past", 0), ("asked", 2)):
            run = WORKPLACE.train(features)
            out = WORKPLACE.path(features + ".npy")
            result = WORKPLACE.call(["predict", run, "--embeddings", "users", "--out", out])
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertEqual(WORKPLACE.call(["eval", run]).returncode, 0)
        self.assertIn("the time of the event to predict", result.stderr)

    def test_stream_equals_histories(self):
        for unit in (1, 1000):
            run = WORKPLACE.train("past", "gsa", unit)
            states = os.path.join(run, "streams.safetensors")
            if os.path.exists(states):
                os.remove(states)
            rows = [line for line in log(unit).splitlines() if line.startswith("u5,")][:6]
            items = [row.split(",")[1] for row in rows]
            times = [int(row.split(",")[2]) // unit for row in rows]
            _, (asked,) = WORKPLACE.ask(run, {"history": items, "times": times})
            # In two sessions: the file keeps the time of the latest event.
            first, _ = WORKPLACE.ask(run, *(row + "\n" for row in rows[:4]), flags=["--stream"])
            self.assertEqual(first.returncode, 0, first.stderr)
            _, answers = WORKPLACE.ask(run, rows[4] + "\n",
                                       {"user": "u5", "item": items[5], "time": times[5]},
                                       flags=["--stream"])
            for one, other in zip(answers[-1]["items"], asked["items"]):
                self.assertEqual(one["id"], other["id"])
                self.assertAlmostEqual(one["score"], other["score"], places=4)
            untimed, (answer,) = WORKPLACE.ask(run, "u5 m1\n", flags=["--stream"])
            self.assertEqual(untimed.returncode, 3)
            self.assertIn("the model reads the times of events", answer["error"])

    def test_stream_of_a_model_that_asks_for_the_next_time_is_refused(self):
        result, _ = WORKPLACE.ask(WORKPLACE.train("asked", "gsa"), "u5\n", flags=["--stream"])
        self.assertEqual(result.returncode, 2)
        self.assertIn("--time-features past or none", result.stderr)


if __name__ == "__main__":
    WORKPLACE = Place(sys.argv.pop(1))
    unittest.main()
