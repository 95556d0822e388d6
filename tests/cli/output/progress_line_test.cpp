#include "cli/output/progress_line.h"

#include <doctest/doctest.h>

namespace elastic::cli {
namespace {

TEST_CASE("progress: durations have minutes, from an hour on hours") {
  CHECK(format_duration(0.0) == "0:00");
  CHECK(format_duration(-5.0) == "0:00");
  CHECK(format_duration(59.9) == "0:59");
  CHECK(format_duration(60.0) == "1:00");
  CHECK(format_duration(3599.0) == "59:59");
  CHECK(format_duration(3600.0) == "1:00:00");
  CHECK(format_duration(2 * 3600.0 + 60.0 + 1.0) == "2:01:01");
  CHECK(format_duration(100 * 3600.0 - 1.0) == "99:59:59");
  CHECK(format_duration(1e12) == format_duration(1e9));
}

TEST_CASE("progress: bytes have the unit that keeps them below 1024, and three digits") {
  CHECK(format_bytes(0.0) == "0 B");
  CHECK(format_bytes(1023.0) == "1023 B");
  CHECK(format_bytes(1024.0) == "1.0 KiB");
  CHECK(format_bytes(99.9 * 1024.0) == "99.9 KiB");
  CHECK(format_bytes(100.0 * 1024.0) == "100 KiB");
  CHECK(format_bytes(1024.0 * 1024.0) == "1.0 MiB");
  CHECK(format_bytes(2.5 * 1024.0 * 1024.0 * 1024.0) == "2.5 GiB");
  CHECK(format_bytes(3.0 * 1024.0 * 1024.0 * 1024.0 * 1024.0 * 2048.0) == "6144 TiB");
}

}  // namespace
}  // namespace elastic::cli
