// What a device can compute: one method per kernel, the table of contents of src/tensor/cpu and
// src/cuda. Ops check shapes before they call; kernels trust their arguments.
//
// Letters as in docs/glossary.md: T tokens, B sequences, D hidden size, H heads, Dh = D / H, F FFN
// size, V items, k experts. Real tensors of one call share one type, float32 or float64; ids,
// rows and offsets are int32. Outputs are written, not added to, unless the name or comment says
// so. A null `Tensor*` gradient is not wanted. Every result is the same bits whatever the thread
// count.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tensor/allocator.h"
#include "tensor/code_histogram.h"
#include "tensor/sampled_items.h"
#include "tensor/segments.h"
#include "tensor/tensor.h"

namespace elastic {

/// LayerNorm's affine pair [D]; both undefined for a norm without parameters. eps is kNormEpsilon.
struct Norm {
  Tensor weight;
  Tensor bias;
};
inline constexpr double kNormEpsilon = 1e-5;
/// What unit_elu adds to a row's length.
inline constexpr double kUnitEpsilon = 1e-12;

/// Gradients of a Norm, written by a backward kernel; left alone where undefined.
using NormGrad = Norm;

/// Inverted dropout whose mask is a function of (seed, step, stream, element), so it is recomputed
/// instead of stored. Elements come in blocks of 128: element e takes 16 bits, half (e % 128) / 16
/// (low half of word 0 first) of random_words(seed, kDropout, e / 128 * 16 + e % 16, step, stream),
/// and is kept when they reach round(rate * 65536). The layout suits vectors of 16 lanes and warps
/// alike.
struct Dropout {
  double rate = 0.0;  ///< in [0, 1)
  std::uint64_t seed = 0;
  std::uint32_t step = 0;    ///< training step
  std::uint32_t stream = 0;  ///< place in the model
  [[nodiscard]] bool active() const { return rate > 0.0; }
};

/// Queries and keys of ragged multi-head attention.
struct AttentionLayout {
  const Segments* queries = nullptr;  ///< B segments over the query tokens
  const Segments* keys = nullptr;     ///< B segments over the key and value tokens
  std::int64_t num_heads = 1;
  bool causal = false;      ///< query i of a segment sees its keys 0..i; needs equal segments
  std::int64_t window = 0;  ///< causal: at most this many keys before the query's own; 0: all
};

/// Weights of the position-wise network; up [F, D], down [D, F].
struct FfnWeights {
  Norm norm;
  Tensor up_weight, up_bias, down_weight, down_bias;
};

/// How products of float32 matrices are computed: exactly, from factors rounded to 10 bits (TF32)
/// or to 7 bits (bfloat16). Sums are float32 always.
enum class Precision { kFp32, kTf32, kBf16 };
/// "fp32", "tf32" or "bf16"; throws UsageError for anything else.
Precision parse_precision(const std::string& name);

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;  ///< decoupled (AdamW)
  double clip_norm = 0.0;     ///< 0: no clipping
  std::int64_t step = 1;      ///< from 1, for the bias correction
};

/// The kernels of a piece of work, recorded once and done again at the cost of one call, on the
/// same memory.
class RecordedWork {
 public:
  virtual ~RecordedWork() = default;
  /// Every training step that a kernel was given (Dropout::step, check_gradients) counts
  /// `steps_later` more than when it was recorded; adam_step uses `options`.
  virtual void run(std::uint32_t steps_later, const AdamOptions& options) = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual CachingAllocator& allocator() = 0;
  /// Throws UsageError where the device does not have it.
  virtual void set_precision(Precision precision) = 0;
  /// Waits until everything asked for so far is done; a clock read before knows nothing.
  virtual void synchronize() = 0;
  /// Bytes of the device's memory that could still be taken, the allocator's cache among them.
  virtual std::size_t free_bytes() = 0;
  /// What computes, for people.
  virtual std::string description() = 0;
  /// Records the kernels that `work` asks for; none of them runs yet. The work must neither look at
  /// results nor copy from the host, and must have run before, so that all its memory is cached
  /// (CachingAllocator::use_recording_pool). Null where the device records nothing.
  virtual std::unique_ptr<RecordedWork> record(const std::function<void()>& work) = 0;

  // --- moving -----------------------------------------------------------------------------------
  virtual void copy_from_host(const void* source, Tensor& target) = 0;
  virtual void copy_to_host(const Tensor& source, void* target) = 0;
  virtual void copy(const Tensor& source, Tensor& target) = 0;
  virtual void fill(Tensor& target, double value) = 0;

