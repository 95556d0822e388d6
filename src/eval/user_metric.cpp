#include "eval/user_metric.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/nearest.h"

namespace elastic::eval {
namespace {

struct Family {
  const char* name;
  Gain gain;
};
// Recall equals HR: each user has one relevant item.
constexpr std::array<Family, 4> kFamilies{
    {{"HR@", hit_gain}, {"NDCG@", ndcg_gain}, {"MRR@", mrr_gain}, {"Recall@", hit_gain}}};

}  // namespace

double hit_gain(int) {
  return 1.0;
}
double ndcg_gain(int rank) {
  return 1.0 / std::log2(1.0 + rank);
}
double mrr_gain(int rank) {
  return 1.0 / rank;
}

std::vector<UserMetric> user_metrics(const Cutoffs& cutoffs) {
  std::vector<UserMetric> metrics;
  for (const Family& family : kFamilies) {
    for (const int k : cutoffs.values()) {
      metrics.push_back({concat(family.name, k), family.gain, k});
    }
  }
  return metrics;
}

std::optional<UserMetric> find_user_metric(const std::string& name) {
  const std::size_t at = name.find('@');
  int k = 0;
  const char* const end = name.data() + name.size();
  if (at == std::string::npos) {
    return std::nullopt;
  }
  const auto [stop, error] = std::from_chars(name.data() + at + 1, end, k);
  if (error != std::errc{} || stop != end || k < 1 || k > Cutoffs::kMax) {
    return std::nullopt;
  }
  for (const Family& family : kFamilies) {
    if (name == concat(family.name, k)) {
      return UserMetric{name, family.gain, k};
    }
  }
  return std::nullopt;
}

std::string expected_metrics(const std::string& got) {
  std::vector<std::string> names;
  for (const UserMetric& metric : user_metrics()) {
    names.push_back(metric.name);
  }
  return concat("expected HR, NDCG, MRR or Recall at 1 to ",
                Cutoffs::kMax,
                ", as in NDCG@10, got \"",
                got,
                "\"",
                did_you_mean(got, names));
}

std::vector<double> values_of(const UserMetric& metric,
                              std::span<const std::int32_t> ranks,
                              std::span<const std::size_t> users) {
  std::vector<double> values;
  values.reserve(users.size());
  for (const std::size_t user : users) {
    values.push_back(metric.value(ranks[user]));
  }
  return values;
}

}  // namespace elastic::eval
