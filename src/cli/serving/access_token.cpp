#include "cli/serving/access_token.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/error.h"
#include "base/input_file.h"

namespace elastic::cli {
namespace {

constexpr std::size_t kShortest = 16;
constexpr std::size_t kLongest = 1024;
constexpr std::string_view kScheme = "Bearer ";

bool is_token_letter(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
         std::string_view("-._~+/=").find(letter) != std::string_view::npos;
}

}  // namespace

AccessToken::AccessToken(const std::string& path) {
  std::string text;
  try {
    text = read_whole_file(path);
  } catch (const Error& error) {
    throw UsageError("--token-file: ", error.what());
  }
  token_ = text.substr(0, text.find_first_of("\r\n"));
  if (token_.size() < kShortest || token_.size() > kLongest ||
      !std::all_of(token_.begin(), token_.end(), is_token_letter)) {
    throw UsageError("--token-file: ",
                     path,
                     ": expected a line of ",
                     kShortest,
                     " to ",
                     kLongest,
                     " letters, digits and -._~+/=");
  }
}

bool AccessToken::allows(const std::string& authorization) const {
  if (!is_set()) {
    return true;
  }
  if (!authorization.starts_with(kScheme)) {
    return false;
  }
  const std::string_view given = std::string_view(authorization).substr(kScheme.size());
  unsigned difference = given.size() == token_.size() ? 0U : 1U;
  for (std::size_t i = 0; i < token_.size(); ++i) {
    const char letter = i < given.size() ? given[i] : '\0';
    difference |= static_cast<unsigned char>(letter ^ token_[i]);
  }
  return difference == 0;
}

}  // namespace elastic::cli
