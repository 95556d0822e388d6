// elastic-causal with a memory per token, against its definition in plain loops.
#include "autograd/op_checks.h"
#include "model/causal_dispatcher_mixer.h"
#include "model/model_fixture.h"

namespace elastic {
namespace {
using Vector = std::vector<double>;

struct Sizes {
  std::size_t dim, heads, head_dim, experts, retrieval_heads, key_dim, subkeys;
};

Sizes sizes_of(const ModelConfig& c) {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  return {size(c.dim),
          size(c.num_heads),
          size(c.dim / c.num_heads),
          size(c.num_experts),
          size(c.retrieval.heads),
          size(c.retrieval.key_dim),
          size(c.retrieval.pool_subkeys)};
}

// weight [out, in] x
Vector times(const Vector& weight, const Vector& x, const Vector& bias = {}) {
  Vector y(weight.size() / x.size());
  for (std::size_t o = 0; o < y.size(); ++o) {
    y[o] = bias.empty() ? 0.0 : bias[o];
    for (std::size_t i = 0; i < x.size(); ++i) {
      y[o] += weight[o * x.size() + i] * x[i];
    }
  }
  return y;
}

Vector part(const Vector& x, std::size_t begin, std::size_t count) {
  const auto first = x.begin() + static_cast<std::ptrdiff_t>(begin);
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

double product(const Vector& a, const Vector& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

Vector normed(const Vector& x, const Vector& weight, const Vector& bias) {
  double mean = 0.0;
  double variance = 0.0;
  for (const double value : x) {
    mean += value / static_cast<double>(x.size());
  }
  for (const double value : x) {
    variance += (value - mean) * (value - mean) / static_cast<double>(x.size());
  }
  Vector y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    y[i] = (x[i] - mean) / std::sqrt(variance + kNormEpsilon) * weight[i] + bias[i];
  }
  return y;
}

class Definition {
 public:
  Definition(const ModelConfig& config, const ParameterStore& store)
      : s_(sizes_of(config)), store_(store) {}

  // A sequence x [n][D] -> x + mixer(LN(x)).
  [[nodiscard]] std::vector<Vector> run(const std::vector<Vector>& x) const {
    std::vector<Vector> z;
    for (const Vector& token : x) {
      z.push_back(normed(token, value("attention_norm.weight"), value("attention_norm.bias")));
    }
    std::vector<Vector> y;
    for (std::size_t t = 0; t < z.size(); ++t) {
      Vector heads;
      for (std::size_t h = 0; h < s_.heads; ++h) {
        std::vector<Vector> members = slots(z, t, h);
        for (const Vector& expert : retrieved(z[t])) {
          members.push_back(part(expert, h * s_.head_dim, s_.head_dim));
        }
        const Vector head = dispatched(z[t], h, members);
        heads.insert(heads.end(), head.begin(), head.end());
      }
      y.push_back(times(value("attention.output.weight"), heads, value("attention.output.bias")));
      for (std::size_t j = 0; j < s_.dim; ++j) {
        y.back()[j] += x[t][j];
      }
    }
    return y;
  }

 private:
  [[nodiscard]] Vector value(const std::string& name) const {
    return to_doubles(store_.find("layers.0." + name).value());
  }
  [[nodiscard]] Vector head_of(const std::string& weight, const Vector& x, std::size_t h) const {
    return part(times(value(weight), x), h * s_.head_dim, s_.head_dim);
  }
  [[nodiscard]] double scale() const { return 1.0 / std::sqrt(static_cast<double>(s_.head_dim)); }

  // A_{t,a} of a head, every a.
  [[nodiscard]] std::vector<Vector> slots(const std::vector<Vector>& z,
                                          std::size_t t,
                                          std::size_t h) const {
    const Vector experts = value("attention.experts");
    const Vector decay = value("attention.decay");
    std::vector<Vector> result;
    for (std::size_t a = 0; a < s_.experts; ++a) {
      const Vector e =
          head_of("attention.expert_query.weight", part(experts, a * s_.dim, s_.dim), h);
      const double rate = std::log1p(std::exp(decay[h * s_.experts + a]));
      double sum = 0.0;
      Vector total(s_.head_dim);
      for (std::size_t j = 0; j <= t; ++j) {
        const double weight =
            std::exp(product(e, head_of("attention.key.weight", z[j], h)) * scale() -
                     rate * static_cast<double>(t - j));
        const Vector content = head_of("attention.value.weight", z[j], h);
        sum += weight;
        for (std::size_t i = 0; i < s_.head_dim; ++i) {
          total[i] += weight * content[i];
        }
      }
      for (double& element : total) {
        element /= sum;
      }
      result.push_back(total);
    }
    return result;
  }

  // The token's k experts, gated.
  [[nodiscard]] std::vector<Vector> retrieved(const Vector& z) const {
    const Vector projected =
        times(value("attention.memory.project.weight"), z, value("attention.memory.project.bias"));
    const Vector subkeys = value("attention.memory.subkeys");
    const Vector table = value("attention.memory.table");
    const std::size_t half = s_.key_dim / 2;
    const std::size_t count = s_.experts / s_.retrieval_heads;
    std::vector<Vector> result;
    for (std::size_t m = 0; m < s_.retrieval_heads; ++m) {
      const Vector query = normed(part(projected, m * s_.key_dim, s_.key_dim),
                                  value("attention.memory.query_norm.weight"),
                                  value("attention.memory.query_norm.bias"));
      std::vector<std::pair<double, std::size_t>> order;  // negated score, id
      for (std::size_t a = 0; a < s_.subkeys; ++a) {
        for (std::size_t b = 0; b < s_.subkeys; ++b) {
          const Vector first = part(subkeys, (2 * m * s_.subkeys + a) * half, half);
          const Vector second = part(subkeys, ((2 * m + 1) * s_.subkeys + b) * half, half);
          order.emplace_back(
              -product(first, part(query, 0, half)) - product(second, part(query, half, half)),
              a * s_.subkeys + b);
        }
      }
      std::sort(order.begin(), order.end());
      double sum = 0.0;
      for (std::size_t i = 0; i < count; ++i) {
        sum += std::exp(-order[i].first);
      }
      for (std::size_t i = 0; i < count; ++i) {
        Vector expert = part(table, order[i].second * s_.dim, s_.dim);
        for (double& element : expert) {
          element *= static_cast<double>(count) * std::exp(-order[i].first) / sum;
        }
        result.push_back(expert);
      }
    }
    return result;
  }

  [[nodiscard]] Vector dispatched(const Vector& z,
                                  std::size_t h,
                                  const std::vector<Vector>& members) const {
    const std::size_t square = s_.head_dim * s_.head_dim;
    const Vector key = part(value("attention.dispatch_key"), h * square, square);
    const Vector content = part(value("attention.dispatch_value"), h * square, square);
    const Vector query = head_of("attention.query.weight", z, h);
    double sum = 0.0;
    Vector out(s_.head_dim);
    for (const Vector& member : members) {
      const double weight = std::exp(product(query, times(key, member)) * scale());
      const Vector values = times(content, member);
      sum += weight;
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] += weight * values[i];
      }
    }
    for (double& element : out) {
      element /= sum;
    }
    return out;
  }

