#include "autograd/ops/histogram_attention.h"

#include "autograd/op_checks.h"
#include "autograd/ops/basic.h"
#include "autograd/ops/softmax.h"

namespace elastic {
namespace {

struct Case {
  std::vector<std::int32_t> lengths;
  std::int64_t codebooks;
  std::int64_t words;
  std::int64_t dim;
  std::int32_t items;
  double decay = 0.1;
  bool soft = false;
  bool last_only = false;

  [[nodiscard]] Segments segments() const { return segments_of(lengths); }
  [[nodiscard]] std::vector<std::int32_t> ids() const {
    return random_ids(segments().num_tokens(), 1, items, 5);
  }
  [[nodiscard]] std::vector<std::int32_t> codes() const {
    return random_ids(codebooks * (items + 1), 0, static_cast<std::int32_t>(words) - 1, 6);
  }
};

// Sizes 1 and odd, single tokens, empty segments, past a tile of 64 and past chunks of 256 and
// 1024.
const std::vector<Case> kCases{{{1}, 1, 1, 1, 1},
                               {{1, 1}, 2, 3, 4, 2},
                               {{5, 1, 3}, 3, 4, 3, 7},
                               {{64, 0, 65, 200}, 2, 17, 6, 30},
                               {{300, 1, 700}, 1, 33, 5, 9, 0.01},
                               {{1023, 1025, 2}, 1, 6, 3, 20, 0.0},
                               {{2500}, 2, 5, 4, 40, 0.003}};

Case variant(Case c, bool soft, bool last_only) {
  c.soft = soft;
  c.last_only = last_only;
  return c;
}

// scores, values, then the items' weights by codebook: what a softmax gives.
std::vector<Tensor> inputs_of(const Case& c, double score_scale = 1.0) {
  std::vector<Tensor> inputs{random_f64({c.codebooks, c.words, c.words}, 1, score_scale),
                             random_f64({c.codebooks, c.words, c.dim}, 2)};
  for (std::int64_t b = 0; b < c.codebooks; ++b) {
    const Tensor logits = random_f64({c.items + 1, c.words}, static_cast<std::uint64_t>(3 + b));
    inputs.push_back(ops::softmax(Variable(logits)).value());
  }
  return inputs;
}

ops::ItemCodes item_codes(const Case& c, const std::vector<Variable>& in) {
  ops::ItemCodes items;
  items.codes = tensor_of(c.codes(), {c.codebooks, c.items + 1});
  items.probs.assign(in.begin() + 2, in.end());
  if (c.soft) {
    items.occupancy = ops::pack_occupancy(items.probs);
  }
  return items;
}

TensorFunction attention(const Case& c) {
  return [=](const auto& in) {
    return ops::histogram_attention(
        item_codes(c, in), int_tensor(c.ids()), c.segments(), in[0], in[1], c.decay, c.last_only);
  };
}

// From the definition, every token by itself; the weighted sum's gradients by the chain rule with
// a histogram for each token.
Differentiated naive(const Case& c, const std::vector<Tensor>& inputs) {
  const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  const std::size_t words = size(c.words);
  const std::size_t dim = size(c.dim);
  std::vector<std::vector<double>> in;
  Differentiated result;
  for (const Tensor& input : inputs) {
    in.push_back(to_doubles(input));
    result.grads.emplace_back(in.back().size(), 0.0);
  }
  const std::vector<std::int32_t> ids = c.ids();
  const std::vector<std::int32_t> codes = c.codes();
  const Segments segments = c.segments();
  const std::int64_t rows = c.last_only ? segments.size() : segments.num_tokens();
  result.value.assign(size(rows * c.dim), 0.0);
  const std::vector<double> weight = to_doubles(random_f64({rows, c.dim}, 7));
  for (std::int64_t s = 0; s < segments.size(); ++s) {
    for (std::int64_t t = segments.begin(s); t < segments.end(s); ++t) {
      if (c.last_only && t + 1 < segments.end(s)) {
        continue;
      }
      const std::size_t row = size(c.last_only ? s : t) * dim;
      for (std::size_t b = 0; b < size(c.codebooks); ++b) {
        const auto code_of = [&](std::int64_t token) {
          return size(codes[b * size(c.items + 1) + size(ids[size(token)])]);
        };
        std::vector<double> hist(words, 0.0);
        for (std::int64_t j = segments.begin(s); j <= t; ++j) {
          const double fade = std::exp(-c.decay * static_cast<double>(t - j));
          for (std::size_t w = 0; w < words; ++w) {
            hist[w] += fade * (c.soft ? in[2 + b][size(ids[size(j)]) * words + w]
                                      : (w == code_of(j) ? 1.0 : 0.0));
          }
        }
        const std::size_t scores = (b * words + code_of(t)) * words;
        double largest = -INFINITY;
        for (std::size_t w = 0; w < words; ++w) {
          largest = hist[w] > 0.0 ? std::max(largest, in[0][scores + w]) : largest;
        }
        double total = 0.0;
        for (std::size_t w = 0; w < words; ++w) {
          total += hist[w] * std::exp(in[0][scores + w] - largest);
        }
        std::vector<double> dot(words, 0.0);
        double mean = 0.0;
        for (std::size_t w = 0; w < words; ++w) {
          const double alpha = hist[w] * std::exp(in[0][scores + w] - largest) / total;
          for (std::size_t d = 0; d < dim; ++d) {
            const std::size_t value = (b * words + w) * dim + d;
            result.value[row + d] += alpha * in[1][value];
            result.grads[1][value] += alpha * weight[row + d];
            dot[w] += weight[row + d] * in[1][value];
          }
          mean += alpha * dot[w];
        }
        for (std::size_t w = 0; w < words; ++w) {
          const double ratio = std::exp(in[0][scores + w] - largest) / total;
          result.grads[0][scores + w] += hist[w] * ratio * (dot[w] - mean);
          for (std::int64_t j = segments.begin(s); j <= t; ++j) {
            result.grads[2 + b][size(ids[size(j)]) * words + w] +=
                std::exp(-c.decay * static_cast<double>(t - j)) * ratio * (dot[w] - mean);
          }
        }
      }
    }
  }
  return result;
}

void check_against_naive(const Case& c, const std::vector<Tensor>& inputs) {
  check_close(naive(c, inputs), differentiate(attention(c), inputs), tolerance::kEqualDeep);
}

TEST_CASE("histogram_attention: values by hand") {
  // Codes 0 1 0, decay log 2: counts (1, 0), (1/2, 1), (5/4, 1/2). Scores log 3 from 0 to 1 and
  // log 2 from 1 to 0, otherwise 0.
  ops::ItemCodes items;
  items.codes = tensor_of(std::vector<std::int32_t>{0, 0, 1}, {1, 3});
  const Variable scores = variable_of({0, std::log(3.0), std::log(2.0), 0}, {1, 2, 2});
  const Variable values = variable_of({1, 100}, {1, 2, 1});
  const Tensor ids = int_tensor({1, 2, 1});
  const std::vector<double> want{1.0, (1.0 + 100.0) / 2.0, (1.25 + 150.0) / 2.75};
  CHECK(relative_error(want,
                       to_doubles(ops::histogram_attention(
                                      items, ids, segments_of({3}), scores, values, std::log(2.0))
                                      .value())) < tolerance::kByHand);
  CHECK(relative_error(
            {want[2]},
            to_doubles(ops::histogram_attention(
                           items, ids, segments_of({3}), scores, values, std::log(2.0), true)
                           .value())) < tolerance::kByHand);
}

TEST_CASE("histogram_attention: equals the naive form, values and gradients") {
  for (const Case& c : kCases) {
    CAPTURE(c.words);
    CAPTURE(c.lengths.size());
    if (test_device() != Device::kCpu && c.lengths.front() > 2000) {
      continue;  // the third of the CPU's chunks; others end earlier
    }
    for (const bool soft : {false, true}) {
      for (const bool last_only : {false, true}) {
        CAPTURE(soft);
        CAPTURE(last_only);
        check_against_naive(variant(c, soft, last_only), inputs_of(c));
      }
    }
  }
}

TEST_CASE("histogram_attention: gradient matches finite differences") {
  const Case c{{1, 4, 0, 3}, 2, 3, 2, 4, 0.3};
  for (const bool last_only : {false, true}) {
    // Codes do not follow the weights, so that these may be moved.
    check_function(attention(variant(c, true, last_only)), inputs_of(c));
    const std::vector<Tensor> inputs = inputs_of(c);
    check_function(
        [&](const auto& in) {
          return ops::histogram_attention({item_codes(c, in).codes, {}, {}},
                                          int_tensor(c.ids()),
                                          c.segments(),
                                          in[0],
                                          in[1],
                                          c.decay,
                                          last_only);
        },
        {inputs[0], inputs[1]});
  }
}

TEST_CASE("histogram_attention: hard codes pass on the gradient of occupancies of one and zero") {
  const Case c{{70, 2, 9}, 2, 5, 3, 8};
  std::vector<Tensor> inputs = inputs_of(c);
  const Differentiated hard = differentiate(attention(c), inputs);
  const std::vector<std::int32_t> codes = c.codes();
  for (std::int64_t b = 0; b < c.codebooks; ++b) {
    std::vector<double> one_hot(static_cast<std::size_t>((c.items + 1) * c.words), 0.0);
    for (std::int64_t i = 0; i <= c.items; ++i) {
      const std::int32_t code = codes[static_cast<std::size_t>(b * (c.items + 1) + i)];
      one_hot[static_cast<std::size_t>(i * c.words + code)] = 1.0;
    }
    inputs[static_cast<std::size_t>(2 + b)] = tensor_of(one_hot, {c.items + 1, c.words});
  }
  check_close(differentiate(attention(variant(c, true, false)), inputs), hard, tolerance::kEqual);
  // Words that no item of a sequence has are reached too.
  CHECK(std::none_of(
      hard.grads[2].begin() + c.words, hard.grads[2].end(), [](double g) { return g == 0.0; }));
}

TEST_CASE("histogram_attention: scores far apart leave the words met in place") {
  // e^-500 is no float32, and with every score taken relative to the largest of all words, words
  // met would weigh nothing.
  const Case c{{40, 3}, 2, 6, 3, 3};
  for (const bool last_only : {false, true}) {
    const Case of = variant(c, false, last_only);
    const std::vector<Tensor> inputs = inputs_of(c, 500.0);
    const Differentiated want = naive(of, inputs);
    const Differentiated got = differentiate(attention(of), inputs);
    CHECK(relative_error(want.value, got.value) < tolerance::kEqual);
    CHECK(relative_error(want.grads[1], got.grads[1]) < tolerance::kEqual);
    const NoGrad no_grad;
    const Variable narrow = attention(of)(
        {Variable(make_tensor(to_doubles(inputs[0]), inputs[0].shape(), DType::kFloat32)),
         Variable(make_tensor(to_doubles(inputs[1]), inputs[1].shape(), DType::kFloat32))});
    const double tolerance =
        test_precision() == Precision::kFp32 ? tolerance::kFloat32Deep : tolerance::kTf32;
    CHECK(relative_error(want.value, to_doubles(narrow.value())) < tolerance);
  }
}

TEST_CASE("histogram_attention: gradients stay finite where no word met scores high") {
  const Case c{{4}, 1, 3, 2, 1};
  std::vector<Tensor> inputs;
  for (const Tensor& input : inputs_of(c, 1e4)) {
    inputs.push_back(make_tensor(to_doubles(input), input.shape(), DType::kFloat32));
  }
  for (const auto& grad : differentiate(attention(c), inputs).grads) {
    CHECK(std::all_of(grad.begin(), grad.end(), [](double g) { return std::isfinite(g); }));
  }
}

TEST_CASE("histogram_attention: float32 stays close to float64") {
  for (const bool soft : {false, true}) {
    for (const bool last_only : {false, true}) {
      const Case c = variant({{64, 65, 200}, 2, 17, 6, 30}, soft, last_only);
      check_float32(attention(c), inputs_of(c), tolerance::kFloat32Deep);
    }
  }
}

TEST_CASE("histogram_attention: words last met long ago are forgotten, not kept as tiny numbers") {
  // Item 1 once, then item 2 a thousand times: e^-1000 is no double.
  ops::ItemCodes items;
  items.codes = tensor_of(std::vector<std::int32_t>{0, 0, 1}, {1, 3});
  std::vector<std::int32_t> ids(1001, 2);
  ids[0] = 1;
  const Variable scores = variable_of({0, 0, 0, 0}, {1, 2, 2});
  const Variable values = variable_of({1, 2}, {1, 2, 1});
  const std::vector<double> out = to_doubles(
      ops::histogram_attention(items, int_tensor(ids), segments_of({1001}), scores, values, 1.0)
          .value());
  CHECK(out.front() == 1.0);
  CHECK(out.back() == 2.0);
}

TEST_CASE("histogram_attention: a sequence has the same bits alone and among others") {
  const NoGrad no_grad;
  const Threads one(1);
  const std::vector<std::int32_t> lengths{3, 1100, 1, 70};
  const Case all{lengths, 2, 9, 5, 12};
  const std::vector<Tensor> inputs = inputs_of(all);
  const auto run = [&](const Segments& segments, const Tensor& ids) {
    ops::ItemCodes items;
    items.codes = tensor_of(all.codes(), {2, 13});
    return ops::histogram_attention(
               items, ids, segments, Variable(inputs[0]), Variable(inputs[1]), all.decay)
        .value();
  };
  const Tensor ids = int_tensor(all.ids());
  const Segments segments = all.segments();
  const Tensor together = run(segments, ids);
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    const Tensor own = clone(ids.slice(segments.begin(b), segments.end(b)));
    const Tensor alone = run(segments_of({segments.length(b)}), own);
    const Tensor part = together.slice(segments.begin(b), segments.end(b));
    // A GPU's library may round products of other sizes otherwise.
    CHECK(relative_error(to_doubles(part), to_doubles(alone)) <=
          (test_device() == Device::kCpu ? 0.0 : tolerance::kSum));
  }
}

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

// Past the rounds of tokens that the CPU takes one after the other.
TEST_CASE("histogram_attention: a large batch gives what its parts give together") {
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

// Past the slabs of tokens that a GPU takes one after the other, with sequences cut by them.
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

TEST_CASE("histogram_attention: what does not fit is refused") {
  const Case c{{2, 1}, 2, 3, 4, 5};
  const std::vector<Tensor> inputs = inputs_of(c);
  const Variable scores(inputs[0]);
  const Variable values(inputs[1]);
  ops::ItemCodes items;
  items.codes = tensor_of(c.codes(), {2, 6});
  const Tensor ids = int_tensor(c.ids());
  CHECK(message_of([&] {
          ops::histogram_attention(items, ids, segments_of({2}), scores, values, 0.1);
        }) == "histogram_attention: expected 2 ids, got 3");
  CHECK(message_of([&] {
          ops::histogram_attention(
              items, ids, c.segments(), scores, Variable(random_f64({2, 4, 4}, 1)), 0.1);
        }) ==
        "histogram_attention: codes [2, 6], scores [2, 3, 3] and values [2, 4, 4] do not fit");
  items.occupancy = random_f64({6, 3, 2}, 1);
  CHECK(message_of([&] {
          ops::histogram_attention(items, ids, c.segments(), scores, values, 0.1);
        }) == "histogram_attention: expected occupancy [6, 2, 3], got [6, 3, 2]");
  items.occupancy = {};
  items.probs = {Variable(inputs[2])};
  CHECK(message_of([&] {
          ops::histogram_attention(items, ids, c.segments(), scores, values, 0.1);
        }) == "histogram_attention: expected 2 times probabilities [6, 3]");
}

}  // namespace
}  // namespace elastic
