#include "cli/serving/request_frame.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <system_error>

#include "data/blanks.h"

namespace elastic::cli {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeaderEnd = "\r\n\r\n";

bool equal_words(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

// True if lines end otherwise than with \r\n, or hold a zero byte: other readers of the header
// might then see other lines.
bool has_odd_bytes(std::string_view header) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool is_end = header[i] == '\r' && i + 1 < header.size() && header[i + 1] == '\n';
    if (is_end) {
      ++i;
    } else if (header[i] == '\r' || header[i] == '\n' || header[i] == '\0') {
      return true;
    }
  }
  return false;
}

std::optional<std::size_t> length_of(std::string_view text) {
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error == std::errc::result_out_of_range) {
    return std::size_t(-1);  // too long for any limit
  }
  const bool is_number = error == std::errc{} && end == text.data() + text.size();
  return is_number ? std::optional(length) : std::nullopt;
}

// Reads the fields that say where the request ends. Returns the status of a refusal, else 0.
int read_field(std::string_view name, std::string_view value, RequestFrame& frame, bool& has_size) {
  if (equal_words(name, "content-length")) {
    const auto length = length_of(value);
    if (!length || has_size) {
      return 400;
    }
    has_size = true;
    frame.body_bytes = *length;
  } else if (equal_words(name, "transfer-encoding")) {
    return 411;
  } else if (equal_words(name, "content-encoding") && !equal_words(value, "identity")) {
    return 415;
  } else if (equal_words(name, "expect")) {
    frame.expects_continue = equal_words(value, "100-continue");
    return frame.expects_continue ? 0 : 417;
  }
  return 0;
}

int read_header(std::string_view header, RequestFrame& frame) {
  if (has_odd_bytes(header)) {
    return 400;
  }
  bool has_size = false;
  std::size_t begin = header.find(kLineEnd) + kLineEnd.size();  // after the request line
  while (begin < header.size()) {
    const std::size_t end = header.find(kLineEnd, begin);
    const std::string_view line = header.substr(begin, end - begin);
    begin = end + kLineEnd.size();
    if (line.empty()) {
      break;
    }
    const std::size_t colon = line.find(':');
    const bool has_name = colon != std::string_view::npos && colon > 0;
    if (!has_name || line.substr(0, colon).find_first_of(" \t") != std::string_view::npos) {
      return 400;
    }
    const int refusal =
        read_field(line.substr(0, colon), data::stripped(line.substr(colon + 1)), frame, has_size);
    if (refusal != 0) {
      return refusal;
    }
  }
  return 0;
}

}  // namespace

RequestFrame next_frame(std::string_view bytes, std::size_t max_body) {
  RequestFrame frame;
  const std::size_t end = bytes.substr(0, kMaxHeaderBytes).find(kHeaderEnd);
  if (end == std::string_view::npos) {
    frame.refusal = bytes.size() >= kMaxHeaderBytes ? 431 : 0;
    return frame;
  }
  frame.header_bytes = end + kHeaderEnd.size();
  frame.refusal = read_header(bytes.substr(0, frame.header_bytes), frame);
  if (frame.refusal == 0 && frame.body_bytes > max_body) {
    frame.refusal = 413;
  }
  if (frame.refusal != 0) {
    frame.body_bytes = 0;
  }
  return frame;
}

}  // namespace elastic::cli
