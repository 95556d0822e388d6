#!/usr/bin/env python3
"""The places of the C++ code where scripts/mutate.py plants mutations, and their texts.

    scripts/mutation_places.py --self-test
"""

import fnmatch
import random
import re
import sys
from collections import namedtuple

# `text` replaces the characters begin..end-1 of the file; SAME in it is what it replaces.
Mutation = namedtuple("Mutation", "kind path begin end text")
SAME = "@"

NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\''
    r"|^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.S | re.M)
# Checks of the code's own faults, texts of refusals, and what changes speed alone.
NOT_MUTATED = re.compile(r"\b(?:ELASTIC_CHECK|static_assert|throw|require_shape)\b[^;]*;"
                         r"|[\w.>-]+\.reserve\([^;]*;", re.S)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_of(text):
    """The text with everything blank that is not mutated; all positions stay."""
    return NOT_MUTATED.sub(blank, NOT_CODE.sub(blank, text))


def swaps(pattern, *pairs):
    """Replaces group 1 of the pattern by its partner in a pair."""
    partners = dict(pairs) | {other: one for one, other in pairs}

    def find(code):
        for match in re.finditer(pattern, code):
            yield match.start(1), match.end(1), partners[match.group(1)]
    return find


def negations(code):
    for match in re.finditer(r"!(?=[\w(:])", code):
        yield match.start(), match.end(), ""


def constants(code):
    """Each number once larger by 1, once smaller."""
    for match in re.finditer(r"(?<![\w.'])(\d+)(\.\d+)?(?![\w.'])", code):
        whole = int(match.group(1))
        for number in sorted({whole + 1, abs(whole - 1)}):
            yield match.start(1), match.end(1), str(number)


def closing(code, begin):
    """The position behind the bracket that closes the one at `begin`."""
    depth = 0
    for place in range(begin, len(code)):
        depth += (code[place] in "([{") - (code[place] in ")]}")
        if depth == 0:
            return place + 1
    return len(code)


def guards(code):
    """A condition that never holds."""
    for match in re.finditer(r"\bif \(", code):
        yield match.end(), closing(code, match.end() - 1) - 1, f"false && ({SAME})"


def early_returns(code):
    for match in re.finditer(r"^[^\n]*\bvoid [\w:]+\([^;{}]*\)(?: const)?(?: override)? \{\n", code,
                             re.M):
        yield match.end(), match.end(), "return;"


CALL = re.compile(r"(?!(?:return|if|for|while|switch|case|else|do|using|delete)\b)"
                  r"[\w:.<>*\[\]-]+(?:\(\)[\w:.>-]+)*\(.*\);", re.S)
ASSIGNMENT = re.compile(r"[\w:.>\[\]()*-]+ [-+*/|&]?= .*;|(?:\+\+|--)[\w:.>\[\]()-]+;", re.S)
JUMP = re.compile(r"(?:break|continue);")


def statements(code):
    """Begin, end and text of the statements without a result: calls, assignments, jumps."""
    for line in re.finditer(r"(?<=[;{}])\s*\n\s*(?=[\w+*(-])", code):
        begin = end = line.end()
        while end < len(code) and code[end] not in ";{})":
            end = closing(code, end) if code[end] in "([" else end + 1
            if end < len(code) and code[end] == "{" and code[end - 1] not in " )":
                end = closing(code, end)
        if end < len(code) and code[end] == ";":
            text = code[begin:end + 1]
            if any(form.fullmatch(text) for form in (CALL, ASSIGNMENT, JUMP)):
                yield begin, end + 1, text


def dropped_statements(code):
    return ((begin, end, ";") for begin, end, _ in statements(code))


def dropped_hash_terms(code):
    return ((begin, end, ";") for begin, end, text in statements(code)
            if re.match(r"\w*(?:hash|checksum)\w*\.add|XXH3_\w*update", text))


def unread_options(code):
    """An option's default in place of its value."""
    for match in re.finditer(r"(?<![\w.&>])(\w*(?:options|config|settings|rules)_?)((?:\.\w+)+)"
                             r"(?![\w(])(?! [-+*/]?= )", code):
        yield (match.start(), match.end(),
               f"std::remove_cvref_t<decltype({match.group(1)})>{{}}{match.group(2)}")


