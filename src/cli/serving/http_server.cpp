#include "cli/serving/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "cli/serving/http_message.h"
#include "cli/serving/listen_socket.h"

namespace elastic::cli {
namespace {

using State = Connection::State;
using Progress = Connection::Progress;

constexpr int kExpiryMs = 100;
constexpr double kLingerS = 1.0;
constexpr int kEventsAtOnce = 256;
constexpr int kAcceptsAtOnce = 64;
// Bodies that may wait in memory at once, of the largest size.
constexpr std::size_t kBufferedBodies = 64;
constexpr const char* kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// As many descriptors as the system allows without asking.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

void add_to_epoll(int epoll, int descriptor, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  ELASTIC_CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0, "epoll: ", errno);
}

}  // namespace

HttpServer::HttpServer(const std::string& host,
                       int port,
                       const HttpLimits& limits,
                       HttpHandler handler)
    : limits_(limits),
      protocol_(std::move(handler), static_cast<int>(limits.idle_s)),
      workers_(static_cast<std::size_t>(limits.max_requests)) {
  raise_descriptor_limit();
  listener_.reset(open_listen_socket(host, port));
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  wake_.reset(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  add_to_epoll(epoll_.get(), listener_.get(), EPOLLIN);
  add_to_epoll(epoll_.get(), wake_.get(), EPOLLIN);
}

void HttpServer::watch(int descriptor, std::function<void()> action) {
  watched_ = descriptor;
  watch_action_ = std::move(action);
  add_to_epoll(epoll_.get(), descriptor, EPOLLIN);
}

void HttpServer::run() {
  std::array<epoll_event, kEventsAtOnce> events{};
  while (!is_finished()) {
    const bool may_sleep = connections_.empty() && !is_draining_;
    const int count =
        epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, may_sleep ? -1 : kExpiryMs);
    bool may_accept = false;
    for (int i = 0; i < count; ++i) {
      handle(events[static_cast<std::size_t>(i)].data.fd, may_accept);
    }
    take_back();
    if (may_accept && !is_draining_) {
      accept_all();  // last: a new connection may get the number of one that has ended
    }
    expire();
  }
}

void HttpServer::handle(int descriptor, bool& may_accept) {
  if (descriptor == listener_.get()) {
    may_accept = true;
  } else if (descriptor == wake_.get()) {
    std::uint64_t unused = 0;
    [[maybe_unused]] const ssize_t count = ::read(wake_.get(), &unused, sizeof unused);
  } else if (descriptor == watched_) {
    watch_action_();
  } else if (const auto found = connections_.find(descriptor); found != connections_.end()) {
    on_ready(*found->second);
  }
}

void HttpServer::drain() {
  if (is_draining_.exchange(true)) {
    return;
  }
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
  listener_.reset(-1);
  drain_end_ = Clock::now() +
               std::chrono::milliseconds(static_cast<std::int64_t>(1000.0 * limits_.timeout_s));
}

bool HttpServer::is_finished() const {
  return is_draining_ && counts_.in_progress == 0 &&
         (connections_.empty() || Clock::now() >= drain_end_);
}

