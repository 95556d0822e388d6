"""train --item-vectors and --new-items: item_vectors_test.py BINARY"""

import json
import os
import shutil
import subprocess
import sys
import unittest
import urllib.request

from harness import NUM_ITEMS, TINY_MODEL, Workplace, combined

WORKPLACE = Workplace(sys.argv.pop(1))


def features(items, header="movieId,title,group,year"):
    """The place of an item in the walks of the users decides on its group."""
    return header + "\n" + "".join(
        f"m{item},Movie {item},G{item % 4}|H{item % 3},{1980 + item % 9}\n" for item in items)


FILE = WORKPLACE.write("features.csv", features(range(1, NUM_ITEMS + 1)))
MORE = WORKPLACE.write("more.csv", features(range(1, NUM_ITEMS + 4)))


def train(name, *options):
    run = WORKPLACE.path(name)
    defaults = ["--data", WORKPLACE.data, "--out", run, "--model", "softmax", "--seed", "3",
                "--epochs", "2", "--item-vectors", FILE, "--id-dropout", "0.3", "--threads", "1",
                *TINY_MODEL]
    return run, WORKPLACE.call(["train", *combined(defaults, options)])


def read(run, name):
    with open(os.path.join(run, name), "rb") as file:
        return file.read()


def trained(name, *options):
    run = WORKPLACE.path(name)
    if not os.path.exists(run):
        _, result = train(name, *options)
        assert result.returncode == 0, result.stderr
    return run


def answers(run, *options, stdin='{"history": ["m1", "m2"], "k": 43}\n'):
    result = WORKPLACE.call(["predict", run, *options], stdin=stdin)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def without_clock(text):
    lines = [json.loads(line) for line in text.splitlines()]
    return [{key: value for key, value in line.items() if key not in ("seconds", "elapsed_s")}
            for line in lines]


