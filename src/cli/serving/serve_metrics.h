// The numbers that a server counts, as Prometheus text.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "cli/serving/histogram.h"
#include "cli/serving/http_server.h"

namespace elastic::cli {

class ServedModel;

/// May be used on several threads at once.
class ServeMetrics {
 public:
  /// A request to `route`, one of a fixed set, that got a reply after `seconds`.
  void add_request(const std::string& route, int status, double seconds);
  /// Questions or events that went to the model together.
  void add_batch(std::int64_t size) { batches_.add(static_cast<double>(size)); }
  void add_reload(bool is_loaded) { ++(is_loaded ? reloads_ : refused_reloads_); }

  std::atomic<std::int64_t> questions{0};
  std::atomic<std::int64_t> events{0};
  std::atomic<std::int64_t> unanswered{0};   ///< questions and events with an error
  std::atomic<std::int64_t> unknown_ids{0};  ///< in histories and among candidates

  /// All of it, with the connections and the model.
  [[nodiscard]] std::string text(const HttpCounts& http, const ServedModel& model) const;

 private:
  struct Route {
    Route();
    std::map<int, std::int64_t> by_status;
    Histogram seconds;
  };

  mutable std::mutex mutex_;  // of routes_
  std::map<std::string, Route> routes_;
  Histogram batches_{kBatchBounds};
  std::atomic<std::int64_t> reloads_{0};
  std::atomic<std::int64_t> refused_reloads_{0};

  static constexpr std::array<double, 10> kBatchBounds{1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
};

}  // namespace elastic::cli
