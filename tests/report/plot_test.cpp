#include "report/plot.h"

#include <doctest/doctest.h>

#include <cmath>

#include "report/axis.h"
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

// The drawing is 560 wide and 360 high; margins of 56, 12, 10 and 54 are left for labels.
TEST_CASE("plot: points, marks and labels are at the places of their axes") {
  const std::string svg =
      figure({"Loss",
              "epoch",
              {},
              {},
              {{"one", {{1.0, 4.0}, {2.0, 3.0}, {3.0, 1.0}}}, {"two", {{1.0, 0.0}, {3.0, 2.0}}}}})
          .str();
  const Axis across(Scale::kLinear, 1.0, 3.0, false);
  const Axis up(Scale::kLinear, 0.0, 4.0, true);
  const auto x = [&](double value) { return fixed(56.0 + across.place(value) * 492.0, 1); };
  const auto y = [&](double value) { return fixed(10.0 + (1.0 - up.place(value)) * 296.0, 1); };
  CHECK(x(1.0) == "56.0");
  CHECK(x(3.0) == "548.0");
  CHECK(y(0.0) == "306.0");
  CHECK(y(4.0) == "10.0");
  CHECK(svg.find("<path d=\"M" + x(1.0) + " " + y(4.0) + "L" + x(2.0) + " " + y(3.0) + "L" +
                 x(3.0) + " " + y(1.0) + "\" fill=\"none\" stroke=\"#0072b2\"") !=
        std::string::npos);
  CHECK(svg.find("<path d=\"M" + x(1.0) + " " + y(0.0) + "L" + x(3.0) + " " + y(2.0) +
                 "\" fill=\"none\" stroke=\"#d55e00\"") != std::string::npos);
  CHECK(svg.find("<circle cx=\"" + x(2.0) + "\" cy=\"" + y(3.0) + "\" r=\"3\"") !=
        std::string::npos);
  CHECK(svg.find("<line x1=\"56.0\" y1=\"" + y(2.0) + "\" x2=\"548.0\" y2=\"" + y(2.0) +
                 "\" class=\"grid\"/>") != std::string::npos);
  CHECK(svg.find("<line x1=\"56.0\" y1=\"306.0\" x2=\"548.0\" y2=\"306.0\" class=\"axis\"/>") !=
        std::string::npos);
  CHECK(svg.find("<text x=\"280.0\" y=\"350.0\" text-anchor=\"middle\">epoch</text>") !=
        std::string::npos);
  CHECK(svg.find("<text x=\"50.0\" y=\"314.0\" text-anchor=\"end\">") == std::string::npos);
  CHECK(svg.find("<text x=\"50.0\" y=\"310.0\" text-anchor=\"end\">0</text>") != std::string::npos);
  CHECK(svg.find("<text x=\"548.0\" y=\"324.0\" text-anchor=\"middle\">3</text>") !=
        std::string::npos);
}

TEST_CASE("plot: the legend follows the drawing and names each line once") {
  const std::string svg =
      figure({"Loss", "epoch", {}, {}, {{"one", {{1.0, 4.0}}}, {"<two>", {{1.0, 2.0}}}}}).str();
  const std::size_t legend = svg.find("<div class=\"legend\">");
  REQUIRE(legend != std::string::npos);
  CHECK(legend > svg.find("</svg>"));
  CHECK(svg.find("stroke=\"#0072b2\" stroke-width=\"3\"/></svg>one</span>", legend) !=
        std::string::npos);
  CHECK(svg.find("stroke=\"#d55e00\" stroke-width=\"3\"/></svg>&lt;two&gt;</span>", legend) !=
        std::string::npos);
}

TEST_CASE("plot: a mark is a vertical line with its text on the side with more room") {
  const Plot plot{"Loss", "epoch", {}, {}, {{"one", {{1.0, 4.0}, {5.0, 2.0}}}}};
  CHECK(figure(plot).str().find("class=\"mark\"") == std::string::npos);
  for (const auto& [x, anchor] : {std::pair{2.0, "start"}, std::pair{4.0, "end"}}) {
    Plot marked = plot;
    marked.x_mark = {x, "best <epoch>"};
    const std::string svg = figure(marked).str();
    CHECK(count(svg, "class=\"mark\"") == 1);
    CHECK(count(svg, std::string("text-anchor=\"") + anchor + "\">best &lt;epoch&gt;</text>") == 1);
  }
  Plot outside = plot;
  outside.x_mark = {9.0, "best"};
  CHECK(figure(outside).str() == figure(plot).str());
}

