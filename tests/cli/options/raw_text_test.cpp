#include "cli/options/raw_text.h"

#include <doctest/doctest.h>

#include <string>

#include "cli/options/option_value.h"

using namespace elastic::cli;

TEST_CASE("raw text: UTF-8 is written as it is, other bytes as %XX") {
  CHECK(to_json_spelling("/data/caf\xc3\xa9 100%.csv") == "/data/caf\xc3\xa9 100%.csv");
  CHECK(to_json_spelling("/caf\xe9/100%/\xc3\xa9") == "bytes:/caf%E9/100%25/\xc3\xa9");
  CHECK(to_json_spelling("bytes:a") == "bytes:bytes:a");
}

TEST_CASE("raw text: every text survives") {
  for (const std::string raw :
       {"", "a%zz%4", "caf\xe9%41", "bytes:", "bytes:%41", "\xff\xfe", "\xed\xa0\x80"}) {
    CAPTURE(raw);
    CHECK(from_json_spelling(to_json_spelling(raw)) == raw);
  }
  CHECK(from_json_spelling("bytes:%4") == "%4");
  CHECK(from_json_spelling("bytes:%zz") == "%zz");
  CHECK(from_json_spelling("100%25") == "100%25");
}

TEST_CASE("raw text: options keep file names of any bytes in a config") {
  std::string path = "/caf\xe9.csv";
  std::vector<std::string> paths{path, "plain"};
  const auto saved = to_json(OptionTarget(&path));
  const auto saved_paths = to_json(OptionTarget(&paths));
  CHECK(saved == "bytes:/caf%E9.csv");
  path = "";
  paths.clear();
  set_from_json(&path, saved, "config");
  set_from_json(&paths, saved_paths, "config");
  CHECK(path == "/caf\xe9.csv");
  CHECK(paths == std::vector<std::string>{"/caf\xe9.csv", "plain"});
}
