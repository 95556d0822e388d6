#include "model/item_vectors.h"

#include <utility>

#include "autograd/ops/elementwise.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/rows.h"
#include "base/error.h"
#include "model/registry.h"

namespace elastic {
namespace {

constexpr double kProjectionScale = 0.02;  // as for the item embeddings

// tensor[begin..] = values, along the first dimension.
void write_rows(const std::vector<float>& values, std::int64_t begin, const Tensor& tensor) {
  const std::int64_t count = std::ssize(values) / tensor.cols();
  Tensor rows = tensor.slice(begin, begin + count);
  Backend& backend = backend_for(tensor.device());
  if (tensor.dtype() == DType::kFloat64) {
    const std::vector<double> wide(values.begin(), values.end());
    backend.copy_from_host(wide.data(), rows);
  } else {
    backend.copy_from_host(values.data(), rows);
  }
}

}  // namespace

ItemVectors::ItemVectors(ParameterStore& store, const ModelConfig& config)
    : features_(store.add_buffer(
          kItemFeatures, {config.num_items + 1, config.num_item_features}, Init::kZeros)),
      projection_(store.add("item_vectors.projection.weight",
                            {config.dim, config.num_item_features},
                            Init::kNormal,
                            kProjectionScale)) {}

Variable ItemVectors::add_to(const Variable& table, const Tensor& learned_rows) {
  if (fixed_ && cached_.defined()) {
    return cached_;
  }
  ELASTIC_CHECK(!fixed_ || (!records({table}) && !learned_rows.defined()),
                "a pass with fixed weights would be a training step");
  const Variable learned =
      learned_rows.defined()
          ? ops::scatter_add_rows(
                ops::gather_rows(table, learned_rows), learned_rows, table.shape()[0])
          : table;
  const Variable items = ops::add(learned, ops::linear(features_, projection_));
  if (fixed_) {
    cached_ = items;
  }
  return items;
}

void ItemVectors::set_weights_fixed(bool fixed) {
  fixed_ = fixed;
  cached_ = {};
}

Tensor item_features(const Model& model) {
  return model.config().num_item_features == 0 ? Tensor()
                                               : model.parameters().find(kItemFeatures).value();
}

void set_item_features(const Model& model, const std::vector<float>& features) {
  const ModelConfig& config = model.config();
  require_shape(std::ssize(features) == config.num_items * config.num_item_features,
                "item vectors: expected ",
                config.num_items,
                " x ",
                config.num_item_features,
                " features, got ",
                features.size());
  write_rows(features, 1, item_features(model));
}

std::unique_ptr<Model> with_new_items(const Model& model, const std::vector<float>& features) {
  ModelConfig config = model.config();
  const std::int64_t width = config.num_item_features;
  require_shape(width > 0 && std::ssize(features) % width == 0,
                "new items: expected rows of ",
                width,
                " features, got ",
                features.size());
  const std::int64_t former_rows = config.num_items + 1;
  config.num_items += std::ssize(features) / width;
  const Tensor& table = model.item_table().value();
  std::unique_ptr<Model> wider = make_model(config, /*seed=*/0, table.dtype(), table.device());
  for (const Parameter& parameter : model.parameters().all()) {
    Tensor& to = wider->parameters().find(parameter.name).mutable_value();
    if (to.shape() == parameter.shape) {
      copy(parameter.variable.value(), to);
      continue;
    }
    fill(to, 0.0);
    Tensor known = to.slice(0, former_rows);
    copy(parameter.variable.value(), known);
  }
  if (!features.empty()) {
    write_rows(features, former_rows, item_features(*wider));
  }
  return wider;
}

}  // namespace elastic
