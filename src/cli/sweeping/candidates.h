// The configurations of a sweep as options of a training: checked, without repetitions, and named.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/options/option_table.h"
#include "cli/sweeping/search_space.h"

namespace elastic::cli {

/// A configuration to train.
struct Candidate {
  nlohmann::ordered_json settings;  ///< the varied options that its model reads: {"dim": 64}
  std::int64_t epochs = 0;          ///< --epochs with these settings
  std::int64_t eval_every = 0;
  bool resumable = false;  ///< a training of fewer epochs can continue to more: constant schedule
};

/// The options of a training, among which some vary.
class Candidates {
 public:
  /// `table` holds the values that do not vary; `check` throws UsageError if the values in the
  /// table exclude each other. Both must outlive this object.
  Candidates(const OptionTable& table, std::function<void()> check);

  /// Throws UsageError unless each dimension is an option that can vary, suggesting the nearest
  /// name. Some cannot, because validations would not be comparable or all results the same.
  void check_space(const std::vector<Dimension>& space) const;
  /// The candidate of a draw. The table keeps its values. Throws UsageError naming the draw for a
  /// value that its option does not accept or that another option excludes.
  [[nodiscard]] Candidate make(const Draw& draw);
  /// Candidates of all combinations of lists; equal ones once.
  [[nodiscard]] std::vector<Candidate> grid(const std::vector<Dimension>& space);
  /// The first `count` different candidates of a random search; fewer if the space has no more.
  [[nodiscard]] std::vector<Candidate> random(const std::vector<Dimension>& space,
                                              std::uint64_t seed,
                                              std::int64_t count);

 private:
  void check_key(const std::string& key) const;

  [[nodiscard]] Option& option(const std::string& key) const;

  const OptionTable& table_;
  std::function<void()> check_;
};

/// The settings in words: "dim 64, learning_rate 0.001".
std::string words_of(const nlohmann::ordered_json& settings);

/// A name for files and folders: "dim=64_learning-rate=0.001_seed=1", with "_epochs=12" if `epochs`
/// is not 0. Letters, digits and ".=_-" only, at most 200 bytes; a hash distinguishes names that
/// lose something thereby.
std::string trial_name(const nlohmann::ordered_json& settings,
                       std::int64_t epochs,
                       std::int64_t seed);

}  // namespace elastic::cli
