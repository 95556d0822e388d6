// A request and a reply of HTTP, as the routes see them.
#pragma once

#include <functional>
#include <string>

namespace elastic::cli {

struct HttpRequest {
  std::string method;
  std::string path;  ///< without a query
  std::string authorization;
  std::string body;
};

struct HttpReply {
  int status = 200;
  std::string body;
  std::string type = "application/json";
  std::string challenge{};  ///< of a 401: the header WWW-Authenticate
  std::string allow{};      ///< of a 405: the header Allow
};

/// Answers a request; called on several threads at once.
using HttpHandler = std::function<HttpReply(const HttpRequest&)>;

/// {"error": message}
HttpReply error_reply(int status, const std::string& message);

/// The whole text of a reply that ends its connection: for requests that are refused before they
/// are read.
std::string refusal_text(int status);

}  // namespace elastic::cli
