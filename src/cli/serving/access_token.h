// The secret that clients name in "Authorization: Bearer SECRET".
#pragma once

#include <string>

namespace elastic::cli {

class AccessToken {
 public:
  /// No token: every request is allowed.
  AccessToken() = default;
  /// Reads the first line of a file. Throws UsageError unless it has 16 to 1024 of the letters,
  /// digits and -._~+/= that RFC 6750 allows.
  explicit AccessToken(const std::string& path);

  [[nodiscard]] bool is_set() const { return !token_.empty(); }
  /// True if a request with this header may pass. The time does not depend on the token's content.
  [[nodiscard]] bool allows(const std::string& authorization) const;

 private:
  std::string token_;
};

}  // namespace elastic::cli
