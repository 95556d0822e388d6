#include "model/item_quantiser.h"

#include "autograd/ops/codewords.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/histogram_attention.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/stack.h"
#include "autograd/ops/transpose.h"

namespace elastic {
namespace {

constexpr double kCodebookScale = 0.02;  // as for the item embeddings

ItemQuantiser::Options input_options(const ModelConfig& config) {
  return {config.lisa.num_codebooks,
          config.lisa.codebook_size,
          config.lisa.codebook_temperature,
          config.lisa.variant == LisaVariant::kSoft};
}

ItemQuantiser::Options target_options(const ModelConfig& config) {
  return {config.lisa.target_codebooks,
          config.lisa.target_codebook_size,
          config.lisa.codebook_temperature,
          /*soft=*/false};
}

}  // namespace

ItemQuantiser::ItemQuantiser(ParameterStore& store,
                             const std::string& name,
                             std::int64_t dim,
                             const Options& options)
    : options_(options),
      codebooks_(store.add(name + "codebooks",
                           {options.num_codebooks, options.codebook_size, dim},
                           Init::kNormal,
                           kCodebookScale)),
      similarity_(store.add(name + "similarity", {dim, dim}, Init::kXavierUniform)) {}

ItemQuantiser::Items ItemQuantiser::quantise(const Variable& item_table) const {
  const std::int64_t rows = item_table.shape()[0];
  const bool trains = records({item_table, codebooks_, similarity_});
  Items items;
  ops::ItemCodes& codes = items.words.codes;
  items.words.codebooks = ops::unstack(codebooks_);
  codes.codes = Tensor({options_.num_codebooks, rows}, DType::kInt32, item_table.value().device());
  Variable residual = item_table;
  for (std::size_t c = 0; c < items.words.codebooks.size(); ++c) {
    const Variable& codebook = items.words.codebooks[c];
    // (rho S) c^T = rho (c S^T)^T: multiplies the similarity with W words, not V items.
    const Variable keys =
        ops::scale(ops::linear(codebook, similarity_), 1.0 / options_.temperature);
    const auto place = static_cast<std::int64_t>(c);
    const ops::ChosenWords words = ops::choose_words(
        residual, keys, codes.codes.slice(place, place + 1), trains || options_.soft);
    const Variable chosen = options_.soft ? ops::linear(words.probs, ops::transpose(codebook))
                                          : ops::straight_through_words(codebook, words);
    items.table = c == 0 ? chosen : ops::add(items.table, chosen);
    if (c + 1 < items.words.codebooks.size()) {
      residual = ops::add(residual, ops::scale(chosen, -1.0));
    }
    if (words.probs.defined()) {
      codes.probs.push_back(words.probs);
    }
  }
  if (options_.soft) {
    codes.occupancy = ops::pack_occupancy(codes.probs);
  }
  if (!trains) {
    codes.probs.clear();
  }
  return items;
}

LisaItems::LisaItems(ParameterStore& store, const ModelConfig& config)
    : soft_(config.lisa.variant == LisaVariant::kSoft),
      input_(store, "quantiser.", config.dim, input_options(config)) {
  if (config.lisa.variant == LisaVariant::kMini) {
    target_.emplace_back(store, "quantiser.target_", config.dim, target_options(config));
  }
}

PassItems LisaItems::make(const Variable& item_table) const {
  const ItemQuantiser::Items items = input_.quantise(item_table);
  Variable scored = soft_ ? item_table : items.table;
  if (!target_.empty()) {
    scored = target_.front().quantise(item_table).table;
  }
  return {items.table, scored, items.words};
}

}  // namespace elastic