  Sizes s_;
  const ParameterStore& store_;
};

TEST_CASE("token memory: the mixer equals its definition in plain loops") {
  const NoGrad no_grad;
  const Threads one(1);
  for (const std::int64_t experts : {2, 4, 6}) {
    ModelConfig config = small_config("elastic-causal");
    config.retrieval.memory = EventMemory::kPerToken;
    config.num_experts = experts;
    ParameterStore store(1, DType::kFloat64, test_device());
    const CausalDispatcherMixer mixer(store, "layers.0", config);
    std::uint64_t seed = 20;
    for (const Parameter& parameter : store.all()) {  // also norms and biases that are not 1 and 0
      parameter.variable.mutable_value() = random_f64(parameter.variable.shape(), ++seed, 0.7);
    }
    const std::vector<std::int32_t> lengths{9, 1, 4};
    const Segments segments = segments_of(lengths);
    const Variable x(random_f64({segments.num_tokens(), config.dim}, 3));
    const Vector values = to_doubles(x.value());
    const Definition definition(config, store);
    Vector want;
    for (std::int64_t b = 0; b < segments.size(); ++b) {
      std::vector<Vector> sequence;
      for (std::int64_t t = segments.begin(b); t < segments.end(b); ++t) {
        sequence.push_back(part(values, static_cast<std::size_t>(t * config.dim), 8));
      }
      for (const Vector& row : definition.run(sequence)) {
        want.insert(want.end(), row.begin(), row.end());
      }
    }
    MixerState state{.segments = segments};
    CAPTURE(experts);
    CHECK(
        relative_error(want, to_doubles(mixer.mix(x, state, Queries::all(segments), {}).value())) <
        tolerance::kEqual);
  }
}

}  // namespace
}  // namespace elastic
