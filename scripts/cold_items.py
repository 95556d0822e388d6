#!/usr/bin/env python3
"""Measures how well items are recommended that no training had: cold_items.py BINARY DATA OUT.

DATA is the folder data/ml-latest-small, OUT a new one. A tenth of the films with five ratings or
more, drawn by SEED, is cold. The test of a user is the latest rating of a cold film; the log to train
on has the user's earlier ratings of other films, so no later event of the user is known. Trains
without vectors, and with genres and year for each share of --id-dropout, then asks for ten films
after each history, among all films and among the cold ones.

    --seed 1  --shares 0,0.2,0.5  --options "--model softmax ..."   (for every training)

Prints HR@10 and NDCG@10 with 95 % intervals over users (percentiles of 1,000 bootstrap samples), for
the models, a random order, popularity, and the nearest features to the history's mean. The effect on
the known films is `elastic eval RUN --against RUN0` in each run's folder: leave-one-out as usual.
"""

import argparse
import collections
import csv
import json
import lzma
import math
import os
import random
import re
import subprocess

LEAST_RATINGS = 5
COLD_SHARE = 0.1
TOP = 10
OPTIONS = ("--model softmax --logits dot --dropout 0.1 --max-len 50 --epochs 10 --batch-size 32 "
           "--schedule cosine --learning-rate 0.002 --seed 1 --threads 1 --quiet")


def rows_of(path):
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def year_of(title):
    found = re.search(r"\((\d{4})\)\s*$", title)
    return found.group(1) if found else ""


