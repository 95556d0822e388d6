// Choosing a word of a codebook for each row, with gradients through the choice.
#pragma once

#include "autograd/variable.h"

namespace elastic::ops {

/// The result of `choose_words` for R rows and a codebook of W words.
struct ChosenWords {
  Tensor codes;    ///< [R] int32: the best word
  Variable probs;  ///< [R, W]: softmax of the logits; undefined if not wanted
};

/// With logits = x weight^T: codes are their argmax (ties: the smaller), without a gradient; probs
/// their softmax.
///
/// x [R, D], weight [W, D]. Writes the codes to `codes` [R] int32. Gradient: through probs, those
/// of softmax and product; the logits are not kept. Throws ShapeError when the shapes do not fit.
ChosenWords choose_words(const Variable& x,
                         const Variable& weight,
                         const Tensor& codes,
                         bool with_probs);

/// codebook[codes] with the straight-through gradient of one-hot(codes) codebook (Bengio et al.
/// 2013): the gradient of one-hot(codes) goes to `probs`.
///
/// codebook [W, D], words.codes [R], words.probs [R, W] (may be undefined) -> [R, D].
/// Gradient: dprobs = g codebook^T, dcodebook[w] = sum of g over the rows whose code is w.
/// Throws ShapeError when the shapes do not fit.
Variable straight_through_words(const Variable& codebook, const ChosenWords& words);

}  // namespace elastic::ops
