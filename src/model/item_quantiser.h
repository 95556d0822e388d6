// LISA's items: sums of codewords (Wu et al., arXiv 2105.14068).
#pragma once

#include <vector>

#include "autograd/ops/histogram_attention.h"
#include "model/model_config.h"
#include "model/parameter.h"

namespace elastic {

/// Items as codewords, counted by LISA's mixers.
struct ItemWords {
  ops::ItemCodes codes;
  std::vector<Variable> codebooks;  ///< C times [W, D]
};

/// The items of one pass, as the model uses them. Row 0 belongs to no item and is unused.
struct PassItems {
  Variable input;     ///< [V + 1, D]: the input embeddings
  Variable scored;    ///< [V + 1, D]: the embeddings that states are scored against
  ItemWords words{};  ///< empty for models that read the item table directly
};

/// Residual quantisation: with rho = the item's embedding, for each codebook c
///   l = (rho similarity) c^T,  p = softmax(l / temperature),  code = argmax l,
///   o = one-hot(code), with the gradient of p, or p itself (soft),  rho <- rho - o c;
/// an item is the sum of its o c. Parameters NAMEcodebooks [C, W, D], NAMEsimilarity [D, D].
/// Computed once for all items, O(V C W D); training stores the p, V C W numbers.
class ItemQuantiser {
 public:
  struct Options {
    std::int64_t num_codebooks;
    std::int64_t codebook_size;
    double temperature;
    bool soft;
  };
  /// `name` is the prefix of the parameters' names, such as "quantiser.target_".
  ItemQuantiser(ParameterStore& store,
                const std::string& name,
                std::int64_t dim,
                const Options& options);

  struct Items {
    Variable table;  ///< [V + 1, D]
    ItemWords words;
  };
  [[nodiscard]] Items quantise(const Variable& item_table) const;

 private:
  Options options_;
  Variable codebooks_;
  Variable similarity_;
};

/// A model's items in LISA's variants: `base` reads and scores quantised items, `soft` reads sums
/// of words weighted by p and scores the raw items, `mini` is base with separate codebooks for the
/// scored items.
class LisaItems {
 public:
  LisaItems(ParameterStore& store, const ModelConfig& config);
  [[nodiscard]] PassItems make(const Variable& item_table) const;

 private:
  bool soft_;
  ItemQuantiser input_;
  std::vector<ItemQuantiser> target_;  ///< one in `mini`, none otherwise
};

}  // namespace elastic
