#!/usr/bin/env python3
"""Writes table.md and report.html from the folder of a study (scripts/study.sh).

    scripts/study_report.py OUT

Missing or failed runs are rows with their status, so the tables of an unfinished study are valid
too. Needs only the standard library.
"""

import html
import json
import os
import sys
from collections import namedtuple

import study_charts

METRICS = ["HR@10", "NDCG@10", "MRR@10"]
STAGES = {
    "tokens": ("Equal tokens", "Every model reads the same number of tokens. The epoch with the "
               "best validation NDCG@10 is kept; the test events are ranked once."),
    "time": ("Equal time", "Every model trains for the same time, validation included. Models that "
             "train on the last position only see fewer targets."),
    "ablations": ("ELASTIC with parts left out", "Equal tokens; differences are to the unchanged "
                  "elastic."),
}

# One line of plan.tsv.
Row = namedtuple("Row", "stage label model seed run reference options")
# A table of the report; `wordy` tables contain text.
Table = namedtuple("Table", "title note header rows wordy", defaults=(False,))


def read_json(path):
    """The content of the file, or None if it does not exist yet."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def read_events(path):
    """The records of metrics.jsonl, without an incomplete last line."""
    events = []
    for line in read_text(path).splitlines():
        try:
            events.append(json.loads(line))
        except ValueError:
            break
    return events


class Run:
    """The results and the cost of one training."""

    def __init__(self, folder, name):
        base = os.path.join(folder, "runs", name)
        self.command = read_text(base + ".command")
        self.failure = read_text(base + ".failed")
        self.result = read_json(os.path.join(base, "result.json"))
        self.config = read_json(os.path.join(base, "config.json")) or {}
        self.data = read_json(os.path.join(base, "data.json")) or {}
        self.events = read_events(os.path.join(base, "metrics.jsonl"))

    @property
    def status(self):
        if self.result:
            return "done"
        return "failed: " + self.failure if self.failure else "not run yet"

    def of_kind(self, kind):
        return [event for event in self.events if event["event"] == kind]

    @property
    def curve(self):
        """(seconds of training, validation NDCG@10)."""
        return [(event["elapsed_s"], event["NDCG@10"]) for event in self.of_kind("evaluation")]

    @property
    def targets(self):
        return self.events[-1]["targets"] if self.events else None

    @property
    def tokens(self):
        return self.events[-1]["tokens_read"] if self.events else None

    @property
    def seconds(self):
        evaluations = self.of_kind("evaluation")
        return evaluations[-1]["elapsed_s"] if evaluations else None

    @property
    def pass_seconds(self):
        """Seconds of training on every target once: an epoch over all prefixes or windows."""
        split = self.data.get("split")
        evaluations = self.of_kind("evaluation")
        if not split or not evaluations or not self.targets:
            return None
        training = evaluations[-1]["elapsed_s"] - sum(event["seconds"] for event in evaluations)
        all_targets = split["train_events"] - self.data["users"]
        return training / evaluations[-1]["targets"] * all_targets


class Study:
    def __init__(self, folder):
        self.folder = folder
        lines = read_text(os.path.join(folder, "plan.tsv")).splitlines()
        self.rows = [Row(*line.split("\t")) for line in lines]
        self.runs = {row.run: Run(folder, row.run) for row in self.rows}
        self.build = read_text(os.path.join(folder, "build.txt"))
        self.profiles = {}
        names = os.listdir(os.path.join(folder, "profile"))
        for model in sorted(name[:-5] for name in names if name.endswith(".json")):
            self.profiles[model] = read_json(os.path.join(folder, "profile", model + ".json"))

    def evaluation(self, row, length=0):
        """The evaluation of a row, for all users or for long histories only, and its failure."""
        label = "".join(c if c.isalnum() and c.isascii() else "-" for c in row.label)
        name = f"{row.stage}-{label}-s{row.seed}" + (f".long-{length}" if length else "")
        base = os.path.join(self.folder, "evals", name)
        return read_json(base + ".json"), read_text(base + ".failed")

    def long_lengths(self, stage):
        """Length bounds of the existing evaluations of long histories."""
        bounds = set()
        for name in os.listdir(os.path.join(self.folder, "evals")):
            if name.startswith(stage + "-") and name.endswith(".json") and ".long-" in name:
                bounds.add(int(name[:-5].rsplit("-", 1)[1]))
        return sorted(bounds)

    def failures(self):
        found = []
        for place, _, names in os.walk(self.folder):
            for name in names:
                if name.endswith(".failed"):
                    path = os.path.join(place, name)
                    found.append([os.path.relpath(path, self.folder)[:-7], read_text(path)])
        return sorted(found)


def number(value, digits=4):
    return "" if value is None else f"{value:.{digits}f}"


def amount(value):
    """The value with three significant digits, without an exponent."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def with_interval(value, interval, form):
    return f"{value:{form}} ({interval[0]:{form}} to {interval[1]:{form}})"


