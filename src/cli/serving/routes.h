// The paths of a server and their answers.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <string_view>

#include "cli/serving/access_token.h"
#include "cli/serving/batcher.h"
#include "cli/serving/http_message.h"
#include "cli/serving/model_slot.h"
#include "cli/serving/reloader.h"
#include "cli/serving/serve_metrics.h"

namespace elastic::cli {

/// A path and its method.
struct Route {
  std::string_view path;
  std::string_view method;
};

/// All routes, in the order of the documentation.
std::span<const Route> all_routes();

class Routes {
 public:
  /// All references must outlive this. `http` and `is_draining` belong to the server.
  Routes(ModelSlot& models,
         Batcher& batcher,
         Reloader& reloader,
         ServeMetrics& metrics,
         const HttpCounts& http,
         const std::atomic<bool>& is_draining,
         AccessToken token)
      : models_(models),
        batcher_(batcher),
        reloader_(reloader),
        metrics_(metrics),
        http_(http),
        is_draining_(is_draining),
        token_(std::move(token)) {}

  /// Answers a request, and counts it. May be called on several threads at once.
  HttpReply answer(const HttpRequest& request);

 private:
  HttpReply choose(const HttpRequest& request);
  HttpReply predict(const std::string& body);
  HttpReply events(const std::string& body);
  HttpReply reload();
  [[nodiscard]] HttpReply health() const;

  ModelSlot& models_;
  Batcher& batcher_;
  Reloader& reloader_;
  ServeMetrics& metrics_;
  const HttpCounts& http_;
  const std::atomic<bool>& is_draining_;
  AccessToken token_;
};

}  // namespace elastic::cli
