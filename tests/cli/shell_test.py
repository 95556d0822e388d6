"""Tests of completions, the man page, colours and --quiet. shell_test.py BINARY"""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import unittest

from harness import TINY_MODEL, Workplace, clean_environment

WORKPLACE = None
# The words so far, the last one being completed, as bash splits them.
COMPLETE = """
source <("$1" completion bash); shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_elastic
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(*words):
    result = subprocess.run(["bash", "-c", COMPLETE, "bash", WORKPLACE.binary, "elastic", *words],
                            capture_output=True, text=True, cwd=WORKPLACE.folder.name,
                            env=clean_environment(), timeout=60, check=True)
    assert result.stderr == "", result.stderr
    return set(result.stdout.split())


class Completions(unittest.TestCase):
    def test_bash_completes_commands_and_flags(self):
        self.assertEqual(complete("tr"), {"train"})
        self.assertEqual(complete(""), {"train", "sweep", "eval", "compare", "predict", "serve",
                                        "profile", "report", "data", "models", "--help",
                                        "--version"})
        self.assertEqual(complete("train", "--num-e"), {"--num-experts"})
        self.assertEqual(complete("predict", "run", "--no-f"), {"--no-filter-seen"})
        self.assertEqual(complete("train", "-q", "--print"), {"--print-config"})

    def test_bash_completes_values(self):
        self.assertEqual(complete("train", "--schedule", ""), {"constant", "cosine"})
        self.assertEqual(complete("train", "--schedule", "=", "cos"), {"cosine"})
        self.assertEqual(complete("train", "--schedule", "="), {"constant", "cosine"})
        self.assertEqual(complete("predict", "-o", "t"), {"tsv", "table"})
        self.assertEqual(complete("compare", "--metrics", "HR@1,NDCG@1"),
                         {"HR@1,NDCG@1", "HR@1,NDCG@10"})
        self.assertEqual(complete("profile", "--phase", "encode,t"), {"encode,train"})
        self.assertEqual(complete("train", "--dim", ""), set())
        models = json.loads(WORKPLACE.call(["models", "--json"]).stdout)
        self.assertEqual(complete("train", "--model", ""), {entry["model"] for entry in models})

    def test_bash_completes_files(self):
        os.makedirs(WORKPLACE.path("runs_here"), exist_ok=True)
        self.assertEqual(complete("train", "--data", "rat"), {"ratings.csv"})
        self.assertEqual(complete("eval", "runs"), {"runs_here"})
        self.assertEqual(complete("compare", "a", "runs"), {"runs_here"})
        self.assertEqual(complete("eval", "rat"), set())
        self.assertEqual(complete("predict", "run", "rat"), {"ratings.csv"})

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh_reads_its_script(self):
        script = WORKPLACE.write("_elastic", WORKPLACE.call(["completion", "zsh"]).stdout)
        result = subprocess.run(
            ["zsh", "-fc", f"autoload -U compinit; compinit -uD; source {script}; echo $_comps[elastic]"],
            capture_output=True, text=True, env=clean_environment(), timeout=60, check=False)
        self.assertEqual((result.stdout, result.stderr), ("_elastic\n", ""))

    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish_completes(self):
        script = WORKPLACE.write("elastic.fish", WORKPLACE.call(["completion", "fish"]).stdout)
        for line, expected in (("elastic tr", {"train"}), ("elastic train --schedule c",
                                                           {"constant", "cosine"}),
                               ("elastic profile --phase encode,t", {"encode,train"})):
            result = subprocess.run(["fish", "-Nc", f"source {script}; complete -C '{line}'"],
                                    capture_output=True, text=True, timeout=60, check=True,
                                    env=clean_environment({"HOME": WORKPLACE.folder.name}))
            words = {offered.split("\t")[0] for offered in result.stdout.splitlines()}
            self.assertEqual(words, expected, result.stderr)

    def test_another_shell_is_refused(self):
        result = WORKPLACE.call(["completion", "fissh"])
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("did you mean fish?", result.stderr)


class ManPage(unittest.TestCase):
    def test_every_command_and_option_is_there(self):
        page = WORKPLACE.call(["man"]).stdout.replace("\\-", "-").replace("\\fR", "")
        for command in ("train", "sweep", "eval", "compare", "predict", "profile", "report",
                        "models"):
            self.assertIn(f"\n.SH {command}\n", page)
            for line in WORKPLACE.call([command, "--help"]).stdout.splitlines():
                words = line.split()
                if line.startswith("  --"):
                    self.assertIn(f"\\fB{words[0]}", page, command)

    def test_text_after_an_example_begins_a_paragraph(self):
        lines = WORKPLACE.call(["man"]).stdout.splitlines()
        after = [lines[at + 1] for at, line in enumerate(lines[:-1]) if line == ".RE"]
        self.assertIn(".PP", after)
        for line in after:
            self.assertTrue(line.startswith("."), line)

    @unittest.skipUnless(shutil.which("groff"), "no groff")
    def test_groff_reports_no_warning(self):
        page = WORKPLACE.call(["man"]).stdout
        result = subprocess.run(["groff", "-man", "-ww", "-Tascii"], input=page, text=True,
                                capture_output=True, env=clean_environment(), timeout=60,
                                check=True)
        self.assertEqual(result.stderr, "")
        shown = re.sub(".\b", "", result.stdout)  # bold letters are printed twice
        self.assertTrue("--learning-rate NUMBER" in shown)


class PrintedOptions(unittest.TestCase):
    @staticmethod
    def without_comments(text):
        return json.loads("\n".join(line.split("// ")[0] for line in text.splitlines()))

    def test_every_command_prints_its_options_without_a_run(self):
        for command, key in (("train", "dim"), ("eval", "min_history"), ("predict", "top_k"),
                             ("profile", "length")):
            result = WORKPLACE.call([command, "--print-config"], env={"ELASTIC_QUIET": "yes"})
            self.assertEqual((result.returncode, result.stderr), (0, ""), command)
            self.assertIn(key, self.without_comments(result.stdout))
            self.assertRegex(result.stdout, r'"quiet": true,? +// ELASTIC_QUIET\n')

    def test_set_options_are_shown_with_their_source(self):
        result = WORKPLACE.call(["predict", "--print-config", "-k", "3"])
        self.assertEqual(self.without_comments(result.stdout)["top_k"], 3)
        self.assertRegex(result.stdout, r'"top_k": 3, +// --top-k\n')

    def test_a_run_is_required_without_print_config(self):
        result = WORKPLACE.call(["predict", "-k", "3"])
        self.assertEqual(result.returncode, 2)
        self.assertIn("RUN", result.stderr)


class Colours(unittest.TestCase):
    @staticmethod
    def error_on_a_terminal(extra):
        controller, terminal = pty.openpty()
        with subprocess.Popen([WORKPLACE.binary, "trian"], stderr=terminal,
                              env=clean_environment(extra)) as process:
            os.close(terminal)
            process.wait(timeout=60)
        shown = os.read(controller, 65536)
        os.close(controller)
        return shown

    def test_colours_are_for_terminals_without_no_color(self):
        self.assertIn(b"\033[", self.error_on_a_terminal({"TERM": "xterm"}))
        self.assertIn(b"\033[", self.error_on_a_terminal({"TERM": "xterm", "NO_COLOR": ""}))
        self.assertNotIn(b"\033[", self.error_on_a_terminal({"TERM": "xterm", "NO_COLOR": "1"}))
        self.assertNotIn(b"\033[", self.error_on_a_terminal({"TERM": "dumb"}))
        self.assertNotIn("\033[", WORKPLACE.call(["trian"]).stderr)

    def test_quiet_leaves_errors_only(self):
        result = WORKPLACE.call(["train", "-q", "--data", WORKPLACE.data, "--out",
                                 WORKPLACE.path("quiet"), "--epochs", "1", "--model", "softmax",
                                 "--window", "4", *TINY_MODEL])
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        result = WORKPLACE.call(["train", "-q", "--data", "none.csv", "--out", "none"])
        self.assertIn("none.csv", result.stderr)


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
