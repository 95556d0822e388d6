"""The file of a run's streams: its former format, and names of any size. streams_test.py BINARY"""

import json
import os
import shutil
import struct
import sys
import unittest

from harness import Workplace

WORKPLACE = None
EVENTS = "ada m1\nbob m2\nada m3\nzoë m4\n"
QUESTIONS = "ada\nbob\nzoë\n"
# Together more than the 100 MB that a header of safetensors may take.
NAMES = 26_000
NAME_BYTES = 4000


def read(path):
    """(header, tensors by name as bytes)."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    return header, {name: data[slice(*entry["data_offsets"])] for name, entry in header.items()
                    if name != "__metadata__"}


def write(path, metadata, tensors):
    """`tensors`: name -> (dtype, bytes), each a row of numbers."""
    header = {"__metadata__": metadata}
    position = 0
    for name, (dtype, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": [len(data) // (8 if dtype == "F64" else 4)],
                        "data_offsets": [position, position + len(data)]}
        position += len(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, data in tensors.values():
            file.write(data)


def numbers(data, kind):
    return struct.unpack(f"<{len(data) // struct.calcsize(kind)}{kind}", data)


def to_former_format(path):
    """Rewrites a file of today as earlier versions wrote it."""
    header, tensors = read(path)
    metadata = header["__metadata__"]
    metadata.pop("checksum_xxh3")
    metadata["format"] = "elastic-streams-2"
    names = []
    at = 0
    for size in numbers(tensors["name_sizes"], "i"):
        names.append(tensors["names"][at:at + size].decode())
        at += size
    metadata["users"] = json.dumps(names)
    states = numbers(tensors["states"], "d")
    offsets = [0]
    for size in numbers(tensors["seen_sizes"], "i"):
        offsets.append(offsets[-1] + size)
    write(path, metadata, {
        "states": ("F32", struct.pack(f"<{len(states)}f", *states)),
        "hidden": ("F32", tensors["hidden"]), "seen": ("I32", tensors["seen"]),
        "seen_offsets": ("I32", struct.pack(f"<{len(offsets)}i", *offsets))})
    return names


class StreamFile(unittest.TestCase):
    def setUp(self):
        self.run_folder = WORKPLACE.path("stream_" + self.id().rsplit(".", 1)[-1])
        shutil.copytree(WORKPLACE.stream_run, self.run_folder)
        self.states = os.path.join(self.run_folder, "streams.safetensors")

    def call(self, text):
        return WORKPLACE.call(["predict", self.run_folder, "--stream", "-k", "3"], stdin=text)

    def answers(self, text):
        result = self.call(text)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def test_the_former_format_is_read_and_then_replaced(self):
        self.answers(EVENTS)
        expected = self.answers(QUESTIONS)
        self.assertEqual(to_former_format(self.states), ["ada", "bob", "zoë"])
        self.assertEqual(self.answers(QUESTIONS), expected)
        before, after = expected[0], self.answers("ada m5\n")[0]
        self.assertNotEqual(before["items"], after["items"])
        self.assertEqual(read(self.states)[0]["__metadata__"]["format"], "elastic-streams-3")

    def test_damage_in_the_former_format_is_refused(self):
        self.answers(EVENTS)
        to_former_format(self.states)
        header, tensors = read(self.states)
        good = {name: (header[name]["dtype"], data) for name, data in tensors.items()}
        users = header["__metadata__"]["users"]
        for metadata, changed in (({"users": "[" * 300_000}, {}), ({"users": "{}"}, {}),
                                  ({"users": '["ada"]'}, {}),
                                  ({"users": users}, {"seen_offsets": ("I32", b"")}),
                                  ({"users": users},
                                   {"seen_offsets": ("I32", struct.pack("<4i", 0, 9, 3, 4))})):
            write(self.states, header["__metadata__"] | metadata, good | changed)
            result = self.call("ada\n")
            self.assertEqual(result.returncode, 6, result.stderr)
            self.assertIn("streams.safetensors", result.stderr)

    def test_damaged_names_are_refused(self):
        self.answers(EVENTS)
        header, tensors = read(self.states)
        header["__metadata__"].pop("checksum_xxh3")
        sizes = numbers(tensors["name_sizes"], "i")
        good = {name: (header[name]["dtype"], data) for name, data in tensors.items()}
        for changed in ((sizes[0], sizes[1], 1000), (-1, 5, 4), sizes[:2], (3, 3, 3, 3)):
            write(self.states, header["__metadata__"],
                  good | {"name_sizes": ("I32", struct.pack(f"<{len(changed)}i", *changed))})
            result = self.call("ada\n")
            self.assertEqual(result.returncode, 6, (changed, result.stderr))
            self.assertIn("streams.safetensors", result.stderr)

    def test_names_beyond_the_header_of_a_safetensors_file(self):
        lines = "".join(f"{number:0{NAME_BYTES}} m1\n" for number in range(NAMES)) + "ada m2\n"
        self.assertEqual(self.call(lines).returncode, 0)
        self.assertGreater(os.path.getsize(self.states), NAMES * NAME_BYTES)
        self.assertEqual(len(self.answers("ada\n")[0]["items"]), 3)


if __name__ == "__main__":
    WORKPLACE = Workplace(sys.argv.pop(1))
    unittest.main()