KINDS = {
    "boundary": swaps(r" (<=|<|>=|>) ", ("<", "<="), (">", ">=")),
    "equality": swaps(r" (==|!=) ", ("==", "!=")),
    "arithmetic": swaps(r" ([-+*/]|\+=|-=) ", ("+", "-"), ("*", "/"), ("+=", "-=")),
    "logic": swaps(r" (&&|\|\|) ", ("&&", "||")),
    "boolean": swaps(r"\b(true|false)\b", ("true", "false")),
    "negation": negations,
    "min_max": swaps(r"\bstd::(min|max)\b", ("min", "max")),
    "constant": constants,
    "guard": guards,
    "return": early_returns,
    "statement": dropped_statements,
    "hash": dropped_hash_terms,
    "option": unread_options,
}


def find_mutations(source, glob):
    """All mutations of the files below source/src that match, by kind."""
    places = {kind: [] for kind in KINDS}
    for path in sorted((source / "src").rglob("*")):
        name = str(path.relative_to(source))
        if path.suffix in (".cpp", ".h", ".cu") and fnmatch.fnmatch(name, glob):
            code = code_of(path.read_text(encoding="utf-8"))
            for kind, find in KINDS.items():
                places[kind] += [Mutation(kind, name, *place) for place in find(code)]
    return {kind: found for kind, found in places.items() if found}


def draw(places, seed):
    """Different mutations in random order: a kind, then one of its places."""
    rng = random.Random(seed)
    drawn = set()
    while len(drawn) < sum(map(len, places.values())):
        mutation = rng.choice(places[rng.choice(list(places))])
        if mutation not in drawn:
            drawn.add(mutation)
            yield mutation


def planted(text, mutation, begin=0, end=None):
    """text[begin:end] with the mutation."""
    replaced = text[mutation.begin:mutation.end]
    return (text[begin:mutation.begin] + mutation.text.replace(SAME, replaced)
            + text[mutation.end:end])


def describe(text, mutation):
    """The line and the change of a mutation of `text`, for a report."""
    first = text.rfind("\n", 0, mutation.begin) + 1
    last = text.find("\n", mutation.end)
    return {"kind": mutation.kind, "file": mutation.path,
            "line": text.count("\n", 0, mutation.begin) + 1,
            "before": text[first:last].strip(),
            "after": planted(text, mutation, first, last).strip()}


SAMPLE = """void f(const Options& options_) {
  // a < b && !c
  if (a < b && !c(")")) {
    hash.add("x");
    total += options_.size + std::min(2, 'c');
    ELASTIC_CHECK(a < b);
  }
  std::vector<int> declared(3);
}
"""
CHANGES = {
    "boundary": ['if (a <= b && !c(")")) {'],
    "equality": [],
    "arithmetic": ["total -= options_.size + std::min(2, 'c');",
                   "total += options_.size - std::min(2, 'c');"],
    "logic": ['if (a < b || !c(")")) {'],
    "boolean": [],
    "negation": ['if (a < b && c(")")) {'],
    "min_max": ["total += options_.size + std::max(2, 'c');"],
    "constant": ["total += options_.size + std::min(1, 'c');",
                 "total += options_.size + std::min(3, 'c');",
                 "std::vector<int> declared(2);", "std::vector<int> declared(4);"],
    "guard": ['if (false && (a < b && !c(")"))) {'],
    "return": ["return;  // a < b && !c"],
    "statement": [";", ";"],
    "hash": [";"],
    "option": ["total += std::remove_cvref_t<decltype(options_)>{}.size + std::min(2, 'c');"],
}


def self_test():
    code = code_of(SAMPLE)
    wrong = [kind for kind, find in KINDS.items() if CHANGES[kind] != [
        describe(SAMPLE, Mutation(kind, "f.cpp", *place))["after"] for place in find(code)]]
    print(f"mutations: {len(KINDS)} kinds, wrong: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(self_test() if sys.argv[1:] == ["--self-test"] else __doc__)
