#include "cli/serving/http_protocol.h"

#include <httplib.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace elastic::cli {
namespace {

constexpr std::size_t kManyRequests = 1'000'000;  // on one connection

// A request to read from memory, and the reply.
class MemoryStream : public httplib::Stream {
 public:
  explicit MemoryStream(std::string_view input) : input_(input) {}

  [[nodiscard]] bool is_readable() const override { return !input_.empty(); }
  [[nodiscard]] bool is_writable() const override { return true; }
  ssize_t read(char* target, std::size_t size) override {
    const std::size_t count = std::min(size, input_.size());
    std::copy_n(input_.data(), count, target);
    input_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* text, std::size_t size) override {
    output.append(text, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  [[nodiscard]] socket_t socket() const override { return 0; }

  std::string output;

 private:
  std::string_view input_;
};

// Removes the fields that the library would act upon: it would decompress and compress, cut the
// reply to ranges, and read bodies as forms (of limited size, and the default type of curl).
void simplify(httplib::Request& request) {
  for (const char* name :
       {"Accept-Encoding", "Content-Encoding", "Content-Type", "Expect", "Range"}) {
    request.headers.erase(name);
  }
  request.ranges.clear();
}

}  // namespace

// Uses the library's reader, router and writer; its listener is never started.
class HttpProtocol::Server : public httplib::Server {
 public:
  Server(HttpHandler handler, int idle_s) : handler_(std::move(handler)) {
    set_keep_alive_timeout(idle_s);  // for the header of this name only
    set_keep_alive_max_count(kManyRequests);
    const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
    };
    Get(".*", handle);
    Post(".*", handle);
    Put(".*", handle);
    Patch(".*", handle);
    Delete(".*", handle);
    Options(".*", handle);
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty()) {  // the library's own refusals
        response.set_content(error_reply(response.status, "the request is not HTTP/1.1").body,
                             "application/json");
      }
    });
  }

  HttpExchange exchange(std::string_view bytes, bool close) {
    MemoryStream stream(bytes);
    bool is_closed = false;
    bool is_understood = false;
    const bool is_written =
        process_request(stream, close, is_closed, [&](httplib::Request& request) {
          is_understood = true;
          simplify(request);
        });
    return {std::move(stream.output), close || is_closed || !is_written || !is_understood};
  }

 private:
  void answer(const httplib::Request& request, httplib::Response& response) {
    HttpReply reply;
    try {
      reply = handler_(
          {request.method, request.path, request.get_header_value("Authorization"), request.body});
    } catch (const std::exception& error) {
      reply = error_reply(500, error.what());
    }
    response.status = reply.status;
    response.set_content(reply.body, reply.type);
    if (!reply.challenge.empty()) {
      response.set_header("WWW-Authenticate", reply.challenge);
    }
    if (!reply.allow.empty()) {
      response.set_header("Allow", reply.allow);
    }
  }

  HttpHandler handler_;
};

HttpProtocol::HttpProtocol(HttpHandler handler, int idle_s)
    : server_(std::make_unique<Server>(std::move(handler), idle_s)) {}

HttpProtocol::~HttpProtocol() = default;

HttpExchange HttpProtocol::answer(std::string_view bytes, bool close) const {
  return server_->exchange(bytes, close);
}

}  // namespace elastic::cli
