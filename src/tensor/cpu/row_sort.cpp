#include "tensor/cpu/row_sort.h"

namespace elastic::cpu {

SortedRows::SortedRows(const std::int32_t* rows, std::int64_t count, std::int64_t num_rows)
    : num_rows_(num_rows),
      begin_(workspace<std::int32_t>(num_rows + 2)),
      order_(workspace<std::int32_t>(count)) {
  // Counts are stored two places up, so that after the filling pass begin[r] is row r's first
  // position.
  auto* begin = begin_.data<std::int32_t>();
  std::fill(begin, begin + num_rows + 2, 0);
  for (std::int64_t i = 0; i < count; ++i) {
    ++begin[rows[i] + 2];
  }
  for (std::int64_t r = 2; r < num_rows + 2; ++r) {
    begin[r] += begin[r - 1];
  }
  auto* order = order_.data<std::int32_t>();
  for (std::int64_t i = 0; i < count; ++i) {
    order[begin[rows[i] + 1]++] = static_cast<std::int32_t>(i);
  }
}

}  // namespace elastic::cpu
