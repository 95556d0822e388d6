#include "cli/serving/access_token.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "../../temporary_folder.h"
#include "base/error.h"

namespace elastic::cli {
namespace access_token_test {

AccessToken token_of(const std::string& text) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("token"), std::ios::binary) << text;
  return AccessToken(folder.file("token"));
}

TEST_CASE("access token: the first line, of 16 to 1024 letters") {
  const std::string shortest(16, 'a');
  const std::string longest(1024, 'b');
  CHECK(token_of(shortest).allows("Bearer " + shortest));
  CHECK(token_of(longest).allows("Bearer " + longest));
  CHECK(token_of(shortest + "\nsecond line").allows("Bearer " + shortest));
  CHECK(token_of(shortest + "\r\n").allows("Bearer " + shortest));
  CHECK(token_of("AZaz09-._~+/=AZaz").is_set());
  for (const std::string& text :
       {std::string(), std::string(15, 'a'), longest + "b", shortest + " b", "\n" + shortest}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(
        token_of(text), doctest::Contains("expected a line of 16 to 1024 letters"), UsageError);
  }
  CHECK_THROWS_WITH_AS(
      AccessToken("/nonexistent/token"), doctest::Contains("--token-file: "), UsageError);
}

TEST_CASE("access token: only the same token passes") {
  const AccessToken token = token_of("abcdefghijklmnop");
  CHECK(token.allows("Bearer abcdefghijklmnop"));
  for (const char* text : {"",
                           "Bearer ",
                           "abcdefghijklmnop",
                           "Basic abcdefghijklmnop",
                           "Bearer abcdefghijklmno",
                           "Bearer abcdefghijklmnopq",
                           "Bearer xbcdefghijklmnop",
                           "Bearer abcdefghijklmnox",
                           "Bearer  abcdefghijklmnop"}) {
    CAPTURE(text);
    CHECK_FALSE(token.allows(text));
  }
  CHECK(AccessToken().allows(""));
  CHECK_FALSE(AccessToken().is_set());
}

}  // namespace access_token_test
}  // namespace elastic::cli
