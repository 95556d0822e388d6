// LISA's attention on batches larger than the kernels process at a time.
#include "autograd/ops/elementwise.h"
#include "autograd/ops/histogram_attention_cases.h"
#include "autograd/ops/sum.h"

namespace elastic::histogram_attention_batches_test {
namespace {

using Case = HistogramCase;

TEST_CASE("histogram_attention: the same bits at any number of threads") {
  if (!on_cpu()) {
    return;
  }
  for (const bool last_only : {false, true}) {
    std::vector<std::int32_t> lengths(200, 150);
    lengths.push_back(5000);
    const Case c = variant({lengths, 2, 32, 16, 300}, false, last_only);
    const auto run = [&](int threads) {
      const Threads count(threads);
      return differentiate(attention(c), inputs_of(c));
    };
    const Differentiated one = run(1);
    for (const int threads : {2, 3}) {
      const Differentiated other = run(threads);
      CHECK(one.value == other.value);
      CHECK(one.grads == other.grads);
    }
  }
}

// More tokens than one round of the CPU.
TEST_CASE("histogram_attention: a large batch equals its parts together") {
  if (!on_cpu()) {
    return;
  }
  for (const bool last_only : {false, true}) {
    Case c{{}, 2, 5, 3, 40, 0.05, true, last_only};
    c.lengths.assign(400, 90);
    c.lengths.insert(c.lengths.begin() + 7, 4000);
    const Segments segments = c.segments();
    const std::vector<Tensor> inputs = inputs_of(c);
    const std::vector<std::int32_t> ids = c.ids();
    const std::vector<double> weights =
        to_doubles(random_f64({last_only ? segments.size() : segments.num_tokens(), c.dim}, 11));
    const auto part = [&](std::int64_t first, std::int64_t last) {
      const TensorFunction function = [&, first, last](const auto& in) {
        const std::vector<std::int32_t> lengths(c.lengths.begin() + first,
                                                c.lengths.begin() + last);
        const Segments own = segments_of(lengths);
        const auto begin = ids.begin() + segments.begin(first);
        const Variable out = ops::histogram_attention(item_codes(c, in),
                                                      int_tensor({begin, begin + own.num_tokens()}),
                                                      own,
                                                      in[0],
                                                      in[1],
                                                      c.decay,
                                                      last_only);
        const auto weight = weights.begin() + (last_only ? first : segments.begin(first)) * c.dim;
        const Tensor weight_of =
            tensor_of(std::vector<double>(weight, weight + out.value().numel()), out.shape());
        return ops::sum(ops::multiply(out, Variable(weight_of)));
      };
      return differentiate(function, inputs);
    };
    Differentiated sum = part(0, 150);
    for (const auto& [first, last] : {std::pair(150, 151), std::pair(151, 401)}) {
      const Differentiated other = part(first, last);
      sum.value[0] += other.value[0];
      for (std::size_t i = 0; i < sum.grads.size(); ++i) {
        for (std::size_t j = 0; j < sum.grads[i].size(); ++j) {
          sum.grads[i][j] += other.grads[i][j];
        }
      }
    }
    check_close(sum, part(0, 401), tolerance::kEqualDeep);
  }
}

// More tokens than one slab of the GPU, with sequences cut by slabs.
TEST_CASE("histogram_attention: a device's slabs equal the CPU's rounds") {
  if (test_device() == Device::kCpu) {
    return;  // against itself there is nothing to compare
  }
  for (const bool last_only : {false, true}) {
    // A slab holds 2048 tokens of 2048 words.
    const Case c = last_only ? Case{{1, 0, 2100}, 128, 16, 2, 9, 0.02, false, true}
                             : Case{{2100, 1, 0, 30}, 128, 16, 2, 9, 0.02};
    const auto run = [&](Device device) {
      std::vector<Tensor> inputs;
      for (const Tensor& input : inputs_of(c)) {
        inputs.push_back(Tensor::from(to_doubles(input), input.shape(), device));
      }
      const Segments segments(c.segments().host(), device);
      const std::vector<std::int32_t> ids = c.ids();
      return differentiate(
          [&](const auto& in) {
            ops::ItemCodes items;
            items.codes = Tensor::from(c.codes(), {c.codebooks, c.items + 1}, device);
            items.probs.assign(in.begin() + 2, in.end());
            return ops::histogram_attention(items,
                                            Tensor::from(ids, {segments.num_tokens()}, device),
                                            segments,
                                            in[0],
                                            in[1],
                                            c.decay,
                                            last_only);
          },
          inputs);
    };
    check_close(run(Device::kCpu), run(test_device()), tolerance::kEqualDeep);
  }
}

TEST_CASE("histogram_attention: memory grows with tokens, not with tokens times words") {
  if (!on_cpu()) {
    return;
  }
  const Threads one(1);
  const auto peak = [](std::int32_t tokens) {
    const Case c{{tokens}, 8, 64, 4, 10};
    std::vector<Variable> leaves;
    for (const Tensor& input : inputs_of(c)) {
      leaves.emplace_back(input, true);
    }
    CachingAllocator& allocator = test_backend().allocator();
    allocator.reset_peak();
    const std::size_t before = allocator.report().total_current;
    const Variable out = attention(c)(leaves);
    const double forward = static_cast<double>(allocator.report().total_current - before);
    backward(weighted_sum(out));
    return std::pair(forward, static_cast<double>(allocator.report().total_peak - before));
  };
  const auto short_one = peak(4096);
  const auto long_one = peak(16384);
  const double tokens = 16384 - 4096;
  // Kept: ids, and the result of 4 doubles a token. At the peak a row of one codebook's words too,
  // and the counts that chunks of 1024 tokens start from.
  CHECK((long_one.first - short_one.first) / tokens < 8 * 4 + 16);
  CHECK((long_one.second - short_one.second) / tokens < 8 * (64 + 8 * 64 / 1024 + 6 * 4) + 32);
}

}  // namespace
}  // namespace elastic::histogram_attention_batches_test
