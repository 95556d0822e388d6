// Makes one system call of a program fail, on demand: a library for LD_PRELOAD.
//
// Calls that write below the folder FAULT_UNDER are counted: open (for writing, or of a folder),
// write, pwrite, fsync, ftruncate, close, rename, link, unlink, remove, mkdir, flock. With
// FAULT_CALLS "reads" those that read files there are counted instead: open, read, pread. FAULT_HOW
// selects the failure of call number FAULT_AT, counted from 1:
//   EIO     it fails
//   FULL    it and all later ones that take space fail with ENOSPC
//   EINTR   it is interrupted, if the system may interrupt it
//   SHORT   a write or read transfers half of its bytes
//   KILL    the process is killed before it
//   TORN    the process is killed after it, a write after half of its bytes
// With FAULT_AT 0 nothing happens. The number of calls is written to FAULT_COUNT at the end.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr int kMaxDescriptors = 4096;

struct Plan {
  std::string_view folder;
  std::string_view how;
  bool reads = false;  // counts calls that read instead of those that write
  long at = 0;
  long count = 0;
  std::array<bool, kMaxDescriptors> watched{};

  Plan() {
    const char* under = std::getenv("FAULT_UNDER");
    const char* name = std::getenv("FAULT_HOW");
    const char* number = std::getenv("FAULT_AT");
    const char* calls = std::getenv("FAULT_CALLS");
    reads = calls != nullptr && std::string_view(calls) == "reads";
    folder = under == nullptr ? "" : under;
    how = name == nullptr ? "" : name;
    at = number == nullptr ? 0 : std::atol(number);
  }
  ~Plan() {
    const char* path = std::getenv("FAULT_COUNT");
    if (path != nullptr) {
      if (std::FILE* file = std::fopen(path, "w")) {
        std::fprintf(file, "%ld\n", count);
        std::fclose(file);
      }
    }
  }

  [[nodiscard]] bool is_below(const char* path) const {
    return !folder.empty() && std::string_view(path).starts_with(folder);
  }
  [[nodiscard]] bool covers(const char* path) const { return !reads && is_below(path); }
  [[nodiscard]] bool covers(int descriptor) const { return !reads && is_watched(descriptor); }
  [[nodiscard]] bool covers_read(int descriptor) const { return reads && is_watched(descriptor); }
  [[nodiscard]] bool is_watched(int descriptor) const {
    return descriptor >= 0 && descriptor < kMaxDescriptors &&
           watched[static_cast<std::size_t>(descriptor)];
  }
  void watch(int descriptor, bool on) {
    if (descriptor >= 0 && descriptor < kMaxDescriptors) {
      watched[static_cast<std::size_t>(descriptor)] = on;
    }
  }
};

Plan& plan() {
  static Plan the_plan;
  return the_plan;
}

// A program that makes no call writes the count too.
[[maybe_unused]] const Plan& made_at_start = plan();

enum class Step { kProceed, kFail, kShort, kTorn };

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) {
    ::pause();
  }
}

// Counts a call and returns its fate; sets errno for kFail.
Step next_step(bool takes_space, bool interruptible) {
  Plan& p = plan();
  ++p.count;
  const bool now = p.count == p.at;
  if (p.how == "FULL" && p.at > 0 && p.count >= p.at && takes_space) {
    errno = ENOSPC;
    return Step::kFail;
  }
  if (!now) {
    return Step::kProceed;
  }
  if (p.how == "EIO") {
    errno = EIO;
    return Step::kFail;
  }
  if (p.how == "EINTR" && interruptible) {
    errno = EINTR;
    return Step::kFail;
  }
  if (p.how == "SHORT") {
    return Step::kShort;
  }
  if (p.how == "KILL") {
    die();
  }
  return p.how == "TORN" ? Step::kTorn : Step::kProceed;
}

template <class Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

// Runs `call` unless it must fail; kills the process after it for kTorn.
template <class Call>
auto guarded(bool takes_space, bool interruptible, Call&& call) -> decltype(call()) {
  const Step step = next_step(takes_space, interruptible);
  if (step == Step::kFail) {
    return -1;
  }
  const auto result = call();
  if (step == Step::kTorn) {
    die();
  }
  return result;
}

template <class Transfer>
ssize_t guarded_transfer(std::size_t bytes, bool takes_space, Transfer&& transfer) {
  const Step step = next_step(takes_space, /*interruptible=*/true);
  if (step == Step::kFail) {
    return -1;
  }
  const bool half = step == Step::kShort || step == Step::kTorn;
  const ssize_t done = transfer(half ? std::max<std::size_t>(1, bytes / 2) : bytes);
  if (step == Step::kTorn) {
    die();
  }
  return done;
}

