#include "base/input_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.h"
#include "temporary_folder.h"

using namespace elastic;

namespace {

std::string refusal_of(const std::string& path) {
  try {
    read_whole_file(path);
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("input file: the whole content, whatever its length") {
  const TemporaryFolder folder;
  const std::string path = folder.file("file");
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{200'001}}) {
    const std::string content(size, '\xff');
    std::ofstream(path) << content;
    CHECK(read_whole_file(path) == content);
  }
  InputFile file(path);
  CHECK(file.size() == 200'001);
  std::string piece(300'000, ' ');
  CHECK_THROWS_AS(file.read(piece.data(), piece.size()), CheckpointError);
}

TEST_CASE("input file: everything but a regular file is refused with the reason, at once") {
  const TemporaryFolder folder;
  CHECK(refusal_of(folder.file("none")) == folder.file("none") + ": no such file");
  CHECK(refusal_of(folder.path()) == folder.path() + ": expected a file, this is a folder");
  REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  CHECK(refusal_of(folder.file("pipe")) ==
        folder.file("pipe") + ": expected a file, this is a pipe");
  CHECK(refusal_of("/dev/zero") == "/dev/zero: expected a file, this is a device");
  std::filesystem::create_symlink(folder.file("loop"), folder.file("loop"));
  CHECK(refusal_of(folder.file("loop")).find("symbolic links") != std::string::npos);
}

TEST_CASE("input file: a link to nothing is present, and cannot be read") {
  const TemporaryFolder folder;
  CHECK_FALSE(is_present(folder.file("link")));
  std::filesystem::create_symlink(folder.file("none"), folder.file("link"));
  CHECK(is_present(folder.file("link")));
  CHECK(refusal_of(folder.file("link")) == folder.file("link") + ": no such file");
}
