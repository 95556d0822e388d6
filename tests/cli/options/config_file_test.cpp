#include "cli/options/config_file.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace elastic::cli {
namespace {

// A file that is removed with this object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("elastic_config_" + std::to_string(::getpid()) + ".json")) {
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST_CASE("config file: comments are allowed") {
  const TemporaryFile file("{\n // size\n \"dim\": 32, /* rate */ \"dropout\": 0.2\n}");
  const auto values = read_config(file.path());
  CHECK(values["dim"] == 32);
  CHECK(values["dropout"] == 0.2);
}

TEST_CASE("config file: mistakes name the place") {
  const TemporaryFile syntax("{\n \"dim\": 32,\n \"dropout\" 0.2\n}");
  CHECK_THROWS_WITH_AS(read_config(syntax.path()),
                       doctest::Contains((syntax.path() + ": line 3, column").c_str()),
                       UsageError);
}

TEST_CASE("config file: a repeated key is refused") {
  const TemporaryFile twice("{\"dim\": 32, \"dim\": 64}");
  CHECK_THROWS_WITH_AS(
      read_config(twice.path()), (twice.path() + ": key \"dim\" is repeated").c_str(), UsageError);
}

TEST_CASE("config file: an empty or missing one is refused") {
  const TemporaryFile empty("");
  CHECK_THROWS_AS(read_config(empty.path()), UsageError);
  CHECK_THROWS_WITH_AS(read_config("/no/such.json"),
                       "--config: cannot read /no/such.json: No such file or directory",
                       UsageError);
}

}  // namespace
}  // namespace elastic::cli
