#include "base/checksum.h"

#include <doctest/doctest.h>

using namespace elastic;

TEST_CASE("checksum: XXH3 of the bytes, however they are split") {
  Checksum empty;
  CHECK(empty.hex() == "2d06800538d394c2");  // as published with xxHash
  Checksum whole;
  Checksum pieces;
  whole.add("a log of events");
  pieces.add("a log");
  pieces.add("");
  pieces.add(" of events");
  CHECK(whole.hex() == pieces.hex());
  CHECK(whole.hex().size() == Checksum::kDigits);
  pieces.add(" ");
  CHECK(whole.hex() != pieces.hex());
}