  // --- numbers of rows, int32 -------------------------------------------------------------------
  /// out[i] = i % modulus * step
  virtual void number(std::int32_t modulus, std::int32_t step, Tensor& out) = 0;
  /// A token's place in its segment, [T]: from the front, or from the end with `recent`.
  virtual void positions(const Segments& segments, bool recent, Tensor& out) = 0;
  /// The last token of each segment, [B]. No segment may be empty.
  virtual void last_tokens(const Segments& segments, Tensor& out) = 0;
  /// Offsets [B + 1] of segments of max(1, ceil(length / stride)) groups each.
  virtual void group_offsets(const Segments& segments, std::int32_t stride, Tensor& out) = 0;

  // --- element by element -----------------------------------------------------------------------
  virtual void add(const Tensor& a, const Tensor& b, Tensor& out) = 0;
  virtual void multiply(const Tensor& a, const Tensor& b, Tensor& out) = 0;
  /// y += x
  virtual void add_to(const Tensor& x, Tensor& y) = 0;
  /// out = x * factor; out may be x.
  virtual void scale(const Tensor& x, double factor, Tensor& out) = 0;
  /// out = x * scalar, `scalar` a tensor of one element; out may be x.
  virtual void scale_by(const Tensor& x, const Tensor& scalar, Tensor& out) = 0;
  /// out[0] = sum of all elements, in a fixed order.
  virtual void sum(const Tensor& x, Tensor& out) = 0;
  /// GELU in its tanh form.
  virtual void gelu_forward(const Tensor& x, Tensor& y) = 0;
  virtual void gelu_backward(const Tensor& x, const Tensor& grad_y, Tensor& grad_x) = 0;
  /// y = mask(x) / (1 - rate); its own backward. y may be x.
  virtual void dropout(const Tensor& x, const Dropout& dropout, Tensor& y) = 0;

  // --- rows -------------------------------------------------------------------------------------
  /// Softmax over the last dimension.
  virtual void softmax_forward(const Tensor& x, Tensor& y) = 0;
  virtual void softmax_backward(const Tensor& y, const Tensor& grad_y, Tensor& grad_x) = 0;
  /// y = (x - mean) / sqrt(var + eps) * weight + bias over the last dimension.
  virtual void layer_norm_forward(const Tensor& x, const Norm& norm, Tensor& y) = 0;
  virtual void layer_norm_backward(const Tensor& x,
                                   const Norm& norm,
                                   const Tensor& grad_y,
                                   Tensor& grad_x,
                                   NormGrad& grad_norm) = 0;
  /// out[i] = table[rows[i]]
  virtual void gather_rows(const Tensor& table, const Tensor& rows, Tensor& out) = 0;
  /// grad_table[rows[i]] += grad_out[i]; equal rows are summed in the order of i.
  virtual void scatter_add_rows(const Tensor& grad_out, const Tensor& rows, Tensor& grad_table) = 0;

  // --- products ---------------------------------------------------------------------------------
  /// out [M, N] = x [N, M]^T
  virtual void transpose(const Tensor& x, Tensor& out) = 0;
  /// y [.., O] = x [.., I] weight [O, I]^T + bias [O]; `bias` may be undefined.
  virtual void linear_forward(const Tensor& x,
                              const Tensor& weight,
                              const Tensor& bias,
                              Tensor& y) = 0;
  virtual void linear_backward(const Tensor& x,
                               const Tensor& weight,
                               const Tensor& grad_y,
                               Tensor* grad_x,
                               Tensor* grad_weight,
                               Tensor* grad_bias) = 0;
  /// A linear layer over groups of tokens: each segment's tokens by `stride` from its end, a
  /// group's vectors side by side, oldest first, zero vectors in front of the oldest group where
  /// tokens lack. x [T, D], weight [O, stride * D], bias [O] -> y [G, O], G = groups.num_tokens().
  virtual void group_linear_forward(const Tensor& x,
                                    const Segments& segments,
                                    const Segments& groups,
                                    std::int64_t stride,
                                    const Tensor& weight,
                                    const Tensor& bias,
                                    Tensor& y) = 0;
  /// Adds into grad_x; writes the others.
  virtual void group_linear_backward(const Tensor& x,
                                     const Segments& segments,
                                     const Segments& groups,
                                     std::int64_t stride,
                                     const Tensor& weight,
                                     const Tensor& grad_y,
                                     Tensor& grad_x,
                                     Tensor& grad_weight,
                                     Tensor& grad_bias) = 0;
  /// Per head h with the rows W_h [Dh, D] of `weight`: out[b, h, i] = x[b k + i, head h] W_h.
  /// x [B k, D] -> out [B, H, k, D].
  virtual void heads_expand(const Tensor& x, const Tensor& weight, Tensor& out) = 0;
  /// The transpose: out[b k + i, head h] = z[b, h, i] W_h^T. z [B, H, k, D] -> out [B k, D].
  virtual void heads_contract(const Tensor& z, const Tensor& weight, Tensor& out) = 0;
  /// Gradient of both by the weight: out_h [Dh, D] = sum over b, i of x[b k + i, head h]^T z[b, h,
  /// i].
  virtual void heads_outer(const Tensor& x, const Tensor& z, Tensor& out) = 0;

