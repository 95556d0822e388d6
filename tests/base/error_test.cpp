#include "base/error.h"

#include <doctest/doctest.h>

#include <string>

namespace elastic {
namespace {

TEST_CASE("errors: a message is the concatenation of its arguments") {
  CHECK(std::string(ShapeError("linear: expected ", 64, ", got ", 2.5).what()) ==
        "linear: expected 64, got 2.5");
  CHECK(concat("a", 1, 'b') == "a1b");
}

TEST_CASE("errors: each kind carries its exit code") {
  CHECK(Error("x").code() == ExitCode::kFailure);
  CHECK(UsageError("x").code() == ExitCode::kUsage);
  CHECK(DataError("x").code() == ExitCode::kData);
  CHECK(ShapeError("x").code() == ExitCode::kFailure);
  CHECK(OutOfMemoryError("x").code() == ExitCode::kOutOfMemory);
  CHECK(NotANumberError("x").code() == ExitCode::kNotANumber);
  CHECK(CheckpointError("x").code() == ExitCode::kCheckpoint);
  CHECK(DeviceError("x").code() == ExitCode::kNoDevice);
}

TEST_CASE("errors: every kind can be caught as Error") {
  CHECK_THROWS_AS(throw DataError("x"), Error);
  CHECK_THROWS_AS(throw DeviceError("x"), std::runtime_error);
}

TEST_CASE("ELASTIC_CHECK: a failure names condition, file and message") {
  const auto fail = [] { ELASTIC_CHECK(1 + 1 == 3, "one and one is ", 2); };
  CHECK_THROWS_AS(fail(), Error);
  std::string message;
  try {
    fail();
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK(message.find("internal error: 1 + 1 == 3 does not hold") == 0);
  CHECK(message.find("error_test.cpp:") != std::string::npos);
  CHECK(message.find("one and one is 2") != std::string::npos);
}

TEST_CASE("ELASTIC_CHECK: arguments are evaluated only on failure") {
  int evaluations = 0;
  ELASTIC_CHECK(true, ++evaluations);
  CHECK(evaluations == 0);
  CHECK_THROWS_AS(ELASTIC_CHECK(false), Error);
}

}  // namespace
}  // namespace elastic