def result_cells(report):
    """Metrics with intervals, then differences to the reference."""
    cells = [with_interval(report["metrics"][m], report["intervals"][m], ".4f") for m in METRICS]
    against = report.get("against")
    for metric in METRICS:
        cells.append("" if not against else with_interval(
            against[0]["differences"][metric], against[0]["intervals"][metric], "+.4f"))
    return cells


def accuracy_table(study, stage, length=0):
    title, note = STAGES[stage]
    rows = [row for row in study.rows if row.stage == stage]
    references = sorted({row.reference.split("/")[1].rsplit("-s", 1)[0] for row in rows})
    header = ["model" if stage != "ablations" else "variant", "seed", *METRICS]
    header += [f"{metric} minus {', '.join(references)}" for metric in METRICS]
    header += ["tokens", "targets", "training, s", "status"]
    lines = []
    for row in rows:
        run = study.runs[row.run]
        report, failure = study.evaluation(row, length)
        if length and not report:
            continue
        status = "evaluation failed: " + failure if failure else run.status
        cells = result_cells(report) if report else [""] * (2 * len(METRICS))
        lines.append([row.label, row.seed, *cells, amount(run.tokens), amount(run.targets), amount(run.seconds), status])
    if length:
        users = next((report["protocol"]["users"] for row in rows
                      for report in [study.evaluation(row, length)[0]] if report), 0)
        title += f": users with at least {length} events"
        note = f"{users} users. The length counts the whole history, even if the model reads less."
    return Table(title, note, header, lines)


def seeds_table(study, stage):
    """Mean and range over seeds; None for a single seed."""
    rows = [row for row in study.rows if row.stage == stage]
    if len({row.seed for row in rows}) < 2:
        return None
    groups = {}
    for row in rows:
        report, _ = study.evaluation(row)
        if report:
            groups.setdefault(row.label, []).append(report["metrics"])
    lines = []
    for label, metrics in groups.items():
        cells = []
        for metric in METRICS:
            values = [m[metric] for m in metrics]
            cells.append(f"{sum(values) / len(values):.4f} ({min(values):.4f} to {max(values):.4f})")
        lines.append([label, str(len(metrics)), *cells])
    return Table(STAGES[stage][0] + ": mean over the seeds", "In parentheses the lowest and the highest.",
                 ["model", "seeds", *METRICS], lines)


def profile_value(profile, phase, length, key):
    for row in profile["rows"]:
        if row["phase"] == phase and row["length"] == length and row["status"] == "ok":
            if key == "memory":
                return row["activation_bytes"] + row["workspace_bytes"]
            return row[key]
    return None


def speed_table(study):
    """The cost of training from the runs; of serving, and its growth, from the profiles."""
    trained = {}
    for row in study.rows:
        if row.stage in ("tokens", "time") and study.runs[row.run].pass_seconds:
            trained.setdefault(row.model, study.runs[row.run])
    models = sorted(set(study.profiles) | set(trained))
    lines = []
    for model in models:
        run, profile = trained.get(model), study.profiles.get(model)
        cells = [model, amount(run.pass_seconds) if run else ""]
        if not profile:
            lines.append(cells + [""] * (7 if study.profiles else 0))
            continue
        lengths = sorted({row["length"] for row in profile["rows"]})
        fits = {fit["phase"]: fit for fit in profile["fits"]}
        cells.append(amount(profile_value(profile, "serve", lengths[0], "ms_median")))
        for phase in ("serve", "train"):
            cells.append(amount(profile_value(profile, phase, lengths[-1], "ms_median")))
            cells.append(number(fits[phase]["time_exponent"], 2) if phase in fits else "")
        memory = profile_value(profile, "train", lengths[-1], "memory")
        cells.append(amount(memory / 1048576.0) if memory else "")
        cells.append(number(fits["train"]["memory_exponent"], 2) if "train" in fits else "")
        lines.append(cells)
    if not study.profiles:
        return Table("Cost", "A pass: training on every target of the data once, from the runs above.",
                     ["model", "a pass, s"], lines)
    bounds = [row["length"] for profile in study.profiles.values() for row in profile["rows"]]
    shortest, longest = min(bounds), max(bounds)
    return Table(
        "Cost", "A pass: training on every target of the data once, from the runs above. Other columns: "
        "one history at a time; empty if it did not fit in memory. p: the cost grows as the length to "
        "the power of p.",
        ["model", "a pass, s", f"serve at {shortest}, ms", f"serve at {longest}, ms", "p",
         f"train at {longest}, ms", "p", f"memory at {longest}, MiB", "p"], lines)