  // --- attention --------------------------------------------------------------------------------
  /// Multi-head softmax attention per segment, scale 1 / sqrt(Dh), by tiles: no map is stored.
  /// query [Tq, D], key and value [Tk, D] -> out [Tq, D], log_sum [Tq, H] (log of the softmax
  /// denominator, for backward). A query without keys gets zeros.
  virtual void segment_attention_forward(const Tensor& query,
                                         const Tensor& key,
                                         const Tensor& value,
                                         const AttentionLayout& layout,
                                         Tensor& out,
                                         Tensor& log_sum) = 0;
  virtual void segment_attention_backward(const Tensor& query,
                                          const Tensor& key,
                                          const Tensor& value,
                                          const AttentionLayout& layout,
                                          const Tensor& out,
                                          const Tensor& log_sum,
                                          const Tensor& grad_out,
                                          Tensor& grad_query,
                                          Tensor& grad_key,
                                          Tensor& grad_value) = 0;
  /// The same with every score computed and the map stored, in place of the scores: `map` holds for
  /// each segment H x queries x keys elements, in an order of the backend's own. No segment of keys
  /// may be empty.
  virtual void map_attention_forward(const Tensor& query,
                                     const Tensor& key,
                                     const Tensor& value,
                                     const AttentionLayout& layout,
                                     Tensor& map,
                                     Tensor& out) = 0;
  /// Uses the map up.
  virtual void map_attention_backward(const Tensor& query,
                                      const Tensor& key,
                                      const Tensor& value,
                                      const AttentionLayout& layout,
                                      const Tensor& out,
                                      const Tensor& grad_out,
                                      Tensor& map,
                                      Tensor& grad_query,
                                      Tensor& grad_key,
                                      Tensor& grad_value) = 0;
  /// Linear Dispatcher Attention, aggregate core with absorbed projections, one pass over x:
  /// z = norm(x); pooled[b, h, i] = sum_t softmax_t(z_t . query[b, h, i]) z_t over segment b.
  /// x [T, D], query [B, H, k, D] -> pooled [B, H, k, D], log_sum [B, H, k]. An empty segment pools
  /// to zero.
  virtual void aggregate_forward(const Tensor& x,
                                 const Norm& norm,
                                 const Tensor& query,
                                 const Segments& segments,
                                 Tensor& pooled,
                                 Tensor& log_sum) = 0;
  /// Adds into grad_x; writes the others.
  virtual void aggregate_backward(const Tensor& x,
                                  const Norm& norm,
                                  const Tensor& query,
                                  const Segments& segments,
                                  const Tensor& pooled,
                                  const Tensor& log_sum,
                                  const Tensor& grad_pooled,
                                  Tensor& grad_x,
                                  NormGrad& grad_norm,
                                  Tensor& grad_query) = 0;
  /// Dispatch with absorbed projections and its residual: z = norm(x);
  /// y_t = x_t + dropout( sum_h sum_i softmax_i(z_t . key[b, h, i]) value[b, h, i] + bias ).
  /// x [T, D]; key, value [B, H, k, D]; bias [D].
  virtual void dispatch_forward(const Tensor& x,
                                const Norm& norm,
                                const Tensor& key,
                                const Tensor& value,
                                const Tensor& bias,
                                const Segments& segments,
                                const Dropout& dropout,
                                Tensor& y) = 0;
  virtual void dispatch_backward(const Tensor& x,
                                 const Norm& norm,
                                 const Tensor& key,
                                 const Tensor& value,
                                 const Segments& segments,
                                 const Dropout& dropout,
                                 const Tensor& grad_y,
                                 Tensor& grad_x,
                                 NormGrad& grad_norm,
                                 Tensor& grad_key,
                                 Tensor& grad_value,
                                 Tensor& grad_bias) = 0;

