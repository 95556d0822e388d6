#include "tensor/npy.h"

#include <bit>
#include <string>

#include "base/error.h"

namespace elastic {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are written in memory order");

// The header's size does not depend on the shape, so that it can be rewritten at the end. The
// elements start at a multiple of 64.
constexpr std::size_t kHeaderBytes = 128;

std::string header(std::int64_t rows, std::int64_t cols) {
  const std::string magic("\x93NUMPY\x01\x00", 8);
  const std::size_t dictionary_bytes = kHeaderBytes - magic.size() - 2;
  std::string text = magic;
  text += static_cast<char>(dictionary_bytes & 0xff);
  text += static_cast<char>(dictionary_bytes >> 8);
  text += concat("{'descr': '<f4', 'fortran_order': False, 'shape': (", rows, ", ", cols, "), }");
  ELASTIC_CHECK(text.size() < kHeaderBytes);
  text.resize(kHeaderBytes - 1, ' ');
  return text + '\n';
}

}  // namespace

NpyWriter::NpyWriter(const std::string& path, std::int64_t cols) : file_(path), cols_(cols) {
  ELASTIC_CHECK(cols >= 1, "columns ", cols);
  file_.write(header(0, cols_));
}

void NpyWriter::append(std::span<const float> rows) {
  const auto cols = static_cast<std::size_t>(cols_);
  ELASTIC_CHECK(rows.size() % cols == 0, rows.size(), " values are no rows of ", cols_);
  file_.write(rows.data(), rows.size_bytes());
  rows_ += static_cast<std::int64_t>(rows.size() / cols);
}

void NpyWriter::commit() {
  file_.overwrite(0, header(rows_, cols_));
  file_.commit();
}

}  // namespace elastic
