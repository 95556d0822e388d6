#include "autograd/ops/codewords.h"

#include "base/scope.h"
#include "tensor/kernels/argmax_rows.h"
#include "tensor/kernels/linear.h"
#include "tensor/kernels/rows.h"
#include "tensor/kernels/softmax.h"

namespace elastic::ops {

ChosenWords choose_words(const Variable& x,
                         const Variable& weight,
                         const Tensor& codes,
                         bool with_probs) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 2 && weight.shape().rank() == 2 &&
                    x.shape()[1] == weight.shape()[1] && codes.numel() == x.shape()[0],
                "choose_words: rows ",
                x.shape(),
                ", words ",
                weight.shape(),
                " and ",
                codes.numel(),
                " codes do not fit");
  Tensor probs({x.shape()[0], weight.shape()[0]}, x.value().dtype(), x.value().device());
  run(kernels::LinearForward{x.value(), weight.value(), Tensor(), probs});
  ChosenWords words{codes, {}};
  run(kernels::ArgmaxRows{probs, words.codes});
  if (!with_probs) {
    return words;
  }
  run(kernels::SoftmaxForward{probs, probs});
  words.probs = record(probs, {x, weight}, [x, weight, probs](Tensor grad) {
    run(kernels::SoftmaxBackward{probs, grad, grad});
    Tensor grad_x = empty_like(x.value(), Memory::kGradient);
    Tensor grad_weight = empty_like(weight.value(), Memory::kGradient);
    run(kernels::LinearBackward{.x = x.value(),
                                .weight = weight.value(),
                                .grad_y = grad,
                                .grad_x = &grad_x,
                                .grad_weight = &grad_weight,
                                .grad_bias = nullptr});
    x.add_grad(std::move(grad_x));
    weight.add_grad(std::move(grad_weight));
  });
  return words;
}

Variable straight_through_words(const Variable& codebook, const ChosenWords& words) {
  const OpScope scope(__func__);
  const Variable& probs = words.probs;
  const std::int64_t rows = words.codes.numel();
  require_shape(codebook.shape().rank() == 2 &&
                    (!probs.defined() || probs.shape() == Shape{rows, codebook.shape()[0]}),
                "straight_through_words: expected probabilities [",
                rows,
                ", W] of a codebook [W, D], got ",
                probs.defined() ? probs.shape() : Shape{},
                " and ",
                codebook.shape());
  const Tensor& table = codebook.value();
  Tensor out({rows, table.cols()}, table.dtype(), table.device());
  run(kernels::GatherRows{table, words.codes, out});
  return record(out, {codebook, probs}, [codebook, words](const Tensor& grad) {
    if (words.probs.requires_grad()) {
      Tensor grad_probs = empty_like(words.probs.value(), Memory::kGradient);
      run(kernels::LinearForward{grad, codebook.value(), Tensor(), grad_probs});
      words.probs.add_grad(std::move(grad_probs));
    }
    if (codebook.requires_grad()) {
      run(kernels::ScatterAddRows{grad, words.codes, codebook.grad_buffer()});
    }
  });
}

}  // namespace elastic::ops
