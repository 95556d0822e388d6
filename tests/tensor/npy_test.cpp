#include "tensor/npy.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "temporary_folder.h"

namespace elastic {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("npy: header, padding and elements follow the format") {
  const TemporaryFolder folder;
  const std::string path = folder.file("m.npy");
  NpyWriter writer(path, 2);
  writer.append(std::vector<float>{1.0F, -2.5F});
  writer.append(std::vector<float>{0.5F, 3.0F, 4.0F, 5.0F});
  CHECK(writer.rows() == 3);
  CHECK_FALSE(std::filesystem::exists(path));
  writer.commit();
  const std::string text = content_of(path);
  REQUIRE(text.size() == 128 + 6 * sizeof(float));
  CHECK(text.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  CHECK(static_cast<unsigned char>(text[8]) == 118);  // the rest of the header, little-endian
  CHECK(text[9] == 0);
  CHECK(text.substr(10, 61) == "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }  ");
  CHECK(text[127] == '\n');
  // 1.0F and -2.5F, the lowest byte first.
  CHECK(text.substr(128, 8) == std::string("\x00\x00\x80\x3f\x00\x00\x20\xc0", 8));
}

TEST_CASE("npy: a file that is not committed leaves nothing behind") {
  const TemporaryFolder folder;
  { NpyWriter(folder.file("m.npy"), 2).append(std::vector<float>{1.0F, 2.0F}); }
  CHECK(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace elastic
