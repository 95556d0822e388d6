#include "tensor/safetensors.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "base/error.h"
#include "temporary_folder.h"
#include "tensor/tensor_values.h"

using namespace elastic;
namespace fs = std::filesystem;

namespace {

std::string little_endian(std::uint64_t value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// The bytes of a file with this header and amount of data.
std::string file_of(const std::string& header, std::size_t data_bytes) {
  return little_endian(header.size()) + header + std::string(data_bytes, '\0');
}

/// The error for a file of these bytes, "" if it is accepted.
std::string refusal(const std::string& bytes) {
  const TemporaryFolder folder;
  const std::string path = folder.file("lie.safetensors");
  std::ofstream(path, std::ios::binary) << bytes;
  try {
    read_safetensors(path);
  } catch (const CheckpointError& error) {
    const std::string message = error.what();
    CHECK(message.starts_with(path + ": "));
    return message.substr(path.size() + 2);
  }
  return "";
}

void contains(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CAPTURE(part);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
}

}  // namespace

TEST_CASE("safetensors: tensors are read back bit for bit and in order") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.safetensors");
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<NamedTensor> tensors{
      {"z.weight", tensor_of<float>({1.5F, -0.0F, infinity, 3e-45F, 5.0F, 6.0F}, {2, 3})},
      {"a", tensor_of<double>({0.1}, {})},
      {"ids", tensor_of<std::int32_t>({-1, 2147483647}, {2, 1, 1, 1})},
      {"empty", tensor_of<float>({}, {0, 4})},
      {"quote \" \\ \n", tensor_of<float>({7.0F}, {1})}};
  const std::map<std::string, std::string> metadata{{"config", "{\"a\": 1}"}, {"empty", ""}};
  write_safetensors(path, tensors, metadata);

  const Safetensors read = read_safetensors(path);
  CHECK(read.metadata == metadata);
  REQUIRE(read.tensors.size() == tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    CHECK(read.find(tensors[i].name).shape() == tensors[i].tensor.shape());
    CHECK(read.find(tensors[i].name).dtype() == tensors[i].tensor.dtype());
  }
  CHECK(read.tensors.front().name == "z.weight");
  CHECK(read.find("z.weight").to_vector<float>() == tensors[0].tensor.to_vector<float>());
  CHECK(std::signbit(read.find("z.weight").to_vector<float>()[1]));
  CHECK(read.find("a").to_vector<double>() == std::vector<double>{0.1});
  CHECK(read.find("ids").to_vector<std::int32_t>() == std::vector<std::int32_t>{-1, 2147483647});
  CHECK(read.has("empty"));
  CHECK_FALSE(read.has("none"));
}

TEST_CASE("safetensors: tensors are read into those of the caller, the others into new ones") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.safetensors");
  constexpr std::int64_t kLong = 700001;  // several pieces
  std::vector<float> values(kLong);
  std::iota(values.begin(), values.end(), 0.0F);
  write_safetensors(
      path,
      {{"long", Tensor::from(values, {kLong})}, {"short", Tensor::from<float>({1.0F}, {1})}},
      {});
  const Tensor place({kLong}, DType::kFloat32, Device::kCpu);
  const Safetensors read =
      read_safetensors(path, [&](const std::string& name, const Shape& shape, DType dtype) {
        CHECK(dtype == DType::kFloat32);
        CHECK(shape.rank() == 1);
        return name == "long" ? place : Tensor();
      });
  CHECK(read.find("long").raw_data() == place.raw_data());
  const bool same = place.to_vector<float>() == values;
  CHECK(same);
  CHECK(read.find("short").to_vector<float>() == std::vector<float>{1.0F});
}

