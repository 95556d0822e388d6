#include "cli/commands/train/item_features.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "data/content_hash.h"
#include "data/json_document.h"
#include "model/item_vectors.h"
#include "train/run_directory.h"

namespace elastic::cli {
namespace {

constexpr const char* kItemVectors = "item_vectors";
constexpr const char* kHash = "hash";
constexpr const char* kEncoding = "encoding";

// The value in RUN/data.json; null if it has none.
nlohmann::ordered_json recorded_features(const std::string& run) {
  const nlohmann::ordered_json data = train::read_json_object(file_of(run, "data.json"));
  return data.contains(kItemVectors) ? data[kItemVectors] : nlohmann::ordered_json{};
}

// The encoding in RUN/data.json; nullopt if it has none. Throws CheckpointError.
std::optional<data::ItemEncoding> recorded_encoding(const std::string& run) {
  const nlohmann::ordered_json recorded = recorded_features(run);
  if (!recorded.is_object() || !recorded.contains(kEncoding)) {
    return std::nullopt;
  }
  return data::ItemEncoding::parse(data::json_text(recorded[kEncoding]), file_of(run, "data.json"));
}

// Throws CheckpointError unless RUN/data.json was written with the same features.
void check_same_features(const std::string& run, const ItemFeatures& features) {
  const std::string path = file_of(run, "data.json");
  const nlohmann::ordered_json recorded = recorded_features(run);
  const std::string before = recorded.is_object() ? text_at(recorded, kHash) : "";
  if (before != features.hash()) {
    throw CheckpointError(path,
                          ": the item vectors are not those that the run was started with: hash ",
                          features.hash().empty() ? "(none)" : features.hash(),
                          ", expected ",
                          before.empty() ? "(none)" : before,
                          "; point --item-vectors and --data at the original files");
  }
}

}  // namespace

void ItemFeatures::read(const std::string& path,
                        const std::vector<train::ItemName>& items,
                        const std::optional<data::ItemEncoding>& former,
                        const Notes& notes) {
  const data::FeatureTable table = data::read_feature_table(path);
  std::vector<std::string> ids;
  for (const train::ItemName& item : items) {
    ids.push_back(item.raw_id);
  }
  const std::vector<std::optional<std::size_t>> rows = table.rows_of(ids);
  std::vector<std::size_t> found;
  for (const std::optional<std::size_t>& row : rows) {
    if (row) {
      found.push_back(*row);
    }
  }
  if (found.empty()) {
    throw DataError(path,
                    ": column '",
                    table.id_column,
                    "' holds no item of the data: expected ids such as '",
                    ids.front(),
                    "', got '",
                    table.ids.front(),
                    "'");
  }
  std::vector<std::string> about;
  encoding_ = former ? *former : data::ItemEncoding::fit(table, found, about);
  values_ = encoding_->encode(table, rows);
  data::ContentHash hash;
  hash.add(encoding_->text());
  hash.add({reinterpret_cast<const char*>(values_.data()), sizeof(float) * values_.size()});
  hash_ = hash.hex();
  notes(fmt::format("item vectors: {}: {}, id in '{}'; {} features for {} of {} items",
                    path,
                    table.form,
                    table.id_column,
                    size(),
                    found.size(),
                    items.size()));
  for (const std::string& column : about) {
    notes("item vectors: " + column);
  }
}

void ItemFeatures::copy_to(const Model& model) const {
  if (is_set()) {
    set_item_features(model, values_);
  }
}

void describe(const ItemFeatures& features, nlohmann::ordered_json& data) {
  if (features.is_set()) {
    data[kItemVectors] = {{kHash, features.hash()},
                          {kEncoding, data::parse_json(features.encoding())}};
  }
}

ItemFeatures read_features(const FeatureSource& source,
                           const std::vector<train::ItemName>& items,
                           const Notes& notes) {
  const bool has_begun =
      !source.resumed.empty() && is_present(file_of(source.resumed, "data.json"));
  std::optional<data::ItemEncoding> former;
  if (has_begun) {
    former = recorded_encoding(source.resumed);
  } else if (source.initial.is_set()) {
    former = source.initial.item_encoding(source.path);
  }
  ItemFeatures features;
  if (!source.path.empty()) {
    features.read(source.path, items, former, notes);
  }
  if (has_begun) {
    check_same_features(source.resumed, features);
  }
  return features;
}

}  // namespace elastic::cli
