#include "cli/runs/ranks_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "cli/output/tsv_field.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

// Throws UsageError unless the name ends in .tsv or .jsonl.
bool is_json(std::string_view path) {
  if (!path.ends_with(".jsonl") && !path.ends_with(".tsv")) {
    throw UsageError("--ranks: expected a file name that ends in .tsv or .jsonl, got \"",
                     path,
                     "\"; standard output is the report's");
  }
  return path.ends_with(".jsonl");
}

std::string tsv_header(const eval::Ranking& ranking) {
  std::string text = "user\titem\trank\thistory";
  for (const eval::SampledRanks& sampled : ranking.sampled) {
    text += fmt::format("\trank[{}]", sampled.candidates);
  }
  return text + "\n";
}

// "" for a miss without a rank.
std::string tsv_rank(std::int32_t rank) {
  return rank == eval::kMissRank ? "" : fmt::format("{}", rank);
}

nlohmann::ordered_json json_rank(std::int32_t rank) {
  return rank == eval::kMissRank ? nlohmann::ordered_json() : nlohmann::ordered_json(rank);
}

std::string tsv_row(const data::Dataset& dataset, const eval::Ranking& ranking, std::size_t i) {
  std::string text = fmt::format("{}\t{}\t{}\t{}",
                                 tsv_field(dataset.user_id(ranking.users[i])),
                                 tsv_field(dataset.item_id(ranking.targets[i])),
                                 tsv_rank(ranking.ranks[i]),
                                 ranking.history_lengths[i]);
  for (const eval::SampledRanks& sampled : ranking.sampled) {
    text += "\t" + tsv_rank(sampled.ranks[i]);
  }
  return text + "\n";
}

std::string json_line(const data::Dataset& dataset, const eval::Ranking& ranking, std::size_t i) {
  nlohmann::ordered_json record{{"user", dataset.user_id(ranking.users[i])},
                                {"item", dataset.item_id(ranking.targets[i])},
                                {"rank", json_rank(ranking.ranks[i])},
                                {"history", ranking.history_lengths[i]}};
  for (const eval::SampledRanks& sampled : ranking.sampled) {
    record[fmt::format("rank[{}]", sampled.candidates)] = json_rank(sampled.ranks[i]);
  }
  return data::json_text(record) + "\n";
}

}  // namespace

RanksFile::RanksFile(const std::string& path) : json_(is_json(path)), file_(path) {}

void RanksFile::write(const data::Dataset& dataset, const eval::Ranking& ranking) {
  if (!json_) {
    file_.write(tsv_header(ranking));
  }
  for (std::size_t i = 0; i < ranking.users.size(); ++i) {
    file_.write(json_ ? json_line(dataset, ranking, i) : tsv_row(dataset, ranking, i));
  }
  file_.commit();
}

}  // namespace elastic::cli