TEST_CASE("safetensors: the data begins at a multiple of 64 bytes") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "ab", "some.longer.name.of.a.tensor"}) {
    write_safetensors(folder.file("a"), {{name, Tensor::from<float>({1.0F}, {1})}}, {});
    std::uint64_t header_bytes = 0;
    const std::string bytes = bytes_of(folder.file("a"));
    std::copy_n(bytes.data(), sizeof header_bytes, reinterpret_cast<char*>(&header_bytes));
    CHECK((sizeof header_bytes + header_bytes) % 64 == 0);
    CHECK(bytes.size() == sizeof header_bytes + header_bytes + sizeof(float));
  }
}

TEST_CASE("safetensors: missing tensors and metadata are refused by name") {
  const TemporaryFolder folder;
  write_safetensors(folder.file("a"), {}, {});
  const Safetensors read = read_safetensors(folder.file("a"));
  CHECK(read.tensors.empty());
  CHECK_THROWS_WITH_AS(static_cast<void>(read.find("w")),
                       (folder.file("a") + ": no tensor 'w'").c_str(),
                       CheckpointError);
  CHECK_THROWS_WITH_AS(static_cast<void>(read.metadata_at("config")),
                       (folder.file("a") + ": no 'config' in the metadata").c_str(),
                       CheckpointError);
}

TEST_CASE("safetensors: a missing file, a folder and an empty file are refused") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(read_safetensors(folder.file("no")),
                       (folder.file("no") + ": no such file").c_str(),
                       CheckpointError);
  CHECK_THROWS_AS(read_safetensors(folder.path()), CheckpointError);
  contains(refusal(""), "got 0 bytes");
  contains(refusal("1234567"), "got 7 bytes");
}