class ItemVectors(unittest.TestCase):
    def refusal(self, code, call, message):
        self.assertEqual(call.returncode, code, call.stderr)
        self.assertIn(message, call.stderr)

    def test_the_run_says_how_the_columns_are_encoded(self):
        run, result = train("first")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("comma-separated, id in 'movieId'; 8 features for 40 of 40 items",
                      result.stderr)
        self.assertIn("item vectors: title: left out: 40 of 40 items share no value", result.stderr)
        self.assertIn("item vectors: group: 7 categories", result.stderr)
        self.assertIn("item vectors: year: number, mean 1983.85,", result.stderr)
        recorded = json.loads(read(run, "data.json"))["item_vectors"]
        self.assertEqual([column["name"] for column in recorded["encoding"]["columns"]],
                         ["group", "year"])
        evaluated = WORKPLACE.call(["eval", run, "--json"])
        self.assertEqual(json.loads(evaluated.stdout)["metrics"],
                         json.loads(read(run, "result.json"))["metrics"])

    def test_new_items_are_recommended_and_read_without_training(self):
        run = trained("base")
        known = answers(run)[0]
        more = answers(run, "--new-items", MORE)[0]
        ids = [item["id"] for item in more["items"]]
        self.assertEqual(len(known["items"]), NUM_ITEMS - 2)
        self.assertEqual(len(ids), NUM_ITEMS + 1)
        self.assertEqual({"m41", "m42", "m43"}, set(ids) - {item["id"] for item in known["items"]})
        scores = {item["id"]: item["score"] for item in more["items"]}
        for item in known["items"]:
            self.assertAlmostEqual(scores[item["id"]], item["score"], places=5)
        self.assertEqual({item["title"] for item in more["items"] if item["id"] == "m42"},
                         {"Movie 42"})
        history = '{"history": ["m42", "m3"]}\n{"item": "m41"}\n{"history": ["m43"]}\n'
        for answer in answers(run, "--new-items", MORE, "-k", "5", stdin=history):
            self.assertEqual(len(answer["items"]), 5)
            self.assertNotIn("unknown", answer)
        candidates = WORKPLACE.write("cold.txt", "m41\nm43\n")
        only = answers(run, "--new-items", MORE, "--candidates", candidates)[0]
        self.assertEqual({item["id"] for item in only["items"]}, {"m41", "m43"})

    def test_new_items_of_equal_features_have_equal_scores(self):
        twins = WORKPLACE.write("twins.jsonl",
                                '{"year": 1984, "asin": "x", "group": ["G1", "H0"]}\n'
                                '{"asin": "y", "group": "H0|G1", "year": 1984, "other": 1}\n')
        items = answers(trained("base"), "--new-items", twins)[0]["items"]
        scores = {item["id"]: item["score"] for item in items}
        self.assertEqual(scores["x"], scores["y"])

    def test_lines_of_vectors_train_too(self):
        vectors = WORKPLACE.write("vectors.jsonl", "".join(
            json.dumps({"id": f"m{item}", "vector": [item % 4, item % 3, 0.5 * item]}) + "\n"
            for item in range(1, NUM_ITEMS + 1)))
        run, result = train("vectors", "--item-vectors", vectors)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("JSON lines, id in 'id'; 3 features for 40 of 40 items", result.stderr)
        new = WORKPLACE.write("new.jsonl", '{"id": "n", "vector": [1, 2, 20]}\n')
        self.assertEqual(len(answers(run, "--new-items", new)[0]["items"]), NUM_ITEMS - 1)

    def test_exported_vectors_of_a_model_are_features_of_another(self):
        matrix = WORKPLACE.path("exported.npy")
        call = WORKPLACE.call(["predict", trained("base"), "--embeddings", "items", "--out", matrix])
        self.assertEqual(call.returncode, 0, call.stderr)
        run, result = train("of_matrix", "--item-vectors", matrix)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("NumPy matrix, id in 'id'; 16 features for 40 of 40 items", result.stderr)
        self.assertEqual(len(answers(run, "--new-items", matrix)[0]["items"]), NUM_ITEMS - 2)
        os.remove(WORKPLACE.path("exported.ids.txt"))
        self.refusal(3, train("no_ids", "--item-vectors", matrix)[1], "exported.ids.txt")

    def test_a_resumed_run_has_the_same_bits_and_needs_the_same_features(self):
        whole = trained("whole")
        parts, result = train("parts", "--max-tokens", "700")
        self.assertEqual(result.returncode, 0, result.stderr)
        resume = ["train", "--resume", "--out", parts, "--max-tokens", "0"]
        self.refusal(6, WORKPLACE.call([*resume, "--item-vectors", WORKPLACE.write(
            "changed.csv", features(range(1, NUM_ITEMS)))]),
                     "the item vectors are not those that the run was started with")
        renamed = WORKPLACE.write("renamed.csv", read("", FILE).decode().replace("G", "K"))
        self.refusal(6, WORKPLACE.call([*resume, "--item-vectors", renamed]),
                     "the item vectors are not those that the run was started with")
        self.refusal(6, WORKPLACE.call([*resume, "--item-vectors", "", "--id-dropout", "0"]),
                     "hash (none), expected")
        self.refusal(6, WORKPLACE.call([*resume, "--id-dropout", "0.5"]), "id_dropout")
        moved = WORKPLACE.path("moved.csv")
        shutil.copy(FILE, moved)
        result = WORKPLACE.call([*resume, "--item-vectors", moved])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(without_clock(read(parts, "metrics.jsonl"))[:2],
                         without_clock(read(whole, "metrics.jsonl"))[:2])
        for name in ("data.json", "items.tsv"):
            self.assertEqual(read(parts, name), read(whole, name))
        known = answers(parts)
        self.assertEqual(known, answers(whole))

    def test_a_training_from_another_run_keeps_its_encoding(self):
        base = trained("base")
        run, result = train("later", "--init-from", base, "--item-vectors", MORE)
        self.assertEqual(result.returncode, 0, result.stderr)
        encodings = [json.loads(read(folder, "data.json"))["item_vectors"]["encoding"]
                     for folder in (base, run)]
        self.assertEqual(*encodings)
        plain = WORKPLACE.path("plain")
        defaults = ["--data", WORKPLACE.data, "--model", "softmax", "--epochs", "1", *TINY_MODEL]
        call = WORKPLACE.call(["train", "--out", plain, *defaults])
        self.assertEqual(call.returncode, 0, call.stderr)
        self.refusal(2, train("refused", "--init-from", plain)[1],
                     "--init-from: expected a model with item vectors")
        self.refusal(2, WORKPLACE.call(["train", "--out", WORKPLACE.path("refused"), *defaults,
                                        "--init-from", base]), "add --item-vectors FILE")

    def test_a_refit_and_its_search_have_the_same_features(self):
        run, result = train("refit", "--refit", "all")
        self.assertEqual(result.returncode, 0, result.stderr)
        outer, inner = (json.loads(read(run, name))["item_vectors"]
                        for name in ("data.json", "search/data.json"))
        self.assertEqual(outer, inner)
        self.assertEqual(len(answers(run, "--new-items", MORE)[0]["items"]), NUM_ITEMS + 1)

    def test_a_server_answers_with_new_items(self):
        server = WORKPLACE.start(["serve", trained("base"), "--port", "0", "--new-items", MORE],
                                 text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        address = server.stdout.readline().strip()
        body = b'{"history": ["m43"], "candidates": ["m41", "m42"]}'
        with urllib.request.urlopen(address + "/predict", body, timeout=60) as reply:
            items = json.loads(reply.read())["items"]
        server.terminate()
        server.communicate(timeout=60)
        self.assertEqual({item["id"] for item in items}, {"m41", "m42"})

    def test_options_without_a_use_are_refused(self):
        run = trained("base")
        self.refusal(2, train("refused", "--item-vectors", "")[1], "--id-dropout has no effect")
        self.refusal(2, train("refused", "--loss", "bce", "--item-updates", "rows")[1],
                     "--item-updates: expected all or auto with --item-vectors")
        self.refusal(2, train("refused", "--cuda-graphs")[1], "--cuda-graphs: leave out --item-vect")
        self.refusal(3, train("refused", "--item-vectors", WORKPLACE.write(
            "none.csv", features(range(100, 110))))[1], "'movieId' holds no item of the data")
        self.refusal(2, WORKPLACE.call(["predict", WORKPLACE.run, "--new-items", MORE], stdin="u1"),
                     "train it with --item-vectors")
        self.refusal(2, WORKPLACE.call(["predict", f"{run},{WORKPLACE.run}", "--new-items", MORE]),
                     "--new-items: expected one RUN")
        self.refusal(2, WORKPLACE.call(["predict", run, "--new-items", MORE, "--stream"]),
                     "--new-items does not go with streams")
        self.refusal(2, WORKPLACE.call(["predict", run, "--new-items", "-"]),
                     "--new-items: expected a file")
        self.refusal(3, WORKPLACE.call(["predict", run, "--new-items", WORKPLACE.write(
            "short.csv", "movieId,year\nx,1990\n")], stdin="u1"), "expected the column 'group'")


if __name__ == "__main__":
    unittest.main()
