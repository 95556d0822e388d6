// Guarantees of the Routing Transformer's mixer.
#include "tensor/kernels/routing.h"

#include <numeric>

#include "autograd/op_checks.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/segment_attention.h"
#include "model/model_fixture.h"
#include "model/routing_mixer.h"
#include "model/routing_plan.h"

namespace elastic {
namespace {

constexpr std::int64_t kDim = 8;
constexpr std::int64_t kHeads = 2;

ModelConfig config_of(std::int64_t max_len, std::int64_t num_clusters) {
  ModelConfig config;
  config.dim = kDim;
  config.num_heads = kHeads;
  config.max_len = max_len;
  config.num_clusters = num_clusters;
  return config;
}

struct Layer {
  ParameterStore store;
  RoutingMixer mixer;

  Layer(const ModelConfig& config, Direction direction, double decay = RoutingMixer::kDecay)
      : store(1, DType::kFloat64, test_device()),
        mixer(store, "layers.0", config, direction, decay) {}

  [[nodiscard]] const Variable& weight(const std::string& name) const {
    return store.find("layers.0.attention." + name);
  }
  [[nodiscard]] const Tensor& centroids() const { return weight("centroids").value(); }

  [[nodiscard]] Variable run(const Variable& x,
                             const Segments& segments,
                             bool last_only,
                             bool training = false) const {
    MixerState state{.segments = segments, .training = training};
    return mixer.mix(x, state, last_only ? Queries::last(segments) : Queries::all(segments), {});
  }

  // Exact attention with the same weights.
  [[nodiscard]] Variable exact(const Variable& x, const Segments& segments, bool causal) const {
    const Variable z = ops::layer_norm(
        x,
        {store.find("layers.0.attention_norm.weight"), store.find("layers.0.attention_norm.bias")});
    const Variable mixed = ops::segment_attention(ops::linear(z, weight("query.weight")),
                                                  ops::linear(z, weight("key.weight")),
                                                  ops::linear(z, weight("value.weight")),
                                                  segments,
                                                  segments,
                                                  {kHeads, causal});
    return ops::linear_residual(mixed, weight("output.weight"), weight("output.bias"), x, {});
  }

