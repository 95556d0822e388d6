#include "cli/comparing/marked_text.h"

#include <doctest/doctest.h>

namespace elastic::cli {
namespace {

TEST_CASE("marked text: LaTeX's special characters are escaped") {
  CHECK(latex_text("a_b 5% & #1 {x} $y") == "a\\_b 5\\% \\& \\#1 \\{x\\} \\$y");
  CHECK(latex_text("\\~^") == "\\textbackslash{}\\textasciitilde{}\\textasciicircum{}");
  CHECK(latex_text("<|>") == "\\textless{}\\textbar{}\\textgreater{}");
  CHECK(latex_text("--lr a-b") == "-{}-lr a-b");
  CHECK(latex_text("a\nb") == "a b");
}

TEST_CASE("marked text: Markdown's special characters are escaped") {
  CHECK(markdown_text("a_b|c*") == "a\\_b\\|c\\*");
  CHECK(markdown_text("<i> `x` [y]") == "\\<i\\> \\`x\\` \\[y\\]");
  CHECK(markdown_text("a\nb") == "a b");
}

}  // namespace
}  // namespace elastic::cli
