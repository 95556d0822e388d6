#include "profile/noise.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "profile/row_text.h"
#include "profile/spread.h"

namespace elastic::profile {
namespace {

constexpr double kMostSpread = 0.1;
constexpr double kMostChange = 0.1;

bool is_spread(const Row& row) {
  return spread_of(row).value_or(0.0) > kMostSpread;
}

}  // namespace

MachineRates Machine::best() const {
  MachineRates rates = before;
  if (after) {
    rates.sgemm_gflops = std::max(before.sgemm_gflops, after->sgemm_gflops);
    rates.triad_gbps = std::max(before.triad_gbps, after->triad_gbps);
  }
  return rates;
}

bool Machine::changed() const {
  const auto differs = [](double one, double other) {
    return std::abs(one - other) > kMostChange * std::max(one, other);
  };
  return after && (differs(before.sgemm_gflops, after->sgemm_gflops) ||
                   differs(before.triad_gbps, after->triad_gbps));
}

std::optional<double> spread_of(const Row& row) {
  return row.status == RowStatus::kOk ? relative_spread(row.seconds) : std::nullopt;
}

bool is_noisy(const Row& row) {
  return is_spread(row) || row.work.gemm_share > 1.0;
}

std::string remarks_on(const Row& row) {
  std::string text;
  const auto add = [&text](const std::string& remark) {
    text += concat(text.empty() ? "" : "; ", remark);
  };
  if (is_spread(row)) {
    add(concat("noisy: repetitions spread by ", number(*spread_of(row))));
  }
  if (row.work.gemm_share > 1.0) {
    add("noisy: gemm share above 1");
  }
  if (row.work.bandwidth_share > 1.0) {
    add("bandwidth share above 1: operands in the caches");
  }
  return text;
}

}  // namespace elastic::profile