TEST_CASE("plot: whole numbers have whole labels, and wide labels have room") {
  const std::string svg =
      figure({"Rate", "epoch", {}, {}, {{"rate", {{1.0, 0.00012345}, {2.0, 0.00012346}}}}}).str();
  CHECK(count(svg, ">1</text>") == 1);
  CHECK(count(svg, ">2</text>") == 1);
  CHECK(svg.find(">1.") == std::string::npos);
  CHECK(svg.find("<line x1=\"56.0\"") == std::string::npos);
  const std::string fractions =
      figure({"Loss", "minutes", {}, {}, {{"loss", {{0.5, 100.0}, {2.0, 200.0}}}}}).str();
  CHECK(count(fractions, ">1.4</text>") == 1);
}

TEST_CASE("plot: thin lines share the colour of their group, without marks and legend") {
  const std::string svg = figure({"NDCG",
                                  "epoch",
                                  {},
                                  {},
                                  {{"seed 1", {{1.0, 4.0}, {2.0, 5.0}}, 1, true},
                                   {"mean", {{1.0, 2.0}}, 1},
                                   {"other", {{1.0, 3.0}}, 8}}})
                              .str();
  CHECK(count(svg, "<circle") == 2);
  CHECK(count(svg, ">seed 1</span>") == 0);
  CHECK(svg.find("stroke=\"#d55e00\" stroke-width=\"1\" opacity=\"0.5\"><title>seed 1</title>") !=
        std::string::npos);
  // Lines beyond the seven colours have dashes.
  CHECK(svg.find("stroke=\"#d55e00\" stroke-width=\"2\" stroke-dasharray=\"7 3\"/>") !=
        std::string::npos);
}

TEST_CASE("plot: a logarithmic axis is labelled at its points, without overlaps") {
  const std::string svg = figure({"Time",
                                  "length",
                                  Scale::kLog,
                                  Scale::kLog,
                                  {{"a", {{256.0, 1.0}, {257.0, 3.0}, {1024.0, 9.0}}}}})
                              .str();
  CHECK(svg.find(">256</text>") != std::string::npos);
  CHECK(svg.find(">257</text>") == std::string::npos);
  CHECK(svg.find(">1024</text>") != std::string::npos);
  CHECK(count(svg, ">1</text>") == 1);
  CHECK(count(svg, ">10</text>") == 1);
}

TEST_CASE("plot: two hundred points have marks, one more has none") {
  for (const int points : {200, 201}) {
    Series series{"loss", {}};
    for (int i = 0; i < points; ++i) {
      series.points.emplace_back(i, i);
    }
    CHECK(count(figure({"Loss", "step", {}, {}, {series}}).str(), "<circle") ==
          (points == 200 ? 200 : 0));
  }
}

TEST_CASE("plot: values of marks are whole, or have enough digits") {
  const std::string svg =
      figure({"x", "y", {}, {}, {{"a", {{1.0, 2.0}, {1.5, 0.25}, {3.0, 0.0004}, {4.0, -1.25}}}}})
          .str();
  for (const char* title :
       {"a, 1: 2<", "a, 1.500: 0.25000<", "a, 3: 0.000400000<", "a, 4: -1.250<"}) {
    CAPTURE(title);
    CHECK(svg.find(std::string("<title>") + title) != std::string::npos);
  }
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
  CHECK(svg.find(">b</span>") == std::string::npos);
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

TEST_CASE("plot: points without a line, and labels of the caller on the x axis") {
  const Plot plot{"Score",
                  "rate",
                  Scale::kLog,
                  {},
                  {{.name = "runs", .points = {{0.001, 0.1}, {0.01, 0.2}}, .connected = false}},
                  {{0.001, "1e-3"}, {0.01, "1e-2"}}};
  const std::string svg = figure(plot).str();
  CHECK(count(svg, "<path") == 0);
  CHECK(count(svg, "<circle") == 2);
  CHECK(svg.find(">1e-3</text>") != std::string::npos);
  CHECK(svg.find(">1e-2</text>") != std::string::npos);
  CHECK(svg.find("<title>runs, 1e-2: 0.2") != std::string::npos);
}

}  // namespace
}  // namespace elastic::report
