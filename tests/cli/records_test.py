"""The records of a run: event files for TensorBoard, and the report. records_test.py BINARY"""

import glob
import html.parser
import json
import os
import re
import shutil
import struct
import sys
import unittest

from harness import TINY_MODEL, Workplace

WORKPLACE = None


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked_crc(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    """The messages of a TFRecord file; a wrong checksum or trailing bytes are an error."""
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        message = data[at + 12:at + 12 + length]
        assert struct.unpack_from("<I", data, at + 8)[0] == masked_crc(data[at:at + 8])
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked_crc(message)
        yield message
        at += 16 + length
    assert at == len(data)


def fields(message):
    """(number, value) of a protobuf message: ints, or bytes of fixed and delimited fields."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            size = {1: 8, 2: None, 5: 4}[key & 7]
            size = varint() if size is None else size
            yield key >> 3, message[at:at + size]
            at += size
    assert at == len(message)


def hparams_of(summary):
    """The options in the metadata of HParams."""
    assert summary[1] == b"_hparams_/session_start_info"
    plugin = dict(fields(dict(fields(summary[9]))[1]))
    assert plugin[1] == b"hparams"
    options = []
    for number, entry in fields(dict(fields(plugin[2]))[3]):
        if number == 1:
            name, value = (part for _, part in fields(entry))
            ((kind, content),) = fields(value)
            options.append((name.decode(), {2: lambda x: struct.unpack("<d", x)[0],
                                            3: bytes.decode, 4: bool}[kind](content)))
    return tuple(options)


def events_of(path):
    """(wall time, step, {tag: value} or name of another content) of each event of a file."""
    with open(path, "rb") as file:
        data = file.read()
    events = []
    for message in records(data):
        parts = dict(fields(message))
        (wall_time,) = struct.unpack("<d", parts[1])
        content = parts.get(3, b"").decode()
        if 5 in parts:
            content = {}
            for _, value in fields(parts[5]):
                scalar = dict(fields(value))
                if 2 in scalar:
                    content[scalar[1].decode()] = struct.unpack("<f", scalar[2])[0]
                else:
                    content = hparams_of(scalar)
        elif 7 in parts:
            content = f"session {dict(fields(parts[7]))[1]}"
        events.append((wall_time, parts.get(2, 0), content))
    return events


def event_files(run):
    return sorted(glob.glob(os.path.join(run, "tensorboard", "events.out.tfevents.*")))


def metrics_of(run):
    with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def train(name, *options):
    run = WORKPLACE.path(name)
    result = WORKPLACE.call(["train", "--data", WORKPLACE.data, "--out", run, *options,
                             *TINY_MODEL])
    assert result.returncode == 0, result.stderr
    return run


class TensorBoard(unittest.TestCase):
    @staticmethod
    def scalars(files):
        """{(tag, step): value} as TensorBoard keeps them: a new start discards the
        steps that it will write again."""
        kept = {}
        for path in files:
            for _, step, content in events_of(path):
                if content == "session 1":
                    kept = {key: value for key, value in kept.items() if key[1] < step}
                elif isinstance(content, dict):
                    kept.update({(tag, step): value for tag, value in content.items()})
        return kept

    def assert_all_numbers_are_there(self, run):
        scalars = self.scalars(event_files(run))
        expected = set()
        for line in metrics_of(run):
            for key, value in line.items():
                if key == "step" or isinstance(value, bool) or not isinstance(value, (int, float)):
                    continue
                tag = f"{line['event']}/{key}", line["step"]
                self.assertAlmostEqual(scalars[tag] / (value or 1), 1 if value else 0, places=5)
                expected.add(tag)
        written = {key for key in scalars if not key[0].startswith("progress/")
                   and not key[0].endswith("/tokens_per_s")}
        self.assertEqual(written, expected)

    def test_every_number_of_the_metrics_is_written(self):
        run = train("board", "--epochs", "3", "--tensorboard")
        (path,) = event_files(run)
        events = events_of(path)
        self.assertEqual(events[0][2], "brain.Event:2")
        self.assertNotIn("session 1", [content for _, _, content in events])
        times = [wall_time for wall_time, _, _ in events]
        self.assertEqual(times, sorted(times))
        self.assertLess(abs(times[0] - os.path.getmtime(path)), 600)
        self.assert_all_numbers_are_there(run)

    def test_options_that_were_set_are_hparams(self):
        run = train("tuned", "--epochs", "1", "--tensorboard", "--dropout", "0.25", "--loss",
                    "softmax", "--no-filter-seen")
        (path,) = event_files(run)
        options = dict(events_of(path)[1][2])
        self.assertEqual({key: options.get(key) for key in (
            "dropout", "loss", "filter_seen", "epochs", "model", "dim", "patience", "tensorboard")},
            {"dropout": 0.25, "loss": "softmax", "filter_seen": False, "epochs": 1.0,
             "model": "elastic-window", "dim": 16.0, "patience": None, "tensorboard": None})

    def test_a_resumed_run_adds_a_file(self):
        run = train("resumed_board", "--epochs", "2", "--tensorboard")
        steps = metrics_of(run)[-1]["step"]
        result = WORKPLACE.call(["train", "--resume", "--out", run, "--epochs", "4"])
        self.assertEqual(result.returncode, 0, result.stderr)
        files = event_files(run)
        self.assertEqual(len(files), 2)
        self.assertEqual(events_of(files[1])[1][1:], (steps + 1, "session 1"))
        self.assert_all_numbers_are_there(run)

    def test_steps_after_the_checkpoint_are_discarded(self):
        # Out of time within an epoch: the saved state does not include the last evaluation.
        run = train("lost_board", "--epochs", "100000", "--patience", "100000", "--max-tokens",
                    "30000", "--tensorboard", "--model", "elastic")
        last = metrics_of(run)[-1]["step"]
        result = WORKPLACE.call(["train", "--resume", "--out", run, "--max-tokens", "60000"])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLessEqual(events_of(event_files(run)[1])[1][1], last)
        self.assert_all_numbers_are_there(run)

    def test_without_the_option_no_file_is_written(self):
        self.assertEqual(event_files(WORKPLACE.run), [])
        run = train("unwatched", "--epochs", "1", "--tensorboard", "--no-tensorboard")
        self.assertFalse(os.path.exists(os.path.join(run, "tensorboard")))


class Page(html.parser.HTMLParser):
    """Checks that tags are closed in order, and collects the visible text."""

    VOID = {"meta"}

    def __init__(self, text):
        super().__init__()
        self.open, self.captions, self.cells, self.attributes = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == "figcaption":
            self.captions.append(data)
        if self.open and self.open[-1] == "td":
            self.cells.append(data)


class Reports(unittest.TestCase):
    def test_a_report_shows_curves_result_and_options(self):
        run = train("reported", "--epochs", "3", "--report", "--dropout", "0.25")
        text = read(run, "report.html")
        page = Page(text)
        for caption in ("Training loss", "Validation NDCG", "Validation HR", "Learning rate",
                        "Validation NDCG@10 against time"):
            self.assertIn(caption, page.captions)
        for outside in ("src", "href", "onload"):
            self.assertNotIn(outside, [name for name, _ in page.attributes])
        self.assertNotRegex(text, r"<script|url\(|https?://")
        result = json.loads(read(run, "result.json"))
        self.assertIn(f"{result['metrics']['HR@10']:.4f}", page.cells)
        self.assertIn(f"{result['intervals']['NDCG@10'][1]:.4f}", page.cells)
        self.assertLess(text.index("<h2>Test</h2>"), text.index("<h2>Curves</h2>"))
        self.assertGreaterEqual(text.count(">best epoch</text>"), 4)
        dropout = page.cells.index("dropout")
        self.assertEqual(page.cells[dropout + 1:dropout + 3], ["--dropout", "0.25"])
        patience = page.cells.index("patience")
        self.assertEqual(page.cells[patience + 1:patience + 3], ["default", "10"])
        self.assertLess(page.cells.index("dropout"), page.cells.index("patience"))
        self.assertNotIn("default", page.cells[page.cells.index("data"):dropout])

    def test_the_result_holds_the_validation_of_the_best_epoch(self):
        run = train("validated", "--epochs", "4", "--report")
        result = json.loads(read(run, "result.json"))
        lines = [json.loads(line) for line in read(run, "metrics.jsonl").splitlines()]
        (best, *_) = [line for line in reversed(lines) if line.get("best")]
        self.assertEqual(result["validation"]["epoch"], best["epoch"])
        self.assertEqual(result["validation"]["metrics"],
                         {key: value for key, value in best.items() if "@" in key})
        self.assertEqual(result["training"], {"status": "finished", "epochs": 4})
        self.assertIn(f"epoch {best['epoch']}</th>", read(run, "report.html"))

    def test_any_run_has_a_report(self):
        result = WORKPLACE.call(["report", WORKPLACE.run, "--out", "-"])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Validation HR", Page(result.stdout).captions)
        result = WORKPLACE.call(["report", WORKPLACE.run, "--out", "page.html"])
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        self.assertTrue(os.path.exists(WORKPLACE.path("page.html")))
        self.assertEqual(WORKPLACE.call(["report", "none"]).returncode, 6)

    def test_unknown_series_are_shown(self):
        run = train("foreseen", "--epochs", "2")
        with open(os.path.join(run, "metrics.jsonl"), "a", encoding="utf-8") as file:
            for epoch in (1, 2):
                file.write(json.dumps({"event": "evaluation", "epoch": epoch, "step": epoch,
                                       "experts_used": 3 * epoch, "use": [4, 5]}) + "\n")
            file.write('{"event": "epo')  # as after a power failure
        values = json.loads(read(run, "result.json"))
        values["expert_use"] = [9, 5, 1]
        values["place"] = "<here> & there"
        with open(os.path.join(run, "result.json"), "w", encoding="utf-8") as file:
            json.dump(values, file)
        text = WORKPLACE.call(["report", run, "--out", "-"]).stdout
        captions = Page(text).captions
        for caption in ("Validation experts_used", "Validation use", "expert use"):
            self.assertIn(caption, captions)
        self.assertIn("&lt;here&gt; &amp; there", text)

    def test_no_text_of_a_file_reaches_the_page_as_html(self):
        run = train("hostile", "--epochs", "1")
        hostile = "<img src='x' onload=\"a\">"
        for name, change in {"data.json": {"users": hostile, "items": [hostile], "events": {
                hostile: hostile}, hostile: [{hostile: hostile}]},
                             "result.json": {hostile: [1, 2], "place": hostile},
                             "sources.json": {"dim": hostile}}.items():
            values = {**json.loads(read(run, name)), **change}
            with open(os.path.join(run, name), "w", encoding="utf-8") as file:
                json.dump(values, file)
        with open(os.path.join(run, "metrics.jsonl"), "a", encoding="utf-8") as file:
            file.write(json.dumps({"event": hostile, "epoch": 1, hostile: 3}) + "\n")
        result = WORKPLACE.call(["report", run, "--out", "-"])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("<img", result.stdout)
        self.assertNotIn("onload", [name for name, _ in Page(result.stdout).attributes])

    def test_file_names_of_any_bytes_are_kept(self):
        folder = WORKPLACE.path("caf\udce9 100%")
        os.mkdir(folder)
        names = {name: os.path.join(folder, name) for name in ("d\udcff.csv", "i\udcff.csv")}
        shutil.copyfile(WORKPLACE.data, names["d\udcff.csv"])
        shutil.copyfile(WORKPLACE.items, names["i\udcff.csv"])
        run = os.path.join(folder, "r\udcfe")
        result = WORKPLACE.call(["train", "--data", "d\udcff.csv", "--items", "i\udcff.csv", "--out",
                                 run, "--epochs", "1", *TINY_MODEL], cwd=folder)
        self.assertEqual(result.returncode, 0, result.stderr)
        for command in (["eval", run], ["predict", run], ["report", run],
                        ["train", "--resume", "--out", run, "--epochs", "2"], ["eval", run]):
            result = WORKPLACE.call(command, stdin="u1\n")
            self.assertEqual(result.returncode, 0, result.stderr)
        config = json.loads(read(run, "config.json"))
        self.assertTrue(config["data"].endswith("/caf%E9 100%25/d%FF.csv"), config["data"])

    def test_the_default_dropout_is_the_one_for_the_log(self):
        for options, value, source in (((), 0.4, "0.4, with 500,000 training events or more 0.2"),
                                       (("--dropout", "0.3"), 0.3, "--dropout")):
            run = train(f"dropout_{value}", "--epochs", "1", *options)
            with open(os.path.join(run, "config.json"), encoding="utf-8") as file:
                self.assertEqual(json.load(file)["dropout"], value)
            with open(os.path.join(run, "sources.json"), encoding="utf-8") as file:
                self.assertEqual(json.load(file)["dropout"], source)
            result = WORKPLACE.call(["train", "--resume", "--out", run, "--epochs", "2"])
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_sources_of_options_survive_a_resume(self):
        config = WORKPLACE.write("wide.json", '{"dropout": 0.2}')
        run = train("sources", "--epochs", "1", "--config", config)
        sources = json.loads(read(run, "sources.json"))
        self.assertEqual((sources["dropout"], sources["dim"]), (config, "--dim"))
        self.assertNotIn("seed", sources)
        result = WORKPLACE.call(["train", "--resume", "--out", run, "--epochs", "2", "--report"])
        self.assertEqual(result.returncode, 0, result.stderr)
        again = json.loads(read(run, "sources.json"))
        self.assertEqual(again, {**sources, "report": "--report"})
        self.assertRegex(read(run, "report.html"), re.escape(config))


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
