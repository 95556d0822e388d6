#include "data/fields.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace elastic::data {
namespace {

std::string cut(const std::string& line, const char* separator) {
  FieldSplitter splitter(separator);
  std::string text;
  for (const std::string_view field : splitter.split(line)) {
    text.append("[").append(field).append("]");
  }
  return text;
}

TEST_CASE("fields: a quote opens a field only at its start and closes it only at its end") {
  CHECK(cut(R"(a,"b, c",d)", ",") == "[a][b, c][d]");
  CHECK(cut(R"("say ""hi""",x)", ",") == R"([say "hi"][x])");
  CHECK(cut(R"("","",)", ",") == "[][][]");
  CHECK(cut(R"(12" vinyl,b)", ",") == R"([12" vinyl][b])");
  CHECK(cut(R"("Great" Cats,b)", ",") == R"(["Great" Cats][b])");
  CHECK(cut(R"("never closed,b)", ",") == R"(["never closed][b])");
  CHECK(cut("\"Great\" Cats\t\"b\"", "\t") == "[\"Great\" Cats][b]");
  CHECK(cut("\"a\"|\"b|c\"", "|") == "[a][b|c]");
  CHECK(cut("\"a b\" \"c\"  d", " ") == "[a b][c][d]");
  CHECK(cut(" \"a\" , \"b, c\" ,d ", ",") == "[a][b, c][d]");
  CHECK(cut("\"a\"::b", "::") == "[\"a\"][b]");
  CHECK(cut("", ",") == "[]");
}

TEST_CASE("fields: runs of spaces are one separator, other separators are not merged") {
  CHECK(cut("  a  b c ", " ") == "[a][b][c]");
  CHECK(cut("a -> b ->  -> c", " -> ") == "[a][b][][c]");
  CHECK(cut("a::b::::c", "::") == "[a][b][][c]");
  CHECK(cut("a\t\tb", "\t") == "[a][][b]");
}

TEST_CASE("fields: a quoted field keeps its line breaks, which count as lines") {
  const std::string text = "a,\"b\nc\"\nd,\"e\nf,g\r\nh";
  LineWalker lines(text, {","});
  std::string shown;
  for (std::string_view line; lines.next(line);) {
    shown.append(std::to_string(lines.number())).append("[").append(line).append("]");
  }
  CHECK(shown == "1[a,\"b\nc\"]3[d,\"e]4[f,g]5[h]");
}

TEST_CASE("fields: a few odd lines do not hide the separator") {
  const FieldCounts counts = detect_separator({"a,b,c d", "a,b", "a,b,c d", "a,b,c"});
  CHECK(counts.syntax.separator == ",");
  CHECK(counts.num_fields == 3);
  CHECK(counts.share == doctest::Approx(0.75));
  CHECK(counts.largest == 3);
  CHECK(detect_separator({"a", "b"}).syntax.separator.empty());
}

TEST_CASE("fields: an excerpt does not cut a character") {
  const std::string umlauts(59, 'x');
  CHECK(excerpt(umlauts + "\xc3\xa4z") == umlauts + "...");
  CHECK(excerpt(std::string("a\0b\nc", 5)) ==
        "a\xef\xbf\xbd"
        "b c");
}

}  // namespace
}  // namespace elastic::data
