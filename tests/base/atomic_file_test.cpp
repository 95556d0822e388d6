#include "base/atomic_file.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "temporary_folder.h"

using namespace elastic;
namespace fs = std::filesystem;

TEST_CASE("atomic file: the content is visible only after commit") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  const std::string large(3'000'000, 'x');  // larger than the buffer
  {
    AtomicFile file(path);
    file.write("head ");
    file.write(large);
    file.write(" tail");
    file.overwrite(1, "EA");
    CHECK_FALSE(fs::exists(path));
    file.commit();
  }
  const bool same = bytes_of(path) == "hEAd " + large + " tail";
  CHECK(same);
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("atomic file: without commit the old content stays") {
  const TemporaryFolder folder;
  write_file_atomically(folder.file("a"), "before");
  {
    AtomicFile file(folder.file("a"));
    file.write("after");
  }
  CHECK(bytes_of(folder.file("a")) == "before");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("atomic file: a write beyond the size limit is an error and keeps the old content") {
  const TemporaryFolder folder;
  write_file_atomically(folder.file("a"), "before");
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  std::string message;
  try {
    write_file_atomically(folder.file("a"), std::string(10000, 'x'));
  } catch (const Error& error) {
    message = error.what();
    CHECK(error.code() == ExitCode::kFailure);
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(message.starts_with(folder.file("a") + ": cannot be written: write of "));
  CHECK(message.ends_with("File too large; the former content is unchanged"));
  CHECK(bytes_of(folder.file("a")) == "before");
}

TEST_CASE("atomic file: leftovers are recognised by their names") {
  CHECK(is_atomic_leftover("latest.safetensors.17.tmp"));
  CHECK(is_atomic_leftover("a.1.tmp"));
  for (const char* name : {"notes.tmp", ".17.tmp", "a.x1.tmp", "a..tmp", "a.17.tmp.gz", "17.tmp"}) {
    CAPTURE(name);
    CHECK_FALSE(is_atomic_leftover(name));
  }
}