def runs_table(study):
    lines = []
    for name, run in study.runs.items():
        protocol = run.result["protocol"] if run.result else {}
        lines.append([name, str(run.config.get("seed", "")), run.status,
                      str(protocol.get("checkpoint_epoch", "")), run.command])
    return Table("Runs", "Commands to be typed in the folder of the study. config.json of each run "
                 "holds every option.", ["run", "seed", "status", "best epoch", "command"], lines,
                 wordy=True)


def facts_table(study):
    data = next((run.data for run in study.runs.values() if run.data), {})
    config = next((run.config for run in study.runs.values() if run.config), {})
    facts = [["data", str(config.get("data", ""))]]
    for key in ("users", "items", "events", "data_hash"):
        facts.append([key.replace("_", " "), str(data.get(key, ""))])
    facts.append(["split", json.dumps(data.get("split", {}))])
    facts += [line.strip().split(None, 1) for line in study.build.splitlines() if " " in line.strip()]
    machine = next((p["machine"] for p in study.profiles.values()), None)
    if machine:
        facts.append(["machine", ", ".join(f"{key} {value}" for key, value in machine.items())])
    return Table("Data, build and machine", "", ["", ""], facts, wordy=True)


def all_tables(study):
    tables = []
    for stage in STAGES:
        if any(row.stage == stage for row in study.rows):
            tables.append(accuracy_table(study, stage))
            tables.append(seeds_table(study, stage))
            tables += [accuracy_table(study, stage, n) for n in study.long_lengths(stage)]
    tables.append(speed_table(study))
    failures = study.failures()
    if failures:
        tables.append(Table("What failed", "Call the study again to try again.", ["part", "why"],
                            failures, wordy=True))
    tables += [facts_table(study), runs_table(study)]
    return [table for table in tables if table is not None and table.rows]


def to_markdown(tables):
    text = "# Study\n\n"
    for table in tables:
        text += f"## {table.title}\n\n" + (f"{table.note}\n\n" if table.note else "")
        rule = ["---"] + ["---" if table.wordy else "---:"] * (len(table.header) - 1)
        for cells in (table.header, rule, *table.rows):
            text += "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
        text += "\n"
    return text


def charts(study):
    models = sorted({row.model for row in study.rows} | set(study.profiles))
    styles = {model: i for i, model in enumerate(models)}
    parts = []
    for stage in ("tokens", "time"):
        rows = [row for row in study.rows if row.stage == stage]
        first = min((row.seed for row in rows), default="", key=int) if rows else ""
        curves = {row.model: study.runs[row.run].curve for row in rows if row.seed == first}
        parts.append(study_charts.figure(f"{STAGES[stage][0]}: validation NDCG@10 while training",
                                         "seconds", curves, styles=styles))
    for phase in ("serve", "train"):
        for key, unit, scale in (("ms_median", "time, ms", 1.0), ("memory", "memory, MiB", 1048576.0)):
            curves = {}
            for model, profile in study.profiles.items():
                lengths = sorted({row["length"] for row in profile["rows"]})
                points = [(n, profile_value(profile, phase, n, key)) for n in lengths]
                curves[model] = [(n, value / scale) for n, value in points if value is not None]
            parts.append(study_charts.figure(f"{phase}: {unit}", "history length, events", curves,
                                             log_x=True, log_y=True, styles=styles))
    return '<div class="plots">\n' + "".join(parts) + "</div>\n" if any(parts) else ""


def to_html(study, tables):
    body = "<h1>Study</h1>\n" + charts(study)
    for table in tables:
        body += f"<h2>{html.escape(table.title)}</h2>\n"
        body += f'<p class="note">{html.escape(table.note)}</p>\n' if table.note else ""
        body += f'<div class="scroll"><table{" class=words" if table.wordy else ""}>'
        for tag, rows in (("th", [table.header]), ("td", table.rows)):
            for cells in rows:
                body += "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in cells) + "</tr>\n"
        body += "</table></div>\n"
    return ('<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Study</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<style>{study_charts.STYLE}</style></head><body>\n{body}</body></html>\n")


def write(path, text):
    """Writes the file completely or not at all."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: study_report.py OUT", file=sys.stderr)
        return 2
    study = Study(arguments[0])
    tables = all_tables(study)
    write(os.path.join(study.folder, "table.md"), to_markdown(tables))
    write(os.path.join(study.folder, "report.html"), to_html(study, tables))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
