// Error types with their exit codes, and a check for invariants of our own code.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace elastic {

/// Exit codes of the command line, one per kind of error.
enum class ExitCode : int {
  kOk = 0,
  kFailure = 1,
  kUsage = 2,
  kData = 3,
  kOutOfMemory = 4,
  kNotANumber = 5,
  kCheckpoint = 6,
  kNoDevice = 7,
  kGate = 8,
};

/// Joins its arguments into one string through operator<<.
template <class... Args>
std::string concat(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return out.str();
}

/// Base of all errors that `main` reports as "elastic: <message>".
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, ExitCode code = ExitCode::kFailure)
      : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// Defines a child of Error whose message is the concatenation of its arguments.
#define ELASTIC_DEFINE_ERROR(Name, exit_code)                                 \
  class Name : public Error {                                                 \
   public:                                                                    \
    template <class... Args>                                                  \
    explicit Name(const Args&... args) : Error(concat(args...), exit_code) {} \
  }

ELASTIC_DEFINE_ERROR(UsageError, ExitCode::kUsage);              // command line or config
ELASTIC_DEFINE_ERROR(DataError, ExitCode::kData);                // input files
ELASTIC_DEFINE_ERROR(ShapeError, ExitCode::kFailure);            // tensors of mismatched shapes
ELASTIC_DEFINE_ERROR(OutOfMemoryError, ExitCode::kOutOfMemory);  // host or device memory
ELASTIC_DEFINE_ERROR(NotANumberError, ExitCode::kNotANumber);    // a diverged training run
ELASTIC_DEFINE_ERROR(CheckpointError, ExitCode::kCheckpoint);    // unusable run or weights
ELASTIC_DEFINE_ERROR(DeviceError, ExitCode::kNoDevice);          // device absent or not built in
ELASTIC_DEFINE_ERROR(GateError, ExitCode::kGate);                // a result below --fail-below

#undef ELASTIC_DEFINE_ERROR

/// Throws a plain Error that names the failed condition, its file and line.
[[noreturn]] void fail_check(const char* condition,
                             const char* file,
                             int line,
                             const std::string& message);

}  // namespace elastic

/// Checks an invariant of our own code; user input must never make it fail.
#define ELASTIC_CHECK(condition, ...)                                                        \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      ::elastic::fail_check(                                                                 \
          #condition, __FILE__, __LINE__, ::elastic::concat("" __VA_OPT__(, ) __VA_ARGS__)); \
    }                                                                                        \
  } while (false)
