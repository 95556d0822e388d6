// The best items for histories, and the nearest items of items, by a trained model.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/asking/answer_writer.h"
#include "data/id_map.h"
#include "data/token_times.h"
#include "eval/seen_items.h"
#include "model/fixed_weights.h"
#include "tensor/item_codes.h"
#include "train/items_file.h"

namespace elastic::cli {

struct RecommendOptions {
  std::int64_t top_k = 10;
  bool filter_seen = true;  ///< leave out the items of the history
};

/// Raw ids translated to the model's item ids.
struct KnownItems {
  std::vector<std::int32_t> items;  ///< in the order of the raw ids
  std::vector<std::size_t> places;  ///< of these items among the raw ids
  std::vector<std::int64_t> times;  ///< of these items, from a log, for a model that reads times
  std::int64_t unknown = 0;         ///< number of raw ids that are not in the catalogue
  std::vector<std::string> unknown_ids;  ///< the first few of them

  void add_unknown(const std::string& raw_id);
};

/// The items sorted, each once: the form of candidates.
std::vector<std::int32_t> sorted_distinct(std::vector<std::int32_t> items);

/// A history in the model's item ids, with its times for a model that reads times.
struct TimedHistory {
  std::span<const std::int32_t> items;
  data::HistoryTimes times{};
};

/// A request for items, in the model's item ids.
struct Request {
  std::span<const std::int32_t> history;  ///< ask for its best items; empty if `item` is set
  std::int32_t item = 0;                  ///< or ask for the nearest to this item, by cosine
  data::HistoryTimes times{};             ///< of the history, for a model that reads times
  const std::vector<std::int32_t>* candidates =
      nullptr;  ///< rank only these, sorted and distinct; null: the common ones
  std::span<const std::int32_t> excluded{};  ///< leave these out, too
  std::int64_t top_k = 0;                    ///< number of items; 0: that of the options
};

class Recommender {
 public:
  /// `items[i]` names the item of id i + 1. Throws CheckpointError if the model has another number
  /// of items. `options.top_k` is at least 1.
  Recommender(std::unique_ptr<Model> model,
              std::vector<train::ItemName> items,
              const RecommendOptions& options);

  [[nodiscard]] Model& model() { return *model_; }
  [[nodiscard]] const ModelConfig& config() const { return model_->config(); }
  [[nodiscard]] const RecommendOptions& options() const { return options_; }
  [[nodiscard]] KnownItems look_up(std::span<const std::string> raw_ids) const;
  [[nodiscard]] bool knows(const std::string& raw_id) const {
    return ids_.find(raw_id).has_value();
  }
  /// The names of the item with id 1..V.
  [[nodiscard]] const train::ItemName& name(std::int32_t item) const {
    return items_[static_cast<std::size_t>(item - 1)];
  }
  [[nodiscard]] std::span<const train::ItemName> names() const { return items_; }

  /// Sets the common candidates, sorted and distinct, for requests without their own. At first, and
  /// if empty, all items are ranked.
  void set_candidates(std::vector<std::int32_t> items) { candidates_ = std::move(items); }
  /// Sets items, sorted and distinct, to leave out of all answers.
  void set_excluded(std::vector<std::int32_t> items) { excluded_ = std::move(items); }
  /// Prepares for many questions about all items: encodes a large catalogue (tensor/item_codes.h),
  /// for a quarter more memory. The answers do not change. Without this call, the catalogue is
  /// encoded when that takes less time than the questions so far.
  void expect_many_questions();
  /// The items to leave out of an answer, sorted and distinct: those of the request and of all
  /// answers, with filter_seen those of the history, and the item itself.
  [[nodiscard]] std::vector<std::int32_t> excluded_items(const Request& request) const;
  /// The candidates of a request, null if all items are ranked.
  [[nodiscard]] const std::vector<std::int32_t>* candidates_of(const Request& request) const;
  /// The number of items in the answer to a request, if as many are left.
  [[nodiscard]] std::int64_t top_k_of(const Request& request) const;
  /// The items of each request, best first, independent of the other requests. With filter_seen
  /// without the items of the history. An item is not its own neighbour.
  std::vector<std::vector<RecommendedItem>> recommend(const std::vector<Request>& requests);
  /// The model's states [B, D] after the histories; none may be empty. Throws NotANumberError if a
  /// state is not finite, as do all functions that answer.
  Tensor encode(const std::vector<TimedHistory>& histories);

  /// The common candidates for each of the model's states [D], best first, without the items of
  /// its row of `excluded`, sorted and distinct, and those of set_excluded.
  std::vector<std::vector<RecommendedItem>> best(
      const std::vector<std::vector<float>>& states,
      const std::vector<std::vector<std::int32_t>>& excluded);

 private:
  using Answers = std::vector<std::vector<RecommendedItem>>;
  // Sets answers[places[i]] for row i of `queries` [B, D], scored against `table` [V + 1, D].
  void answer(const std::vector<Request>& requests,
              const std::vector<std::size_t>& places,
              const Tensor& queries,
              const Tensor& table,
              Answers& answers) const;
  // Answers for all rows of `queries`, among `candidates` only if they are given.
  [[nodiscard]] Answers best_of(const Tensor& queries,
                                const Tensor& table,
                                const std::vector<std::vector<std::int32_t>>& excluded,
                                const std::vector<std::int32_t>* candidates,
                                std::int64_t top_k) const;
  // The same among the rows of `table`. Row i is item ids[i], or item i if `ids` is empty.
  [[nodiscard]] Answers best(const Tensor& queries,
                             const Tensor& table,
                             const eval::ExcludedItems& excluded,
                             std::span<const std::int32_t> ids,
                             std::int64_t top_k) const;
  // Counts a pass over all items for so many questions; encodes the items once it pays.
  void count_pass(std::size_t questions);
  // The scored items, normalised to length 1, [V + 1, D].
  const Tensor& unit_items();

  std::unique_ptr<Model> model_;
  FixedWeights fixed_;  // weights stay fixed during the lifetime of this object
  std::vector<train::ItemName> items_;
  RecommendOptions options_;
  data::IdMap ids_;                       ///< the raw ids of items_, in their order
  std::vector<std::int32_t> candidates_;  // empty: all items
  std::vector<std::int32_t> excluded_;
  Tensor coded_items_;  // the table of codes_; undefined: not encoded
  ItemCodes codes_;
  int passes_ = 0;     // for few questions each, over all items
  Tensor unit_items_;  // undefined until the first call of unit_items
};

}  // namespace elastic::cli
