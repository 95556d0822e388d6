#include "train/initial_weights.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "base/error.h"
#include "model/item_vectors.h"
#include "train/load_tensor.h"
#include "train/saved_model.h"

namespace elastic::train {
namespace {

constexpr std::int32_t kNewItem = -1;

// `former` with the table `name` in the order of the new items; new ones have the rows of `start`.
Safetensors with_rows(const Safetensors& former,
                      const std::string& name,
                      std::span<const std::int32_t> rows,
                      const Tensor& start) {
  const Tensor& table = former.find(name);
  const std::int64_t last = *std::max_element(rows.begin(), rows.end());
  const Shape least{last + 1, start.cols()};
  if (table.shape().rank() != 2 || table.cols() != start.cols() || table.rows() <= last) {
    throw CheckpointError(former.path,
                          ": tensor '",
                          name,
                          "': expected a row per item, at least ",
                          least,
                          ", got ",
                          table.shape());
  }
  const std::vector<float> known = table.to_vector<float>();
  std::vector<float> values = start.to_vector<float>();
  const auto dim = static_cast<std::size_t>(start.cols());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows[row] != kNewItem) {
      const auto from =
          known.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(rows[row]) * dim);
      std::copy_n(from,
                  static_cast<std::ptrdiff_t>(dim),
                  values.begin() + static_cast<std::ptrdiff_t>(row * dim));
    }
  }
  Safetensors result = former;  // tensors share their memory
  for (NamedTensor& tensor : result.tensors) {
    if (tensor.name == name) {
      tensor.tensor = Tensor::from(values, start.shape());
    }
  }
  return result;
}

// `former` with the features of the new items, whose file may say other things of known items, too.
Safetensors with_features(Safetensors former, const Model& model) {
  const Tensor features = item_features(model);
  for (NamedTensor& tensor : former.tensors) {
    if (features.defined() && tensor.name == kItemFeatures) {
      tensor.tensor = Tensor::from(features.to_vector<float>(), features.shape());
    }
  }
  return former;
}

}  // namespace

const std::string& item_table_name(const Model& model) {
  const std::vector<Parameter>& all = model.parameters().all();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Parameter& parameter) {
    return parameter.variable.is(model.item_table());
  });
  ELASTIC_CHECK(found != all.end(), "the item table is not a parameter");
  return found->name;
}

std::vector<std::int32_t> former_rows(std::span<const ItemName> former,
                                      std::span<const ItemName> items) {
  std::unordered_map<std::string, std::int32_t> row_of;
  for (const ItemName& item : former) {
    row_of.emplace(item.raw_id, static_cast<std::int32_t>(row_of.size() + 1));
  }
  std::vector<std::int32_t> rows{0};
  for (const ItemName& item : items) {
    const auto found = row_of.find(item.raw_id);
    rows.push_back(found == row_of.end() ? kNewItem : found->second);
  }
  return rows;
}

std::int64_t num_known(std::span<const std::int32_t> rows) {
  return static_cast<std::int64_t>(rows.size()) - 1 -
         std::count(rows.begin(), rows.end(), kNewItem);
}

void copy_weights(const Safetensors& former,
                  std::span<const std::int32_t> rows,
                  const Model& model) {
  const Tensor& table = model.item_table().value();
  const Safetensors known = with_rows(former, item_table_name(model), rows, table);
  load_parameters(with_features(known, model), "", model.parameters());
}

void copy_moments(const Safetensors& former,
                  std::span<const std::int32_t> rows,
                  std::int64_t num_steps,
                  const Model& model,
                  Optimizer& optimizer) {
  const std::string& name = item_table_name(model);
  Safetensors moments = former;
  for (const NamedTensor& moment : optimizer.state()) {
    if (is_moment_of(moment.name, name)) {
      moments = with_rows(moments, moment.name, rows, moment.tensor);
    }
  }
  optimizer.load(moments, 0, num_steps);
}

}  // namespace elastic::train
