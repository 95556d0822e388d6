#include "tensor/cpu/dropout_mask.h"

#include "tensor/dropout_reference.h"
#include "tensor/tensor_values.h"

namespace elastic::cpu {
namespace {

TEST_CASE("dropout mask: the bits defined in dropout.h") {
  if (!on_cpu()) {
    return;
  }
  for (const Dropout& dropout : kDropouts) {
    std::vector<float> values(1000, 3.0F);
    apply_dropout<float>(dropout, 0, 1000, values.data());
    const auto scale = static_cast<float>(1.0 / (1.0 - dropout.rate));
    for (std::int64_t i = 0; i < 1000; ++i) {
      CAPTURE(i);
      REQUIRE(values[static_cast<std::size_t>(i)] == (kept(dropout, i) ? 3.0F * scale : 0.0F));
    }
  }
}

TEST_CASE("dropout mask: the same for any part of a tensor, aligned or not") {
  if (!on_cpu()) {
    return;
  }
  for (const Dropout& dropout : kDropouts) {
    for (const std::int64_t first : {1, 15, 16, 127, 128, 129, 255, 5000, 123457}) {
      for (const std::int64_t count : {0, 1, 17, 128, 300}) {
        CAPTURE(first);
        CAPTURE(count);
        std::vector<double> values(static_cast<std::size_t>(count), 1.0);
        apply_dropout<double>(dropout, first, count, values.data());
        bool same = true;
        for (std::int64_t i = 0; i < count; ++i) {
          const double want = kept(dropout, first + i) ? 1.0 / (1.0 - dropout.rate) : 0.0;
          same = same && values[static_cast<std::size_t>(i)] == want;
        }
        CHECK(same);
      }
    }
  }
}

TEST_CASE("dropout mask: drops the rate's share") {
  if (!on_cpu()) {
    return;
  }
  for (const Dropout& dropout : kDropouts) {
    constexpr std::int64_t kCount = 100000;
    std::vector<float> values(kCount, 1.0F);
    apply_dropout<float>(dropout, 0, kCount, values.data());
    const auto dropped = static_cast<double>(std::count(values.begin(), values.end(), 0.0F));
    CHECK(std::abs(dropped / kCount - dropout.rate) < 0.006);
  }
}

TEST_CASE("dropout mask: seed, step and stream each change it") {
  if (!on_cpu()) {
    return;
  }
  const auto mask = [](const Dropout& dropout) {
    std::vector<float> values(256, 1.0F);
    apply_dropout<float>(dropout, 0, 256, values.data());
    return values;
  };
  const auto base = mask({0.5, 1, 2, 3});
  CHECK(mask({0.5, 1, 2, 3}) == base);
  CHECK(mask({0.5, 2, 2, 3}) != base);
  CHECK(mask({0.5, 1 + (std::uint64_t{1} << 32), 2, 3}) != base);
  CHECK(mask({0.5, 1, 3, 3}) != base);
  CHECK(mask({0.5, 1, 2, 4}) != base);
}

TEST_CASE("dropout mask: a rate of zero changes nothing") {
  if (!on_cpu()) {
    return;
  }
  std::vector<float> values{1, 2, 3};
  apply_dropout<float>(Dropout{}, 0, 3, values.data());
  CHECK(values == std::vector<float>{1, 2, 3});
}

}  // namespace
}  // namespace elastic::cpu
