"""Runs the curl commands of docs/serve.md, without curl, and checks the unit for systemd.

serve_page_test.py BINARY
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))
import serve_test  # noqa: E402  (needs the path set above)
from harness import TINY_MODEL, Workplace, ratings_csv  # noqa: E402

QUESTIONS = '{"user": "a", "history": ["1"]}\n{"user": "b", "history": ["2"]}\n'
FLAGS = {"-d": "body", "--data-binary": "body", "-X": "method", "-H": "header"}


def commands_of(text):
    """(command, lines of output) of the console blocks."""
    steps = []
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line)
    return steps


def train_runs(place):
    """Small runs of a log with numbers as ids, under the names of the page."""
    data = place.write("log.csv", ratings_csv().replace("u", "").replace("m", "")
                       .replace("serId,ovieId,rating,tiestap", "userId,movieId,rating,timestamp"))
    for name, options in (("runs/first", ["--model", "elastic"]),
                          ("runs/stream", ["--model", "elastic-causal", "--position", "none"])):
        trained = place.call(["train", "--data", data, "--out", name, "--epochs", "1", *TINY_MODEL,
                              *options])
        assert trained.returncode == 0, trained.stderr


def ask(command, servers):
    """The reply to a curl command: (status, text)."""
    words = shlex.split(command)[1:]
    given, url = {}, None
    while words:
        word = words.pop(0)
        if word in FLAGS:
            given[FLAGS[word]] = words.pop(0)
        else:
            assert url is None and word.startswith("http://127.0.0.1:"), command
            url = word
    port, path = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/.*)", url).groups()
    body = given.get("body", "" if given.get("method") == "POST" else None)
    if body and body.startswith("@"):
        body = QUESTIONS
    headers = dict([given["header"].split(": ", 1)]) if "header" in given else {}
    return servers[port].ask(path, body, headers, given.get("method"))


def keys_of(text):
    """The keys of each line of JSON, in their order."""
    text = text.strip()
    values = json.loads(text) if text.startswith("[") else [json.loads(t) for t in text.split("\n")]
    return [list(value) for value in values]


def check_page(place, text):
    servers = {}
    try:
        for command, output in commands_of(text):
            if command.startswith("elastic serve "):
                run, port = re.fullmatch(r"elastic serve (\S+) --port (\d+)", command).groups()
                servers[port] = serve_test.Server(run)
                continue
            status, reply = ask(command, servers)
            assert status == 200, (command, status, reply)
            if output:
                shown, real = keys_of("\n".join(output)), keys_of(reply)
                assert shown == real, f"{command}\nprints {real}\nthe page shows {shown}"
    finally:
        for server in servers.values():
            server.__exit__()


def check_names(place, text):
    """The page names every option of the limits and every metric."""
    listed = place.call(["serve", "--help"]).stdout
    limits = re.search(r"^Limits:?\n(.*?)\n\n", listed, re.S | re.M)[1]
    for option in re.findall(r"--[a-z-]+", limits):
        assert f"`{option}`" in text, f"docs/serve.md lacks {option}"
    with serve_test.Server("runs/first") as server:
        metrics = server.ask("/metrics")[1]
    for name in re.findall(r"^# TYPE (\w+)", metrics, re.M):
        assert name in text, f"docs/serve.md lacks {name}"


def check_unit(binary):
    """`systemd-analyze verify` accepts the unit, with this binary in place of the installed one."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        return "no systemd-analyze here"
    with open(os.path.join(ROOT, "cmake", "elastic@.service"), encoding="utf-8") as file:
        unit = file.read()
    unit = unit.replace("ExecStart=elastic", f"ExecStart={os.path.abspath(binary)}")
    unit = unit.replace("Documentation=man:elastic(1)\n", "")
    with tempfile.TemporaryDirectory(prefix="elastic_unit_") as folder:
        path = os.path.join(folder, "elastic@.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(unit)
        checked = subprocess.run([tool, "verify", path], text=True, capture_output=True, timeout=60,
                                 check=False)
    problems = [line for line in checked.stderr.splitlines() if "elastic@" in line]
    assert not problems, problems
    return "the unit is valid"


def main():
    binary = sys.argv[1]
    place = Workplace(binary)
    serve_test.WORKPLACE = place
    train_runs(place)
    with open(os.path.join(ROOT, "docs", "serve.md"), encoding="utf-8") as file:
        text = file.read()
    check_page(place, text)
    check_names(place, text)
    print(f"{len(commands_of(text))} commands; {check_unit(binary)}")


if __name__ == "__main__":
    main()
