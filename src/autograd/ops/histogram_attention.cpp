#include "autograd/ops/histogram_attention.h"

#include <limits>

#include "base/scope.h"
#include "tensor/kernels/histogram_attention.h"
#include "tensor/kernels/row_numbers.h"
#include "tensor/kernels/rows.h"

namespace elastic::ops {
namespace {

// Codebook c of x [V + 1, C, W] as rows to gather or scatter: row i of it is row i C of these.
Tensor codebook_rows(const Tensor& x, std::int64_t c) {
  const std::int64_t rows = x.shape()[0] * x.shape()[1];
  return x.reshape({rows, x.shape()[2]}).slice(c, rows);
}

Tensor item_rows(std::int64_t items, std::int64_t codebooks, Device device) {
  require_shape(items * codebooks <= std::numeric_limits<std::int32_t>::max(),
                "histogram_attention: ",
                items,
                " items of ",
                codebooks,
                " codes are too many");
  Tensor rows({items}, DType::kInt32, device);
  run(kernels::Iota{static_cast<std::int32_t>(items), static_cast<std::int32_t>(codebooks), rows});
  return rows;
}

void check_shapes(const ItemCodes& items,
                  const Tensor& ids,
                  const Segments& segments,
                  const Variable& scores,
                  const Variable& values) {
  const Shape& codes = items.codes.shape();
  require_shape(scores.shape().rank() == 3 && values.shape().rank() == 3 && codes.rank() == 2 &&
                    scores.shape()[1] == scores.shape()[2] &&
                    scores.shape()[0] == values.shape()[0] &&
                    scores.shape()[1] == values.shape()[1] && codes[0] == scores.shape()[0],
                "histogram_attention: codes ",
                codes,
                ", scores ",
                scores.shape(),
                " and values ",
                values.shape(),
                " do not fit");
  const std::int64_t words = scores.shape()[1];
  require_shape(
      !items.occupancy.defined() || items.occupancy.shape() == Shape{codes[1], codes[0], words},
      "histogram_attention: expected occupancy ",
      Shape{codes[1], codes[0], words},
      ", got ",
      items.occupancy.defined() ? items.occupancy.shape() : Shape{});
  require_shape(items.probs.empty() || (static_cast<std::int64_t>(items.probs.size()) == codes[0] &&
                                        items.probs.front().shape() == Shape{codes[1], words}),
                "histogram_attention: expected ",
                codes[0],
                " times probabilities ",
                Shape{codes[1], words});
  require_shape(ids.numel() == segments.num_tokens(),
                "histogram_attention: expected ",
                segments.num_tokens(),
                " ids, got ",
                ids.numel());
}

}  // namespace

Tensor pack_occupancy(const std::vector<Variable>& probs) {
  const OpScope scope(__func__);
  require_shape(!probs.empty(), "pack_occupancy: expected one codebook or more");
  const Tensor& first = probs.front().value();
  const auto codebooks = static_cast<std::int64_t>(probs.size());
  const Tensor rows = item_rows(first.rows(), codebooks, first.device());
  Tensor packed = zeros({first.rows(), codebooks, first.cols()}, first.dtype(), first.device());
  for (std::int64_t c = 0; c < codebooks; ++c) {
    const Tensor& part = probs[static_cast<std::size_t>(c)].value();
    require_shape(part.shape() == first.shape(),
                  "pack_occupancy: shapes differ, ",
                  first.shape(),
                  " and ",
                  part.shape());
    Tensor place = codebook_rows(packed, c);
    run(kernels::ScatterAddRows{part, rows, place});
  }
  return packed;
}

Variable histogram_attention(const ItemCodes& items,
                             const Tensor& ids,
                             const Segments& segments,
                             const Variable& scores,
                             const Variable& values,
                             double decay,
                             bool last_only) {
  const OpScope scope(__func__);
  check_shapes(items, ids, segments, scores, values);
  const std::int64_t rows = last_only ? segments.size() : segments.num_tokens();
  Tensor out({rows, values.shape()[2]}, values.value().dtype(), values.value().device());
  const auto histogram = [=](const Segments& of) {
    return CodeHistogram{items.codes, items.occupancy, ids, &of, decay, last_only};
  };
  run(kernels::HistogramAttentionForward{histogram(segments), scores.value(), values.value(), out});
  std::vector<Variable> inputs = items.probs;
  inputs.push_back(scores);
  inputs.push_back(values);
  return record(out, inputs, [=](const Tensor& grad) {
    const auto codebooks = items.codes.shape()[0];
    const auto num_items = items.codes.shape()[1];
    Tensor grad_occupancy(
        {num_items, codebooks, scores.shape()[1]}, grad.dtype(), grad.device(), Memory::kGradient);
    Tensor grad_scores = empty_like(scores.value(), Memory::kGradient);
    Tensor grad_values = empty_like(values.value(), Memory::kGradient);
    run(kernels::HistogramAttentionBackward{.histogram = histogram(segments),
                                            .scores = scores.value(),
                                            .values = values.value(),
                                            .grad_out = grad,
                                            .grad_occupancy = grad_occupancy,
                                            .grad_scores = grad_scores,
                                            .grad_values = grad_values});
    scores.add_grad(std::move(grad_scores));
    values.add_grad(std::move(grad_values));
    const Tensor item_of = item_rows(num_items, codebooks, grad.device());
    for (std::size_t c = 0; c < items.probs.size(); ++c) {
      if (items.probs[c].requires_grad()) {
        Tensor grad_probs = empty_like(items.probs[c].value(), Memory::kGradient);
        run(kernels::GatherRows{
            codebook_rows(grad_occupancy, static_cast<std::int64_t>(c)), item_of, grad_probs});
        items.probs[c].add_grad(std::move(grad_probs));
      }
    }
  });
}

}  // namespace elastic::ops
