#include "cli/serving/request_frame.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using elastic::cli::kMaxHeaderBytes;
using elastic::cli::next_frame;

namespace {

constexpr std::size_t kMaxBody = 100;

std::string header(const std::string& fields) {
  return "POST /predict HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

int refusal(const std::string& fields) {
  return next_frame(header(fields), kMaxBody).refusal;
}

}  // namespace

TEST_CASE("request frame: the length of the body follows the header") {
  const std::string bytes = header("Content-Length: 5\r\n");
  const auto frame = next_frame(bytes + "hello GET /next", kMaxBody);
  CHECK(frame.refusal == 0);
  CHECK(frame.header_bytes == bytes.size());
  CHECK(frame.body_bytes == 5);
  CHECK(next_frame(header("CONTENT-length:  7 \r\n"), kMaxBody).body_bytes == 7);
  CHECK(next_frame(header(""), kMaxBody).size() == header("").size());
}

TEST_CASE("request frame: a header that has not arrived whole has no frame yet") {
  const std::string bytes = header("Content-Length: 5\r\n");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto frame = next_frame(std::string_view(bytes).substr(0, size), kMaxBody);
    CHECK(frame.header_bytes == 0);
    CHECK(frame.refusal == 0);
  }
}

TEST_CASE("request frame: unclear and unwanted requests are refused") {
  for (const char* fields : {"Content-Length: -1\r\n",
                             "Content-Length: 5x\r\n",
                             "Content-Length:\r\n",
                             "Content-Length: 5\r\nContent-Length: 5\r\n",
                             "Content-Length : 5\r\n",
                             ": 5\r\n",
                             "no colon\r\n",
                             "A: b\nContent-Length: 5\r\n",
                             "A: b\rc\r\n"}) {
    CAPTURE(fields);
    CHECK(refusal(fields) == 400);
  }
  CHECK(refusal(std::string("A: b\0c\r\n", 8)) == 400);
  CHECK(refusal("Transfer-Encoding: chunked\r\n") == 411);
  CHECK(refusal("Content-Length: 100\r\n") == 0);
  CHECK(refusal("Content-Length: 101\r\n") == 413);
  CHECK(refusal("Content-Length: 99999999999999999999999\r\n") == 413);
  CHECK(refusal("Content-Encoding: gzip\r\n") == 415);
  CHECK(refusal("Content-Encoding: identity\r\n") == 0);
  CHECK(refusal("Expect: 200-maybe\r\n") == 417);
}

TEST_CASE("request frame: a header of any size ends, or is refused") {
  const std::string endless(kMaxHeaderBytes, 'a');
  CHECK(next_frame(endless.substr(1), kMaxBody).refusal == 0);
  CHECK(next_frame(endless, kMaxBody).refusal == 431);
  CHECK(next_frame(endless + "\r\n\r\n", kMaxBody).refusal == 431);
}

TEST_CASE("request frame: a client that waits for a word before the body is noticed") {
  CHECK(next_frame(header("Expect: 100-Continue\r\n"), kMaxBody).expects_continue);
  CHECK(!next_frame(header(""), kMaxBody).expects_continue);
}
