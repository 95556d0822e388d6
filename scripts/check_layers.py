#!/usr/bin/env python3
"""Checks that the #include lines under src/ follow the dependencies between its folders.

    scripts/check_layers.py [SRC]     checks SRC; default: src/ of this repository
    scripts/check_layers.py --self-test

The rules are FOLDERS, FLOORS and LIBRARIES below; docs/design.md draws them.
"""

import re
import sys
import tempfile
from pathlib import Path

# The folders of src/ that each folder may include besides itself.
FOLDERS = {
    "base": [],
    "tensor": ["base"],
    "cuda": ["base", "tensor"],
    "autograd": ["base", "tensor"],
    "data": ["base", "tensor"],
    "model": ["base", "tensor", "autograd", "data"],
    "eval": ["base", "tensor", "autograd", "data", "model", "dist"],
    "dist": ["base", "tensor"],
    "train": ["base", "tensor", "autograd", "data", "model", "eval", "dist"],
    "report": ["base"],
    "profile": ["base", "tensor", "autograd", "data", "model", "eval", "train", "report"],
    "cli": ["base", "tensor", "autograd", "data", "model", "eval", "dist", "train", "report",
            "profile"],
}

# The subfolders that each subfolder may include besides itself. Files directly in the folder may
# include all subfolders; no subfolder may include these files.
FLOORS = {
    "cli": {
        "output": [],
        "options": [],
        "usage": ["output", "options"],
        "runs": ["output", "options"],
        "asking": ["output", "options", "runs"],
        "comparing": ["output", "options", "runs"],
        "serving": ["output", "options", "runs", "asking"],
        "sweeping": ["output", "options", "runs"],
        "commands": ["output", "options", "usage", "runs", "asking", "comparing", "serving",
                     "sweeping"],
    },
}

# Headers for the CPU's kernels only: other code runs kernels through tensor/kernel.h.
PRIVATE = {"tensor/cpu/": "tensor/cpu/"}

# Libraries: prefix of the header -> prefixes of the files that may include it.
LIBRARIES = {
    "Eigen/": ["tensor/cpu/"],
    "omp.h": ["tensor/cpu/"],
    "nlohmann/": [
        "tensor/safetensors", "data/", "model/", "eval/", "train/", "profile/", "cli/"
    ],
    "CLI/": ["cli/"],
    "fmt/": ["cli/"],
    "httplib.h": ["cli/serving/http_protocol"],
    "Random123/": ["base/"],
    "zlib.h": ["data/"],
    "lzma.h": ["data/"],
    "bzlib.h": ["data/"],
    "zstd.h": ["data/"],
    "simdjson.h": ["data/"],
    "date/": ["data/calendar_pattern"],
    "cuda_": ["cuda/"],
    "cublas": ["cuda/"],
    "cub/": ["cuda/"],
    "mpi.h": ["dist/mpi_module"],
}

SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def floor_of(path):
    """The subfolder of `path` (relative to the source); "" for a file directly in its folder."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else ""


def judge_floors(file, header):
    """The reason why `file` must not include `header` of its own folder, or None."""
    folder = file.split("/")[0]
    floors = FLOORS.get(folder)
    here, there = floor_of(file), floor_of(header)
    if not floors or here == "" or here == there or there in floors.get(here, []):
        return None
    return f"{folder}/{here} must not include {header}"


def judge(file, quote, header, source):
    """The reason why `file` (relative to the source) must not include `header`, or None."""
    folder = file.split("/")[0]
    target = header.split("/")[0]
    if quote == '"':
        if target not in FOLDERS or "/" not in header:
            is_relative = (source / file).parent.joinpath(header).exists()
            return f'must write "{header}" as a path from src/' if is_relative else None
        if target != folder and target not in FOLDERS[folder]:
            return f"{folder} must not include {header}"
        if target == folder and judge_floors(file, header):
            return judge_floors(file, header)
        for prefix, owner in PRIVATE.items():
            if header.startswith(prefix) and not file.startswith(owner):
                return f"{folder} must not include {header} (only src/{owner} may)"
        return None
    for prefix, owners in LIBRARIES.items():
        if header.startswith(prefix) and not file.startswith(tuple(owners)):
            allowed = ", ".join(f"src/{owner.rstrip('/')}" for owner in owners)
            return f"{folder} must not include <{header}> (allowed in: {allowed})"
    return None


def check(source):
    """The number of files read, and a message for every violation below `source`."""
    paths = sorted(path for path in source.rglob("*") if path.suffix in SUFFIXES)
    messages = []
    for path in paths:
        file = path.relative_to(source).as_posix()
        folder, floor = file.split("/")[0], floor_of(file)
        if folder not in FOLDERS or floor not in ("", *FLOORS.get(folder, [floor])):
            messages.append(f"{source.name}/{file}: unknown folder; add it to check_layers.py")
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            include = INCLUDE.match(line)
            reason = include and judge(file, include[1], include[2], source)
            if reason:
                messages.append(f"{source.name}/{file}:{number}: {reason}")
    return len(paths), messages


def self_test():
    """Lays out a small tree with known violations and expects exactly their messages."""
    files = {
        "base/error.h": "#include <string>\n",
        "base/random.cpp": "#include <Random123/philox.h>\n",
        "tensor/backend.cpp": '#include "cuda/runtime.h"\n',
        "tensor/tensor.cpp": '#include "tensor/cpu/gemm.h"\n',
        "tensor/safetensors.cpp": "#include <nlohmann/json.hpp>\n",
        "tensor/shape.cpp": "#include <nlohmann/json.hpp>\n",
        "tensor/cpu/gemm.h": '#include <Eigen/Core>\n#include "tensor/tensor.h"\n',
        "cuda/runtime.h": '#include "tensor/backend.h"\n',
        "autograd/ops/linear.cpp": '#include "tensor/cpu/gemm.h"\n',
        "data/split.cpp": '#include "model/model.h"\n',
        "model/model.h": '// one\n\n  #  include "train/trainer.h"\n',
        "model/layers.cpp": '#include "layers.h"\n#include <omp.h>\n',
        "model/layers.h": '// #include "train/trainer.h"\n#include "autograd/variable.h"\n',
        "eval/evaluator.cpp": '#include "train/trainer.h"\n#include <fmt/format.h>\n',
        "train/trainer.cpp": '#include "eval/evaluator.h"\n',
        "cli/main.cpp": '#include "train/trainer.h"\n#include "build_commit.h"\n',
        "cli/commands/a_command.cpp": '#include "cli/output/table.h"\n#include "base/error.h"\n',
        "cli/output/table.cpp": '#include "cli/output/table.h"\n#include "cli/options/option.h"\n',
        "cli/options/option.h": '#include "cli/application.h"\n',
        "cli/odd/thing.h": "#include <string>\n",
        "cli/application.cpp": '#include "cli/commands/command.h"\n',
        "cli/device.cpp": '#include "cuda/runtime.h"\n',
        "extra/thing.h": "#include <string>\n",
    }
    expected = [
        "src/autograd/ops/linear.cpp:1: autograd must not include tensor/cpu/gemm.h "
        "(only src/tensor/cpu/ may)",
        "src/cli/device.cpp:1: cli must not include cuda/runtime.h",
        "src/cli/odd/thing.h: unknown folder; add it to check_layers.py",
        "src/cli/options/option.h:1: cli/options must not include cli/application.h",
        "src/cli/output/table.cpp:2: cli/output must not include cli/options/option.h",
        "src/data/split.cpp:1: data must not include model/model.h",
        "src/eval/evaluator.cpp:1: eval must not include train/trainer.h",
        "src/eval/evaluator.cpp:2: eval must not include <fmt/format.h> (allowed in: src/cli)",
        "src/extra/thing.h: unknown folder; add it to check_layers.py",
        'src/model/layers.cpp:1: must write "layers.h" as a path from src/',
        "src/model/layers.cpp:2: model must not include <omp.h> (allowed in: src/tensor/cpu)",
        "src/model/model.h:3: model must not include train/trainer.h",
        "src/tensor/shape.cpp:1: tensor must not include <nlohmann/json.hpp> (allowed in: "
        "src/tensor/safetensors, src/data, src/model, src/eval, src/train, src/profile, src/cli)",
        "src/tensor/backend.cpp:1: tensor must not include cuda/runtime.h",
        "src/tensor/tensor.cpp:1: tensor must not include tensor/cpu/gemm.h "
        "(only src/tensor/cpu/ may)",
    ]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src"
        for name, text in files.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        num_files, messages = check(source)
    wrong = [f"missing: {text}" for text in expected if text not in messages]
    wrong += [f"unexpected: {text}" for text in messages if text not in expected]
    if num_files != len(files):
        wrong.append(f"expected {len(files)} files, read {num_files}")
    return wrong


def main(arguments):
    if arguments == ["--self-test"]:
        messages = self_test()
        summary = "self-test: the known violations were found, and nothing else"
    elif len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        print("usage: check_layers.py [SRC | --self-test]", file=sys.stderr)
        return 2
    else:
        root = Path(__file__).resolve().parent.parent
        source = Path(arguments[0]).resolve() if arguments else root / "src"
        num_files, messages = check(source)
        if num_files == 0:
            messages.append(f"{source}: no source files here")
        summary = f"{num_files} files, all includes are allowed"
    print("\n".join(messages or [summary]))
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