def write_csv(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


class Study:
    """The cold films, the log without them and the users' questions."""

    def __init__(self, arguments):
        self.arguments = arguments
        ratings = rows_of(os.path.join(arguments.data, "ratings.csv.xz"))
        films = rows_of(os.path.join(arguments.data, "movies.csv.xz"))
        counts = collections.Counter(row["movieId"] for row in ratings)
        kept = sorted(film for film, count in counts.items() if count >= LEAST_RATINGS)
        rng = random.Random(arguments.seed)
        self.cold = set(rng.sample(kept, round(COLD_SHARE * len(kept))))
        warm = set(kept) - self.cold
        users = collections.defaultdict(list)
        for row in sorted(ratings, key=lambda row: int(row["timestamp"])):  # stable
            if row["movieId"] in warm or row["movieId"] in self.cold:
                users[row["userId"]].append((row["movieId"], row["timestamp"]))
        self.history, self.target, log = {}, {}, []
        for user, events in users.items():
            places = [i for i, (film, _) in enumerate(events) if film in self.cold]
            end = places[-1] if places else len(events)
            known = [(film, time) for film, time in events[:end] if film in warm]
            log += [(user, film, time) for film, time in known]
            if places and known:
                self.history[user] = [film for film, _ in known]
                self.target[user] = events[end][0]
        self.popularity = collections.Counter(film for _, film, _ in log)
        self.features = {row["movieId"]: (set(row["genres"].split("|")), year_of(row["title"]))
                         for row in films if row["movieId"] in warm | self.cold}
        os.makedirs(arguments.out)
        write_csv(self.path("log.csv"), ("userId", "movieId", "timestamp"), log)
        columns = ("movieId", "title", "year", "genres")
        for name, wanted in (("films.csv", warm), ("new.csv", self.cold)):
            write_csv(self.path(name), columns,
                      ((row["movieId"], row["title"], year_of(row["title"]), row["genres"])
                       for row in films if row["movieId"] in wanted))
        with open(self.path("cold.txt"), "w", encoding="utf-8") as file:
            file.write("".join(film + "\n" for film in sorted(self.cold)))

    def path(self, name):
        return os.path.join(self.arguments.out, name)

    def call(self, words, text=""):
        done = subprocess.run([self.arguments.binary, *words], input=text, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return done.stdout

    def train(self, options_of):
        """Trains the runs of these names with their own options, side by side."""
        trainings = []
        for name, options in options_of.items():
            with open(self.path(name + ".txt"), "w", encoding="utf-8") as log:
                trainings.append(subprocess.Popen(
                    [self.arguments.binary, "train", "--data", self.path("log.csv"), "--out",
                     self.path(name), *self.arguments.options.split(), *options],
                    stdout=log, stderr=log))
        if any([training.wait() for training in trainings]):
            raise SystemExit(f"a training failed; see {self.path('*.txt')}")

    def lists(self, name, *options):
        """The first films for each user, by a model with the cold films."""
        users = list(self.history)
        questions = "".join(json.dumps({"user": user, "history": self.history[user]}) + "\n"
                            for user in users)
        answers = self.call(["predict", self.path(name), "--new-items", self.path("new.csv"), "-k",
                             str(TOP), "--quiet", *options], questions)
        return {user: [item["id"] for item in json.loads(line)["items"]]
                for user, line in zip(users, answers.splitlines())}

    def by_popularity(self):
        order = [film for film, _ in self.popularity.most_common()]
        lists = {}
        for user, history in self.history.items():
            seen = set(history)
            lists[user] = [film for film in order if film not in seen][:TOP]
        return lists

    def by_features(self, candidates):
        """The films whose genres and standardised year are nearest, by cosine, to the mean of the
        history's."""
        years = [float(year) for _, year in self.features.values() if year]
        mean = sum(years) / len(years)
        deviation = math.sqrt(sum((year - mean) ** 2 for year in years) / len(years))
        genres = sorted(set().union(*(genres for genres, _ in self.features.values())))
        vectors = {}
        for film, (own, year) in self.features.items():
            vector = [float(genre in own) for genre in genres]
            vector.append((float(year) - mean) / deviation if year else 0.0)
            length = math.sqrt(sum(value * value for value in vector)) or 1.0
            vectors[film] = [value / length for value in vector]
        lists = {}
        for user, history in self.history.items():
            seen = set(history)
            profile = [sum(column) for column in zip(*(vectors[film] for film in history))]
            scores = {film: sum(a * b for a, b in zip(profile, vectors[film]))
                      for film in candidates if film not in seen}
            lists[user] = sorted(scores, key=lambda film: (-scores[film], film))[:TOP]
        return lists

    def gains(self, lists):
        """[HR@10, NDCG@10] of each user."""
        found = {}
        for user, films in lists.items():
            rank = films.index(self.target[user]) + 1 if self.target[user] in films else 0
            found[user] = [float(rank > 0), 1.0 / math.log2(rank + 1) if rank else 0.0]
        return found

    def random_gains(self, among_all):
        """The expected gains of a random order."""
        discounts = sum(1.0 / math.log2(rank + 1) for rank in range(1, TOP + 1))
        found = {}
        for user, seen in self.history.items():
            count = len(self.cold) + (len(self.popularity.keys() - set(seen)) if among_all else 0)
            found[user] = [TOP / count, discounts / count]
        return found


def interval(values):
    rng = random.Random(1)
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(1000))
    return means[24], means[974]


def show(title, gains):
    cells = [title]
    for metric in zip(*gains.values()):
        low, high = interval(metric)
        cells.append(f"{sum(metric) / len(metric):.4f} ({low:.4f} to {high:.4f})")
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("data")
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shares", default="0,0.2,0.5")
    parser.add_argument("--options", default=OPTIONS)
    study = Study(parser.parse_args())
    shares = study.arguments.shares.split(",")
    print(f"{len(study.cold)} cold films of {len(study.cold) + len(study.popularity)}, "
          f"{len(study.target)} users")
    films = study.path("films.csv")
    study.train({"plain": [], **{"share-" + share: ["--item-vectors", films, "--id-dropout", share]
                                 for share in shares}})
    for place, among_all in (("all films", True), ("cold films", False)):
        print(f"| among {place} | HR@10 | NDCG@10 |\n|---|---|---|")
        show("random order", study.random_gains(among_all))
        if among_all:
            show("popularity", study.gains(study.by_popularity()))
        candidates = study.cold | set(study.popularity if among_all else ())
        show("nearest features", study.gains(study.by_features(candidates)))
        options = () if among_all else ("--candidates", study.path("cold.txt"))
        for share in shares:
            show(f"item vectors, --id-dropout {share}",
                 study.gains(study.lists("share-" + share, *options)))
    for share in shares:
        print(study.call(["eval", study.path("share-" + share), "--against", study.path("plain"),
                          "--quiet"]))


if __name__ == "__main__":
    main()