  // Moves the gradients out of the trained parameters.
  [[nodiscard]] std::vector<std::vector<double>> take_grads() const {
    std::vector<std::vector<double>> grads;
    for (const Parameter& parameter : store.trained()) {
      grads.push_back(to_doubles(parameter.variable.grad()));
      parameter.variable.clear_grad();
    }
    return grads;
  }
};

constexpr std::array kDirections{Direction::kCausal, Direction::kBidirectional};

TEST_CASE("routing: one cluster is exact attention, gradients included") {
  for (const Direction direction : kDirections) {
    const bool causal = direction == Direction::kCausal;
    CAPTURE(causal);
    const Layer layer(config_of(130, 1), direction);
    const Segments segments = segments_of({7, 1, 130, 64});
    const Variable x(random_f64({segments.num_tokens(), kDim}, 1), true);
    const auto differentiated = [&](const Variable& out) {
      Differentiated result{to_doubles(out.value()), {}};
      backward(weighted_sum(out));
      result.grads = layer.take_grads();
      result.grads.push_back(to_doubles(x.grad()));
      x.clear_grad();
      return result;
    };
    const Differentiated want = differentiated(layer.exact(x, segments, causal));
    check_close(want, differentiated(layer.run(x, segments, false)), tolerance::kEqualLayer);
    const Variable last =
        ops::gather_rows(layer.exact(x, segments, causal), segments.last_tokens());
    const Differentiated want_last = differentiated(last);
    check_close(want_last, differentiated(layer.run(x, segments, true)), tolerance::kEqualLayer);
  }
}

TEST_CASE("routing: the last tokens' form has the same gradients as the whole") {
  for (const Direction direction : kDirections) {
    const Layer layer(config_of(100, 0), direction);
    const Segments segments = segments_of({100, 1, 37, 2});
    const Variable x(random_f64({segments.num_tokens(), kDim}, 2), true);
    const auto grads = [&](const Variable& out) {
      backward(weighted_sum(out));
      std::vector<std::vector<double>> result = layer.take_grads();
      result.push_back(to_doubles(x.grad()));
      x.clear_grad();
      return result;
    };
    const auto whole =
        grads(ops::gather_rows(layer.run(x, segments, false), segments.last_tokens()));
    const auto last = grads(layer.run(x, segments, true));
    for (std::size_t i = 0; i < whole.size(); ++i) {
      CAPTURE(i);
      CHECK(relative_error(whole[i], last[i]) < tolerance::kEqualLayer);
    }
  }
}

TEST_CASE("routing: gradient matches finite differences") {
  for (const Direction direction : kDirections) {
    for (const bool last_only : {false, true}) {
      const Layer layer(config_of(9, 3), direction);
      const Segments segments = segments_of({9, 1, 4});
      check_function([&](const auto& in) { return layer.run(in[0], segments, last_only); },
                     {random_f64({segments.num_tokens(), kDim}, 3)});
    }
  }
}

TEST_CASE("routing: clusters are the square root of max_len, or num_clusters") {
  const auto shape_of = [](std::int64_t max_len, std::int64_t num_clusters) {
    return Layer(config_of(max_len, num_clusters), Direction::kCausal).centroids().shape();
  };
  CHECK(shape_of(1, 0) == Shape{2, 1, 4});
  CHECK(shape_of(100, 0) == Shape{2, 10, 4});
  CHECK(shape_of(101, 0) == Shape{2, 11, 4});
  CHECK(shape_of(101, 3) == Shape{2, 3, 4});
}

TEST_CASE("routing: a causal token sees its cluster's window and nothing else") {
  const NoGrad no_grad;
  const Layer layer(config_of(64, 0), Direction::kCausal);
  const Segments segments = segments_of({64});
  const Tensor x = random_f64({64, kDim}, 4);
  const std::vector<double> before = to_doubles(layer.run(Variable(x), segments, false).value());
  // With C = w = 8, a token is read by at most 8 later ones of each head, and by itself.
  std::int64_t seen = 0;
  for (const std::int64_t changed : {0, 5, 40}) {
    std::vector<double> values = to_doubles(x);
    values[static_cast<std::size_t>(changed * kDim)] += 1e-7;  // not enough to change its cluster
    const std::vector<double> after =
        to_doubles(layer.run(Variable(tensor_of(values, x.shape())), segments, false).value());
    std::int64_t readers = 0;
    for (std::int64_t t = 0; t < 64; ++t) {
      const auto first = static_cast<std::ptrdiff_t>(t * kDim);
      const bool same =
          std::equal(before.begin() + first, before.begin() + first + kDim, after.begin() + first);
      CHECK((t >= changed || same));
      readers += same ? 0 : 1;
    }
    CHECK(readers <= 1 + 8 * kHeads);
    seen += readers;
  }
  CHECK(seen > 3);
}

// Mean direction of a layer's input rows over the members of each centroid, by the definition.
std::vector<double> expected_centroids(const Layer& layer,
                                       const Tensor& query,
                                       const Tensor& key,
                                       const std::vector<std::vector<std::int32_t>>& members,
                                       double decay) {
  const std::vector<double> q = to_doubles(query);
  const std::vector<double> k = to_doubles(key);
  std::vector<double> result = to_doubles(layer.centroids());
  const std::size_t dim = kDim / kHeads;
  for (std::size_t c = 0; c < members.size(); ++c) {
    if (members[c].empty()) {
      continue;
    }
    std::vector<double> mean(dim, 0.0);
    for (const std::int32_t row : members[c]) {
      for (const auto& from : {q, k}) {
        const auto first =
            from.begin() + static_cast<std::ptrdiff_t>(row) * static_cast<std::ptrdiff_t>(dim);
        const double norm = std::sqrt(
            std::inner_product(first, first + static_cast<std::ptrdiff_t>(dim), first, 0.0));
        for (std::size_t j = 0; j < dim; ++j) {
          mean[j] += *(first + static_cast<std::ptrdiff_t>(j)) / norm /
                     (2.0 * static_cast<double>(members[c].size()));
        }
      }
    }
    double squares = 0.0;
    for (std::size_t j = 0; j < dim; ++j) {
      double& value = result[c * dim + j];
      value = decay * value + (1.0 - decay) * mean[j];
      squares += value * value;
    }
    for (std::size_t j = 0; j < dim; ++j) {
      result[c * dim + j] /= std::sqrt(squares);
    }
  }
  return result;
}

TEST_CASE("routing: training moves the centroids to their members' mean, evaluation does not") {
  const NoGrad no_grad;
  constexpr double kHalf = 0.5;
  for (const Direction direction : kDirections) {
    for (const bool last_only : {false, true}) {
      const Layer layer(config_of(25, 0), direction, kHalf);
      const Segments segments = segments_of({25, 3});
      const Variable x(random_f64({28, kDim}, 5));
      const Tensor before = clone(layer.centroids());
      (void)layer.run(x, segments, last_only);
      CHECK(same_bits(layer.centroids(), before));

      const Variable z = ops::layer_norm(x,
                                         {layer.store.find("layers.0.attention_norm.weight"),
                                          layer.store.find("layers.0.attention_norm.bias")});
      const Shape rows{28 * kHeads, kDim / kHeads};
      const Tensor query = ops::linear(z, layer.weight("query.weight")).value().reshape(rows);
      const Tensor key = ops::linear(z, layer.weight("key.weight")).value().reshape(rows);
      Tensor directions = empty_like(query);
      run(kernels::UnitSum{query, key, directions});
      std::vector<std::vector<std::int32_t>> members(kHeads * 5);
      if (direction == Direction::kCausal) {
        Tensor nearest({rows[0]}, DType::kInt32, test_device());
        run(kernels::NearestCentroids{directions, before, nearest});
        const auto owners = nearest.to_vector<std::int32_t>();
        for (std::size_t row = 0; row < owners.size(); ++row) {
          members[static_cast<std::size_t>(owners[row])].push_back(static_cast<std::int32_t>(row));
        }
      } else {
        const Segments lists = member_lists(segments, kHeads, 5);
        Tensor taken({lists.num_tokens()}, DType::kInt32, test_device());
        Tensor owners({lists.num_tokens()}, DType::kInt32, test_device());
        run(kernels::CentroidMembers{.x = directions,
                                     .centroids = before,
                                     .segments = segments,
                                     .members = lists,
                                     .rows = taken,
                                     .owners = owners});
        const auto taken_rows = taken.to_vector<std::int32_t>();
        const auto owner_rows = owners.to_vector<std::int32_t>();
        for (std::size_t i = 0; i < taken_rows.size(); ++i) {
          members[static_cast<std::size_t>(owner_rows[i])].push_back(taken_rows[i]);
        }
      }
      const std::vector<double> want = expected_centroids(layer, query, key, members, kHalf);
      (void)layer.run(x, segments, last_only, /*training=*/true);
      CHECK_FALSE(same_bits(layer.centroids(), before));
      CHECK(relative_error(want, to_doubles(layer.centroids())) < tolerance::kEqual);
    }
  }
}

TEST_CASE("routing: centroids start as directions, and stay so over many steps") {
  const NoGrad no_grad;
  for (const Direction direction : kDirections) {
    const Layer layer(config_of(30, 0), direction, /*decay=*/0.9);
    const Segments segments = segments_of({30, 11});
    for (std::uint64_t step = 0; step < 50; ++step) {
      const std::vector<double> centroids = to_doubles(layer.centroids());
      for (std::size_t c = 0; c < centroids.size(); c += 4) {
        const auto first = centroids.begin() + static_cast<std::ptrdiff_t>(c);
        CHECK(std::inner_product(first, first + 4, first, 0.0) == doctest::Approx(1.0));
      }
      (void)layer.run(Variable(random_f64({41, kDim}, step)), segments, false, true);
    }
  }
}

TEST_CASE("routing: a bidirectional token that no centroid takes keeps its residual only") {
  const NoGrad no_grad;
  // One cluster of two heads, of which each takes half of the tokens: ceil(n / C) with C = 2 and
  // two centroids that are the same.
  const Layer layer(config_of(40, 2), Direction::kBidirectional);
  std::vector<double> centroids = to_doubles(layer.centroids());
  for (std::size_t j = 0; j < 4; ++j) {
    centroids[4 + j] = centroids[j];
    centroids[12 + j] = centroids[8 + j];
  }
  layer.weight("centroids").mutable_value() = tensor_of(centroids, layer.centroids().shape());
  const Variable x(random_f64({40, kDim}, 6));
  const std::vector<double> in = to_doubles(x.value());
  const std::vector<double> out = to_doubles(layer.run(x, segments_of({40}), false).value());
  std::int64_t untouched = 0;
  for (std::size_t t = 0; t < 40; ++t) {
    const auto first = static_cast<std::ptrdiff_t>(t * kDim);
    untouched += std::equal(in.begin() + first, in.begin() + first + kDim, out.begin() + first);
  }
  // Each head leaves out 20 tokens; about half of them are the same ones.
  CHECK(untouched > 0);
  CHECK(untouched <= 20);
}

TEST_CASE("routing: centroids are buffers, not trained parameters") {
  for (const std::string name : {"routing", "routing-bidirectional"}) {
    const auto model = new_model(small_config(name));
    const ParameterStore& store = model->parameters();
    std::int64_t buffers = 0;
    std::int64_t elements = 0;
    for (const Parameter& parameter : store.all()) {
      const bool centroids = parameter.name.ends_with("attention.centroids");
      CHECK(parameter.trained == !centroids);
      CHECK(parameter.variable.requires_grad() == parameter.trained);
      buffers += centroids ? 1 : 0;
      elements += centroids ? 0 : parameter.variable.value().numel();
    }
    CHECK(buffers == 2);
    CHECK(store.trained().size() + 2 == store.all().size());
    CHECK(store.num_elements() == elements);
    CHECK(store.find("layers.1.attention.centroids").shape() == Shape{2, 10, 4});
    CHECK_FALSE(model->recordable());
  }
}

TEST_CASE("routing: a training pass moves every layer's centroids once") {
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string name : {"routing", "routing-bidirectional"}) {
    for (const bool last_only : {false, true}) {
      const auto model = new_model(small_config(name));
      const auto pass = [&](bool training) {
        const ForwardMode mode{training, 1, 1};
        (void)(last_only ? model->encode_last(batch, mode) : model->encode(batch, mode));
      };
      for (const char* parameter :
           {"layers.0.attention.centroids", "layers.1.attention.centroids"}) {
        const Tensor& centroids = model->parameters().find(parameter).value();
        const Tensor before = clone(centroids);
        pass(false);
        CHECK(same_bits(centroids, before));
        pass(true);
        CHECK_FALSE(same_bits(centroids, before));
        // At most a thousandth of a unit vector.
        std::vector<double> change = to_doubles(centroids);
        const std::vector<double> start = to_doubles(before);
        for (std::size_t i = 0; i < change.size(); ++i) {
          CHECK(std::abs(change[i] - start[i]) < 2.1e-3);
        }
      }
    }
  }
}

}  // namespace
}  // namespace elastic
