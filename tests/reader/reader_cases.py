#!/usr/bin/env python3
"""Reads logs in the forms of public data sets and of exports: reader_cases.py READ_LOGS ELASTIC

Each is one known log, so the right reading is known: it must be read right, or refused with a
message that names an option that reads it right. The cases are those of make_cases.py and, with
files of their own, of cases.json. Prints the cases that are wrong."""
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import make_cases  # noqa: E402

FOLDER = os.path.dirname(os.path.abspath(__file__))
read_logs, elastic = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])


def read_all(calls):
    """The answers of READ_LOGS to lists of options."""
    text = "".join(json.dumps(call) + "\n" for call in calls)
    result = subprocess.run([read_logs], input=text.encode(), capture_output=True, timeout=100)
    answers = [json.loads(line) for line in result.stdout.decode().splitlines()]
    if len(answers) != len(calls):
        sys.exit("crashed at %s: %s" % (calls[len(answers)], result.stderr.decode()[-500:]))
    return answers


def is_right(case, answer):
    return "error" not in answer and answer["sequences"] == case["expected"]


def problem_of_made(case, answer, after_advice):
    error = answer.get("error")
    if error is None:
        if case["want"] not in ("read", "read-or-ask"):
            return "is not refused: " + answer["form"]
        if not is_right(case, answer):
            return "is read wrong: " + answer["form"]
        return "" if answer["kept"] else "its form changes when it is written and read back"
    if case["want"] == "refuse":
        return "" if case["part"] in error else "the message lacks %r: %s" % (case["part"], error)
    if case["want"] == "read":
        return "is refused: " + error
    if not all(option in error for option in case["answer"][::2]):
        return "the message lacks one of %s: %s" % (case["answer"], error)
    if case["answer"] and not is_right(case, after_advice):
        return "%s reads %s" % (case["answer"], after_advice.get("error", after_advice.get("form")))
    return ""


def check_made(folder):
    cases = make_cases.cases()
    calls = []
    for case in cases:
        for name, content in case["files"].items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        data = [word for name in case["data"] for word in ("--data", os.path.join(folder, name))]
        calls += [data + case["options"], data + case["options"] + case["answer"]]
    answers = read_all(calls)
    return [(case["id"], problem_of_made(case, answers[2 * n], answers[2 * n + 1]))
            for n, case in enumerate(cases)]


def path_of(name):
    return os.path.join(FOLDER, "inputs", name)


def options_of(case):
    words = ["--data", path_of(case["file"])]
    if "items_file" in case:
        words += ["--items", path_of(case["items_file"])]
    options = case["opts"].split()
    return words + [path_of(word) if n and options[n - 1] == "--data" else word
                    for n, word in enumerate(options)]


def train(case, folder):
    """A tiny model on the case: its run directory."""
    run = os.path.join(folder, case["id"])
    small = ("--model softmax --dim 8 --num-heads 1 --num-layers 1 --ffn-dim 8 --max-len 10 "
             "--epochs 1 --cache off --threads 1").split()
    subprocess.run([elastic, "train", *options_of(case), "--out", run, *small], check=True,
                   capture_output=True)
    return run


def problem_of_output(case, folder):
    run = train(case, folder)
    if case["want"] == "repeat-told":
        result = subprocess.run([elastic, "eval", run, "--threads", "1"], capture_output=True)
        told = (result.stdout + result.stderr).decode()
        return "" if "repeat" in told else "eval does not report the share of repeated targets"
    user = next(iter(case["last"]))
    result = subprocess.run([elastic, "predict", run, "--threads", "1", "-o", "table"],
                            input=user.encode(), capture_output=True)
    clean = all(c in "\n\t" or not (ord(c) < 32 or 127 <= ord(c) < 160)
                for c in result.stdout.decode())
    return "" if clean else "the table holds control characters"


def problem_of_file(case, answer):
    error = answer.get("error")
    if case["want"].startswith("refuse"):
        return "" if error and case["part"] in error else "is not refused as it should be: %s" % (
            error or answer["form"])
    if error:
        name = os.path.splitext(case["file"])[1][1:]
        named = case["want"] == "read-or-name" and ("archive" in error or name in error)
        return "" if named else "is refused: " + error
    found = {"users": len(answer["sequences"]), "items": answer["items"],
             "events": answer["events"]}
    for key, value in found.items():
        if case.get(key, value) != value:
            return "%s: %d, not %d (%s)" % (key, value, case[key], answer["form"])
    for user, item in (case.get("last") or {}).items():
        if answer["sequences"].get(user, [None])[-1] != item:
            return "the last item of %r is not %r (%s)" % (user, item, answer["form"])
    for item, title in (case.get("titles") or {}).items():
        if answer["titles"].get(item) != title:
            return "the title of %r is %r, not %r" % (item, answer["titles"].get(item), title)
    return ""


def check_files(folder):
    with open(os.path.join(FOLDER, "cases.json"), encoding="utf-8") as file:
        cases = json.load(file)
    results = []
    for case, answer in zip(cases, read_all([options_of(case) for case in cases])):
        results.append((case["id"], problem_of_file(case, answer)))
        if case["want"] in ("repeat-told", "table-clean"):
            results.append((case["id"], problem_of_output(case, folder)))
    return results


with tempfile.TemporaryDirectory() as work:
    all_results = check_made(work) + check_files(work)
wrong = [(name, problem) for name, problem in all_results if problem]
for name, problem in wrong:
    print("%s: %s" % (name, problem))
print("%d of %d cases are right" % (len(all_results) - len(wrong), len(all_results)))
sys.exit(1 if wrong else 0)