TEST_CASE("safetensors: a wrong header length is refused before anything is allocated") {
  for (const std::uint64_t length :
       {std::uint64_t{3}, std::uint64_t{100'000'001}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    contains(refusal(little_endian(length) + "{}"), "its header would take");
  }
}

TEST_CASE("safetensors: a malformed header is refused") {
  contains(refusal(file_of("{", 0)), "not JSON");
  contains(refusal(file_of("[]", 0)), "not a JSON object");
  contains(refusal(file_of("", 0)), "not JSON");
  contains(refusal(file_of("{\"a\": 1}", 0)), "tensor 'a': expected an object");
  contains(refusal(file_of("{\"a\": \"\xff\"}", 0)), "not JSON");
  contains(refusal(file_of(std::string(100'000, '['), 0)), "nests deeper");
  contains(refusal(file_of("{\"__metadata__\": [1]}", 0)), "expected an object of strings");
  contains(refusal(file_of("{\"__metadata__\": {\"k\": 1}}", 0)), "expected a string under 'k'");
}

TEST_CASE("safetensors: every wrong entry is refused with the tensor's name") {
  const auto entry =
      [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
        return file_of("{\"w\": {\"dtype\": " + dtype + ", \"shape\": " + shape +
                           ", \"data_offsets\": " + offsets + "}}",
                       8);
      };
  CHECK(refusal(entry("\"F32\"", "[2]", "[0, 8]")).empty());
  CHECK(refusal(entry("\"F64\"", "[]", "[0, 8]")).empty());
  CHECK(refusal(entry("\"I32\"", "[1, 2, 1, 1]", "[0, 8]")).empty());

  for (const char* dtype : {"\"F16\"", "\"f32\"", "1", "null", "[]"}) {
    contains(refusal(entry(dtype, "[2]", "[0, 8]")), "tensor 'w': expected dtype F32, F64 or I32");
  }
  for (const char* shape : {"2", "{}", "[1, 1, 1, 1, 2]"}) {
    contains(refusal(entry("\"F32\"", shape, "[0, 8]")), "tensor 'w': expected a shape");
  }
  for (const char* shape : {"[-2]", "[2.0]", "[\"2\"]", "[null]", "[18446744073709551615]"}) {
    contains(refusal(entry("\"F32\"", shape, "[0, 8]")),
             "tensor 'w': shape is not a list of sizes");
  }
  for (const char* shape : {"[4611686018427387904]", "[4294967296, 4294967296]", "[1000000]"}) {
    contains(refusal(entry("\"F32\"", shape, "[0, 8]")), "more bytes than the file has");
  }
  for (const char* shape : {"[1]", "[3]", "[]", "[0]"}) {
    contains(refusal(entry("\"F32\"", shape, "[0, 8]")), "data_offsets give 8");
  }
  for (const char* offsets : {"[0]", "8", "[0, 8, 8]"}) {
    contains(refusal(entry("\"F32\"", "[2]", offsets)), "expected data_offsets of two numbers");
  }
  for (const char* offsets : {"[0, 9]", "[8, 0]", "[1000, 1008]", "[0, 9223372036854775807]"}) {
    contains(refusal(entry("\"F32\"", "[2]", offsets)), "do not lie within");
  }
  contains(refusal(entry("\"F32\"", "[2]", "[-8, 0]")), "data_offsets is not a list of sizes");
  contains(refusal(file_of("{\"w\": {\"dtype\": \"F32\", \"shape\": [2]}}", 8)),
           "expected an object");
}

TEST_CASE("safetensors: overlaps, holes, unused bytes and repeated names are refused") {
  const auto two =
      [](const std::string& first, const std::string& second, const std::string& name) {
        const std::string head = ": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": ";
        return "{\"a\"" + head + first + "}, \"" + name + "\"" + head + second + "}}";
      };
  CHECK(refusal(file_of(two("[4, 8]", "[0, 4]", "b"), 8)).empty());
  contains(refusal(file_of(two("[0, 4]", "[0, 4]", "b"), 4)), "overlaps");
  contains(refusal(file_of(two("[0, 4]", "[2, 6]", "b"), 6)), "tensor 'b' overlaps");
  contains(refusal(file_of(two("[0, 4]", "[8, 12]", "b"), 12)), "tensor 'b' leaves a hole");
  contains(refusal(file_of(two("[4, 8]", "[8, 12]", "b"), 12)), "tensor 'a' leaves a hole");
  contains(refusal(file_of(two("[0, 4]", "[4, 8]", "b"), 9)), "expected 8 bytes of data, got 9");
  contains(refusal(file_of(two("[0, 4]", "[4, 8]", "a"), 8)), "the name 'a' appears twice");
  contains(refusal(file_of("{}", 1)), "expected 0 bytes of data, got 1");
}

TEST_CASE("safetensors: no truncation of a good file is accepted, and no flipped byte crashes") {
  const TemporaryFolder folder;
  const std::string path = folder.file("good");
  write_safetensors(
      path,
      {{"w", Tensor::from<float>({1.0F, 2.0F}, {2})}, {"b", Tensor::from<std::int32_t>({3}, {1})}},
      {{"k", "v"}});
  const std::string good = bytes_of(path);
  REQUIRE(refusal(good).empty());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(refusal(good.substr(0, size)).empty());
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int flip : {0x01, 0x20, 0x80}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      refusal(bad);
    }
  }
}

TEST_CASE("safetensors: a failing write leaves the previous file and nothing else") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(write_safetensors(folder.file("no/such/a"), {}, {}), Error);

  // A folder cannot be replaced by a file: the rename at the end fails.
  fs::create_directories(folder.file("taken/inner"));
  CHECK_THROWS_AS(write_safetensors(folder.file("taken"), {}, {}), Error);
  CHECK(fs::is_directory(folder.file("taken/inner")));
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("safetensors: the golden files are read") {
  const Safetensors golden =
      read_safetensors(ELASTIC_SOURCE_DIR "/tests/golden/softmax.safetensors");
  CHECK(golden.metadata_at("gradient_of") == "loss.all");
  CHECK(golden.find("offsets").dtype() == DType::kInt32);
  CHECK(golden.find("hidden").shape()[1] == 16);
  CHECK(golden.find("loss.all").numel() == 1);
}
