// HTTP/1.1 by cpp-httplib: a request in memory to a reply in memory. Sockets belong to HttpServer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/serving/http_message.h"

namespace elastic::cli {

/// The bytes of a reply.
struct HttpExchange {
  std::string bytes;
  bool close = false;  ///< the connection ends after it
};

class HttpProtocol {
 public:
  /// `handler` answers the requests that could be read. Replies promise to keep an idle connection
  /// for `idle_s` seconds.
  HttpProtocol(HttpHandler handler, int idle_s);
  ~HttpProtocol();
  HttpProtocol(const HttpProtocol&) = delete;
  HttpProtocol& operator=(const HttpProtocol&) = delete;

  /// The reply to one request (RequestFrame) in `bytes`. May be called on several threads at once.
  /// With `close` the connection ends after it, as it does if the client says so.
  HttpExchange answer(std::string_view bytes, bool close) const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace elastic::cli