  // --- mixers of the other models ---------------------------------------------------------------
  /// Softmax over the tokens of each segment, column by column. x [T, C] -> y [T, C].
  virtual void token_softmax_forward(const Tensor& x, const Segments& segments, Tensor& y) = 0;
  virtual void token_softmax_backward(const Tensor& y,
                                      const Segments& segments,
                                      const Tensor& grad_y,
                                      Tensor& grad_x) = 0;
  /// y = elu(x) / (|elu(x)| + kUnitEpsilon), the Euclidean norm over the last dimension.
  virtual void unit_elu_forward(const Tensor& x, Tensor& y) = 0;
  virtual void unit_elu_backward(const Tensor& x, const Tensor& grad_y, Tensor& grad_x) = 0;
  /// Attention without softmax, per segment and head: context[b, h] = sum_t key_t^T value_t,
  /// out_t = query_t context[b, h]. query [Tq, D], key and value [Tk, D], heads side by side ->
  /// context [B, H, Dh, Dh], out [Tq, D]. A query without keys gets zeros.
  virtual void linear_attention_forward(const Tensor& query,
                                        const Tensor& key,
                                        const Tensor& value,
                                        const Segments& queries,
                                        const Segments& keys,
                                        Tensor& context,
                                        Tensor& out) = 0;
  virtual void linear_attention_backward(const Tensor& query,
                                         const Tensor& key,
                                         const Tensor& value,
                                         const Segments& queries,
                                         const Segments& keys,
                                         const Tensor& context,
                                         const Tensor& grad_out,
                                         Tensor& grad_query,
                                         Tensor& grad_key,
                                         Tensor& grad_value) = 0;
  /// Rows made of a segment's tokens: out[b, i] = sum_t projection[i, c] x_t, c = steps from t to
  /// the segment's last token. x [T, D], projection [k, N] -> out [B, k, D]. No segment is longer
  /// than N.
  virtual void project_tokens_forward(const Tensor& x,
                                      const Tensor& projection,
                                      const Segments& segments,
                                      Tensor& out) = 0;
  virtual void project_tokens_backward(const Tensor& x,
                                       const Tensor& projection,
                                       const Segments& segments,
                                       const Tensor& grad_out,
                                       Tensor& grad_x,
                                       Tensor& grad_projection) = 0;
  /// Gates that make a running mean a decayed prefix softmax: with rate = softplus(decay),
  /// gate_t = e^{s_t} / sum over j <= t of e^{s_j - rate (t - j)}, within each segment and column.
  /// scores [T, C], decay [C] -> gates [T, C], each in (0, 1]. `log_sum` [B, C], the log of the
  /// decayed sum over what came before a segment (-inf: nothing), becomes that after its last
  /// token; undefined: nothing came before.
  virtual void prefix_gates_forward(const Tensor& scores,
                                    const Tensor& decay,
                                    const Segments& segments,
                                    Tensor& log_sum,
                                    Tensor& gates) = 0;
  virtual void prefix_gates_backward(const Tensor& gates,
                                     const Tensor& decay,
                                     const Segments& segments,
                                     const Tensor& grad_gates,
                                     Tensor& grad_scores,
                                     Tensor& grad_decay) = 0;
  /// gates = 1 - sigmoid(x)^(1 / temperature).
  virtual void forget_gates_forward(const Tensor& x, double temperature, Tensor& gates) = 0;
  virtual void forget_gates_backward(const Tensor& x,
                                     double temperature,
                                     const Tensor& grad_gates,
                                     Tensor& grad_x) = 0;
  /// Causal attention to k slots per head, each a gated running mean over the segment:
  /// K_t = K_{t-1} + gate_t (key_t - K_{t-1}), V_t likewise from zero, with one gate per slot;
  /// out_t = softmax over slots(query_t . K_t) V_t. query, key, value [T, D], heads side by side,
  /// gates [T, H, k] -> out [T, D]. `key` may be the same tensor as `value`: half the work. No
  /// [T, k, D]. `state` [B, H, 2 k, Dh], the slots'
  /// keys and then their values ([B, H, k, Dh] where key is value), is what they hold before a
  /// segment and becomes what they hold after it; undefined: they start empty. `log_sum` [T, H],
  /// the log of the softmax's denominator, is written where it is defined.
  virtual void slot_attention_forward(const Tensor& query,
                                      const Tensor& key,
                                      const Tensor& value,
                                      const Tensor& gates,
                                      const Segments& segments,
                                      Tensor& state,
                                      Tensor& out,
                                      Tensor& log_sum) = 0;
  /// Where `key` is `value`, their gradient is written to `grad_value` whole, and `grad_key` is
  /// left alone. `grad_log_sum` may be undefined.
  virtual void slot_attention_backward(const Tensor& query,
                                       const Tensor& key,
                                       const Tensor& value,
                                       const Tensor& gates,
                                       const Segments& segments,
                                       const Tensor& grad_out,
                                       const Tensor& grad_log_sum,
                                       Tensor& grad_query,
                                       Tensor& grad_key,
                                       Tensor& grad_value,
                                       Tensor& grad_gates) = 0;
  /// Lets each token's own experts join what it has attended to: with the rows e_i = gates_i
  /// table[indices_i] of its k experts, head by head, the softmax over (log_sum, query . e_1, ..,
  /// query . e_k) weighs (out, e_1, .., e_k), as if all had been in the first softmax.
  /// out [R, D], log_sum [R, H], query [R, D], heads side by side, table [K, D], indices int32 and
  /// gates [R, k] -> joined [R, D]. No [R, k, D].
  virtual void join_experts_forward(const Tensor& out,
                                    const Tensor& log_sum,
                                    const Tensor& query,
                                    const Tensor& table,
                                    const Tensor& indices,
                                    const Tensor& gates,
                                    Tensor& joined) = 0;
  /// An expert's gradients are summed in the order of the tokens.
  virtual void join_experts_backward(const Tensor& out,
                                     const Tensor& log_sum,
                                     const Tensor& query,
                                     const Tensor& table,
                                     const Tensor& indices,
                                     const Tensor& gates,
                                     const Tensor& grad_joined,
                                     Tensor& grad_out,
                                     Tensor& grad_log_sum,
                                     Tensor& grad_query,
                                     Tensor& grad_table,
                                     Tensor& grad_gates) = 0;
  /// A gated recurrent unit along each segment, from a zero state. Gates stand in the order reset,
  /// update, new: with i = input_t, g = h_{t-1} weight^T + bias,
  /// r = sigmoid(i_r + g_r), z = sigmoid(i_z + g_z), n = tanh(i_n + r g_n), h_t = (1 - z) n + z
  /// h_{t-1}. input [T, 3 D], weight [3 D, D], bias [3 D] -> hidden [T, D].
  virtual void gru_forward(const Tensor& input,
                           const Tensor& weight,
                           const Tensor& bias,
                           const Segments& segments,
                           Tensor& hidden) = 0;
  virtual void gru_backward(const Tensor& input,
                            const Tensor& weight,
                            const Tensor& bias,
                            const Segments& segments,
                            const Tensor& hidden,
                            const Tensor& grad_hidden,
                            Tensor& grad_input,
                            Tensor& grad_weight,
                            Tensor& grad_bias) = 0;
  /// out[i] = the column of row i's largest element (ties: the smaller). x [R, C] -> out [R] int32.
  virtual void argmax_rows(const Tensor& x, Tensor& out) = 0;
  /// Attention to a decayed histogram of codewords (LISA): for each codebook c, alpha_t over its
  /// words proportional to count_t exp(scores[c, code_t]); out_t = sum over c of alpha_t values[c].
  /// scores [C, W, W], values [C, W, D] -> out [T, D] ([segments, D] with last_only, zero for an
  /// empty segment).
  virtual void histogram_attention_forward(const CodeHistogram& histogram,
                                           const Tensor& scores,
                                           const Tensor& values,
                                           Tensor& out) = 0;
  /// grad_occupancy [V + 1, C, W] is written whether or not `occupancy` is defined.
  virtual void histogram_attention_backward(const CodeHistogram& histogram,
                                            const Tensor& scores,
                                            const Tensor& values,
                                            const Tensor& grad_out,
                                            Tensor& grad_occupancy,
                                            Tensor& grad_scores,
                                            Tensor& grad_values) = 0;
  /// Sums of rows' directions: out_r = a_r / (|a_r| + 1e-12) + b_r / (|b_r| + 1e-12).
  /// a, b, out [R, D].
  virtual void unit_sum(const Tensor& a, const Tensor& b, Tensor& out) = 0;
  /// The centroid of its head that has the largest product with a row (ties, and rows that are not
  /// numbers: the smaller index). x [T H, Dh], a token's heads one after the other, centroids
  /// [H, C, Dh] -> nearest [T H] int32, rows of the centroids seen as [H C, Dh].
  virtual void nearest_centroids(const Tensor& x, const Tensor& centroids, Tensor& nearest) = 0;
  /// The tokens that each centroid takes: for segment b, head h and centroid c the rows of x with
  /// the largest products (ties: the earlier token; what is not a number comes last), as many as
  /// segment (b H + h) C + c of `members` is long (at most as many as b has tokens), in the order
  /// of time. x and centroids as above -> rows of x, owners (rows of the centroids) int32
  /// [members.num_tokens()].
  virtual void centroid_members(const Tensor& x,
                                const Tensor& centroids,
                                const Segments& segments,
                                const Segments& members,
                                Tensor& rows,
                                Tensor& owners) = 0;
  /// centroid = normalised( decay centroid + (1 - decay) sum / (2 count) ) in place: a moving
  /// average of its members' directions, whose unit_sum it is given. Without members, or where the
  /// result is no direction, it stays. sums [H C, Dh], counts [H C] of the sums' type, centroids
  /// [H, C, Dh].
  virtual void move_centroids(const Tensor& sums,
                              const Tensor& counts,
                              double decay,
                              Tensor& centroids) = 0;
  /// out_r = x_r / divisor_r, zero where the divisor is 0; out may be x. x [R, D], divisors [R].
  virtual void divide_rows(const Tensor& x, const Tensor& divisors, Tensor& out) = 0;

