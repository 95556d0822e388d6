"""Jobs of the recovery tests: commands that write a run, how to resume them, and the files that must
be equal to the bit after any interruption."""

import json
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import TINY_MODEL, Workplace, clean_environment  # pylint: disable=wrong-import-position,unused-import

CLOCK_KEYS = ("seconds", "elapsed_s", "epoch_seconds")


def read_safetensors(path):
    """(metadata, the bytes behind the header)."""
    with open(path, "rb") as file:
        content = file.read()
    size = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8:8 + size])["__metadata__"], content[8 + size:]


def timeless(event):
    return {key: value for key, value in event.items() if key not in CLOCK_KEYS}


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


class Training:
    """`elastic train`: three epochs with a checkpoint after every step, or at epochs only."""

    name = "train"

    def __init__(self, workplace, threads=1, epochs=3, options=("--save-every-s", "0")):
        self.workplace = workplace
        self.begin = ["train", "--data", workplace.data, "--items", workplace.items, "--epochs",
                      str(epochs), "--threads", str(threads), "--model", "elastic", *TINY_MODEL,
                      *options]

    def prepare(self, run):
        shutil.rmtree(run, ignore_errors=True)

    def command(self, run):
        """The command that starts or resumes the job."""
        if os.path.exists(os.path.join(run, "config.json")):
            return ["train", "--resume", "--out", run]
        return [*self.begin, "--out", run]

    @staticmethod
    def watched(run):
        """The folder whose files are read and written."""
        return run

    @staticmethod
    def outcome(run, _output=""):
        """The content that must not depend on interruptions."""
        result = {name: read_bytes(os.path.join(run, name))
                  for name in ("model.safetensors", "result.json", "config.json", "data.json",
                               "items.tsv")}
        with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
            result["metrics.jsonl"] = [timeless(json.loads(line)) for line in file]
        metadata, tensors = read_safetensors(os.path.join(run, "checkpoints/latest.safetensors"))
        state = timeless(json.loads(metadata["state"]))
        state.pop("metrics_bytes")  # depends on the digits of the measured times
        result["checkpoint"] = (metadata["config"], metadata["data_hash"], state, tensors)
        return result


class Refitting(Training):
    """`elastic train --refit all`: the search and the refit, two epochs each."""

    name = "train --refit"

    def __init__(self, workplace, threads=1):
        super().__init__(workplace, threads, epochs=2, options=("--save-every-s", "0", "--refit",
                                                                "all"))

    @staticmethod
    def outcome(run, _output=""):
        parts = {"": Training.outcome(run), "search/": Training.outcome(os.path.join(run, "search"))}
        return {part + name: content for part, files in parts.items()
                for name, content in files.items()}


class Resuming(Training):
    """`elastic train --resume`: one more epoch of a run with one."""

    name = "train --resume"

    def __init__(self, workplace):
        super().__init__(workplace, epochs=1)
        self.begun = workplace.path("begun")
        result = workplace.call([*self.begin, "--out", self.begun])
        assert result.returncode == 0, result.stderr

    def prepare(self, run):
        super().prepare(run)
        shutil.copytree(self.begun, run)

    def command(self, run):
        return ["train", "--resume", "--out", run, "--epochs", "2"]


class Starting(Training):
    """`elastic train` of one epoch. The data and titles are watched too."""

    name = "train, data and titles"

    def __init__(self, workplace):
        super().__init__(workplace, epochs=1)

    def watched(self, _):  # pylint: disable=arguments-renamed
        return self.workplace.folder.name


class Reading:
    """A command that changes nothing of a trained run. The data is watched too."""

    def __init__(self, workplace, name, *arguments):
        self.workplace = workplace
        self.name = name
        self.trained = workplace.run
        self.arguments = arguments

    def prepare(self, run):
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(self.trained, run)

    def command(self, run):
        return [self.name, run, *self.arguments]

    def watched(self, _):
        return self.workplace.folder.name

    @staticmethod
    def outcome(_, output):
        return {"standard output": output}


class Streaming:
    """`elastic predict --stream`: states of a trained run, from a file of events."""

    name = "predict --stream"

    def __init__(self, workplace, threads=1, lines=1500):
        self.trained = workplace.stream_run
        events = "".join(f"u{event * 7 % 23} m{event * event % 40 + 1}\n" for event in range(lines))
        self.events = workplace.write("events.txt", events)
        self.threads = str(threads)

    def prepare(self, run):
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(self.trained, run)

    def command(self, run):
        return ["predict", run, self.events, "--stream", "--resume", "--save-every-s", "0",
                "--threads", self.threads]

    @staticmethod
    def watched(run):
        return run

    @staticmethod
    def outcome(run, _output=""):
        return {"streams.safetensors": read_safetensors(os.path.join(run, "streams.safetensors"))}


def differences(expected, found):
    return [name for name in expected if found.get(name) != expected[name]]


def leftovers(run):
    """Files that must not exist in a finished run."""
    parts = (".", "checkpoints", "search", "search/checkpoints")
    return [name for folder in (os.path.join(run, part) for part in parts) if os.path.isdir(folder)
            for name in os.listdir(folder) if name.endswith(".tmp") or "former" in name]


def uninterrupted(workplace, job, run):
    job.prepare(run)
    result = workplace.call(job.command(run))
    assert result.returncode == 0, result.stderr
    return job.outcome(run, result.stdout)
