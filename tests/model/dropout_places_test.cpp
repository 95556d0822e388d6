// Each dropout of a model has masks of its own.
#include <algorithm>

#include "kernel_probe.h"
#include "model/abilities.h"
#include "model/model_fixture.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/dropout.h"
#include "tensor/kernels/ffn.h"
#include "tensor/kernels/input_embedding.h"
#include "tensor/kernels/linear.h"

namespace elastic::dropout_places_test {
namespace {

using Streams = std::vector<std::uint32_t>;

// The streams of the active dropouts in a forward pass, in their order.
template <class Encode>
Streams streams_of(const ForwardMode& mode, double rate, Encode encode) {
  const NoGrad no_grad;
  Streams streams;
  const auto see = [&](const auto& kernel) {
    const Dropout& dropout = kernel.dropout;
    if (dropout.active()) {
      CHECK(dropout.rate == rate);
      CHECK(dropout.seed == mode.seed);
      CHECK(dropout.step == mode.step);
      streams.push_back(dropout.stream);
    }
  };
  const KernelProbe<kernels::InputEmbeddingForward> embedding(see);
  const KernelProbe<kernels::LinearResidualForward> linear(see);
  const KernelProbe<kernels::DispatchForward> dispatch(see);
  const KernelProbe<kernels::ApplyDropout> plain(see);
  const KernelProbe<kernels::FfnForward> ffn(see);
  encode(mode);
  return streams;
}

TEST_CASE("dropout: the input and both sublayers of each layer have streams of their own") {
  const data::Batch batch = batch_of({{3, 1, 4, 1, 5, 9, 2, 6, 5}, {3, 5}});
  for (const std::string& name : model_names()) {
    const auto model = new_model(small_config(name));
    if (model->direction() == Direction::kWindowed) {
      continue;
    }
    CAPTURE(name);
    Streams all{0};
    for (std::uint32_t layer = 0; layer < model->config().num_layers; ++layer) {
      all.push_back(2 * layer + 1);
      if (name != "hstu") {  // its mixer is the whole layer
        all.push_back(2 * layer + 2);
      }
    }
    const double rate = model->config().dropout;
    CHECK(streams_of({true, 5, 7}, rate, [&](const ForwardMode& mode) {
            model->encode(batch, mode);
          }) == all);
    CHECK(streams_of({true, 5, 7}, rate, [&](const ForwardMode& mode) {
            model->encode_last(batch, mode);
          }) == all);
    CHECK(streams_of({false, 5, 7}, rate, [&](const ForwardMode& mode) {
            model->encode(batch, mode);
          }).empty());
  }
}

// The two terms of a window's mixer, attention and dispatch, have one mask for their sum.
TEST_CASE("dropout: a window's streams differ from those of the events before it") {
  const data::Batch batch = batch_of({{3, 1, 4, 1, 5, 9, 2, 6, 5}, {3, 5}});
  const auto model = new_model(small_config("elastic-window"));
  REQUIRE(model->config().num_layers == 2);
  const double rate = model->config().dropout;
  CHECK(streams_of({true, 5, 7}, rate, [&](const ForwardMode& mode) {
          model->encode(batch, mode);
        }) == Streams{0, 1, 2, 5, 5, 6, 3, 4, 7, 7, 8});
  CHECK(streams_of({true, 5, 7}, rate, [&](const ForwardMode& mode) {
          model->window_targets()->encode_window(batch, mode);
        }) == Streams{0, 1, 2, 5, 5, 6, 7, 7, 8});
}

}  // namespace
}  // namespace elastic::dropout_places_test
