// The tokens whose states a layer computes: all tokens, or each sequence's last one.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic {

/// Queries among the tokens of `segments`, which must outlive it.
class Queries {
 public:
  static Queries all(const Segments& segments) { return Queries(segments, Tensor()); }
  static Queries last(const Segments& segments) {
    return Queries(segments, segments.last_tokens());
  }

  [[nodiscard]] bool last_only() const { return last_.defined(); }
  /// The queries' rows of x [T, D]: x itself, or [B, D].
  [[nodiscard]] Variable of(const Variable& x) const;
  /// The queries' division into sequences.
  [[nodiscard]] Segments segments() const;

 private:
  Queries(const Segments& segments, Tensor last) : tokens_(segments), last_(std::move(last)) {}

  const Segments& tokens_;
  Tensor last_;  // [B] int32: rows of the last tokens; undefined: all tokens
};

}  // namespace elastic