void HttpServer::accept_all() {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    const int socket = accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) {
      add(socket);
    } else if (errno == EMFILE || errno == ENFILE) {
      if (!make_room()) {
        return;
      }
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void HttpServer::add(int socket) {
  auto connection = std::make_unique<Connection>(socket);
  ++counts_.accepted;
  const auto limit = static_cast<std::size_t>(limits_.max_connections);
  if (connections_.size() >= limit && !make_room()) {
    ++counts_.refused;
    connection->output = refusal_text(503);
    connection->send();
    return;
  }
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connection->since = Clock::now();
  add_to_epoll(epoll_.get(), socket, EPOLLIN | EPOLLONESHOT);
  connections_.emplace(socket, std::move(connection));
  counts_.open = static_cast<std::int64_t>(connections_.size());
}

// Closes the connection that has waited longest for its client; false if there is none.
bool HttpServer::make_room() {
  Connection* oldest = nullptr;
  for (auto& [socket, connection] : connections_) {
    const bool waits = connection->state != State::kBusy && connection->state != State::kWriting;
    if (waits && (oldest == nullptr || connection->since < oldest->since)) {
      oldest = connection.get();
    }
  }
  if (oldest != nullptr) {
    ++counts_.evicted;
    close(*oldest);
  }
  return oldest != nullptr;
}

void HttpServer::on_ready(Connection& connection) {
  switch (connection.state) {
    case State::kIdle:
    case State::kReading:
      on_readable(connection);
      break;
    case State::kWriting:
      after_send(connection, connection.send());
      break;
    case State::kLingering:
      if (connection.discard() == Progress::kBlocked) {
        arm(connection, EPOLLIN);
      } else {
        close(connection);
      }
      break;
    case State::kBusy:
      break;
  }
}

void HttpServer::on_readable(Connection& connection) {
  const std::size_t before = connection.input.size();
  const bool is_framed = connection.frame.header_bytes > 0;
  const Progress progress =
      connection.receive(is_framed ? connection.frame.size() : kMaxHeaderBytes);
  buffered_ += connection.input.size() - before;
  const auto body = static_cast<std::size_t>(limits_.max_body_bytes);
  if (progress == Progress::kFailed) {
    close(connection);
  } else if (buffered_ > kBufferedBodies * (body + kMaxHeaderBytes)) {
    refuse(connection, 503);
  } else {
    proceed(connection);
  }
}

// Answers the request at the start of the input if all of it is there, else waits for the rest.
void HttpServer::proceed(Connection& connection) {
  RequestFrame& frame = connection.frame;
  const std::string& input = connection.input;
  if (frame.header_bytes == 0 && !input.empty()) {
    frame = next_frame(input, static_cast<std::size_t>(limits_.max_body_bytes));
    if (frame.refusal != 0) {
      refuse(connection, frame.refusal);
      return;
    }
    if (frame.expects_continue && input.size() < frame.size()) {
      connection.output = kContinue;
      connection.send();
      connection.output.clear();
    }
  }
  if (frame.header_bytes > 0 && input.size() >= frame.size()) {
    dispatch(connection);
  } else if (connection.has_ended || (is_draining_ && input.empty())) {
    close(connection);
  } else {
    enter(connection, input.empty() ? State::kIdle : State::kReading);
    arm(connection, EPOLLIN);
  }
}

void HttpServer::dispatch(Connection& connection) {
  enter(connection, State::kBusy);
  ++counts_.in_progress;
  workers_.add([this, &connection] { answer(connection); });
}

// On a worker's thread.
void HttpServer::answer(Connection& connection) {
  const std::size_t size = connection.frame.size();
  HttpExchange exchange =
      protocol_.answer(std::string_view(connection.input).substr(0, size), is_draining_);
  connection.input.erase(0, size);
  connection.frame = {};
  connection.output = std::move(exchange.bytes);
  connection.close_when_sent = exchange.close;
  const Progress sending = connection.send();
  {
    const std::scoped_lock lock(mutex_);
    answered_.push_back({connection.socket.get(), sending, size});
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t count = ::write(wake_.get(), &one, sizeof one);
}

void HttpServer::take_back() {
  std::vector<Answered> answered;
  {
    const std::scoped_lock lock(mutex_);
    answered.swap(answered_);
  }
  for (const Answered& one : answered) {
    --counts_.in_progress;
    buffered_ -= one.consumed;
    after_send(*connections_.at(one.socket), one.sending);
  }
}

void HttpServer::after_send(Connection& connection, Progress progress) {
  if (progress == Progress::kFailed) {
    close(connection);
  } else if (progress == Progress::kBlocked) {
    enter(connection, State::kWriting);
    arm(connection, EPOLLOUT);
  } else if (connection.linger) {
    linger(connection);
  } else if (connection.close_when_sent) {
    close(connection);
  } else {
    enter(connection, State::kIdle);
    proceed(connection);  // the next request may be there already
  }
}

void HttpServer::refuse(Connection& connection, int status) {
  ++counts_.refused;
  connection.output = refusal_text(status);
  connection.close_when_sent = true;
  connection.linger = true;
  after_send(connection, connection.send());
}

// Closing a socket that still receives would discard the reply on its way.
void HttpServer::linger(Connection& connection) {
  ::shutdown(connection.socket.get(), SHUT_WR);
  buffered_ -= connection.input.size();
  std::string().swap(connection.input);
  enter(connection, State::kLingering);
  arm(connection, EPOLLIN);
}

void HttpServer::expire() {
  const Clock::time_point now = Clock::now();
  if (now - last_expiry_ < std::chrono::milliseconds(kExpiryMs)) {
    return;
  }
  last_expiry_ = now;
  std::vector<Connection*> all;  // ends of connections change the map
  for (auto& [socket, connection] : connections_) {
    all.push_back(connection.get());
  }
  for (Connection* connection : all) {
    expire(*connection, std::chrono::duration<double>(now - connection->since).count());
  }
}

void HttpServer::expire(Connection& connection, double age_s) {
  switch (connection.state) {
    case State::kIdle:
      if (is_draining_ || age_s > limits_.idle_s) {
        close(connection);
      }
      break;
    case State::kReading:
      if (age_s > limits_.timeout_s) {
        refuse(connection, 408);
      }
      break;
    case State::kWriting:
      if (age_s > limits_.timeout_s) {
        close(connection);
      }
      break;
    case State::kLingering:
      if (age_s > kLingerS) {
        close(connection);
      }
      break;
    case State::kBusy:
      break;
  }
}

void HttpServer::enter(Connection& connection, State state) {
  if (connection.state != state) {
    connection.state = state;
    connection.since = Clock::now();
  }
}

void HttpServer::arm(Connection& connection, std::uint32_t events) {
  epoll_event event{};
  event.events = events | EPOLLONESHOT;
  event.data.fd = connection.socket.get();
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
}

void HttpServer::close(Connection& connection) {
  buffered_ -= connection.input.size();
  connections_.erase(connection.socket.get());
  counts_.open = static_cast<std::int64_t>(connections_.size());
}

}  // namespace elastic::cli
