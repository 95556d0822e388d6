// Makes one system call of a program fail, on demand: a library for LD_PRELOAD.
//
// Calls that write below the folder FAULT_UNDER are counted: open (for writing, or of a folder),
// write, pwrite, fsync, ftruncate, close, rename, link, unlink, remove, mkdir, flock. With
// FAULT_CALLS "reads" those that read files there are counted instead: open, read, pread. FAULT_HOW
// selects the failure of call number FAULT_AT, counted from 1:
//   EIO     it fails, as with EACCES, EPERM, EINVAL, ENOTSUP and EBADF
//   FULL    it and all later ones that take space fail with ENOSPC
//   EINTR   it is interrupted, if the system may interrupt it
//   SHORT   a write or read transfers half of its bytes
//   KILL    the process is killed before it
//   TORN    the process is killed after it, a write after half of its bytes
//   STALL   it waits for ever, as on a network file system that is gone
// With FAULT_AT 0 nothing happens. The number of calls is written to FAULT_COUNT at the end, and
// the calls to FAULT_LOG as they come, one a line: the name, and the file or both names of a
// rename.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace {

constexpr int kMaxDescriptors = 4096;

struct Plan {
  std::string_view folder;
  std::string_view how;
  bool reads = false;  // counts calls that read instead of those that write
  long at = 0;
  std::atomic<long> count = 0;  // of all threads
  // The file of a descriptor; "": not watched. Never freed: files are closed after the plan's end.
  std::array<std::string, kMaxDescriptors>& watched = *new std::array<std::string, kMaxDescriptors>;
  std::FILE* log = nullptr;

  Plan() {
    const char* under = std::getenv("FAULT_UNDER");
    const char* name = std::getenv("FAULT_HOW");
    const char* number = std::getenv("FAULT_AT");
    const char* calls = std::getenv("FAULT_CALLS");
    reads = calls != nullptr && std::string_view(calls) == "reads";
    folder = under == nullptr ? "" : under;
    how = name == nullptr ? "" : name;
    at = number == nullptr ? 0 : std::atol(number);
    const char* lines = std::getenv("FAULT_LOG");
    log = lines == nullptr ? nullptr : std::fopen(lines, "w");
  }
  ~Plan() {
    const char* path = std::getenv("FAULT_COUNT");
    if (path != nullptr) {
      if (std::FILE* file = std::fopen(path, "w")) {
        std::fprintf(file, "%ld\n", count.load());
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
           !watched[static_cast<std::size_t>(descriptor)].empty();
  }
  void watch(int descriptor, const char* file) {
    if (descriptor >= 0 && descriptor < kMaxDescriptors) {
      watched[static_cast<std::size_t>(descriptor)] = file;
    }
  }
  [[nodiscard]] const char* file_of(int descriptor) const {
    return watched[static_cast<std::size_t>(descriptor)].c_str();
  }
  void note(const char* name, const char* file, const char* other = "") const {
    if (log != nullptr) {
      std::fprintf(log, "%s\t%s\t%s\n", name, file, other);
      std::fflush(log);
    }
  }
};

Plan& plan() {
  static Plan the_plan;
  return the_plan;
}

// A program that makes no call writes the count too.
[[maybe_unused]] const Plan& made_at_start = plan();

constexpr std::array<std::pair<std::string_view, int>, 6> kErrors{{{"EIO", EIO},
                                                                   {"EACCES", EACCES},
                                                                   {"EPERM", EPERM},
                                                                   {"EINVAL", EINVAL},
                                                                   {"ENOTSUP", ENOTSUP},
                                                                   {"EBADF", EBADF}}};

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
  const long number = ++p.count;
  const bool now = number == p.at;
  if (p.how == "FULL" && p.at > 0 && number >= p.at && takes_space) {
    errno = ENOSPC;
    return Step::kFail;
  }
  if (!now) {
    return Step::kProceed;
  }
  for (const auto& [name, error] : kErrors) {
    if (p.how == name) {
      errno = error;
      return Step::kFail;
    }
  }
  if (p.how == "EINTR" && interruptible) {
    errno = EINTR;
    return Step::kFail;
  }
  if (p.how == "SHORT") {
    return Step::kShort;
  }
  while (p.how == "STALL") {
    ::pause();
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

// A call on a descriptor, or on the name `to`, counted if it is below the folder.
template <class Call>
auto guarded_on(const char* name, int descriptor, Call&& call) -> decltype(call()) {
  if (!plan().covers(descriptor)) {
    return call();
  }
  plan().note(name, plan().file_of(descriptor));
  return guarded(/*takes_space=*/false, /*interruptible=*/true, call);
}

template <class Call>
auto guarded_at(const char* name, const char* from, const char* to, bool takes_space, Call&& call) {
  if (!plan().covers(to)) {
    return call();
  }
  plan().note(name, to, from);
  return guarded(takes_space, /*interruptible=*/false, call);
}

template <class Transfer>
ssize_t transfer_of(const char* name, int descriptor, std::size_t bytes, Transfer&& transfer) {
  if (!plan().covers(descriptor)) {
    return transfer(bytes);
  }
  plan().note(name, plan().file_of(descriptor));
  return guarded_transfer(bytes, /*takes_space=*/true, transfer);
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
  if (counts) {
    plan().note("open", path);
  }
  const int descriptor = counts ? guarded(writes, /*interruptible=*/true, call) : call();
  plan().watch(descriptor, path);
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
  return transfer_of("write", descriptor, bytes, call);
}

ssize_t pwrite(int descriptor, const void* data, size_t bytes, off_t offset) {
  const auto call = [&](size_t count) {
    return real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite")(
        descriptor, data, count, offset);
  };
  return transfer_of("pwrite", descriptor, bytes, call);
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
  return guarded_on("fsync", descriptor, call);
}

int ftruncate(int descriptor, off_t length) noexcept {
  const auto call = [&] { return real<int (*)(int, off_t)>("ftruncate")(descriptor, length); };
  return guarded_on("ftruncate", descriptor, call);
}

int flock(int descriptor, int operation) noexcept {
  const auto call = [&] { return real<int (*)(int, int)>("flock")(descriptor, operation); };
  return guarded_on("flock", descriptor, call);
}

int close(int descriptor) {
  const auto call = [&] { return real<int (*)(int)>("close")(descriptor); };
  if (!plan().covers(descriptor)) {
    plan().watch(descriptor, "");
    return call();
  }
  plan().note("close", plan().file_of(descriptor));
  plan().watch(descriptor, "");
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
  return guarded_at("rename", from, to, false, call);
}

int link(const char* from, const char* to) noexcept {
  const auto call = [&] { return real<int (*)(const char*, const char*)>("link")(from, to); };
  return guarded_at("link", from, to, true, call);
}

int unlink(const char* path) noexcept {
  const auto call = [&] { return real<int (*)(const char*)>("unlink")(path); };
  return guarded_at("unlink", "", path, false, call);
}

int remove(const char* path) noexcept {
  const auto call = [&] { return real<int (*)(const char*)>("remove")(path); };
  return guarded_at("remove", "", path, false, call);
}

int mkdir(const char* path, mode_t mode) noexcept {
  const auto call = [&] { return real<int (*)(const char*, mode_t)>("mkdir")(path, mode); };
  return guarded_at("mkdir", "", path, true, call);
}

}  // extern "C"