  // --- fused layers -----------------------------------------------------------------------------
  /// y = dropout( norm( item_table[ids] + position_table[positions] ) ); `position_table` may be
  /// undefined.
  virtual void input_embedding_forward(const Tensor& item_table,
                                       const Tensor& position_table,
                                       const Tensor& ids,
                                       const Tensor& positions,
                                       const Norm& norm,
                                       const Dropout& dropout,
                                       Tensor& y) = 0;
  /// Adds into the tables' gradients (row 0 of the items is left alone); writes the norm's.
  virtual void input_embedding_backward(const Tensor& item_table,
                                        const Tensor& position_table,
                                        const Tensor& ids,
                                        const Tensor& positions,
                                        const Norm& norm,
                                        const Dropout& dropout,
                                        const Tensor& grad_y,
                                        Tensor& grad_item_table,
                                        Tensor& grad_position_table,
                                        NormGrad& grad_norm) = 0;
  /// y = residual + dropout( x weight^T + bias )
  virtual void linear_residual_forward(const Tensor& x,
                                       const Tensor& weight,
                                       const Tensor& bias,
                                       const Tensor& residual,
                                       const Dropout& dropout,
                                       Tensor& y) = 0;
  /// y = x + dropout( down( GELU( up( norm(x) ) ) ) ) by tiles of tokens; no [T, F] tensor exists.
  virtual void ffn_forward(const Tensor& x,
                           const FfnWeights& weights,
                           const Dropout& dropout,
                           Tensor& y) = 0;
  /// Recomputes the hidden layer. grad_x may be grad_y.
  virtual void ffn_backward(const Tensor& x,
                            const FfnWeights& weights,
                            const Dropout& dropout,
                            const Tensor& grad_y,
                            Tensor& grad_x,
                            FfnWeights& grad_weights) = 0;
  /// Product keys: for each head m of M, the best k / M of the sums of the best sub-key scores, in
  /// descending order (ties: the smaller id); gates = (k / M) softmax of the chosen scores;
  /// experts = gates * memory[indices]; without experts where both are undefined.
  /// query [B, M, Dk], subkeys [M, 2, S, Dk / 2], memory [S * S, D] -> indices, gates [B, k],
  /// experts [B, k, D].
  virtual void product_keys_forward(const Tensor& query,
                                    const Tensor& subkeys,
                                    const Tensor& memory,
                                    Tensor& indices,
                                    Tensor& gates,
                                    Tensor& experts) = 0;
  virtual void product_keys_backward(const Tensor& query,
                                     const Tensor& subkeys,
                                     const Tensor& memory,
                                     const Tensor& indices,
                                     const Tensor& gates,
                                     const Tensor& grad_experts,
                                     Tensor& grad_query,
                                     Tensor& grad_subkeys,
                                     Tensor& grad_memory) = 0;
  /// The part of it that comes through the gates alone.
  virtual void product_key_gates_backward(const Tensor& query,
                                          const Tensor& subkeys,
                                          const Tensor& indices,
                                          const Tensor& gates,
                                          const Tensor& grad_gates,
                                          Tensor& grad_query,
                                          Tensor& grad_subkeys) = 0;

