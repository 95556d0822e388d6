// `train --item-vectors`: the features of the items, read from the file and encoded.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/train/initial_run.h"
#include "cli/runs/run_data.h"
#include "data/item_encoding.h"
#include "model/model.h"

namespace elastic::cli {

class ItemFeatures {
 public:
  /// Reads the features of `items` from the file at `path`, with notes about its columns. Encoded
  /// by `former` if it is given, else fitted to these items. Throws DataError if the file is
  /// unusable, lacks a column of `former` or holds none of the items.
  void read(const std::string& path,
            const std::vector<train::ItemName>& items,
            const std::optional<data::ItemEncoding>& former,
            const Notes& notes);

  /// Whether there are any.
  [[nodiscard]] bool is_set() const { return encoding_.has_value(); }
  /// J; 0 without features.
  [[nodiscard]] std::int64_t size() const { return is_set() ? encoding_->num_features() : 0; }
  /// Of encoding and features; "" without.
  [[nodiscard]] const std::string& hash() const { return hash_; }
  /// Of SavedModelInfo::item_encoding; "" without.
  [[nodiscard]] std::string encoding() const { return is_set() ? encoding_->text() : ""; }
  /// Sets the features of a model for these items.
  void copy_to(const Model& model) const;

 private:
  std::optional<data::ItemEncoding> encoding_;
  std::vector<float> values_;
  std::string hash_;
};

/// Adds the features to the content of data.json, if there are any.
void describe(const ItemFeatures& features, nlohmann::ordered_json& data);

/// Where a training takes the features of its items from.
struct FeatureSource {
  const std::string& path;  ///< --item-vectors; "": none
  std::string resumed;      ///< the run to resume; "": a new one
  InitialRun& initial;      ///< --init-from
};

/// The features of `items`. A run that has begun, and one that starts from another model, keep
/// their encoding. Throws as ItemFeatures::read and InitialRun::item_encoding, and CheckpointError
/// if the run to resume was started with other features.
ItemFeatures read_features(const FeatureSource& source,
                           const std::vector<train::ItemName>& items,
                           const Notes& notes);

}  // namespace elastic::cli
