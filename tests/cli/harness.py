"""Runs the real binary for the command-line tests: a small data set, a trained run, one call."""

import os
import signal
import subprocess
import tempfile

TINY_MODEL = ["--dim", "16", "--num-layers", "1", "--ffn-dim", "32", "--max-len", "20",
              "--num-experts", "4", "--pool-subkeys", "4", "--key-dim", "8", "--batch-size", "32",
              "--schedule", "constant"]


def combined(defaults, options):
    """The options, after those defaults that they do not set: a flag is given once."""
    pairs = zip(defaults[::2], defaults[1::2])
    return [word for pair in pairs if pair[0] not in options for word in pair] + list(options)


def tested(result):
    """The part of a run's result.json that `eval` prints too."""
    return {key: value for key, value in result.items() if key not in ("validation", "training")}


NUM_USERS = 60
NUM_ITEMS = 40
EVENTS = 12


def ratings_csv():
    """Rows of a log: users walk through the items in steps of 1, 2 or 3, which is easy to learn."""
    lines = ["userId,movieId,rating,timestamp"]
    for user in range(1, NUM_USERS + 1):
        item = user * 7 % NUM_ITEMS
        for event in range(EVENTS):
            lines.append(f"u{user},m{item + 1},{3 + event % 3},{1000 + event}")
            item = (item + 1 + user % 3) % NUM_ITEMS
    return "\n".join(lines) + "\n"


def items_csv():
    lines = ["movieId,title"]
    lines += [f'm{item},"Title, {item}"' for item in range(1, NUM_ITEMS + 1)]
    return "\n".join(lines) + "\n"


# Variables of the caller that would change the behaviour of a command.
CALLERS_OWN = ("ELASTIC_", "OMP_", "GOMP_", "LC_", "LANGUAGE", "NO_COLOR", "XDG_",
               "OMPI_COMM_", "PMI_", "PMIX_", "SLURM_")  # a launcher that runs the tests


def clean_environment(extra=None):
    """The caller's environment with fixed settings: no ELASTIC_* variables, a terminal with colours,
    a UTF-8 locale, the default number of threads."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(CALLERS_OWN)}
    environment["LC_ALL"] = "C.UTF-8"
    environment["TERM"] = "xterm"
    environment["OMP_WAIT_POLICY"] = "passive"  # tests run side by side
    environment["ELASTIC_CACHE"] = "off"  # does not touch the caller's cache
    environment.update(extra or {})
    return environment


def default_signals():
    """Restores the default action of signals that `nohup` or a background shell ignores."""
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


default_signals()


class Workplace:
    """A temporary folder with data, and a run trained on first use."""

    def __init__(self, binary):
        self.binary = os.path.abspath(binary)
        self.folder = tempfile.TemporaryDirectory(prefix="elastic_cli_")
        self.data = self.write("ratings.csv", ratings_csv())
        self.items = self.write("items.csv", items_csv())
        self._run = None
        self._stream_run = None

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    @property
    def run(self):
        if self._run is None:
            self._run = self.path("trained")
            result = self.call(["train", "--data", self.data, "--items", self.items, "--out",
                                self._run, "--model", "elastic", "--epochs", "3", "--seed", "7",
                                *TINY_MODEL])
            assert result.returncode == 0, result.stderr
        return self._run

    @property
    def stream_run(self):
        """A run that reads streams, without the states of earlier uses."""
        if self._stream_run is None:
            self._stream_run = self.path("streaming")
            result = self.call(["train", "--data", self.data, "--out", self._stream_run, "--model",
                                "elastic-causal", "--position", "none", "--epochs", "2",
                                *TINY_MODEL])
            assert result.returncode == 0, result.stderr
        states = os.path.join(self._stream_run, "streams.safetensors")
        if os.path.exists(states):
            os.remove(states)
        return self._stream_run

    def call(self, arguments, stdin="", env=None, cwd=None):
        return subprocess.run([self.binary, *arguments], input=stdin, capture_output=True,
                              text=True, encoding="utf-8", errors="replace",
                              env=clean_environment(env), cwd=cwd or self.folder.name,
                              timeout=120, check=False)

    def start(self, arguments, **options):
        return subprocess.Popen([self.binary, *arguments], env=clean_environment(),
                                cwd=self.folder.name, **options)
