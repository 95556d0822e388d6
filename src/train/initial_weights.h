// The start of a training from another model: parameters by name, rows of items by raw id.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/model.h"
#include "tensor/safetensors.h"
#include "train/items_file.h"
#include "train/optimizer.h"

namespace elastic::train {

/// For each row of the new item table, [V + 1], the row of the same raw id in the former table; -1
/// for a new item. Row 0, no item, is row 0.
std::vector<std::int32_t> former_rows(std::span<const ItemName> former,
                                      std::span<const ItemName> items);

/// The name of the parameter with a row per item.
const std::string& item_table_name(const Model& model);

/// Number of items with a former row.
std::int64_t num_known(std::span<const std::int32_t> rows);

/// Copies parameters and buffers by name; `rows` as returned by former_rows. Rows of new items keep
/// their values, and all items their features. `former` has the parameters of a model with the
/// config of `model`, but for the number of items. Throws CheckpointError naming its path and the
/// tensor if it has not.
void copy_weights(const Safetensors& former,
                  std::span<const std::int32_t> rows,
                  const Model& model);

/// The same for the moments in a checkpoint of the former model, which are of `num_steps` steps.
void copy_moments(const Safetensors& former,
                  std::span<const std::int32_t> rows,
                  std::int64_t num_steps,
                  const Model& model,
                  Optimizer& optimizer);

}  // namespace elastic::train
