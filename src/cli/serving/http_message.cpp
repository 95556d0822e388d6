#include "cli/serving/http_message.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "data/json_document.h"

namespace elastic::cli {
namespace {

// The reason phrase of HTTP, and a text for people.
std::pair<const char*, const char*> status_words(int status) {
  switch (status) {
    case 400:
      return {"Bad Request", "the request is not HTTP/1.1"};
    case 408:
      return {"Request Timeout", "the request did not arrive in time"};
    case 411:
      return {"Length Required", "expected a body with a Content-Length, not a chunked one"};
    case 413:
      return {"Payload Too Large", "the body is longer than --max-body-bytes"};
    case 415:
      return {"Unsupported Media Type", "the body is compressed; expected plain JSON"};
    case 417:
      return {"Expectation Failed", "expected Expect: 100-continue"};
    case 431:
      return {"Request Header Fields Too Large", "the header is longer than 16384 bytes"};
    default:
      return {"Service Unavailable", "too many connections; try again later"};
  }
}

}  // namespace

HttpReply error_reply(int status, const std::string& message) {
  return {.status = status,
          .body = data::json_text(nlohmann::ordered_json{{"error", message}}) + "\n"};
}

std::string refusal_text(int status) {
  const auto [reason, message] = status_words(status);
  const std::string body = error_reply(status, message).body;
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}",
      status,
      reason,
      body.size(),
      body);
}

}  // namespace elastic::cli
