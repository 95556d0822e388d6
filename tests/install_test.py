"""Installs a build into a temporary folder and uses it from there: CMAKE BUILD VERSION"""

import glob
import gzip
import os
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "cli"))
from harness import clean_environment  # noqa: E402  (needs the path set above)

BASH = "share/bash-completion/completions/elastic"
EXPECTED = ["bin/elastic", "share/doc/elastic/copyright",
            "share/doc/elastic/README.md", "share/doc/elastic/docs/design.md",
            BASH, "share/zsh/vendor-completions/_elastic",
            "lib/systemd/system/elastic@.service", "share/doc/elastic/docs/serve.md",
            "share/fish/vendor_completions.d/elastic.fish",
            "share/elastic/configs/movielens-1m-elastic.json",
            "share/elastic/data/ml-latest-small/ratings.csv.xz",
            "share/elastic/data/ml-latest-small/README.txt", "share/doc/elastic-data/copyright"]


def check_refusal(cmake, build, folder):
    """A build for one machine is not packaged by accident."""
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as file:
        if "ELASTIC_NATIVE:BOOL=ON" not in file.read():
            return
    cpack = os.path.join(os.path.dirname(cmake), "cpack")
    result = subprocess.run([cpack, "--config", os.path.join(build, "CPackConfig.cmake"), "-B",
                             folder], text=True, capture_output=True, timeout=120, check=False)
    assert result.returncode != 0, result.stdout
    assert "configure with -DELASTIC_NATIVE=OFF" in " ".join(result.stderr.split()), result.stderr
    assert not glob.glob(os.path.join(folder, "*.deb"))


def main():
    cmake, build, version = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="elastic_install_") as prefix:
        result = subprocess.run([cmake, "--install", build, "--prefix", prefix], text=True,
                                capture_output=True, timeout=120, check=False)
        assert result.returncode == 0, result.stderr
        for name in EXPECTED:
            path = os.path.join(prefix, name)
            assert os.path.isfile(path) and os.path.getsize(path) > 0, f"not installed: {name}"
            assert os.stat(path).st_mode & stat.S_IROTH, f"not readable by all users: {name}"
        installed = os.path.join(prefix, "bin/elastic")
        output = subprocess.run([installed, "--version"], text=True, capture_output=True, timeout=60,
                              env=clean_environment(), check=True).stdout
        assert output.startswith(f"elastic {version}\n"), output
        (page,) = glob.glob(os.path.join(prefix, "share/man/man1/elastic.1*"))
        for command, path in (("man", page), ("completion bash", os.path.join(prefix, BASH))):
            now = subprocess.run([installed, *command.split()], text=True, capture_output=True,
                                 env=clean_environment(), timeout=60, check=True).stdout
            read = gzip.open if path.endswith(".gz") else open
            with read(path, "rt", encoding="utf-8") as file:
                assert file.read() == now, f"{path} is not from this binary"
        check_refusal(cmake, build, prefix)
    print(f"{len(EXPECTED)} files are installed, and the binary works")


if __name__ == "__main__":
    main()
