#include "tensor/segments.h"

#include "tensor/tensor_values.h"

namespace elastic {
namespace {

TEST_CASE("Segments: offsets give begin, end and length") {
  const Segments segments({0, 3, 3, 8}, test_device());
  CHECK(segments.size() == 3);
  CHECK(segments.num_tokens() == 8);
  CHECK(segments.begin(2) == 3);
  CHECK(segments.end(2) == 8);
  CHECK(segments.length(0) == 3);
  CHECK(segments.length(1) == 0);
  CHECK(segments.max_length() == 5);
  CHECK(segments.device_offsets().to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{0, 3, 3, 8});
  CHECK(segments.device() == test_device());
}

TEST_CASE("Segments: there may be none") {
  CHECK(Segments().size() == 0);
  CHECK(Segments({0}, test_device()).size() == 0);
  CHECK(Segments({0}, test_device()).num_tokens() == 0);
}

TEST_CASE("Segments: refuses offsets that do not start at 0 or decrease") {
  CHECK(message_of([] { Segments({1, 2}, test_device()); }) == "segments: offsets must start at 0");
  CHECK(message_of([] { Segments({}, test_device()); }) == "segments: offsets must start at 0");
  CHECK(message_of([] {
          Segments({0, 4, 2}, test_device());
        }) == "segments: offsets decrease at position 2");
}

TEST_CASE("Segments: grouped gives ceil(length / stride) groups each, at least one") {
  const Segments groups = segments_of({1, 4, 5, 0, 8}).grouped(4);
  CHECK(groups.host() == std::vector<std::int32_t>{0, 1, 2, 4, 5, 7});
  CHECK(groups.max_length() == 2);
}

TEST_CASE("Segments: uniform segments have one length") {
  CHECK(Segments::uniform(3, 2, test_device()).host() == std::vector<std::int32_t>{0, 2, 4, 6});
  CHECK(Segments::uniform(2, 0, test_device()).host() == std::vector<std::int32_t>{0, 0, 0});
  CHECK(Segments::uniform(0, 5, test_device()).size() == 0);
}

TEST_CASE("Segments: last_tokens indexes each segment's end") {
  CHECK(segments_of({1, 4, 2}).last_tokens().to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{0, 4, 6});
}

TEST_CASE("Segments: an empty segment has no last token") {
  CHECK(message_of([] {
          (void)segments_of({1, 0}).last_tokens();
        }).find("segment 1 is empty") != std::string::npos);
}

}  // namespace
}  // namespace elastic
