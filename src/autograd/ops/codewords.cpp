#include "autograd/ops/codewords.h"

namespace elastic::ops {

ChosenWords choose_words(const Variable& x,
                         const Variable& weight,
                         const Tensor& codes,
                         bool with_probs) {
  require_shape(x.shape().rank() == 2 && weight.shape().rank() == 2 &&
                    x.shape()[1] == weight.shape()[1] && codes.numel() == x.shape()[0],
                "choose_words: rows ",
                x.shape(),
                ", words ",
                weight.shape(),
                " and ",
                codes.numel(),
                " codes do not fit");
  Backend& backend = backend_for(x.value().device());
  Tensor probs({x.shape()[0], weight.shape()[0]}, x.value().dtype(), x.value().device());
  backend.linear_forward(x.value(), weight.value(), Tensor(), probs);
  ChosenWords words{codes, {}};
  backend.argmax_rows(probs, words.codes);
  if (!with_probs) {
    return words;
  }
  backend.softmax_forward(probs, probs);
  words.probs = record(probs, {x, weight}, [x, weight, probs, &backend](Tensor grad) {
    backend.softmax_backward(probs, grad, grad);
    Tensor grad_x = empty_like(x.value(), Memory::kGradient);
    Tensor grad_weight = empty_like(weight.value(), Memory::kGradient);
    backend.linear_backward(x.value(), weight.value(), grad, &grad_x, &grad_weight, nullptr);
    x.add_grad(std::move(grad_x));
    weight.add_grad(std::move(grad_weight));
  });
  return words;
}

Variable straight_through_words(const Variable& codebook, const ChosenWords& words) {
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
  Backend& backend = backend_for(table.device());
  Tensor out({rows, table.cols()}, table.dtype(), table.device());
  backend.gather_rows(table, words.codes, out);
  return record(out, {codebook, probs}, [codebook, words, &backend](const Tensor& grad) {
    if (words.probs.requires_grad()) {
      Tensor grad_probs = empty_like(words.probs.value(), Memory::kGradient);
      backend.linear_forward(grad, codebook.value(), Tensor(), grad_probs);
      words.probs.add_grad(std::move(grad_probs));
    }
    if (codebook.requires_grad()) {
      backend.scatter_add_rows(grad, words.codes, codebook.grad_buffer());
    }
  });
}

}  // namespace elastic::ops
