// The bytes of one HTTP/1.1 request within those that a connection has received, and the requests
// that are refused before they are read.
#pragma once

#include <cstddef>
#include <string_view>

namespace elastic::cli {

/// Bytes of a request line with its header.
inline constexpr std::size_t kMaxHeaderBytes = std::size_t{1} << 14;

struct RequestFrame {
  /// Of the header with its blank line; 0: it has not arrived.
  std::size_t header_bytes = 0;
  std::size_t body_bytes = 0;
  /// The client waits for a word before it sends the body.
  bool expects_continue = false;
  /// The status to refuse the request with; 0: it may be read. The connection must then be closed,
  /// because the end of the request is unknown or unwanted.
  int refusal = 0;

  [[nodiscard]] std::size_t size() const { return header_bytes + body_bytes; }
};

/// The frame of the request at the start of `bytes`. Refuses with 400 a header with other line ends
/// than \r\n, zero bytes or an unclear length, with 411 a body without a length (chunked), with 413
/// a body longer than `max_body`, with 415 a compressed body, and with 431 a header longer than
/// kMaxHeaderBytes.
RequestFrame next_frame(std::string_view bytes, std::size_t max_body);

}  // namespace elastic::cli
