#include "train/row_snapshot.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

namespace elastic::train {
namespace row_snapshot_test {
namespace {

using Rows = std::vector<std::int32_t>;

// The numbers 0, 1, 2, ... in rows.
Tensor numbers(std::int64_t rows, std::int64_t cols) {
  std::vector<float> values(static_cast<std::size_t>(rows * cols));
  std::iota(values.begin(), values.end(), 0.0F);
  return Tensor::from(values, {rows, cols});
}

void change(const Tensor& table, const Rows& rows) {
  for (const std::int32_t row : rows) {
    float* const begin = table.data<float>() + row * table.cols();
    std::fill(begin, begin + table.cols(), -1.0F);
  }
}

// Reads the next elements, up to `end`, behind those in `values`.
void read_to(RowSnapshot& snapshot, std::int64_t end, std::vector<float>& values) {
  const std::size_t begin = values.size();
  values.resize(static_cast<std::size_t>(end));
  snapshot.read(static_cast<std::int64_t>(begin), end, values.data() + begin);
}

// Calls `change` while another thread reads the snapshot of 8 rows after a pause. True if the call
// returned before the last row was read.
template <class Change>
bool returns_early(RowSnapshot& snapshot, Change&& change) {
  std::atomic<bool> read = false;
  std::thread reader([&] {
    std::vector<float> values;
    read_to(snapshot, 14, values);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    read = true;
    read_to(snapshot, 16, values);
  });
  change();
  const bool early = !read;
  reader.join();
  return early;
}

TEST_CASE("row snapshot: rows that change before they are read are read as they were") {
  const Tensor table = numbers(10, 3);
  const std::vector<float> before = table.to_vector<float>();
  RowSnapshot snapshot(table, 10);
  std::vector<float> read;
  const auto change_rows = [&](const Rows& rows) {
    snapshot.before_change(rows);
    change(table, rows);
  };
  change_rows({2, 9});
  read_to(snapshot, 13, read);  // the first element of row 4
  change_rows({0, 2, 4, 5, 9});
  read_to(snapshot, 15, read);
  change_rows({3, 4, 5, 8});
  read_to(snapshot, 30, read);
  CHECK(read == before);
}

TEST_CASE("row snapshot: a thread reads what was there, whatever changes meanwhile") {
  constexpr std::int64_t kRows = 20000;
  const Tensor table = numbers(kRows, 5);
  const std::vector<float> before = table.to_vector<float>();
  RowSnapshot snapshot(table, kRows);
  std::vector<float> read;
  std::thread reader([&] {
    for (std::int64_t end = 0; end < table.numel();) {
      end = std::min(table.numel(), end + 997);
      read_to(snapshot, end, read);
    }
  });
  for (std::int32_t first = 0; first < 100; ++first) {
    Rows rows;
    for (std::int32_t row = first; row < kRows; row += 100) {
      rows.push_back(row);
    }
    snapshot.before_change(rows);
    change(table, rows);
  }
  reader.join();
  CHECK(read == before);
}

TEST_CASE("row snapshot: a change of all rows waits until they are read") {
  RowSnapshot snapshot(numbers(8, 2), 8);
  CHECK_FALSE(returns_early(snapshot, [&] { snapshot.before_change(); }));
}

TEST_CASE("row snapshot: changes wait only if too many rows would be kept") {
  RowSnapshot few(numbers(8, 2), 3);
  few.before_change(Rows{6, 7});
  CHECK_FALSE(returns_early(few, [&] { few.before_change(Rows{4, 5}); }));
  RowSnapshot enough(numbers(8, 2), 4);
  enough.before_change(Rows{6, 7});
  enough.before_change(Rows{4, 5});  // would wait for ever
}

TEST_CASE("row snapshot: nothing waits for a reader that has given up") {
  RowSnapshot snapshot(numbers(8, 2), 0);
  std::thread reader([&] { snapshot.close(); });
  snapshot.before_change();
  reader.join();
  snapshot.before_change(Rows{1});
}

}  // namespace
}  // namespace row_snapshot_test
}  // namespace elastic::train
