#include "model/model_notes.h"

#include <map>

namespace elastic {

ModelNotes notes_on(const std::string& model) {
  static const std::map<std::string, ModelNotes> notes{
      {"efficient",
       {"separate softmax of queries and keys, no map", "O(n)", "Shen et al., arXiv 1812.01243"}},
      {"elastic",
       {"linear dispatcher attention, experts retrieved for each user",
        "O(n k)",
        "ELASTIC: Deng et al., arXiv 2408.09380"}},
      {"elastic-causal",
       {"dispatcher attention with a decayed prefix softmax; reads streams",
        "O(n k)",
        "this project"}},
      {"elastic-window",
       {"elastic for the prefix, exact attention among the latest w events",
        "O(n k + w^2)",
        "this project"}},
      {"gru",
       {"a gated recurrent unit instead of attention",
        "O(n)",
        "GRU4Rec: Hidasi et al., arXiv 1511.06939"}},
      {"gsa",
       {"gated slot attention, a state of fixed size; reads streams",
        "O(n k)",
        "Zhang et al., arXiv 2409.07146"}},
      {"hstu",
       {"attention with pointwise SiLU weights, gated, no feed-forward network",
        "O(n^2)",
        "HSTU: Zhai et al., arXiv 2402.17152"}},
      {"lda",
       {"as elastic, experts shared by all users",
        "O(n k)",
        "an ablation of ELASTIC: Deng et al., arXiv 2408.09380"}},
      {"lightsans",
       {"softmax attention to k rows, pooled by interests",
        "O(n k)",
        "LightSANs: Fan et al., SIGIR 2021"}},
      {"linformer",
       {"softmax attention to k rows, projected along the sequence",
        "O(n k)",
        "Linformer: Wang et al., arXiv 2006.04768"}},
      {"linrec",
       {"queries and keys of unit length, no map", "O(n)", "LinRec: Liu et al., arXiv 2411.01537"}},
      {"lisa",
       {"attention to a decayed histogram of codewords",
        "O(n W)",
        "LISA: Wu et al., arXiv 2105.14068"}},
      {"routing",
       {"softmax attention within clusters of tokens",
        "O(n^1.5)",
        "Routing Transformer: Roy et al., arXiv 2003.05997"}},
      {"routing-bidirectional",
       {"as routing, clusters of equal size that may overlap",
        "O(n^1.5)",
        "Routing Transformer: Roy et al., arXiv 2003.05997"}},
      {"softmax",
       {"softmax attention with a stored map",
        "O(n^2)",
        "SASRec: Kang and McAuley, arXiv 1808.09781"}},
      {"softmax-tiled",
       {"the numbers of softmax by tiles, O(n) memory",
        "O(n^2)",
        "SASRec: Kang and McAuley, arXiv 1808.09781"}},
  };
  const auto found = notes.find(model);
  return found == notes.end() ? ModelNotes{} : found->second;
}

}  // namespace elastic
