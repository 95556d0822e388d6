#include "tensor/npy.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/error.h"
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

using Rows = std::vector<std::vector<double>>;

// A file of version 1.0 with this header and these elements.
template <class T>
std::string npy_bytes(const std::string& header, const std::vector<T>& elements) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() % 256);
  bytes += static_cast<char>(header.size() / 256);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T));
  return bytes;
}

TEST_CASE("npy: a written matrix is read back") {
  const TemporaryFolder folder;
  const std::string path = folder.file("m.npy");
  NpyWriter writer(path, 2);
  writer.append(std::vector<float>{1.0F, -2.5F, 0.5F, 3.0F});
  writer.commit();
  const std::string bytes = content_of(path);
  CHECK(is_npy(bytes));
  CHECK_FALSE(is_npy("id,year\n"));
  CHECK(npy_rows(bytes, path) == Rows{{1.0, -2.5}, {0.5, 3.0}});
}

TEST_CASE("npy: float64, Fortran order and version 2 are read") {
  const std::vector<double> elements{1, 2, 3, 4, 5, 6};
  const std::string fortran = "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }\n";
  std::string bytes = npy_bytes(fortran, elements);
  CHECK(npy_rows(bytes, "m") == Rows{{1, 4}, {2, 5}, {3, 6}});
  bytes[6] = 2;
  bytes.insert(10, std::string(2, '\0'));
  CHECK(npy_rows(bytes, "m") == Rows{{1, 4}, {2, 5}, {3, 6}});
}

TEST_CASE("npy: other arrays and damaged files are refused with the file's name") {
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\n";
  const std::vector<float> elements{1, 2, 3, 4};
  const std::string bytes = npy_bytes(good, elements);
  CHECK(npy_rows(bytes, "m") == Rows{{1, 2}, {3, 4}});
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    CHECK_THROWS_AS(npy_rows(bytes.substr(0, length), "m"), DataError);
  }
  CHECK_THROWS_AS(npy_rows(bytes + "abcd", "m"), DataError);
  for (const char* header : {"{'descr': '<i8', 'fortran_order': False, 'shape': (2, 1), }",
                             "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 2), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 2), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 0), }",
                             "{'descr': '<f4', 'fortran_order': False,"
                             " 'shape': (4611686018427387905, 4), }",
                             "{'descr': '<f4', 'fortran_order': False,"
                             " 'shape': (99999999999999999999, 1), }",
                             "{}",
                             ""}) {
    CAPTURE(header);
    CHECK_THROWS_WITH_AS(
        npy_rows(npy_bytes(header, elements), "m.npy"), doctest::Contains("m.npy: "), DataError);
  }
}

}  // namespace
}  // namespace elastic
