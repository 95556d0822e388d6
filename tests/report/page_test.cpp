#include "report/page.h"

#include <doctest/doctest.h>

namespace elastic::report {
namespace {

TEST_CASE("page: terms and descriptions alternate, empty descriptions included") {
  CHECK(definitions({{"a", "1"}, {"b <c>", ""}, {"d", "2"}}).str() ==
        "<dl>\n<dt>a</dt><dd>1</dd>\n<dt>b &lt;c&gt;</dt><dd></dd>\n<dt>d</dt><dd>2</dd>\n</dl>\n");
  CHECK(definitions({}).empty());
}

TEST_CASE("page: each term shares a row of a grid with its description") {
  // Floating terms would slip past a description without text, or past a term of two lines.
  const std::string html = page("t", {});
  CHECK(html.find("dl { display: grid;") != std::string::npos);
  CHECK(html.find("float") == std::string::npos);
}

TEST_CASE("page: a string reaches it escaped, a literal as it is") {
  const std::string hostile = "<b title=\"a\" id='c'>&\x1b[2J";
  Html html;
  html << "<i>" << hostile << "</i>";
  CHECK(html.str() == "<i>&lt;b title=&quot;a&quot; id=&#39;c&#39;&gt;&amp;\xef\xbf\xbd[2J</i>");
  Html twice;
  twice << html;  // HTML is not escaped again
  CHECK(twice.str() == html.str());
  CHECK(note("a<b").str() == "<p class=\"note\">a&lt;b</p>\n");
}

}  // namespace
}  // namespace elastic::report
