// The table of models: a new model is a mixer and a line here.
#include "model/registry.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "model/causal_dispatcher_mixer.h"
#include "model/dispatcher_mixer.h"
#include "model/efficient_mixer.h"
#include "model/fuxi_linear_mixer.h"
#include "model/gated_slot_mixer.h"
#include "model/gru_mixer.h"
#include "model/hstu_mixer.h"
#include "model/interest_memory.h"
#include "model/lightsans_mixer.h"
#include "model/linformer_mixer.h"
#include "model/linrec_mixer.h"
#include "model/lisa_mixer.h"
#include "model/routing_mixer.h"
#include "model/sequence_model.h"
#include "model/shared_experts.h"
#include "model/softmax_mixer.h"
#include "model/window_model.h"
#include "tensor/backend.h"

namespace elastic {
namespace {

constexpr const char* kWindowModel = "elastic-window";

template <class MixerType>
std::unique_ptr<Mixer> make_mixer(ParameterStore& store,
                                  const std::string& prefix,
                                  const ModelConfig& config) {
  return std::make_unique<MixerType>(store, prefix, config);
}

template <class SourceType>
std::unique_ptr<ExpertSource> make_source(ParameterStore& store, const ModelConfig& config) {
  return std::make_unique<SourceType>(store, config);
}

std::unique_ptr<LisaItems> make_items(ParameterStore& store, const ModelConfig& config) {
  return std::make_unique<LisaItems>(store, config);
}

// Models that differ only in their layers' mixer.
const std::map<std::string, SequenceModel::Kind>& kinds() {
  static const std::map<std::string, SequenceModel::Kind> kinds{
      {"efficient", {Direction::kBidirectional, make_mixer<EfficientMixer>, {}}},
      {"elastic",
       {Direction::kBidirectional, make_mixer<DispatcherMixer>, make_source<InterestMemory>}},
      {"elastic-causal", {Direction::kCausal, make_mixer<CausalDispatcherMixer>, {}}},
      {"fuxi-linear",
       {Direction::kCausal,
        make_mixer<FuxiLinearMixer>,
        {},
        {},
        SequenceModel::Ffn::kSwiglu,
        Trunk::Times::kMixers}},
      {"gru", {Direction::kCausal, make_mixer<GruMixer>, {}}},
      {"gsa", {Direction::kCausal, make_mixer<GatedSlotMixer>, {}}},
      {"hstu",
       {Direction::kCausal,
        make_mixer<HstuMixer>,
        {},
        {},
        SequenceModel::Ffn::kNone,
        Trunk::Times::kMixers}},
      {"lda", {Direction::kBidirectional, make_mixer<DispatcherMixer>, make_source<SharedExperts>}},
      {"lightsans", {Direction::kBidirectional, make_mixer<LightSansMixer>, {}}},
      {"linformer", {Direction::kBidirectional, make_mixer<LinformerMixer>, {}}},
      {"linrec", {Direction::kBidirectional, make_mixer<LinRecMixer>, {}}},
      {"routing", {Direction::kCausal, make_mixer<RoutingMixer>, {}}},
      {"routing-bidirectional",
       {Direction::kBidirectional, make_mixer<BidirectionalRoutingMixer>, {}}},
      {"lisa", {Direction::kCausal, make_mixer<LisaMixer>, {}, make_items}},
      {"softmax", {Direction::kCausal, make_mixer<SoftmaxMixer>, {}}},
      {"softmax-tiled", {Direction::kCausal, make_mixer<TiledSoftmaxMixer>, {}}},
  };
  return kinds;
}

void require_registered(const std::string& model) {
  if (!is_registered(model)) {
    throw UsageError("--model: unknown model '", model, "'", did_you_mean(model, model_names()));
  }
}

std::unique_ptr<Model> build(const ModelConfig& config, ParameterStore store) {
  require_registered(config.model);
  check(config);
  ELASTIC_CHECK(config.num_items >= 1, "num_items is not set");
  if (config.model == kWindowModel) {
    return std::make_unique<WindowModel>(config, std::move(store));
  }
  return std::make_unique<SequenceModel>(config, kinds().at(config.model), std::move(store));
}

}  // namespace

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : kinds()) {
    names.push_back(name);
  }
  names.emplace_back(kWindowModel);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> models_with_experts() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : kinds()) {
    if (kind.make_source) {
      names.push_back(name);
    }
  }
  names.emplace_back(kWindowModel);
  std::sort(names.begin(), names.end());
  return names;
}

bool is_registered(const std::string& model) {
  return model == kWindowModel || kinds().contains(model);
}

Direction direction_of(const std::string& model) {
  require_registered(model);
  return model == kWindowModel ? Direction::kWindowed : kinds().at(model).direction;
}

ParameterStore plan_parameters(const ModelConfig& config, DType dtype, Device device) {
  return build(config, ParameterStore::plan(dtype, device))->parameters();
}

void check_memory(const ModelConfig& config, int copies, DType dtype, Device device) {
  constexpr double kMebibyte = 1048576.0;
  const double bytes = copies * plan_parameters(config, dtype, device).num_bytes();
  const auto free = static_cast<double>(backend_for(device).free_bytes());
  if (bytes > free) {
    throw OutOfMemoryError("out of memory: the parameters of the model",
                           copies > 1 ? " with gradients and moments" : "",
                           " take ",
                           std::llround(bytes / kMebibyte),
                           " MiB, ",
                           std::llround(free / kMebibyte),
                           " MiB are free; try a smaller --dim, --ffn-dim or --max-len");
  }
}

std::unique_ptr<Model> make_model(const ModelConfig& config,
                                  std::uint64_t seed,
                                  DType dtype,
                                  Device device) {
  check_memory(config, /*copies=*/1, dtype, device);
  return build(config, ParameterStore(seed, dtype, device));
}

std::unique_ptr<Model> make_model(const ModelConfig& config,
                                  ParameterSource weights,
                                  DType dtype,
                                  Device device) {
  if (device != Device::kCpu) {
    check_memory(config, /*copies=*/1, dtype, device);
  }
  return build(config, ParameterStore(std::move(weights), dtype, device));
}

}  // namespace elastic
