// The first experts of lda: a learned set, the same for all users.
#pragma once

#include "model/expert_source.h"
#include "model/model_config.h"
#include "model/parameter.h"
#include "tensor/segments.h"

namespace elastic {

/// P^0 = a learned `experts` [k, D], the same for all users: the ablation without retrieval.
class SharedExperts final : public ExpertSource {
 public:
  SharedExperts(ParameterStore& store, const ModelConfig& config);
  [[nodiscard]] InitialExperts initial_experts(const Variable& x,
                                               const Segments& segments,
                                               const Tensor& ids,
                                               bool training) const override;

 private:
  Variable experts_;
};

}  // namespace elastic
