"""The table of bad inputs in docs/reliability.md, row by row: bad_input_test.py BINARY

A row is: input | exit code | message. For each row there is a method (its docstring is the first
cell) that makes the input and returns the result of the command. The exit code must be that of the
row, and the message must contain every text in backquotes of the last cell. A row without a method
is an error, and so is a method without a row.
"""

import fcntl
import gzip
import json
import os
import re
import resource
import shutil
import struct
import subprocess
import sys

from recovery import TINY_MODEL, Workplace, clean_environment

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/reliability.md")
ROW = re.compile(r"^\| ([^|]+) \| (\d+) \| ([^|]+) \|$")


def flip_bit(path, place):
    with open(path, "r+b") as file:
        file.seek(place, os.SEEK_SET if place >= 0 else os.SEEK_END)
        byte = file.read(1)[0]
        file.seek(place, os.SEEK_SET if place >= 0 else os.SEEK_END)
        file.write(bytes([byte ^ 4]))


def replace_in(path, old, new):
    with open(path, "rb") as file:
        content = file.read()
    assert old in content, path
    with open(path, "wb") as file:
        file.write(content.replace(old, new, 1))


def change_model(path, change):
    """Rewrites a safetensors file without its checksum. change(header, data) changes both."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        data = bytearray(file.read())
    header["__metadata__"].pop("checksum_xxh3")
    change(header, data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


class BadInput:
    def __init__(self, workplace):
        self.workplace = workplace
        self.count = 0

    def copy_of_run(self, stream=False):
        self.count += 1
        copy = self.workplace.path(f"copy{self.count}")
        shutil.copytree(self.workplace.stream_run if stream else self.workplace.run, copy)
        return copy

    def new_run(self):
        self.count += 1
        return self.workplace.path(f"new{self.count}")

    def train(self, data, *options):
        return self.workplace.call(["train", "--data", data, "--out", self.new_run(), "--epochs",
                                    "1", *TINY_MODEL, *options])

    def train_on_text(self, text):
        return self.train(self.workplace.write("bad.csv", text))

    def resume(self, run, *options):
        return self.workplace.call(["train", "--resume", "--out", run, *options])

    def limited(self, limit, value, arguments):
        return subprocess.run([self.workplace.binary, *arguments], capture_output=True, text=True,
                              preexec_fn=lambda: resource.setrlimit(limit, (value, value)),
                              timeout=120, check=False, env=clean_environment())

    def missing_data(self):
        """`--data` names no file"""
        return self.train("none.csv")

    def empty_data(self):
        """an empty data file"""
        return self.train_on_text("")

    def header_only(self):
        """a data file with a header only"""
        return self.train_on_text("user,item,rating,timestamp\n")

    def folder_as_data(self):
        """a folder as the data file"""
        return self.train(self.workplace.folder.name)

    def short_row(self):
        """a row that lacks a column"""
        return self.train_on_text("user,item,rating,timestamp\nu1,m1,5,1\nu1,m2,5\nu1,m3,5,3\n")

    def bad_number(self):
        """a rating that is not a number"""
        return self.train_on_text("user,item,rating,timestamp\nu1,m1,5,1\nu1,m2,x,2\nu1,m3,5,3\n")

    def cut_gzip(self):
        """a truncated compressed file"""
        path = self.workplace.path("cut.csv.gz")
        with open(self.workplace.data, "rb") as source, open(path, "wb") as target:
            target.write(gzip.compress(source.read())[:-20])
        return self.train(path)

    def nothing_to_learn(self):
        """users with one event each"""
        return self.train_on_text("user,item\nu1,m1\nu2,m2\nu3,m3\n")

    def mistyped_key(self):
        """a config file with a mistyped key"""
        config = self.workplace.write("c.json", '{"num_expert": 4}')
        return self.workplace.call(["train", "--config", config])

    def broken_config(self):
        """a config file that is not JSON"""
        config = self.workplace.write("c.json", '{"dim": 4,\n "model" 3}')
        return self.workplace.call(["train", "--config", config])

    def out_is_a_file(self):
        """`--out` is a file"""
        return self.workplace.call(["train", "--data", self.workplace.data, "--out",
                                    self.workplace.data, *TINY_MODEL])

    def out_cannot_be_made(self):
        """`--out` in an unwritable folder"""
        return self.workplace.call(["train", "--data", self.workplace.data, "--out",
                                    "/proc/elastic", *TINY_MODEL])

    def failed_start(self):
        """a start that fails: the next one is not hindered"""
        run = self.new_run()
        once = self.workplace.write("once.csv", "user,item\nu1,m1\nu2,m2\nu3,m3\n")
        diverging = ["--learning-rate", "1e37"]
        for data, options in ((once, []), (self.workplace.data, diverging)):
            result = self.workplace.call(["train", "--data", data, "--out", run, "--epochs", "1",
                                          *TINY_MODEL, *options])
            assert result.returncode in (3, 5), result.stderr
            assert data != once or not os.path.exists(run)
        again = self.workplace.call(["train", "--data", self.workplace.data, "--out", run,
                                     "--epochs", "1", *TINY_MODEL])
        assert again.returncode == 0, again.stderr
        return self.workplace.call(["train", "--data", "none.csv", "--out", run])

    def out_in_use(self):
        """`--out` holds other files"""
        return self.workplace.call(["train", "--data", self.workplace.data, "--out",
                                    self.workplace.folder.name, *TINY_MODEL])

    def out_is_a_run(self):
        """`--out` holds a run, without `--resume`"""
        return self.workplace.call(["train", "--data", self.workplace.data, "--out",
                                    self.workplace.run, *TINY_MODEL])

    def locked_run(self):
        """a run that another process trains"""
        run = self.copy_of_run()
        with open(os.path.join(run, ".lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self.resume(run)

    def resume_nothing(self):
        """`--resume` without a run"""
        return self.resume(self.new_run())

    def resume_other_model(self):
        """`--resume` with another option of the model"""
        return self.resume(self.copy_of_run(), "--dim", "32")

    def resume_other_training(self):
        """`--resume` with another option of the training"""
        run = self.copy_of_run()
        result = self.resume(run, "--learning-rate", "0.5", "--epochs", "4")
        again = self.resume(run, "--epochs", "4")  # the refused call must change nothing
        assert again.returncode == 0, again.stderr
        return result

    def resume_other_data(self):
        """`--resume` after the data changed"""
        with open(self.workplace.data, encoding="utf-8") as file:
            data = self.workplace.write("more.csv", file.read() + "u1,m1,5,9999\n")
        return self.resume(self.copy_of_run(), "--data", data)

    def features_without_header(self):
        """features of items without a header"""
        return self.train(self.workplace.data, "--item-vectors",
                          self.workplace.write("features.csv", "m1,3\nm2,4\n"))

    def resume_other_features(self):
        """`--resume` with other features of the items"""
        features = self.workplace.write("features.csv", "id,year\nm1,1990\nm2,2000\n")
        return self.resume(self.copy_of_run(), "--item-vectors", features)

    def cut_checkpoint(self):
        """a truncated checkpoint"""
        run = self.copy_of_run()
        path = os.path.join(run, "checkpoints/latest.safetensors")
        os.truncate(path, os.path.getsize(path) - 100)
        return self.resume(run)

    def flipped_checkpoint(self):
        """a checkpoint with one bit flipped"""
        run = self.copy_of_run()
        flip_bit(os.path.join(run, "checkpoints/latest.safetensors"), -1000)
        return self.resume(run)

    def checkpoint_of_another_version(self):
        """a checkpoint of another version"""
        run = self.copy_of_run()
        path = os.path.join(run, "checkpoints/latest.safetensors")
        replace_in(path, b'"format_version":"1"', b'"format_version":"9"')
        replace_in(path, b'"checksum_xxh3"', b'"no_checksum__"')  # as if written without it
        return self.resume(run)

    def flipped_model(self):
        """a model with one bit flipped"""
        run = self.copy_of_run()
        flip_bit(os.path.join(run, "model.safetensors"), -1000)
        return self.workplace.call(["eval", run])

    def no_model(self):
        """a run without a model"""
        run = self.copy_of_run()
        os.remove(os.path.join(run, "model.safetensors"))
        return self.workplace.call(["eval", run])

    def no_data_json(self):
        """a run without `data.json`"""
        run = self.copy_of_run()
        os.remove(os.path.join(run, "data.json"))
        return self.resume(run)

    def cut_items(self):
        """an `items.tsv` that lacks a line"""
        run = self.copy_of_run()
        with open(os.path.join(run, "items.tsv"), encoding="utf-8") as file:
            lines = file.readlines()
        with open(os.path.join(run, "items.tsv"), "w", encoding="utf-8") as file:
            file.writelines(lines[:-1])
        return self.workplace.call(["predict", run], stdin="u1\n")

    def other_run(self, data=None):
        # With the same options and another seed, or with other data.
        run = self.new_run()
        items = [] if data else ["--items", self.workplace.items]
        result = self.workplace.call(["train", "--data", data or self.workplace.data, "--out", run,
                                      "--model", "elastic", "--epochs", "3", "--seed", "8",
                                      *TINY_MODEL, *items])
        assert result.returncode == 0, result.stderr
        return run

    def run_with(self, name, other):
        run = self.copy_of_run()
        shutil.copyfile(os.path.join(other, name), os.path.join(run, name))
        return run

    def other_model(self):
        """`eval` of a run with the model of another"""
        run = self.run_with("model.safetensors", self.other_run())
        for command in (["predict", run], ["report", run], ["train", "--resume", "--out", run]):
            result = self.workplace.call(command, stdin='{"history": ["m1"]}\n')
            assert result.returncode == 6 and "model.safetensors" in result.stderr, result.stderr
        return self.workplace.call(["eval", run])

    def other_checkpoint(self):
        """`--resume` with the checkpoint of another run"""
        return self.resume(self.run_with("checkpoints/latest.safetensors", self.other_run()))

    def other_config(self):
        """`eval` of a run with the options of another"""
        return self.workplace.call(["eval", self.run_with("config.json", self.other_run())])

    def other_result(self):
        """`report` of a run with the result of another"""
        return self.workplace.call(["report", self.run_with("result.json", self.other_run())])

    def other_metrics(self):
        """`report` of a run with the metrics of another"""
        return self.workplace.call(["report", self.run_with("metrics.jsonl", self.other_run())])

    def other_items(self):
        """`predict` with the items of another run"""
        with open(self.workplace.data, encoding="utf-8") as file:
            data = self.workplace.write("x.csv", file.read().replace(",m", ",x"))
        run = self.run_with("items.tsv", self.other_run(data))
        for command in (["eval", run], ["report", run]):
            result = self.workplace.call(command)
            assert result.returncode == 6 and "items.tsv" in result.stderr, result.stderr
        return self.workplace.call(["predict", run], stdin='{"history": ["x1"]}\n')

    def other_title(self):
        """`predict` with another title in `items.tsv`"""
        run = self.copy_of_run()
        replace_in(os.path.join(run, "items.tsv"), b"Title, 1", b"Title, 9")
        return self.workplace.call(["predict", run], stdin='{"history": ["m1"]}\n')

    def equal_ids(self):
        """an `items.tsv` with one id twice"""
        run = self.copy_of_run()
        replace_in(os.path.join(run, "items.tsv"), b"\tm9\t", b"\tm8\t")
        return self.workplace.call(["predict", run], stdin='{"history": ["m1"]}\n')

    def pipe_in_run(self):
        """a pipe in place of a file of the run"""
        run = self.copy_of_run()
        for name in ("items.tsv", "metrics.jsonl"):
            os.remove(os.path.join(run, name))
            os.mkfifo(os.path.join(run, name))
        result = self.resume(run, "--epochs", "4")
        assert result.returncode == 6 and "metrics.jsonl: expected a file" in result.stderr
        return self.workplace.call(["predict", run], stdin="u1\n")

    def folder_in_run(self):
        """a folder in place of a file of the run"""
        run = self.copy_of_run()
        os.remove(os.path.join(run, "config.json"))
        os.mkdir(os.path.join(run, "config.json"))
        return self.resume(run)

    def short_metrics(self):
        """metrics that lack lines"""
        run = self.copy_of_run()
        os.truncate(os.path.join(run, "metrics.jsonl"), 100)
        return self.resume(run, "--epochs", "4")

    def number_as_hash(self):
        """a number in place of the hash in `data.json`"""
        run = self.copy_of_run()
        path = os.path.join(run, "data.json")
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        data["split"]["hash"] = 3
        with open(path, "w", encoding="utf-8") as file:
            json.dump(data, file)
        return self.workplace.call(["eval", run])

    def negative_columns(self):
        """a negative number of columns in `data.json`"""
        run = self.copy_of_run()
        path = os.path.join(run, "data.json")
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        data["format"]["num_columns"] = -1
        with open(path, "w", encoding="utf-8") as file:
            json.dump(data, file)
        return self.workplace.call(["predict", run], stdin="u1\n")

    def log_without_times(self):
        """a log without times for a model that reads them"""
        log = self.workplace.write("untimed.csv", "user,item\n" + "".join(
            f"u{row % 7},m{row % 5}\n" for row in range(60)))
        return self.train(log, "--time-features", "past")

    def strange_unit(self):
        """a unit of times in `data.json` that no log has"""
        run = self.new_run()
        trained = self.workplace.call(["train", "--data", self.workplace.data, "--out", run,
                                       "--time-features", "past", "--epochs", "1", *TINY_MODEL])
        assert trained.returncode == 0, trained.stderr
        path = os.path.join(run, "data.json")
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        data["units_per_second"] = 60
        with open(path, "w", encoding="utf-8") as file:
            json.dump(data, file)
        return self.workplace.call(["predict", run], stdin="u1\n")

    def flipped_streams(self):
        """streams with one bit flipped"""
        run = self.copy_of_run(stream=True)
        result = self.workplace.call(["predict", run, "--stream"], stdin="a m1\n")
        assert result.returncode == 0, result.stderr
        flip_bit(os.path.join(run, "streams.safetensors"), -100)
        return self.workplace.call(["predict", run, "--stream"], stdin="a m1\n")

    def unordered_streams(self):
        """streams with the items of a user out of order"""
        run = self.copy_of_run(stream=True)
        result = self.workplace.call(["predict", run, "--stream"], stdin="a m1\na m2\n")
        assert result.returncode == 0, result.stderr

        def change(header, data):
            begin, end = header["seen"]["data_offsets"]
            data[begin:end] = data[begin + 4:end] + data[begin:begin + 4]
        change_model(os.path.join(run, "streams.safetensors"), change)
        return self.workplace.call(["predict", run, "--stream"], stdin="a m1\n")

    def stream_of_other_input(self):
        """`predict --stream --resume` with other input"""
        run = self.copy_of_run(stream=True)
        self.workplace.call(["predict", run, "--stream"], stdin="a m1\na m2\n")
        return self.workplace.call(["predict", run, "--stream", "--resume"], stdin="a m1\na m3\n")

    def no_json_question(self):
        """a question that is not JSON"""
        return self.workplace.call(["predict", self.workplace.run], stdin='{"user": 1\nu1\n')

    def unknown_user(self):
        """no question with an answer"""
        return self.workplace.call(["predict", self.workplace.run], stdin="nouser\n")

    def file_limit(self):
        """a file beyond `ulimit -f`"""
        run = self.new_run()
        arguments = ["train", "--data", self.workplace.data, "--out", run, "--epochs", "1",
                     *TINY_MODEL]
        result = self.limited(resource.RLIMIT_FSIZE, 8192, arguments)
        again = self.resume(run)
        assert again.returncode == 0, again.stderr
        return result

    def full_output(self):
        """standard output on a full disk"""
        with open("/dev/full", "w", encoding="utf-8") as full:
            process = self.workplace.start(["eval", self.workplace.run], stdout=full,
                                           stderr=subprocess.PIPE, text=True)
            errors = process.communicate(timeout=60)[1]
        return subprocess.CompletedProcess([], process.returncode, "", errors)

    def too_large(self):
        """a model larger than the memory"""
        return self.limited(resource.RLIMIT_AS, 2 << 30,
                            ["train", "--data", self.workplace.data, "--out", self.new_run(),
                             "--dim", "4096", "--ffn-dim", "1048576"])

    def large_log(self):
        """a log larger than the memory"""
        path = self.workplace.path("large.csv.gz")
        with gzip.open(path, "wb", 1) as file:
            file.write(b"user,item\n" + b"u1,m1\nu2,m2\n" * 4_000_000)
        return self.limited(resource.RLIMIT_AS, 200 << 20, ["data", path, "--threads", "1"])

    def absurd_size(self):
        """a size that no machine has"""
        return self.train(self.workplace.data, "--query-stride", str(2**60))

    def absurd_size_in_run(self):
        """a run whose `config.json` has such a size"""
        run = self.copy_of_run()
        replace_in(os.path.join(run, "config.json"), b'"query_stride": 4', b'"query_stride": %d' % 2**60)
        return self.resume(run)

    def absurd_size_in_model(self):
        """a model whose config has sizes that its tensors lack"""
        run = self.copy_of_run()

        def change(header, _):
            config = json.loads(header["__metadata__"]["config"])
            config["num_items"] = 2**31 - 2
            header["__metadata__"]["config"] = json.dumps(config)
        change_model(os.path.join(run, "model.safetensors"), change)
        return self.workplace.call(["predict", run], stdin="u1\n")

    def infinite_weight(self):
        """a model with one weight that is not finite"""
        run = self.copy_of_run()

        def change(header, data):
            begin = header["item_embedding.weight"]["data_offsets"][0]
            data[begin + 80:begin + 84] = struct.pack("<f", float("inf"))
        change_model(os.path.join(run, "model.safetensors"), change)
        return self.workplace.call(["eval", run])

    def infinite_states(self):
        """a model whose states are not finite"""
        run = self.copy_of_run()

        def change(header, data):
            begin, end = header["item_embedding.weight"]["data_offsets"]
            data[begin:end] = struct.pack("<f", 3e38) * ((end - begin) // 4)
        change_model(os.path.join(run, "model.safetensors"), change)
        return self.workplace.call(["predict", run], stdin="u1\n")

    def diverged(self):
        """training that diverges"""
        return self.train(self.workplace.data, "--learning-rate", "1e37")

    def no_device(self):
        """a missing device"""
        return self.workplace.call(["train", "--data", self.workplace.data, "--out",
                                    self.new_run(), "--device", "cuda"],
                                   env={"CUDA_VISIBLE_DEVICES": ""})


def table():
    with open(PAGE, encoding="utf-8") as file:
        rows = [ROW.match(line.strip()) for line in file]
    return {row.group(1).strip(): (int(row.group(2)), re.findall(r"`([^`]+)`", row.group(3)))
            for row in rows if row}


def main():
    cases = BadInput(Workplace(sys.argv[1]))
    methods = {method.__doc__: method for name in dir(BadInput) if not name.startswith("_")
               for method in [getattr(cases, name)] if method.__doc__}
    rows = table()
    problems = [f"no case for the row '{name}'" for name in rows if name not in methods]
    problems += [f"no row for the case '{name}'" for name in methods if name not in rows]
    flags = cases.workplace.call(["--version"]).stdout
    if "-fsanitize=" in flags:  # the sanitizer's shadow memory exceeds any limit of the address space
        rows.pop(BadInput.too_large.__doc__)
        rows.pop(BadInput.large_log.__doc__)
    for name in [name for name in rows if name in methods]:
        code, texts = rows[name]
        result = methods[name]()
        missing = [text for text in texts if text not in result.stderr]
        if result.returncode != code or missing or not texts:
            problems.append(f"{name}: exit {result.returncode}, expected {code}; the message lacks "
                            f"{json.dumps(missing)}: {result.stderr[-500:]}")
    print("\n".join(problems), file=sys.stderr)
    print(f"bad input: {len(rows)} rows, {len(problems)} problems")
    return 1 if problems or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
