#include "data/vector_table.h"

#include <doctest/doctest.h>

#include <fstream>
#include <limits>
#include <vector>

#include "base/error.h"
#include "temporary_folder.h"
#include "tensor/npy.h"
#include "tensor/safetensors.h"
#include "tensor/tensor_values.h"

namespace elastic::data {
namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string write_npy(const TemporaryFolder& folder, const std::vector<float>& values) {
  const std::string path = folder.file("vectors.npy");
  NpyWriter writer(path, 2);
  writer.append(values);
  writer.commit();
  return path;
}

std::vector<double> vector_of(const FeatureTable& table, std::size_t row) {
  return table.rows.at(row).at(0).numbers;
}

TEST_CASE("vectors: a .npy file has its ids beside it, escaped") {
  const TemporaryFolder folder;
  const std::string path = write_npy(folder, {1, 2, 3, 4});
  CHECK(ids_path_of(path) == folder.file("vectors.ids.txt"));
  write(ids_path_of(path), "a\nb\\tc\n");
  const FeatureTable table = read_feature_table(path);
  CHECK(table.ids == std::vector<std::string>{"a", "b\tc"});
  CHECK(table.columns == std::vector<std::string>{"vector"});
  CHECK(vector_of(table, 0) == std::vector<double>{1, 2});
  CHECK(vector_of(table, 1) == std::vector<double>{3, 4});
}

TEST_CASE("vectors: ids that are missing, empty or not as many as the rows are refused") {
  const TemporaryFolder folder;
  const std::string path = write_npy(folder, {1, 2, 3, 4});
  const std::string ids = ids_path_of(path);
  CHECK_THROWS_WITH_AS(read_feature_table(path), doctest::Contains(ids.c_str()), DataError);
  for (const char* text : {"a\n", "a\nb\nc\n", "a\n\n"}) {
    write(ids, text);
    CHECK_THROWS_WITH_AS(read_feature_table(path), doctest::Contains(ids.c_str()), DataError);
  }
}

TEST_CASE("vectors: numbers that are not finite are refused with their row") {
  const TemporaryFolder folder;
  const std::string path = write_npy(folder, {1, 2, 3, std::numeric_limits<float>::quiet_NaN()});
  write(ids_path_of(path), "a\nb\n");
  CHECK_THROWS_WITH_AS(read_feature_table(path), doctest::Contains("row 2 ('b')"), DataError);
}

TEST_CASE("vectors: safetensors have their ids in the metadata or beside them") {
  const TemporaryFolder folder;
  const std::string path = folder.file("vectors.safetensors");
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const NamedTensor matrix{"embedding.weight", make_tensor({1, 2, 3, 4, 5, 6}, {3, 2}, dtype)};
    write_safetensors(path, {matrix}, {{"ids", R"(["x", "y", "z"])"}});
    const FeatureTable table = read_feature_table(path);
    CHECK(table.ids == std::vector<std::string>{"x", "y", "z"});
    CHECK(vector_of(table, 2) == std::vector<double>{5, 6});
    write_safetensors(path, {matrix}, {});
    write(ids_path_of(path), "x\ny\nw\n");
    CHECK(read_feature_table(path).ids == std::vector<std::string>{"x", "y", "w"});
  }
}

TEST_CASE("vectors: safetensors with other content are refused as input") {
  const TemporaryFolder folder;
  const std::string path = folder.file("vectors.safetensors");
  const Tensor matrix = make_tensor({1, 2}, {2, 1}, DType::kFloat32);
  const std::map<std::string, std::string> ids{{"ids", R"(["x", "y"])"}};
  write_safetensors(path, {{"a", matrix}, {"b", matrix}}, ids);
  CHECK_THROWS_WITH_AS(read_feature_table(path), doctest::Contains("got 2 tensors"), DataError);
  write_safetensors(path, {{"a", make_tensor({1, 2}, {2}, DType::kFloat32)}}, ids);
  CHECK_THROWS_AS(read_feature_table(path), DataError);
  for (const char* text : {"{}", "[1, 2]", "x,y", ""}) {
    write_safetensors(path, {{"a", matrix}}, {{"ids", text}});
    CHECK_THROWS_WITH_AS(read_feature_table(path), doctest::Contains("metadata 'ids'"), DataError);
  }
  write(path, "id,year\n");
  CHECK_THROWS_WITH_AS(read_feature_table(path), doctest::Contains(path.c_str()), DataError);
}

}  // namespace
}  // namespace elastic::data
