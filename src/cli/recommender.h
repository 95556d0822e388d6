// Top items for histories: what `predict` computes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cli/answer_writer.h"
#include "eval/seen_items.h"
#include "model/fixed_weights.h"
#include "train/items_file.h"

namespace elastic::cli {

struct RecommendOptions {
  std::int64_t top_k = 10;
  bool filter_seen = true;  ///< leave out the items of the history
};

/// Raw ids in the model's item ids.
struct KnownItems {
  std::vector<std::int32_t> items;       ///< in the order of the raw ids
  std::int64_t unknown = 0;              ///< raw ids that the catalogue lacks
  std::vector<std::string> unknown_ids;  ///< the first few of them
};

/// What is to be answered, in the model's item ids.
struct Request {
  std::span<const std::int32_t> history;  ///< best items for it; empty with an item
  std::int32_t item = 0;                  ///< or the nearest to this one, by cosine
  const std::vector<std::int32_t>* candidates =
      nullptr;  ///< only these, sorted and distinct; none: those of all requests, or all items
};

class Recommender {
 public:
  /// `items[i]` names the item of id i + 1. Throws CheckpointError if their number is not the
  /// model's, UsageError for a top_k below 1.
  Recommender(std::unique_ptr<Model> model,
              std::vector<train::ItemName> items,
              const RecommendOptions& options);

  [[nodiscard]] Model& model() { return *model_; }
  [[nodiscard]] const ModelConfig& config() const { return model_->config(); }
  [[nodiscard]] const RecommendOptions& options() const { return options_; }
  [[nodiscard]] KnownItems look_up(std::span<const std::string> raw_ids) const;
  /// Names of an item 1..V.
  [[nodiscard]] const train::ItemName& name(std::int32_t item) const {
    return items_[static_cast<std::size_t>(item - 1)];
  }
  [[nodiscard]] std::span<const train::ItemName> names() const { return items_; }

  /// From now on only these items are ranked, sorted and distinct, where a request has no
  /// candidates of its own.
  void set_candidates(std::vector<std::int32_t> items) { candidates_ = std::move(items); }
  /// Best first, for each request. Does not depend on what else is asked. With filter_seen the
  /// items of the history are left out; an item is never its own neighbour.
  std::vector<std::vector<RecommendedItem>> recommend(const std::vector<Request>& requests);
  /// The model's states [B, D] after the histories; none may be empty.
  Tensor encode(const std::vector<std::span<const std::int32_t>>& histories);

  /// Best first, for each of the model's states [D], the excluded items of its row left out.
  std::vector<std::vector<RecommendedItem>> best(const std::vector<std::vector<float>>& states,
                                                 const eval::ExcludedItems& excluded);

 private:
  using Answers = std::vector<std::vector<RecommendedItem>>;
  // Answers requests[places[i]] by row i of `queries`, scored against `table` [V + 1, D].
  void answer(const std::vector<Request>& requests,
              const std::vector<std::size_t>& places,
              const Tensor& queries,
              const Tensor& table,
              Answers& answers) const;
  // Answers by all rows of `queries`; with `candidates` among these only.
  [[nodiscard]] Answers best_of(const Tensor& queries,
                                const Tensor& table,
                                const std::vector<std::vector<std::int32_t>>& excluded,
                                const std::vector<std::int32_t>* candidates) const;
  // Of the items `ids` (index i of the table is ids[i]; empty: item i).
  [[nodiscard]] Answers best(const Tensor& queries,
                             const Tensor& table,
                             const eval::ExcludedItems& excluded,
                             std::span<const std::int32_t> ids) const;
  // The scored items as vectors of length 1, [V + 1, D].
  const Tensor& unit_items();

  std::unique_ptr<Model> model_;
  FixedWeights fixed_;  // for as long as this serves the model
  std::vector<train::ItemName> items_;
  RecommendOptions options_;
  std::unordered_map<std::string, std::int32_t> id_of_;
  std::vector<std::int32_t> candidates_;  // empty: all items
  Tensor unit_items_;                     // once asked for
};

}  // namespace elastic::cli
