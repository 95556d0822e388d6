// Serves HTTP/1.1 connections: one thread waits for all sockets, others answer requests.
//
// A request is answered once all of it has arrived, so that slow clients occupy memory, within the
// limits, but no thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/descriptor.h"
#include "cli/serving/connection.h"
#include "cli/serving/http_protocol.h"
#include "cli/serving/worker_pool.h"

namespace elastic::cli {

struct HttpLimits {
  std::int64_t max_body_bytes = std::int64_t{1} << 20;
  std::int64_t max_connections = 512;  ///< open at once; the longest idle one makes room
  std::int64_t max_requests = 64;      ///< answered at once; others wait
  double timeout_s = 10.0;             ///< for a request to arrive, and for its reply to be read
  double idle_s = 60.0;                ///< between two requests of a connection
};

/// Counts since the start, and present numbers; may be read on any thread.
struct HttpCounts {
  std::atomic<std::int64_t> accepted{0};
  std::atomic<std::int64_t> open{0};
  std::atomic<std::int64_t> evicted{0};  ///< closed to make room
  std::atomic<std::int64_t> refused{0};  ///< requests refused before they were read
  std::atomic<std::int64_t> in_progress{0};
};

class HttpServer {
 public:
  /// Listens at once; connections wait until `run`. Throws UsageError if it cannot listen.
  HttpServer(const std::string& host, int port, const HttpLimits& limits, HttpHandler handler);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Calls `action` on the thread of `run` when the descriptor can be read.
  void watch(int descriptor, std::function<void()> action);
  /// Serves until `drain`, and then until all requests that have begun to arrive are answered, or
  /// the time for a request is over.
  void run();
  /// Accepts no more connections and ends those without a request. Call it on the thread of `run`.
  void drain();

  [[nodiscard]] int listen_socket() const { return listener_.get(); }
  [[nodiscard]] HttpCounts& counts() { return counts_; }
  [[nodiscard]] const std::atomic<bool>& is_draining() const { return is_draining_; }

 private:
  using Clock = Connection::Clock;
  // A connection that a worker is done with.
  struct Answered {
    int socket;
    Connection::Progress sending;
    std::size_t consumed;  // bytes of its input
  };

  void handle(int descriptor, bool& may_accept);
  void accept_all();
  void add(int socket);
  bool make_room();
  void on_ready(Connection& connection);
  void on_readable(Connection& connection);
  void proceed(Connection& connection);
  void dispatch(Connection& connection);
  void answer(Connection& connection);
  void take_back();
  void after_send(Connection& connection, Connection::Progress progress);
  void refuse(Connection& connection, int status);
  void linger(Connection& connection);
  void expire();
  void expire(Connection& connection, double age_s);
  void enter(Connection& connection, Connection::State state);
  void arm(Connection& connection, std::uint32_t events);
  void close(Connection& connection);
  [[nodiscard]] bool is_finished() const;

  HttpLimits limits_;
  HttpProtocol protocol_;
  HttpCounts counts_;
  Descriptor epoll_;
  Descriptor listener_;
  Descriptor wake_;  // readable when `answered_` is not empty
  int watched_ = -1;
  std::function<void()> watch_action_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;  // by socket
  std::size_t buffered_ = 0;                                          // bytes of all inputs
  Clock::time_point last_expiry_;
  std::atomic<bool> is_draining_{false};
  Clock::time_point drain_end_;
  std::mutex mutex_;  // of answered_
  std::vector<Answered> answered_;
  WorkerPool workers_;  // last: ends before the rest
};

}  // namespace elastic::cli
