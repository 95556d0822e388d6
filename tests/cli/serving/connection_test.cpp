#include "cli/serving/connection.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "cli/serving/http_message.h"

namespace elastic::cli {
namespace connection_test {

using Progress = Connection::Progress;

// A connection, and the client's end of it.
struct Pair {
  static std::array<int, 2> sockets() {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    return ends;
  }

  Pair() : Pair(sockets()) {}
  explicit Pair(const std::array<int, 2>& ends) : connection(ends[0]) { client.reset(ends[1]); }

  void write(const std::string& text) const {
    REQUIRE(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
  }
  // All that has arrived.
  [[nodiscard]] std::string read() const {
    std::string text;
    std::array<char, 4096> piece{};
    for (ssize_t count = 1; count > 0;) {
      count = ::recv(client.get(), piece.data(), piece.size(), 0);
      text.append(piece.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    return text;
  }

  Connection connection;
  Descriptor client;
};

TEST_CASE("connection: input arrives in pieces, up to the limit") {
  Pair pair;
  CHECK(pair.connection.receive(10) == Progress::kBlocked);
  pair.write("abc");
  CHECK(pair.connection.receive(10) == Progress::kBlocked);
  CHECK(pair.connection.input == "abc");
  pair.write("defghijklm");
  CHECK(pair.connection.receive(10) == Progress::kDone);
  CHECK(pair.connection.input == "abcdefghij");
  CHECK_FALSE(pair.connection.has_ended);
  CHECK(pair.connection.receive(20) == Progress::kBlocked);
  CHECK(pair.connection.input == "abcdefghijklm");
  pair.client.reset(-1);
  CHECK(pair.connection.receive(20) == Progress::kDone);
  CHECK(pair.connection.has_ended);
  pair.connection.socket.reset(-1);
  CHECK(pair.connection.receive(20) == Progress::kFailed);
}

TEST_CASE("connection: output is sent without waiting, and continues where it stopped") {
  Pair pair;
  std::string text;
  for (int i = 0; i < 200'000; ++i) {
    text += std::to_string(i) + ",";
  }
  pair.connection.output = text;
  std::string got;
  Progress progress = pair.connection.send();
  CHECK(progress == Progress::kBlocked);
  CHECK(pair.connection.sent > 0);
  for (int i = 0; i < 10'000 && progress == Progress::kBlocked; ++i) {
    got += pair.read();
    progress = pair.connection.send();
  }
  CHECK(progress == Progress::kDone);
  got += pair.read();
  CHECK(got == text);
  CHECK(pair.connection.output.empty());
  CHECK(pair.connection.sent == 0);
  pair.client.reset(-1);
  pair.connection.output = "late";
  CHECK(pair.connection.send() == Progress::kFailed);
}

TEST_CASE("connection: discarded input leaves no trace") {
  Pair pair;
  CHECK(pair.connection.discard() == Progress::kBlocked);
  pair.write("abc");
  CHECK(pair.connection.discard() == Progress::kBlocked);
  CHECK(pair.connection.input.empty());
  CHECK(pair.connection.receive(10) == Progress::kBlocked);
  CHECK(pair.connection.input.empty());
  pair.client.reset(-1);
  CHECK(pair.connection.discard() == Progress::kDone);
  pair.connection.socket.reset(-1);
  CHECK(pair.connection.discard() == Progress::kFailed);
}

TEST_CASE("refusals: each status has its reason, a message and the length of its body") {
  const auto check = [](int status, const std::string& reason, const std::string& message) {
    CAPTURE(status);
    const std::string text = refusal_text(status);
    CHECK(text.starts_with("HTTP/1.1 " + std::to_string(status) + " " + reason + "\r\n"));
    CHECK(text.find("\r\nConnection: close\r\n") != std::string::npos);
    const std::string body = text.substr(text.find("\r\n\r\n") + 4);
    CHECK(body == "{\"error\":\"" + message + "\"}\n");
    CHECK(text.find("\r\nContent-Length: " + std::to_string(body.size()) + "\r\n") !=
          std::string::npos);
  };
  check(400, "Bad Request", "the request is not HTTP/1.1");
  check(408, "Request Timeout", "the request did not arrive in time");
  check(411, "Length Required", "expected a body with a Content-Length, not a chunked one");
  check(413, "Payload Too Large", "the body is longer than --max-body-bytes");
  check(415, "Unsupported Media Type", "the body is compressed; expected plain JSON");
  check(417, "Expectation Failed", "expected Expect: 100-continue");
  check(431, "Request Header Fields Too Large", "the header is longer than 16384 bytes");
  check(503, "Service Unavailable", "too many connections; try again later");
}

}  // namespace connection_test
}  // namespace elastic::cli
