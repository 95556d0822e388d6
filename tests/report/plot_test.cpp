#include "report/plot.h"

#include <doctest/doctest.h>

#include <cmath>

#include "report/page.h"

namespace elastic::report {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST_CASE("plot: every point has a mark with its value, every series a line and a name") {
  const std::string svg =
      figure({"Loss", "epoch", {}, {}, {{"a<b", {{1.0, 4.0}, {2.0, 3.5}}}, {"c", {{1.0, 2.0}}}}})
          .str();
  CHECK(count(svg, "<circle") == 3);
  CHECK(count(svg, "<path") == 2);
  CHECK(svg.find("<title>a&lt;b, 2: 3.500</title>") != std::string::npos);
  CHECK(svg.find("<figcaption>Loss</figcaption>") != std::string::npos);
  CHECK(svg.find(">epoch</text>") != std::string::npos);
}

TEST_CASE("plot: points that cannot be drawn are skipped") {
  CHECK(figure({"x", "y", {}, {}, {}}).empty());
  CHECK(figure({"x", "y", {}, {}, {{"a", {{1.0, NAN}}}}}).empty());
  CHECK(figure({"x", "y", Scale::kLog, Scale::kLog, {{"a", {{1.0, 0.0}}}}}).empty());
  const std::string svg =
      figure({"x", "y", {}, {}, {{"a", {{1.0, INFINITY}, {2.0, 1.0}}}, {"b", {}}}}).str();
  CHECK(count(svg, "<circle") == 1);
  CHECK(count(svg, "nan") == 0);
  CHECK(count(svg, "inf") == 0);
  CHECK(svg.find(">b</text>") == std::string::npos);
}

TEST_CASE("plot: long lines have no marks") {
  Series series{"loss", {}};
  for (int i = 0; i < 1000; ++i) {
    series.points.emplace_back(i, 1.0 / (1 + i));
  }
  const std::string svg = figure({"Loss", "step", {}, {}, {series}}).str();
  CHECK(count(svg, "<circle") == 0);
  CHECK(count(svg, "L") >= 999);
}

TEST_CASE("page: text is escaped, numbers are right-aligned") {
  const std::string html = to_html({{"name", "value"}, {{"<i>", "1"}}}).str();
  CHECK(html.find("<td class=\"text\">&lt;i&gt;</td><td>1</td>") != std::string::npos);
  CHECK(to_html({{"name"}, {}}).empty());
  CHECK(section("Empty", {}).empty());
  CHECK(page("a & b", {}).find("<title>a &amp; b</title>") != std::string::npos);
}

TEST_CASE("page: Markdown tables become HTML") {
  const std::string html =
      from_markdown("| a | b |\n| --- | --- |\n| 1 | 2 |\nA note.\n| c |\n| --- |\n| 3 |\n", 1)
          .str();
  CHECK(count(html, "<table>") == 2);
  CHECK(html.find("<th class=\"text\">a</th><th>b</th>") != std::string::npos);
  CHECK(html.find("<td class=\"text\">1</td><td>2</td>") != std::string::npos);
  CHECK(html.find("<p class=\"note\">A note.</p>") != std::string::npos);
}

}  // namespace
}  // namespace elastic::report
