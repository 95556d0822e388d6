#include "model/dispatcher_mixer.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"
#include "model/model_fixture.h"

namespace elastic::dispatcher_mixer_test {
namespace {

struct Shapes {
  std::int64_t dim;
  std::int64_t num_heads;
  std::int64_t num_experts;
  std::vector<std::int32_t> lengths;
};

const std::vector<Shapes> kShapes{{4, 2, 3, {1}},
                                  {8, 2, 4, {7, 1, 70, 2}},
                                  {6, 3, 5, {65, 1030}},  // H k above D
                                  {4, 1, 1, {3, 5}}};

// Value and all gradients (tokens, experts, every parameter) of a mixer in one form.
Differentiated run(const Shapes& shapes, DispatcherMixer::Form form, bool last_only) {
  const Threads one(1);
  ModelConfig config;
  config.dim = shapes.dim;
  config.num_heads = shapes.num_heads;
  config.num_experts = shapes.num_experts;
  ParameterStore store(1, DType::kFloat64, test_device());
  const DispatcherMixer mixer(store, "layers.0", config, form);
  const Segments segments = segments_of(shapes.lengths);
  const Variable x(random_f64({segments.num_tokens(), shapes.dim}, 1), true);
  const Variable experts(random_f64({segments.size(), shapes.num_experts, shapes.dim}, 2), true);
  MixerState state{.segments = segments, .experts = {experts}};
  const Dropout dropout{0.2, 3, 1, 1};
  const Queries queries = last_only ? Queries::last(segments) : Queries::all(segments);
  const Variable out = mixer.mix(x, state, queries, dropout);
  Differentiated result{to_doubles(out.value()), {}};
  const std::vector<double> carried = to_doubles(state.experts.experts.value());
  result.value.insert(result.value.end(), carried.begin(), carried.end());
  backward(ops::add(weighted_sum(out), weighted_sum(state.experts.experts)));
  result.grads = {to_doubles(x.grad()), to_doubles(experts.grad())};
  for (const Parameter& parameter : store.all()) {
    result.grads.push_back(to_doubles(parameter.variable.grad()));
  }
  return result;
}

TEST_CASE("DispatcherMixer: the absorbed form equals the plain one, gradients included") {
  for (std::size_t i = 0; i < kShapes.size(); ++i) {
    for (const bool last_only : {false, true}) {
      CAPTURE(i);
      CAPTURE(last_only);
      check_close(run(kShapes[i], DispatcherMixer::Form::kPlain, last_only),
                  run(kShapes[i], DispatcherMixer::Form::kAbsorbed, last_only),
                  tolerance::kEqualLayer);
    }
  }
}

TEST_CASE("DispatcherMixer: the cheaper form is absorbed when H k < D + k") {
  for (const Shapes& shapes : kShapes) {
    const bool absorbed = shapes.num_heads * shapes.num_experts < shapes.dim + shapes.num_experts;
    const auto form = absorbed ? DispatcherMixer::Form::kAbsorbed : DispatcherMixer::Form::kPlain;
    CHECK(run(shapes, DispatcherMixer::Form::kCheaper, false).value ==
          run(shapes, form, false).value);
  }
}

}  // namespace
}  // namespace elastic::dispatcher_mixer_test
