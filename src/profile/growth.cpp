#include "profile/growth.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "profile/noise.h"
#include "profile/row_text.h"

namespace elastic::profile {

double growing_bytes(const Row& row) {
  const double bytes = row.peak_bytes.activation + row.peak_bytes.workspace;
  return row.imported && bytes == 0.0 ? row.peak_bytes.total : bytes;
}

std::vector<Growth> growths_of(const std::vector<Row>& rows) {
  struct Points {
    std::vector<double> length;
    std::vector<double> ms;
    std::vector<double> bytes;
    std::vector<std::vector<double>> repetitions;
    bool noisy = false;
  };
  std::map<std::pair<std::string, std::string>, Points> series;
  std::vector<std::pair<std::string, std::string>> order;
  for (const Row& row : rows) {
    if (row.status != RowStatus::kOk) {
      continue;
    }
    const std::pair key(concat(series_name(row),
                               row.workload.batch == rows.front().workload.batch
                                   ? ""
                                   : concat(", batch ", row.workload.batch)),
                        std::string(choice_name(row.workload.phase)));
    const auto [found, added] = series.try_emplace(key);
    if (added) {
      order.push_back(key);
    }
    found->second.repetitions.push_back(row.seconds);
    found->second.noisy = found->second.noisy || is_noisy(row);
    found->second.length.push_back(static_cast<double>(row.workload.model.max_len));
    found->second.ms.push_back(row.timing.ms_min);
    found->second.bytes.push_back(growing_bytes(row));
  }
  std::vector<Growth> growths;
  for (const auto& key : order) {
    const Points& points = series[key];
    const PowerFit time = fit_power(points.length, points.ms);
    if (time.valid) {
      const bool has_bytes = *std::min_element(points.bytes.begin(), points.bytes.end()) > 0.0;
      growths.push_back(
          {key.first,
           key.second,
           time,
           has_bytes ? fit_power(points.length, points.bytes) : PowerFit{},
           exponent_interval(
               points.length, points.repetitions, hash_name((key.first + key.second).c_str())),
           points.noisy});
    }
  }
  return growths;
}

}  // namespace elastic::profile
