// Top items for histories: what `predict` computes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/answer_writer.h"
#include "eval/seen_items.h"
#include "model/model.h"
#include "train/items_file.h"

namespace elastic::cli {

struct RecommendOptions {
  std::int64_t top_k = 10;
  bool filter_seen = true;  ///< leave out the items of the history
};

/// A history in the model's item ids.
struct KnownHistory {
  std::vector<std::int32_t> items;
  std::int64_t unknown = 0;  ///< raw ids that the catalogue lacks
};

class Recommender {
 public:
  /// `items[i]` names the item of id i + 1. Throws CheckpointError if their number is not the
  /// model's, UsageError for a top_k below 1.
  Recommender(std::unique_ptr<Model> model,
              std::vector<train::ItemName> items,
              const RecommendOptions& options);

  [[nodiscard]] Model& model() { return *model_; }
  [[nodiscard]] const RecommendOptions& options() const { return options_; }
  [[nodiscard]] KnownHistory look_up(std::span<const std::string> raw_ids) const;
  /// Best first, for each history; none may be empty. Does not depend on what else is asked.
  std::vector<std::vector<RecommendedItem>> recommend(
      const std::vector<std::span<const std::int32_t>>& histories);

  /// Best first, for each of the model's states [D], the excluded items of its row left out.
  std::vector<std::vector<RecommendedItem>> best(const std::vector<std::vector<float>>& states,
                                                 const eval::ExcludedItems& excluded);

 private:
  std::vector<std::vector<RecommendedItem>> best(const Tensor& hidden,
                                                 const eval::ExcludedItems& excluded);

  std::unique_ptr<Model> model_;
  std::vector<train::ItemName> items_;
  RecommendOptions options_;
  std::unordered_map<std::string, std::int32_t> id_of_;
};

}  // namespace elastic::cli
