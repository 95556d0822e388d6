#include "cli/serving/serve_metrics.h"

#include <fmt/format.h>

#include <chrono>

#include "cli/serving/served_model.h"

namespace elastic::cli {
namespace {

constexpr std::array<double, 14> kSecondBounds{
    0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1, 2.5, 10};

void add_head(std::string& text, const char* name, const char* type, const char* help) {
  text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

template <class Value>
void add_single(
    std::string& text, const char* name, const char* type, const char* help, const Value& value) {
  add_head(text, name, type, help);
  text += fmt::format("{} {}\n", name, value);
}

double seconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

void add_model(std::string& text, const ServedModel& model) {
  add_head(text, "elastic_model_info", "gauge", "The model that answers.");
  text += fmt::format("elastic_model_info{{hash=\"{}\",model=\"{}\"}} 1\n",
                      model.hash(),
                      model.recommender().config().model);
  add_single(text,
             "elastic_model_items",
             "gauge",
             "Items that the model knows.",
             model.recommender().config().num_items);
  const double now = seconds_of(std::chrono::system_clock::now());
  add_single(text,
             "elastic_model_age_seconds",
             "gauge",
             "Time since the model's file was written.",
             now - seconds_of(model.written()));
  add_single(text,
             "elastic_model_loaded_timestamp_seconds",
             "gauge",
             "Time at which the model was loaded.",
             seconds_of(model.loaded()));
}

void add_connections(std::string& text, const HttpCounts& http) {
  add_single(
      text, "elastic_connections_open", "gauge", "Connections of clients.", http.open.load());
  add_single(
      text, "elastic_connections_total", "counter", "Connections accepted.", http.accepted.load());
  add_single(text,
             "elastic_connections_evicted_total",
             "counter",
             "Waiting connections closed to make room for others.",
             http.evicted.load());
  add_single(text,
             "elastic_requests_refused_total",
             "counter",
             "Requests refused before they were read: not HTTP, too long, too slow, too many.",
             http.refused.load());
  add_single(text,
             "elastic_requests_in_progress",
             "gauge",
             "Requests that are being answered.",
             http.in_progress.load());
}

}  // namespace

ServeMetrics::Route::Route() : seconds(kSecondBounds) {}

void ServeMetrics::add_request(const std::string& route, int status, double seconds) {
  const std::scoped_lock lock(mutex_);
  Route& entry = routes_[route];
  ++entry.by_status[status];
  entry.seconds.add(seconds);
}

std::string ServeMetrics::text(const HttpCounts& http, const ServedModel& model) const {
  std::string text;
  {
    const std::scoped_lock lock(mutex_);
    add_head(text, "elastic_requests_total", "counter", "Requests by route and status.");
    for (const auto& [name, route] : routes_) {
      for (const auto& [status, count] : route.by_status) {
        text += fmt::format(
            "elastic_requests_total{{route=\"{}\",status=\"{}\"}} {}\n", name, status, count);
      }
    }
    add_head(text,
             "elastic_request_seconds",
             "histogram",
             "Time from a request that has arrived to its reply.");
    for (const auto& [name, route] : routes_) {
      text += route.seconds.text("elastic_request_seconds", fmt::format("route=\"{}\"", name));
    }
  }
  add_head(text, "elastic_batch_size", "histogram", "Questions or events answered in one pass.");
  text += batches_.text("elastic_batch_size", "");
  add_single(
      text, "elastic_questions_total", "counter", "Questions of POST /predict.", questions.load());
  add_single(text, "elastic_events_total", "counter", "Events of POST /events.", events.load());
  add_single(text,
             "elastic_unanswered_total",
             "counter",
             "Questions and events that got an error.",
             unanswered.load());
  add_single(text,
             "elastic_unknown_ids_total",
             "counter",
             "Ids that the model does not know, skipped in histories and candidates.",
             unknown_ids.load());
  add_head(text, "elastic_reloads_total", "counter", "Reloads by outcome.");
  text += fmt::format(
      "elastic_reloads_total{{outcome=\"loaded\"}} {}\n"
      "elastic_reloads_total{{outcome=\"refused\"}} {}\n",
      reloads_.load(),
      refused_reloads_.load());
  add_connections(text, http);
  add_model(text, model);
  return text;
}

}  // namespace elastic::cli
