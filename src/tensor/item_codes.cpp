#include "tensor/item_codes.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace elastic {
namespace {

constexpr std::int64_t kMostDims = 65536;  // sums of 255 * 127 fit into 32 bits
constexpr float kLeastScale = 0x1p-60F;    // products of scales stay normal
constexpr float kLargest = 0x1p100F;
constexpr double kRoundUp = 1.0 + 0x1p-20;  // more than the rounding of the norms

// One item at a time; the norms are the largest so far.
class Encoder {
 public:
  Encoder(std::int64_t dim, std::int64_t groups)
      : dim_(dim), groups_(groups), codes_(static_cast<std::size_t>(4 * groups), 128) {}

  // Writes the words of an item, 16 apart; returns its scale, or 0 if its numbers are not allowed.
  float encode(const float* values, std::int32_t* words) {
    float largest = 0.0F;
    bool allowed = true;
    for (std::int64_t d = 0; d < dim_; ++d) {
      const float size = std::fabs(values[d]);
      allowed = allowed && size <= kLargest;  // false for NaN
      largest = size > largest ? size : largest;
    }
    if (!allowed) {
      return 0.0F;
    }
    const float scale = std::max(largest / 127.0F, kLeastScale);
    const float inverse = 1.0F / scale;
    double codes_squared = 0.0;
    double errors_squared = 0.0;
    for (std::int64_t d = 0; d < dim_; ++d) {
      const auto code = static_cast<std::int32_t>(values[d] * inverse + 128.5F);  // 1..255
      codes_[static_cast<std::size_t>(d)] = code;
      const double whole = code - 128;
      const double error = double{values[d]} - double{scale} * whole;
      codes_squared += whole * whole;
      errors_squared += error * error;
    }
    for (std::int64_t g = 0; g < groups_; ++g) {
      const std::int32_t* part = codes_.data() + 4 * g;
      const auto word = static_cast<std::uint32_t>(part[0] | part[1] << 8 | part[2] << 16) |
                        static_cast<std::uint32_t>(part[3]) << 24;
      words[g * kCodeBlock] = static_cast<std::int32_t>(word);
    }
    largest_codes_ = std::max(largest_codes_, codes_squared);
    largest_error_ = std::max(largest_error_, errors_squared / (double{scale} * double{scale}));
    return scale;
  }

  [[nodiscard]] double code_norm() const { return std::sqrt(largest_codes_) * kRoundUp; }
  [[nodiscard]] double error_norm() const { return std::sqrt(largest_error_) * kRoundUp; }

 private:
  std::int64_t dim_;
  std::int64_t groups_;
  std::vector<std::int32_t> codes_;
  double largest_codes_ = 0.0;
  double largest_error_ = 0.0;
};

}  // namespace

ItemCodes encode_items(const Tensor& table) {
  const std::int64_t dim = table.cols();
  const std::int64_t items = table.rows() - 1;
  if (table.device() != Device::kCpu || table.dtype() != DType::kFloat32 || dim > kMostDims) {
    return {};
  }
  const std::int64_t groups = (dim + 3) / 4;
  const std::int64_t slots = (items + kCodeSlots - 1) / kCodeSlots * kCodeSlots;
  ItemCodes codes{.words = zeros({slots * groups}, DType::kInt32, Device::kCpu, Memory::kParameter),
                  .scales = zeros({slots}, DType::kFloat32, Device::kCpu, Memory::kParameter)};
  auto* const words = codes.words.data<std::int32_t>();
  auto* const scales = codes.scales.data<float>();
  Encoder encoder(dim, groups);
  for (std::int64_t v = 0; v < items; ++v) {
    scales[v] = encoder.encode(table.data<float>() + (v + 1) * dim,
                               words + v / kCodeBlock * groups * kCodeBlock + v % kCodeBlock);
    if (scales[v] == 0.0F) {
      return {};
    }
    codes.largest_scale = std::max(codes.largest_scale, double{scales[v]});
  }
  codes.code_norm = encoder.code_norm();
  codes.error_norm = encoder.error_norm();
  return codes;
}

}  // namespace elastic
