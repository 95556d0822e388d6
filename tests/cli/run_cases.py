"""Runs the cases of cases.json with the real binary: run_cases.py BINARY [NAME...]

A case has name and args. Optional keys: stdin, env, files {name: text} (written to the folder of the
case), exit (default 0), stdout / stderr (lists of texts that must occur), no_stdout / no_stderr
(texts that must not), stdout_is (the whole output), exists and absent (files afterwards), lines (of
stdout). In args, texts and files {data}, {items}, {run} and {tiny} are replaced by the shared data
set, its titles, a run trained on it and the options of a tiny model.
"""

import json
import os
import sys

from harness import TINY_MODEL, Workplace


class Case:
    def __init__(self, spec, workplace):
        self.spec = spec
        self.workplace = workplace
        self.cwd = workplace.path("case_" + spec["name"].replace(" ", "_").replace("/", "_"))
        os.makedirs(self.cwd)
        self.problems = []

    def fill(self, text):
        for key, value in (("{data}", lambda: self.workplace.data),
                           ("{items}", lambda: self.workplace.items),
                           ("{run}", lambda: self.workplace.run)):
            if key in text:
                text = text.replace(key, value())
        return text

    def arguments(self):
        arguments = []
        for argument in self.spec["args"]:
            arguments += TINY_MODEL if argument == "{tiny}" else [self.fill(argument)]
        return arguments

    def expect(self, holds, problem):
        if not holds:
            self.problems.append(problem)

    def check(self):
        spec = self.spec
        for name, text in spec.get("files", {}).items():
            with open(os.path.join(self.cwd, name), "w", encoding="utf-8") as file:
                file.write(self.fill(text))
        result = self.workplace.call(self.arguments(), stdin=self.fill(spec.get("stdin", "")),
                                     env=spec.get("env"), cwd=self.cwd)
        expected_exit = spec.get("exit", 0)
        self.expect(result.returncode == expected_exit,
                    f"exit {result.returncode}, expected {expected_exit}")
        for stream, output in (("stdout", result.stdout), ("stderr", result.stderr)):
            for text in spec.get(stream, []):
                self.expect(self.fill(text) in output, f"{stream} lacks {self.fill(text)!r}")
            for text in spec.get("no_" + stream, []):
                self.expect(self.fill(text) not in output, f"{stream} holds {self.fill(text)!r}")
        if "stdout_is" in spec:
            self.expect(result.stdout == self.fill(spec["stdout_is"]),
                        f"stdout is not {self.fill(spec['stdout_is'])!r}")
        if "lines" in spec:
            count = result.stdout.count("\n")
            self.expect(count == spec["lines"], f"{count} lines, expected {spec['lines']}")
        for name in spec.get("exists", []):
            self.expect(os.path.exists(os.path.join(self.cwd, name)), f"no file {name}")
        for name in spec.get("absent", []):
            self.expect(not os.path.exists(os.path.join(self.cwd, name)), f"{name} was left")
        if self.problems:
            print(f"FAILED {spec['name']}: {' '.join(self.arguments())}")
            print("".join(f"  {problem}\n" for problem in self.problems), end="")
            print(f"  stdout: {result.stdout[:2000]}\n  stderr: {result.stderr[:2000]}")
        return not self.problems


def main():
    workplace = Workplace(sys.argv[1])
    with open(os.path.join(os.path.dirname(__file__), "cases.json"), encoding="utf-8") as file:
        specs = json.load(file)
    wanted = sys.argv[2:]
    specs = [spec for spec in specs if not wanted or spec["name"] in wanted]
    failed = sum(not Case(spec, workplace).check() for spec in specs)
    print(f"{len(specs)} cases, {failed} failed")
    return 1 if failed or not specs else 0


if __name__ == "__main__":
    sys.exit(main())