  // --- catalogue --------------------------------------------------------------------------------
  /// loss[0] = mean over rows of -log softmax over items 1..V of (hidden . table) at the target,
  /// by tiles; the [R, V] logits never exist. hidden [R, D], table [V + 1, D], targets [R].
  /// With gradients wanted, they are made in the same pass (both or none): `grad_hidden` [R, D] is
  /// written, `grad_table` [V + 1, D] is written, its row 0 zero.
  virtual void linear_cross_entropy(const Tensor& hidden,
                                    const Tensor& table,
                                    const Tensor& targets,
                                    Tensor& loss,
                                    Tensor* grad_hidden,
                                    Tensor* grad_table) = 0;
  /// loss[0] = mean over rows of what it costs to tell the target from `sampled` items, as
  /// ops::sampled_cross_entropy defines it, by tiles of rows; a row whose sampled items are all
  /// left out costs nothing. hidden [R, D], table [N, D], targets [R], in 1..N-1. With gradients
  /// wanted (both or none), `grad_hidden` [R, D] and `grad_table` [N, D] are written.
  virtual void sampled_cross_entropy(const Tensor& hidden,
                                     const Tensor& table,
                                     const Tensor& targets,
                                     const SampledItems& sampled,
                                     const SampledLoss& kind,
                                     Tensor& loss,
                                     Tensor* grad_hidden,
                                     Tensor* grad_table) = 0;
  /// ranks[r] = 1 + number of items v in 1..V, v != target and v not in row r's excluded ones, that
  /// score >= the target: ties count against the model. A score that is not a number ranks above.
  /// `excluded_ids` (sorted within a segment) under `excluded` (R segments, may be empty).
  virtual void rank_targets(const Tensor& hidden,
                            const Tensor& table,
                            const Tensor& targets,
                            const Segments& excluded,
                            const Tensor& excluded_ids,
                            Tensor& ranks) = 0;
  /// The best `k` items of each row, in descending order (ties: the smaller id), excluded ones left
  /// out; id 0 and score -inf where fewer remain. ids, scores [R, k].
  virtual void top_k(const Tensor& hidden,
                     const Tensor& table,
                     const Segments& excluded,
                     const Tensor& excluded_ids,
                     Tensor& ids,
                     Tensor& scores) = 0;

