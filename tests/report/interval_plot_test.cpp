#include "report/interval_plot.h"

#include <doctest/doctest.h>

#include <cmath>

namespace elastic::report {
namespace {

// The axis leaves 30 of 560 on each side; here it is from -0.02 to 0.03.
TEST_CASE("interval plot: lines and marks lie on an axis that includes zero") {
  const std::string html = figure({"Differences",
                                   "minus <base>",
                                   {{"a&b", "+0.01", 0.01, -0.02, 0.03, true},
                                    {"c", "0", 0.0, -INFINITY, INFINITY, false}}})
                               .str();
  CHECK(html.find("<b>a&amp;b</b> +0.01") != std::string::npos);
  CHECK(html.find("x1=\"30.0\" y1=\"10.0\" x2=\"530.0\" y2=\"10.0\" stroke=\"#0072b2\"") !=
        std::string::npos);
  CHECK(html.find("<circle cx=\"330.0\" cy=\"10.0\" r=\"6\" stroke=\"#0072b2\" stroke-width=\"2\" "
                  "fill=\"#0072b2\"/>") != std::string::npos);
  CHECK(html.find("<circle cx=\"230.0\" cy=\"10.0\" r=\"6\" stroke=\"#0072b2\" stroke-width=\"2\" "
                  "fill=\"var(--ground)\"/>") != std::string::npos);
  CHECK(html.find("<line x1=\"230.0\" y1=\"0\" x2=\"230.0\" y2=\"20.0\" class=\"axis\"/>") !=
        std::string::npos);
  CHECK(html.find(">0.00</text>") != std::string::npos);
  CHECK(html.find("minus &lt;base&gt;") != std::string::npos);
  CHECK(html.find("inf") == std::string::npos);
}

TEST_CASE("interval plot: labels have room, and zero keeps its label") {
  // Labels every 0.02 would be 63 units apart.
  const std::string html =
      figure(IntervalPlot{"x", "y", {{"a", "", 0.05, -0.0228, 0.1354, false}}}).str();
  CHECK(html.find(">0.00</text>") != std::string::npos);
  CHECK(html.find(">0.04</text>") != std::string::npos);
  CHECK(html.find(">0.02</text>") == std::string::npos);
  CHECK(html.find(">-0.02</text>") == std::string::npos);
}

TEST_CASE("interval plot: without a finite value there is none") {
  CHECK(figure(IntervalPlot{"x", "y", {}}).empty());
  CHECK(figure(IntervalPlot{"x", "y", {{"a", "", NAN, NAN, NAN, false}}}).empty());
}

}  // namespace
}  // namespace elastic::report
