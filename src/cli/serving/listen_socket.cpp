#include "cli/serving/listen_socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"

namespace elastic::cli {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses find_addresses(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found)) {
    throw UsageError("--host: cannot find ", host, ": ", gai_strerror(code));
  }
  return {found, &freeaddrinfo};
}

sockaddr_storage bound_address(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ELASTIC_CHECK(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return address;
}

}  // namespace

int open_listen_socket(const std::string& host, int port) {
  const Addresses addresses = find_addresses(host, port);
  const int kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const int socket = ::socket(addresses->ai_family, kind, 0);
  const int on = 1;
  const bool is_open = socket >= 0 &&
                       setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                       bind(socket, addresses->ai_addr, addresses->ai_addrlen) == 0 &&
                       listen(socket, SOMAXCONN) == 0;
  if (!is_open) {
    const std::string reason = std::strerror(errno);
    if (socket >= 0) {
      ::close(socket);
    }
    throw UsageError("cannot listen at ", host, " port ", port, ": ", reason);
  }
  return socket;
}

std::string address_of(int socket) {
  const sockaddr_storage address = bound_address(socket);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
    return concat("[", text.data(), "]:", ntohs(six.sin6_port));
  }
  const auto& four = reinterpret_cast<const sockaddr_in&>(address);
  inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
  return concat(text.data(), ":", ntohs(four.sin_port));
}

bool is_loopback(int socket) {
  const sockaddr_storage address = bound_address(socket);
  if (address.ss_family == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr) != 0;
  }
  constexpr unsigned kLoopbackNet = 127;
  return ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24 == kLoopbackNet;
}

}  // namespace elastic::cli
