"""Runs the script of docs/nightly.md: three nights, one killed, one refused; a server reloads.

nightly_test.py BINARY
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))
import serve_test  # noqa: E402  (needs the path set above)
from harness import Workplace, clean_environment, ratings_csv  # noqa: E402

PATIENCE_S = 120
QUESTION = {"history": ["m3", "m4", "m5", "m6"]}
CONFIG = {"model": "softmax", "dim": 16, "num_layers": 1, "ffn_dim": 32, "max_len": 20,
          "batch_size": 16, "epochs": 12, "learning_rate": 0.01}
# The script calls curl, which not every system has: this asks in its place.
CURL = f"""#!{sys.executable}
import sys, urllib.request
flags, method, url = sys.argv[1:]
assert (flags, method) == ("-fsSX", "POST")
try:
    print(urllib.request.urlopen(urllib.request.Request(url, b"", method=method)).read().decode())
except OSError as error:
    sys.exit(f"curl: {{error}}")
"""


def script_of_page():
    with open(os.path.join(ROOT, "docs", "nightly.md"), encoding="utf-8") as file:
        (script,) = re.findall(r"```bash\n(.*?)```", file.read(), re.S)
    lines = script.splitlines()
    assert len(lines) <= 15 and lines[1] == "set -euo pipefail", script
    return script


class Nights:
    """A folder with the script, logs that grow, and a link to the run that is served."""

    def __init__(self, binary):
        self.place = Workplace(binary)
        for name, text in (("elastic", None), ("curl", CURL)):
            path = self.place.path(os.path.join("bin", name))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if text is None:
                os.symlink(os.path.abspath(binary), path)
            else:
                self.place.write(os.path.join("bin", name), text)
                os.chmod(path, 0o755)
        os.mkdir(self.place.path("runs"))
        self.place.write("night.json", json.dumps(CONFIG))
        self.set_port(1)

    def set_port(self, port):
        self.place.write("nightly.sh", script_of_page().replace(":8080/", f":{port}/"))

    def log(self, night, last_time):
        """The events up to a time, and one new item a night."""
        rows = ratings_csv().splitlines()
        rows = rows[:1] + [row for row in rows[1:] if int(row.rsplit(",", 1)[1]) <= last_time]
        rows += [f"u{user},of_{night},4,{last_time}" for user in range(1, 9)]
        return self.place.write(night + ".csv", "\n".join(rows) + "\n")

    def start(self, night, last_time, **variables):
        environment = clean_environment({"OMP_NUM_THREADS": "1", **variables})
        environment["PATH"] = self.place.path("bin") + os.pathsep + environment["PATH"]
        return subprocess.Popen(["bash", "nightly.sh", night, self.log(night, last_time)],
                                cwd=self.place.folder.name, env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                start_new_session=True)

    def run(self, *arguments, code=0, **variables):
        """What a night prints, to its end."""
        night = self.start(*arguments, **variables)
        output = night.communicate(timeout=PATIENCE_S)[0]
        assert night.returncode == code, output
        return output

    def kill(self, *arguments):
        """Kills a night with all of its processes once its training has begun."""
        night = self.start(*arguments)
        search = self.place.path(os.path.join("runs", arguments[0], "search"))
        metrics = os.path.join(search, "metrics.jsonl")
        end = time.monotonic() + PATIENCE_S
        while not os.path.exists(metrics) or os.path.getsize(metrics) == 0:
            assert night.poll() is None and time.monotonic() < end
            time.sleep(0.002)
        os.killpg(night.pid, signal.SIGKILL)
        night.communicate(timeout=PATIENCE_S)
        assert not os.path.exists(os.path.join(self.place.path("runs"), arguments[0],
                                               "result.json")), "it was killed too late"

    def current(self):
        return os.readlink(self.place.path(os.path.join("runs", "current")))

    def answer_of(self, night):
        run = self.place.path(os.path.join("runs", night))
        return serve_test.pipe_answers(run, [QUESTION])[0]


def check_nights(nights):
    assert "start from" not in nights.run("one", 1007)
    assert nights.current() == "one"
    with serve_test.Server(nights.place.path("runs/current")) as server:
        nights.set_port(server.port)
        assert server.predict(QUESTION) == nights.answer_of("one")

        nights.kill("two", 1009)
        assert nights.current() == "one"
        assert server.predict(QUESTION) == nights.answer_of("one")
        output = nights.run("two", 1009)
        assert "start from" not in output, output  # the checkpoint holds the start
        assert "against runs/one/search" in output and "unknown to the model" in output, output
        assert nights.current() == "two"
        assert nights.answer_of("two") != nights.answer_of("one")
        assert server.predict(QUESTION) == nights.answer_of("two")

        for _ in range(2):  # refused, and refused again
            output = nights.run("three", 1010, code=8, ELASTIC_LEARNING_RATE="30")
            assert "--fail-worse: NDCG@10 is lower than that of runs/two/search" in output, output
            assert nights.current() == "two"
            assert server.predict(QUESTION) == nights.answer_of("two")

        output = nights.run("four", 1011)
        assert "start from" in output and "runs/two/search" in output, output
        assert nights.current() == "four"
        assert server.predict(QUESTION) == nights.answer_of("four")
        nights.run("four", 1011)  # called once more
        assert server.metric('elastic_reloads_total{outcome="loaded"}') == 3
    nights.run("five", 1012, code=1)  # no server
    assert nights.current() == "four"


def main():
    nights = Nights(sys.argv[1])
    serve_test.WORKPLACE = nights.place
    check_nights(nights)
    print("a killed night resumed, a bad one was refused, the server answers from the latest")


if __name__ == "__main__":
    main()
