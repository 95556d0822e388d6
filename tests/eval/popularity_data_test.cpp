// The popularity baseline on public data, compared with values of another program.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "data/data_config.h"
#include "eval/evaluator.h"
#include "eval/metrics.h"

namespace elastic::eval {
namespace {

struct Expected {
  double hit;
  double ndcg;
  double mrr;
};

void check_popularity(const std::string& path, bool filter_seen, const Expected& expected) {
  CAPTURE(path);
  CAPTURE(filter_seen);
  data::DataConfig config;
  config.data = {path};
  const data::Split split(data::load_data(config).dataset);
  const Ranking ranking =
      popularity_ranking(split, data::Subset::kTest, {.rules = {.filter_seen = filter_seen}});
  // The expected values have four decimals.
  CHECK(std::abs(hit_at_k(ranking.ranks, 10) - expected.hit) < 5e-5);
  CHECK(std::abs(ndcg_at_k(ranking.ranks, 10) - expected.ndcg) < 5e-5);
  CHECK(std::abs(value_of(all_metrics(ranking.ranks), "MRR@10") - expected.mrr) < 5e-5);
}

TEST_CASE("popularity: values of the embedded data set") {
  const std::string path = ELASTIC_SOURCE_DIR "/data/ml-latest-small/ratings.csv.xz";
  check_popularity(path, false, {0.0197, 0.0091, 0.0060});
  check_popularity(path, true, {0.0410, 0.0189, 0.0123});
}

TEST_CASE("popularity: published values, if the data is present") {
  struct Row {
    const char* file;
    bool filter_seen;
    Expected expected;
  };
  const char* folder = std::getenv("ELASTIC_DATA_DIR");
  for (const Row& row : {Row{"ml-1m/ml-1m.txt.xz", false, {0.0162, 0.0079, 0.0055}},
                         Row{"ml-1m/ml-1m.txt.xz", true, {0.0363, 0.0178, 0.0123}},
                         Row{"amazon-beauty-b4r/beauty.txt.xz", false, {0.0086, 0.0037, 0.0023}},
                         Row{"amazon-beauty-b4r/beauty.txt.xz", true, {0.0088, 0.0038, 0.0024}}}) {
    const auto path = std::filesystem::path(folder == nullptr ? "" : folder) / row.file;
    if (folder == nullptr || !std::filesystem::exists(path)) {
      std::cout << "skipped: " << row.file << " is not in ELASTIC_DATA_DIR\n";
      continue;
    }
    check_popularity(path.string(), row.filter_seen, row.expected);
  }
}

}  // namespace
}  // namespace elastic::eval
