#include "autograd/ops/histogram_attention.h"

#include "autograd/ops/histogram_attention_cases.h"

namespace elastic::histogram_attention_test {
namespace {

using Case = HistogramCase;

// Sizes 1 and odd, single tokens, empty segments, past a tile of 64 and past chunks of 256 and
// 1024.
const std::vector<Case> kCases{{{1}, 1, 1, 1, 1},
                               {{1, 1}, 2, 3, 4, 2},
                               {{5, 1, 3}, 3, 4, 3, 7},
                               {{64, 0, 65, 200}, 2, 17, 6, 30},
                               {{300, 1, 700}, 1, 33, 5, 9, 0.01},
                               {{1023, 1025, 2}, 1, 6, 3, 20, 0.0},
                               {{2100}, 1, 5, 4, 40, 0.003}};

// exp(scores_w) / sum_v hist_v exp(scores_v) for every word w.
std::vector<double> weights_of(const std::vector<double>& hist, const double* scores) {
  double largest = -INFINITY;
  for (std::size_t w = 0; w < hist.size(); ++w) {
    largest = hist[w] > 0.0 ? std::max(largest, scores[w]) : largest;
  }
  double total = 0.0;
  std::vector<double> weights(hist.size());
  for (std::size_t w = 0; w < hist.size(); ++w) {
    weights[w] = std::exp(scores[w] - largest);
    total += hist[w] * weights[w];
  }
  for (double& weight : weights) {
    weight /= total;
  }
  return weights;
}

// The definition, token by token; gradients of the weighted sum by the chain rule, with a histogram
// per token.
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
  std::vector<double> fade;  // of a token by its distance
  for (std::int64_t distance = 0; distance < segments.num_tokens(); ++distance) {
    fade.push_back(std::exp(-c.decay * static_cast<double>(distance)));
  }
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
          for (std::size_t w = 0; w < words; ++w) {
            hist[w] += fade[size(t - j)] * (c.soft ? in[2 + b][size(ids[size(j)]) * words + w]
                                                   : (w == code_of(j) ? 1.0 : 0.0));
          }
        }
        const std::size_t scores = (b * words + code_of(t)) * words;
        const std::vector<double> ratio = weights_of(hist, &in[0][scores]);
        std::vector<double> dot(words, 0.0);
        double mean = 0.0;
        for (std::size_t w = 0; w < words; ++w) {
          const double alpha = hist[w] * ratio[w];
          for (std::size_t d = 0; d < dim; ++d) {
            const std::size_t value = (b * words + w) * dim + d;
            result.value[row + d] += alpha * in[1][value];
            result.grads[1][value] += alpha * weight[row + d];
            dot[w] += weight[row + d] * in[1][value];
          }
          mean += alpha * dot[w];
        }
        for (std::size_t w = 0; w < words; ++w) {
          result.grads[0][scores + w] += hist[w] * ratio[w] * (dot[w] - mean);
          for (std::int64_t j = segments.begin(s); j <= t; ++j) {
            result.grads[2 + b][size(ids[size(j)]) * words + w] +=
                fade[size(t - j)] * ratio[w] * (dot[w] - mean);
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
    // Codes are independent of the weights, so that the weights can be perturbed.
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

TEST_CASE("histogram_attention: hard codes pass the gradient of one-hot occupancies") {
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
  // Also for words that no item of a sequence has.
  CHECK(std::none_of(
      hard.grads[2].begin() + c.words, hard.grads[2].end(), [](double g) { return g == 0.0; }));
}

TEST_CASE(
    "histogram_attention: words that have occurred keep their weights when scores differ much") {
  // e^-500 underflows in float32: relative to the largest score of all words, words that have
  // occurred would have no weight.
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

TEST_CASE("histogram_attention: gradients stay finite if only low-scoring words have occurred") {
  const Case c{{4}, 1, 3, 2, 1};
  std::vector<Tensor> inputs;
  for (const Tensor& input : inputs_of(c, 1e4)) {
    inputs.push_back(make_tensor(to_doubles(input), input.shape(), DType::kFloat32));
  }
  for (const auto& grad : differentiate(attention(c), inputs).grads) {
    CHECK(std::all_of(grad.begin(), grad.end(), [](double g) { return std::isfinite(g); }));
  }
}

TEST_CASE("histogram_attention: words that have not occurred may score far higher") {
  const Case c{{4}, 1, 3, 2, 1};  // one item, so one word occurs
  std::vector<Tensor> inputs = inputs_of(c);
  inputs[0] = make_tensor({0, 500, 510, 500, 0, 510, 500, 510, 0}, {1, 3, 3}, DType::kFloat64);
  for (const bool soft : {false, true}) {
    for (const bool last_only : {false, true}) {
      CAPTURE(soft);
      CAPTURE(last_only);
      check_against_naive(variant(c, soft, last_only), inputs);
    }
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

TEST_CASE(
    "histogram_attention: counts of words that occurred long ago become zero, not tiny numbers") {
  // Item 1 once, then item 2 a thousand times: e^-1000 underflows in double.
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
    // A GPU's library may round products of other sizes differently.
    CHECK(relative_error(to_doubles(part), to_doubles(alone)) <=
          (test_device() == Device::kCpu ? 0.0 : tolerance::kSum));
  }
}

TEST_CASE("histogram_attention: refuses shapes that do not fit") {
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
}  // namespace elastic::histogram_attention_test
