#include "train/row_snapshot.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace elastic::train {
namespace {

constexpr std::int32_t kNotKept = -1;
constexpr std::int32_t kBlockRows = 4096;

const std::byte* row_of(const Tensor& table, std::int64_t row, std::size_t row_bytes) {
  return static_cast<const std::byte*>(table.raw_data()) +
         static_cast<std::size_t>(row) * row_bytes;
}

}  // namespace

RowSnapshot::RowSnapshot(Tensor table, std::int64_t max_kept)
    : table_(std::move(table)),
      max_kept_(max_kept),
      row_bytes_(static_cast<std::size_t>(table_.cols()) * size_of(table_.dtype())),
      place_(static_cast<std::size_t>(table_.rows()), kNotKept) {
  ELASTIC_CHECK(table_.shape().rank() == 2 && table_.device() == Device::kCpu);
}

std::byte* RowSnapshot::kept_row(std::int32_t place) const {
  return static_cast<std::byte*>(kept_[static_cast<std::size_t>(place / kBlockRows)].raw_data()) +
         static_cast<std::size_t>(place % kBlockRows) * row_bytes_;
}

void RowSnapshot::keep(std::int32_t row) {
  if (num_kept_ % kBlockRows == 0) {
    kept_.emplace_back(
        Shape{kBlockRows, table_.cols()}, table_.dtype(), Device::kCpu, Memory::kWorkspace);
  }
  std::memcpy(kept_row(num_kept_), row_of(table_, row, row_bytes_), row_bytes_);
  place_[static_cast<std::size_t>(row)] = num_kept_++;
}

void RowSnapshot::before_change(std::span<const std::int32_t> rows) {
  std::unique_lock lock(mutex_);
  if (num_kept_ + std::ssize(rows) > max_kept_) {
    read_.wait(lock, [&] { return is_read_; });
  }
  if (is_read_) {
    return;
  }
  for (const std::int32_t row : rows) {
    if (row >= rows_read_ && place_[static_cast<std::size_t>(row)] == kNotKept) {
      keep(row);
    }
  }
}

void RowSnapshot::before_change() {
  std::unique_lock lock(mutex_);
  read_.wait(lock, [&] { return is_read_; });
}

void RowSnapshot::read(std::int64_t begin, std::int64_t end, void* target) {
  const std::int64_t cols = table_.cols();
  const std::size_t element = size_of(table_.dtype());
  auto* to = static_cast<std::byte*>(target);
  const std::scoped_lock lock(mutex_);
  while (begin < end) {
    const std::int64_t row = begin / cols;
    const std::int64_t row_end = std::min(end, (row + 1) * cols);
    const std::int32_t place = place_[static_cast<std::size_t>(row)];
    const std::byte* const from =
        place == kNotKept ? row_of(table_, row, row_bytes_) : kept_row(place);
    const std::size_t bytes = static_cast<std::size_t>(row_end - begin) * element;
    std::memcpy(to, from + static_cast<std::size_t>(begin - row * cols) * element, bytes);
    to += bytes;
    begin = row_end;
  }
  rows_read_ = end / cols;
  if (rows_read_ == table_.rows()) {
    finish();
  }
}

void RowSnapshot::close() {
  const std::scoped_lock lock(mutex_);
  finish();
}

void RowSnapshot::finish() {
  is_read_ = true;
  kept_ = {};
  place_ = {};
  read_.notify_all();
}

}  // namespace elastic::train