bool is_folder(const char* path) {
  struct stat status {};
  return ::stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int open_guarded(const char* symbol, const char* path, int flags, mode_t mode) {
  const auto call = [&] { return real<int (*)(const char*, int, ...)>(symbol)(path, flags, mode); };
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  const bool counts = plan().reads ? !writes && !is_folder(path) : writes || is_folder(path);
  if (!plan().is_below(path) || !(counts || plan().reads)) {
    return call();
  }
  const int descriptor = counts ? guarded(writes, /*interruptible=*/true, call) : call();
  plan().watch(descriptor, true);
  return descriptor;
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_guarded("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_guarded("open64", path, flags, mode);
}

ssize_t write(int descriptor, const void* data, size_t bytes) {
  const auto call = [&](size_t count) {
    return real<ssize_t (*)(int, const void*, size_t)>("write")(descriptor, data, count);
  };
  return plan().covers(descriptor) ? guarded_transfer(bytes, true, call) : call(bytes);
}

ssize_t pwrite(int descriptor, const void* data, size_t bytes, off_t offset) {
  const auto call = [&](size_t count) {
    return real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite")(
        descriptor, data, count, offset);
  };
  return plan().covers(descriptor) ? guarded_transfer(bytes, true, call) : call(bytes);
}

ssize_t read(int descriptor, void* data, size_t bytes) {
  const auto call = [&](size_t count) {
    return real<ssize_t (*)(int, void*, size_t)>("read")(descriptor, data, count);
  };
  return plan().covers_read(descriptor) ? guarded_transfer(bytes, false, call) : call(bytes);
}

ssize_t pread(int descriptor, void* data, size_t bytes, off_t offset) {
  const auto call = [&](size_t count) {
    return real<ssize_t (*)(int, void*, size_t, off_t)>("pread")(descriptor, data, count, offset);
  };
  return plan().covers_read(descriptor) ? guarded_transfer(bytes, false, call) : call(bytes);
}

int fsync(int descriptor) {
  const auto call = [&] { return real<int (*)(int)>("fsync")(descriptor); };
  return plan().covers(descriptor) ? guarded(false, true, call) : call();
}

int ftruncate(int descriptor, off_t length) noexcept {
  const auto call = [&] { return real<int (*)(int, off_t)>("ftruncate")(descriptor, length); };
  return plan().covers(descriptor) ? guarded(false, true, call) : call();
}

int flock(int descriptor, int operation) noexcept {
  const auto call = [&] { return real<int (*)(int, int)>("flock")(descriptor, operation); };
  return plan().covers(descriptor) ? guarded(false, true, call) : call();
}

int close(int descriptor) {
  const auto call = [&] { return real<int (*)(int)>("close")(descriptor); };
  if (!plan().covers(descriptor)) {
    plan().watch(descriptor, false);
    return call();
  }
  plan().watch(descriptor, false);
  const Step step = next_step(/*takes_space=*/false, /*interruptible=*/true);
  const int error = errno;
  const int result = call();  // close frees the descriptor even if it fails
  if (step == Step::kTorn) {
    die();
  }
  errno = error;
  return step == Step::kFail ? -1 : result;
}

int rename(const char* from, const char* to) noexcept {
  const auto call = [&] { return real<int (*)(const char*, const char*)>("rename")(from, to); };
  return plan().covers(to) ? guarded(false, false, call) : call();
}

int link(const char* from, const char* to) noexcept {
  const auto call = [&] { return real<int (*)(const char*, const char*)>("link")(from, to); };
  return plan().covers(to) ? guarded(true, false, call) : call();
}

int unlink(const char* path) noexcept {
  const auto call = [&] { return real<int (*)(const char*)>("unlink")(path); };
  return plan().covers(path) ? guarded(false, false, call) : call();
}

int remove(const char* path) noexcept {
  const auto call = [&] { return real<int (*)(const char*)>("remove")(path); };
  return plan().covers(path) ? guarded(false, false, call) : call();
}

int mkdir(const char* path, mode_t mode) noexcept {
  const auto call = [&] { return real<int (*)(const char*, mode_t)>("mkdir")(path, mode); };
  return plan().covers(path) ? guarded(true, false, call) : call();
}

}  // extern "C"
