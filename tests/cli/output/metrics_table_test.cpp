#include "cli/output/metrics_table.h"

#include <doctest/doctest.h>

namespace elastic::cli::metrics_table_test {
namespace {

// The lines of `text` that contain `part`.
std::vector<std::string> lines_with(const std::string& text, const std::string& part) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(part) != std::string::npos) {
      found.push_back(line);
    }
  }
  return found;
}

// Two users: the model ranks at 1 and 11, popularity at 30 and 6.
eval::Report report_of(std::int64_t min_history = 0) {
  eval::Ranking ranking;
  ranking.users = {0, 1};
  ranking.targets = {1, 2};
  ranking.repeated = {false, true};
  ranking.targets_before_rules = {2, 1};
  ranking.history_lengths = {20, 600};
  ranking.listed = {0, 3, 1, 0, 0};
  ranking.ranks = {1, 11};
  eval::Ranking popularity = ranking;
  popularity.ranks = {30, 6};
  eval::Protocol protocol;
  protocol.subset = "test";
  protocol.users = 2;
  protocol.min_history = min_history;
  protocol.items = 4;
  protocol.max_len = 50;
  return eval::make_report(ranking, popularity, std::vector<std::int64_t>{0, 9, 3, 1, 0}, protocol);
}

using Lines = std::vector<std::string>;

TEST_CASE("metrics table: a row per metric and a column per cutoff, aligned") {
  const std::string text = metrics_table(report_of());
  CHECK(lines_with(text, "@50") ==
        Lines{"model              @1       @5      @10      @20      @50",
              "popularity         @1       @5      @10      @20      @50"});
  CHECK(lines_with(text, "  HR  ") ==
        Lines{"  HR           0.5000   0.5000   0.5000   1.0000   1.0000",
              "  HR           0.0000   0.0000   0.5000   0.5000   1.0000"});
  CHECK(lines_with(text, "  MRR  ") ==
        Lines{"  MRR          0.5000   0.5000   0.5000   0.5455   0.5455",
              "  MRR          0.0000   0.0000   0.0833   0.0833   0.1000"});
  CHECK(lines_with(text, "95 %").size() == 1);
  CHECK(lines_with(text, "HR@10 0.0000 to 1.0000, NDCG@10 0.0000 to 1.0000, MRR@10").size() == 1);
}

TEST_CASE("metrics table: users by history, popularity and repetition") {
  const std::string text = metrics_table(report_of());
  CHECK(lines_with(text, "history  ") ==
        Lines{"history         users    HR@10  NDCG@10  popularity HR"});
  CHECK(lines_with(text, "  1-20 ") ==
        Lines{"  1-20              1   1.0000   1.0000         0.0000"});
  CHECK(lines_with(text, "  501 or more") ==
        Lines{"  501 or more        1   0.0000   0.0000         1.0000"});
  CHECK(lines_with(text, "  head, ") ==
        Lines{"  head, 9 or more             1        1   1.0000   1.0000         0.0000"});
  CHECK(lines_with(text, "  tail, ") ==
        Lines{"  tail, 1-8                   2        1   0.0000   0.0000         1.0000"});
  CHECK(lines_with(text, "  repeated   ") ==
        Lines{"  repeated          1   0.0000   0.0000         1.0000"});
  CHECK(lines_with(text, "  new ") ==
        Lines{"  new               1   1.0000   1.0000         0.0000"});
  CHECK(lines_with(text, "repeated targets: 1 of 2").size() == 1);
  CHECK(lines_with(text, "coverage@10: 50.0 %").size() == 1);
  CHECK(lines_with(text, "cold").empty());
}

TEST_CASE("metrics table: the protocol, and a limit of the history if there is one") {
  const std::string all = metrics_table(report_of());
  CHECK(lines_with(all, "at least").empty());
  CHECK(lines_with(all, "  2 users, all 4 items ranked, seen items left out").size() == 1);
  CHECK(lines_with(all, "the latest 50").size() == 1);
  const std::string some = metrics_table(report_of(7));
  CHECK(lines_with(some, "users with a history of at least 7 events: 2").size() == 1);
  CHECK(lines_with(some, "  2 users with at least 7 events, all 4 items").size() == 1);
  eval::Report report = report_of();
  report.protocol.rules = {false, eval::Repeats::kDrop};
  report.cold_items = 3;
  report.cold_users = 4;
  CHECK(lines_with(metrics_table(report), "seen items ranked too").size() == 1);
  CHECK(lines_with(metrics_table(report), "left out (--repeats drop)").size() == 1);
  CHECK(lines_with(metrics_table(report), "cold items: 3").size() == 1);
  CHECK(lines_with(metrics_table(report), "cold users: 4").size() == 1);
}

TEST_CASE("metrics table: differences to other runs have signs") {
  eval::Report report = report_of();
  eval::Ranking one;
  one.users = {0, 1};
  one.ranks = {1, 1};
  eval::Ranking other = one;
  other.ranks = {20, 20};
  report.against.push_back(eval::compare(one, other, "runs/b", 1));
  const std::string text = metrics_table(report);
  CHECK(lines_with(text, "against runs/b").size() == 1);
  CHECK(lines_with(text, "  HR@10 +1.0000 (+1.0000 to +1.0000), NDCG@10 +1.0000").size() == 1);
}

}  // namespace
}  // namespace elastic::cli::metrics_table_test
