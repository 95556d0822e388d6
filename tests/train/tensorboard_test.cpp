#include "train/tensorboard.h"

#include <doctest/doctest.h>

#include <fstream>

#include "temporary_folder.h"

namespace elastic::train {
namespace {

TEST_CASE("event files: the checksum is that of RFC 3720") {
  CHECK(crc32c("") == 0U);
  CHECK(crc32c("123456789") == 0xe3069283U);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aaU);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
}

TEST_CASE("event files: files created within a second keep their order") {
  const TemporaryFolder folder;
  std::string before;
  for (int i = 0; i < 3; ++i) {
    const EventFile file(folder.file("board"));
    CHECK(file.path() > before);
    CHECK(file.path().find("/events.out.tfevents.") != std::string::npos);
    before = file.path();
  }
}

TEST_CASE("tensorboard: numbers of a line become scalars with their path as tag") {
  const auto event = nlohmann::ordered_json::parse(
      R"({"event": "epoch", "step": 7, "tokens": 30, "seconds": 2.0, "best": true, "name": "x",
          "experts": {"used": 3, "heads": [1, 0.5]}})");
  const std::vector<Scalar> expected{{"epoch/tokens", 30.0},
                                     {"epoch/seconds", 2.0},
                                     {"epoch/experts/used", 3.0},
                                     {"epoch/experts/heads/0", 1.0},
                                     {"epoch/experts/heads/1", 0.5},
                                     {"epoch/tokens_per_s", 15.0}};
  CHECK(scalars_of(event) == expected);
}

TEST_CASE("tensorboard: the last step of a log is found") {
  const TemporaryFolder folder;
  const std::string path = folder.file("metrics.jsonl");
  CHECK(last_step_of(path) == -1);
  std::ofstream(path) << "{\"step\": 4}\n{\"step\": 9}\n{\"ste";
  CHECK(last_step_of(path) == 9);
}

}  // namespace
}  // namespace elastic::train