  // --- optimiser --------------------------------------------------------------------------------
  /// health float64 [3] = {gradient norm, first bad step, first bad parameter}: writes the norm
  /// over all gradients; when it (or `loss`) is not finite and no bad step stands yet (0), writes
  /// `step` and the index of the first not-finite gradient (-1 when only the loss is bad).
  virtual void check_gradients(const std::vector<Tensor>& grads,
                               const Tensor& loss,
                               std::int64_t step,
                               Tensor& health) = 0;
  /// One Adam step of all parameters; none at all once `health` holds a bad step. Gradients are
  /// scaled by min(1, clip_norm / norm) first.
  virtual void adam_step(const std::vector<Tensor>& params,
                         const std::vector<Tensor>& grads,
                         const std::vector<Tensor>& first_moments,
                         const std::vector<Tensor>& second_moments,
                         const AdamOptions& options,
                         const Tensor& health) = 0;
  /// The same of some rows of one parameter: rows [R] int32, each at most once, grad [R, D]. The
  /// others stay as they are, as do their moments.
  virtual void adam_step_rows(const Tensor& param,
                              const Tensor& rows,
                              const Tensor& grad,
                              const Tensor& first_moment,
                              const Tensor& second_moment,
                              const AdamOptions& options,
                              const Tensor& health) = 0;
};

/// The backend of a device. Throws DeviceError if it is not built in, or not present.
Backend& backend_for(Device device);

/// Puts another backend in a device's place, for KernelBook alone; `replacement` must outlive its
/// use.
void replace_backend(Device device, Backend* replacement);

}  // namespace elastic
