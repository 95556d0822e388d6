#include "cli/asking/new_items.h"

#include <fmt/format.h>

#include <optional>
#include <unordered_set>

#include "base/error.h"
#include "data/item_encoding.h"
#include "model/item_vectors.h"

namespace elastic::cli {

void NewItems::declare(OptionTable& table) {
  table
      .add(
          "new_items",
          &path_,
          "add the items in this file, of a form of train --item-vectors: they are scored by their "
          "features alone")
      .flag_only("FILE");
}

void NewItems::check(const RunList& runs) const {
  if (path_ == "-") {
    throw UsageError("--new-items: expected a file; standard input is for the questions");
  }
  if (is_set() && runs.runs().size() > 1) {
    throw UsageError("--new-items: expected one RUN, got ", runs.runs().size());
  }
}

void NewItems::check_events(bool reads_events, const char* remedy) const {
  if (is_set() && reads_events) {
    throw UsageError(
        "--new-items does not go with streams of events, whose saved states would name items that "
        "a "
        "later call may not have; ",
        remedy);
  }
}

void NewItems::add_to(train::SavedModel& saved,
                      std::vector<train::ItemName>& names,
                      const Notes& note) const {
  if (!is_set()) {
    return;
  }
  if (saved.info.item_encoding.empty()) {
    throw UsageError(
        "--new-items: the model knows items by their ids only; train it with --item-vectors");
  }
  const auto encoding = data::ItemEncoding::parse(saved.info.item_encoding, "model.safetensors");
  if (encoding.num_features() != saved.model->config().num_item_features) {
    throw CheckpointError("model.safetensors: expected the encoding of ",
                          saved.model->config().num_item_features,
                          " features, got one of ",
                          encoding.num_features());
  }
  const data::FeatureTable table = data::read_feature_table(path_);
  std::unordered_set<std::string> known;
  for (const train::ItemName& name : names) {
    known.insert(name.raw_id);
  }
  std::vector<std::string> ids;
  for (const std::string& id : table.ids) {
    if (known.insert(id).second) {
      ids.push_back(id);
    }
  }
  const std::vector<std::optional<std::size_t>> rows = table.rows_of(ids);
  saved.model = with_new_items(*saved.model, encoding.encode(table, rows));
  const std::optional<std::size_t> title = table.title_column();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    names.push_back({ids[i], title ? table.rows[*rows[i]][*title].text : ""});
  }
  note(fmt::format("new items: {}: {}, id in '{}'; {} rows, {} items new to the model",
                   path_,
                   table.form,
                   table.id_column,
                   table.ids.size(),
                   ids.size()));
}

}  // namespace elastic::cli
