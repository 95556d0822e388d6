#include "tensor/kernel_book.h"

#include "base/error.h"
#include "tensor/kernel_costs.h"

namespace elastic {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

KernelBook::KernelBook(Device device, bool with_calls)
    : device_(device), inner_(backend_for(device)), with_calls_(with_calls), opened_(Clock::now()) {
  replace_backend(device_, this);
}

KernelBook::~KernelBook() {
  replace_backend(device_, &inner_);
}

KernelUse KernelBook::total() const {
  KernelUse sum;
  for (const auto& [kernel, use] : uses_) {
    sum.calls += use.calls;
    sum.seconds += use.seconds;
    sum.flops += use.flops;
    sum.bytes += use.bytes;
  }
  return sum;
}

void KernelBook::book(const char* kernel,
                      double flops,
                      double bytes,
                      const std::function<void()>& run) {
  inner_.synchronize();
  const Clock::time_point begin = Clock::now();
  run();
  inner_.synchronize();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  KernelUse& use = uses_[kernel];
  ++use.calls;
  use.seconds += seconds;
  use.flops += flops;
  use.bytes += bytes;
  if (with_calls_) {
    calls_.push_back({kernel, std::chrono::duration<double>(begin - opened_).count(), seconds});
  }
}

void KernelBook::set_precision(Precision precision) {
  inner_.set_precision(precision);
}

void KernelBook::synchronize() {
  inner_.synchronize();
}

std::size_t KernelBook::free_bytes() {
  return inner_.free_bytes();
}

std::string KernelBook::description() {
  return inner_.description();
}

std::unique_ptr<RecordedWork> KernelBook::record(const std::function<void()>& /*work*/) {
  return nullptr;  // every call is to be seen
}

CachingAllocator& KernelBook::allocator() {
  return inner_.allocator();
}

void KernelBook::copy_from_host(const void* source, Tensor& target) {
  book("copy_from_host", 0.0, bytes_of_all(target), [&] { inner_.copy_from_host(source, target); });
}

void KernelBook::copy_to_host(const Tensor& source, void* target) {
  book("copy_to_host", 0.0, bytes_of_all(source), [&] { inner_.copy_to_host(source, target); });
}

void KernelBook::copy(const Tensor& source, Tensor& target) {
  book("copy", 0.0, bytes_of_all(source, target), [&] { inner_.copy(source, target); });
}

void KernelBook::fill(Tensor& target, double value) {
  book("fill", 0.0, bytes_of_all(target, value), [&] { inner_.fill(target, value); });
}

void KernelBook::number(std::int32_t modulus, std::int32_t step, Tensor& out) {
  book("number", 0.0, bytes_of_all(out), [&] { inner_.number(modulus, step, out); });
}

void KernelBook::positions(const Segments& segments, bool recent, Tensor& out) {
  book("positions", 0.0, bytes_of_all(segments, out), [&] {
    inner_.positions(segments, recent, out);
  });
}

void KernelBook::last_tokens(const Segments& segments, Tensor& out) {
  book("last_tokens", 0.0, bytes_of_all(segments, out), [&] { inner_.last_tokens(segments, out); });
}

void KernelBook::group_offsets(const Segments& segments, std::int32_t stride, Tensor& out) {
  book("group_offsets", 0.0, bytes_of_all(segments, out), [&] {
    inner_.group_offsets(segments, stride, out);
  });
}

void KernelBook::add(const Tensor& a, const Tensor& b, Tensor& out) {
  book("add", 0.0, bytes_of_all(a, b, out), [&] { inner_.add(a, b, out); });
}

void KernelBook::multiply(const Tensor& a, const Tensor& b, Tensor& out) {
  book("multiply", 0.0, bytes_of_all(a, b, out), [&] { inner_.multiply(a, b, out); });
}

void KernelBook::add_to(const Tensor& x, Tensor& y) {
  book("add_to", 0.0, bytes_of_all(x, y), [&] { inner_.add_to(x, y); });
}

void KernelBook::scale(const Tensor& x, double factor, Tensor& out) {
  book("scale", 0.0, bytes_of_all(x, factor, out), [&] { inner_.scale(x, factor, out); });
}

void KernelBook::scale_by(const Tensor& x, const Tensor& scalar, Tensor& out) {
  book("scale_by", 0.0, bytes_of_all(x, scalar, out), [&] { inner_.scale_by(x, scalar, out); });
}

void KernelBook::sum(const Tensor& x, Tensor& out) {
  book("sum", 0.0, bytes_of_all(x, out), [&] { inner_.sum(x, out); });
}

void KernelBook::gelu_forward(const Tensor& x, Tensor& y) {
  book("gelu_forward", 0.0, bytes_of_all(x, y), [&] { inner_.gelu_forward(x, y); });
}

void KernelBook::gelu_backward(const Tensor& x, const Tensor& grad_y, Tensor& grad_x) {
  book("gelu_backward", 0.0, bytes_of_all(x, grad_y, grad_x), [&] {
    inner_.gelu_backward(x, grad_y, grad_x);
  });
}

void KernelBook::dropout(const Tensor& x, const Dropout& dropout, Tensor& y) {
  book("dropout", 0.0, bytes_of_all(x, dropout, y), [&] { inner_.dropout(x, dropout, y); });
}

void KernelBook::softmax_forward(const Tensor& x, Tensor& y) {
  book("softmax_forward", 0.0, bytes_of_all(x, y), [&] { inner_.softmax_forward(x, y); });
}

void KernelBook::softmax_backward(const Tensor& y, const Tensor& grad_y, Tensor& grad_x) {
  book("softmax_backward", 0.0, bytes_of_all(y, grad_y, grad_x), [&] {
    inner_.softmax_backward(y, grad_y, grad_x);
  });
}

void KernelBook::layer_norm_forward(const Tensor& x, const Norm& norm, Tensor& y) {
  book("layer_norm_forward", 0.0, bytes_of_all(x, norm, y), [&] {
    inner_.layer_norm_forward(x, norm, y);
  });
}

void KernelBook::layer_norm_backward(
    const Tensor& x, const Norm& norm, const Tensor& grad_y, Tensor& grad_x, NormGrad& grad_norm) {
  book("layer_norm_backward", 0.0, bytes_of_all(x, norm, grad_y, grad_x, grad_norm), [&] {
    inner_.layer_norm_backward(x, norm, grad_y, grad_x, grad_norm);
  });
}

void KernelBook::gather_rows(const Tensor& table, const Tensor& rows, Tensor& out) {
  book("gather_rows", 0.0, bytes_of_all(table, rows, out), [&] {
    inner_.gather_rows(table, rows, out);
  });
}

void KernelBook::scatter_add_rows(const Tensor& grad_out, const Tensor& rows, Tensor& grad_table) {
  book("scatter_add_rows", 0.0, bytes_of_all(grad_out, rows, grad_table), [&] {
    inner_.scatter_add_rows(grad_out, rows, grad_table);
  });
}

void KernelBook::transpose(const Tensor& x, Tensor& out) {
  book("transpose", 0.0, bytes_of_all(x, out), [&] { inner_.transpose(x, out); });
}

void KernelBook::linear_forward(const Tensor& x,
                                const Tensor& weight,
                                const Tensor& bias,
                                Tensor& y) {
  book("linear_forward", 2.0 * rows(x) * cols(x) * cols(y), bytes_of_all(x, weight, bias, y), [&] {
    inner_.linear_forward(x, weight, bias, y);
  });
}

void KernelBook::linear_backward(const Tensor& x,
                                 const Tensor& weight,
                                 const Tensor& grad_y,
                                 Tensor* grad_x,
                                 Tensor* grad_weight,
                                 Tensor* grad_bias) {
  book("linear_backward",
       2.0 * rows(x) * cols(x) * cols(grad_y) *
           ((grad_x != nullptr ? 1.0 : 0.0) + (grad_weight != nullptr ? 1.0 : 0.0)),
       bytes_of_all(x, weight, grad_y, grad_x, grad_weight, grad_bias),
       [&] { inner_.linear_backward(x, weight, grad_y, grad_x, grad_weight, grad_bias); });
}

void KernelBook::group_linear_forward(const Tensor& x,
                                      const Segments& segments,
                                      const Segments& groups,
                                      std::int64_t stride,
                                      const Tensor& weight,
                                      const Tensor& bias,
                                      Tensor& y) {
  book("group_linear_forward",
       2.0 * rows(y) * cols(weight) * cols(y),
       bytes_of_all(x, segments, groups, weight, bias, y),
       [&] { inner_.group_linear_forward(x, segments, groups, stride, weight, bias, y); });
}

void KernelBook::group_linear_backward(const Tensor& x,
                                       const Segments& segments,
                                       const Segments& groups,
                                       std::int64_t stride,
                                       const Tensor& weight,
                                       const Tensor& grad_y,
                                       Tensor& grad_x,
                                       Tensor& grad_weight,
                                       Tensor& grad_bias) {
  book("group_linear_backward",
       4.0 * rows(grad_y) * cols(weight) * cols(grad_y),
       bytes_of_all(x, segments, groups, weight, grad_y, grad_x, grad_weight, grad_bias),
       [&] {
         inner_.group_linear_backward(
             x, segments, groups, stride, weight, grad_y, grad_x, grad_weight, grad_bias);
       });
}

void KernelBook::heads_expand(const Tensor& x, const Tensor& weight, Tensor& out) {
  book("heads_expand", 2.0 * rows(x) * cols(x) * cols(x), bytes_of_all(x, weight, out), [&] {
    inner_.heads_expand(x, weight, out);
  });
}

void KernelBook::heads_contract(const Tensor& z, const Tensor& weight, Tensor& out) {
  book(
      "heads_contract", 2.0 * rows(out) * cols(out) * cols(out), bytes_of_all(z, weight, out), [&] {
        inner_.heads_contract(z, weight, out);
      });
}

void KernelBook::heads_outer(const Tensor& x, const Tensor& z, Tensor& out) {
  book("heads_outer", 2.0 * rows(x) * cols(x) * cols(x), bytes_of_all(x, z, out), [&] {
    inner_.heads_outer(x, z, out);
  });
}

void KernelBook::segment_attention_forward(const Tensor& query,
                                           const Tensor& key,
                                           const Tensor& value,
                                           const AttentionLayout& layout,
                                           Tensor& out,
                                           Tensor& log_sum) {
  book("segment_attention_forward",
       4.0 * attended_pairs(layout) * cols(query),
       bytes_of_all(query, key, value, layout, out, log_sum),
       [&] { inner_.segment_attention_forward(query, key, value, layout, out, log_sum); });
}

void KernelBook::segment_attention_backward(const Tensor& query,
                                            const Tensor& key,
                                            const Tensor& value,
                                            const AttentionLayout& layout,
                                            const Tensor& out,
                                            const Tensor& log_sum,
                                            const Tensor& grad_out,
                                            Tensor& grad_query,
                                            Tensor& grad_key,
                                            Tensor& grad_value) {
  book("segment_attention_backward",
       8.0 * attended_pairs(layout) * cols(query),
       bytes_of_all(
           query, key, value, layout, out, log_sum, grad_out, grad_query, grad_key, grad_value),
       [&] {
         inner_.segment_attention_backward(
             query, key, value, layout, out, log_sum, grad_out, grad_query, grad_key, grad_value);
       });
}

void KernelBook::map_attention_forward(const Tensor& query,
                                       const Tensor& key,
                                       const Tensor& value,
                                       const AttentionLayout& layout,
                                       Tensor& map,
                                       Tensor& out) {
  book("map_attention_forward",
       4.0 * attended_pairs(layout) * cols(query),
       bytes_of_all(query, key, value, map, out),
       [&] { inner_.map_attention_forward(query, key, value, layout, map, out); });
}

void KernelBook::map_attention_backward(const Tensor& query,
                                        const Tensor& key,
                                        const Tensor& value,
                                        const AttentionLayout& layout,
                                        const Tensor& out,
                                        const Tensor& grad_out,
                                        Tensor& map,
                                        Tensor& grad_query,
                                        Tensor& grad_key,
                                        Tensor& grad_value) {
  book("map_attention_backward",
       8.0 * attended_pairs(layout) * cols(query),
       bytes_of_all(query, key, value, out, grad_out, map, grad_query, grad_key, grad_value),
       [&] {
         inner_.map_attention_backward(
             query, key, value, layout, out, grad_out, map, grad_query, grad_key, grad_value);
       });
}

void KernelBook::aggregate_forward(const Tensor& x,
                                   const Norm& norm,
                                   const Tensor& query,
                                   const Segments& segments,
                                   Tensor& pooled,
                                   Tensor& log_sum) {
  book("aggregate_forward",
       4.0 * rows(x) * cols(x) * queries_per_sequence(query),
       bytes_of_all(x, norm, query, segments, pooled, log_sum),
       [&] { inner_.aggregate_forward(x, norm, query, segments, pooled, log_sum); });
}

void KernelBook::aggregate_backward(const Tensor& x,
                                    const Norm& norm,
                                    const Tensor& query,
                                    const Segments& segments,
                                    const Tensor& pooled,
                                    const Tensor& log_sum,
                                    const Tensor& grad_pooled,
                                    Tensor& grad_x,
                                    NormGrad& grad_norm,
                                    Tensor& grad_query) {
  book("aggregate_backward",
       8.0 * rows(x) * cols(x) * queries_per_sequence(query),
       bytes_of_all(
           x, norm, query, segments, pooled, log_sum, grad_pooled, grad_x, grad_norm, grad_query),
       [&] {
         inner_.aggregate_backward(
             x, norm, query, segments, pooled, log_sum, grad_pooled, grad_x, grad_norm, grad_query);
       });
}

void KernelBook::dispatch_forward(const Tensor& x,
                                  const Norm& norm,
                                  const Tensor& key,
                                  const Tensor& value,
                                  const Tensor& bias,
                                  const Segments& segments,
                                  const Dropout& dropout,
                                  Tensor& y) {
  book("dispatch_forward",
       4.0 * rows(x) * cols(x) * queries_per_sequence(key),
       bytes_of_all(x, norm, key, value, bias, segments, dropout, y),
       [&] { inner_.dispatch_forward(x, norm, key, value, bias, segments, dropout, y); });
}

void KernelBook::dispatch_backward(const Tensor& x,
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
                                   Tensor& grad_bias) {
  book("dispatch_backward",
       8.0 * rows(x) * cols(x) * queries_per_sequence(key),
       bytes_of_all(x,
                    norm,
                    key,
                    value,
                    segments,
                    dropout,
                    grad_y,
                    grad_x,
                    grad_norm,
                    grad_key,
                    grad_value,
                    grad_bias),
       [&] {
         inner_.dispatch_backward(x,
                                  norm,
                                  key,
                                  value,
                                  segments,
                                  dropout,
                                  grad_y,
                                  grad_x,
                                  grad_norm,
                                  grad_key,
                                  grad_value,
                                  grad_bias);
       });
}

void KernelBook::input_embedding_forward(const Tensor& item_table,
                                         const Tensor& position_table,
                                         const Tensor& ids,
                                         const Tensor& positions,
                                         const Norm& norm,
                                         const Dropout& dropout,
                                         Tensor& y) {
  book("input_embedding_forward",
       0.0,
       bytes_of_all(item_table, position_table, ids, positions, norm, dropout, y),
       [&] {
         inner_.input_embedding_forward(
             item_table, position_table, ids, positions, norm, dropout, y);
       });
}

void KernelBook::input_embedding_backward(const Tensor& item_table,
                                          const Tensor& position_table,
                                          const Tensor& ids,
                                          const Tensor& positions,
                                          const Norm& norm,
                                          const Dropout& dropout,
                                          const Tensor& grad_y,
                                          Tensor& grad_item_table,
                                          Tensor& grad_position_table,
                                          NormGrad& grad_norm) {
  book("input_embedding_backward",
       0.0,
       bytes_of_all(item_table,
                    position_table,
                    ids,
                    positions,
                    norm,
                    dropout,
                    grad_y,
                    grad_item_table,
                    grad_position_table,
                    grad_norm),
       [&] {
         inner_.input_embedding_backward(item_table,
                                         position_table,
                                         ids,
                                         positions,
                                         norm,
                                         dropout,
                                         grad_y,
                                         grad_item_table,
                                         grad_position_table,
                                         grad_norm);
       });
}

void KernelBook::linear_residual_forward(const Tensor& x,
                                         const Tensor& weight,
                                         const Tensor& bias,
                                         const Tensor& residual,
                                         const Dropout& dropout,
                                         Tensor& y) {
  book("linear_residual_forward",
       2.0 * rows(x) * cols(x) * cols(y),
       bytes_of_all(x, weight, bias, residual, dropout, y),
       [&] { inner_.linear_residual_forward(x, weight, bias, residual, dropout, y); });
}

void KernelBook::ffn_forward(const Tensor& x,
                             const FfnWeights& weights,
                             const Dropout& dropout,
                             Tensor& y) {
  book("ffn_forward",
       4.0 * rows(x) * cols(x) * rows(weights.up_weight),
       bytes_of_all(x, weights, dropout, y),
       [&] { inner_.ffn_forward(x, weights, dropout, y); });
}

void KernelBook::ffn_backward(const Tensor& x,
                              const FfnWeights& weights,
                              const Dropout& dropout,
                              const Tensor& grad_y,
                              Tensor& grad_x,
                              FfnWeights& grad_weights) {
  book("ffn_backward",
       8.0 * rows(x) * cols(x) * rows(weights.up_weight),
       bytes_of_all(x, weights, dropout, grad_y, grad_x, grad_weights),
       [&] { inner_.ffn_backward(x, weights, dropout, grad_y, grad_x, grad_weights); });
}

void KernelBook::product_keys_forward(const Tensor& query,
                                      const Tensor& subkeys,
                                      const Tensor& memory,
                                      Tensor& indices,
                                      Tensor& gates,
                                      Tensor& experts) {
  book("product_keys_forward",
       2.0 * rows(query) * cols(query) * static_cast<double>(subkeys.shape()[2]),
       bytes_of_all(query, subkeys, memory, indices, gates, experts),
       [&] { inner_.product_keys_forward(query, subkeys, memory, indices, gates, experts); });
}

void KernelBook::product_keys_backward(const Tensor& query,
                                       const Tensor& subkeys,
                                       const Tensor& memory,
                                       const Tensor& indices,
                                       const Tensor& gates,
                                       const Tensor& grad_experts,
                                       Tensor& grad_query,
                                       Tensor& grad_subkeys,
                                       Tensor& grad_memory) {
  book("product_keys_backward",
       0.0,
       bytes_of_all(query,
                    subkeys,
                    memory,
                    indices,
                    gates,
                    grad_experts,
                    grad_query,
                    grad_subkeys,
                    grad_memory),
       [&] {
         inner_.product_keys_backward(query,
                                      subkeys,
                                      memory,
                                      indices,
                                      gates,
                                      grad_experts,
                                      grad_query,
                                      grad_subkeys,
                                      grad_memory);
       });
}

void KernelBook::linear_cross_entropy(const Tensor& hidden,
                                      const Tensor& table,
                                      const Tensor& targets,
                                      Tensor& loss,
                                      Tensor* grad_hidden,
                                      Tensor* grad_table) {
  book("linear_cross_entropy",
       (grad_hidden != nullptr ? 6.0 : 2.0) * rows(hidden) * cols(hidden) *
           static_cast<double>(table.rows() - 1),
       bytes_of_all(hidden, table, targets, loss, grad_hidden, grad_table),
       [&] { inner_.linear_cross_entropy(hidden, table, targets, loss, grad_hidden, grad_table); });
}

void KernelBook::sampled_cross_entropy(const Tensor& hidden,
                                       const Tensor& table,
                                       const Tensor& targets,
                                       const SampledItems& sampled,
                                       const SampledLoss& kind,
                                       Tensor& loss,
                                       Tensor* grad_hidden,
                                       Tensor* grad_table) {
  // Of the table the rows named are read.
  const double named = static_cast<double>(sampled.size() + targets.numel());
  const double read = bytes_of(table) * std::min(1.0, named / rows(table));
  book("sampled_cross_entropy",
       (grad_hidden != nullptr ? 6.0 : 2.0) * rows(hidden) * cols(hidden) *
           static_cast<double>(sampled.size() + 1),
       read + bytes_of_all(hidden, targets, sampled, loss, grad_hidden, grad_table),
       [&] {
         inner_.sampled_cross_entropy(
             hidden, table, targets, sampled, kind, loss, grad_hidden, grad_table);
       });
}

void KernelBook::rank_targets(const Tensor& hidden,
                              const Tensor& table,
                              const Tensor& targets,
                              const Segments& excluded,
                              const Tensor& excluded_ids,
                              Tensor& ranks) {
  book("rank_targets",
       2.0 * rows(hidden) * cols(hidden) * static_cast<double>(table.rows() - 1),
       bytes_of_all(hidden, table, targets, excluded, excluded_ids, ranks),
       [&] { inner_.rank_targets(hidden, table, targets, excluded, excluded_ids, ranks); });
}

void KernelBook::top_k(const Tensor& hidden,
                       const Tensor& table,
                       const Segments& excluded,
                       const Tensor& excluded_ids,
                       Tensor& ids,
                       Tensor& scores) {
  book("top_k",
       2.0 * rows(hidden) * cols(hidden) * static_cast<double>(table.rows() - 1),
       bytes_of_all(hidden, table, excluded, excluded_ids, ids, scores),
       [&] { inner_.top_k(hidden, table, excluded, excluded_ids, ids, scores); });
}

void KernelBook::check_gradients(const std::vector<Tensor>& grads,
                                 const Tensor& loss,
                                 std::int64_t step,
                                 Tensor& health) {
  book("check_gradients", 0.0, bytes_of_all(grads, loss, step, health), [&] {
    inner_.check_gradients(grads, loss, step, health);
  });
}

void KernelBook::adam_step(const std::vector<Tensor>& params,
                           const std::vector<Tensor>& grads,
                           const std::vector<Tensor>& first_moments,
                           const std::vector<Tensor>& second_moments,
                           const AdamOptions& options,
                           const Tensor& health) {
  book("adam_step",
       0.0,
       bytes_of_all(params, grads, first_moments, second_moments, options, health),
       [&] { inner_.adam_step(params, grads, first_moments, second_moments, options, health); });
}

void KernelBook::adam_step_rows(const Tensor& param,
                                const Tensor& rows,
                                const Tensor& grad,
                                const Tensor& first_moment,
                                const Tensor& second_moment,
                                const AdamOptions& options,
                                const Tensor& health) {
  // As many rows of the parameter and of both moments as of the gradient.
  book("adam_step_rows", 0.0, 4.0 * bytes_of(grad) + bytes_of_all(rows, options, health), [&] {
    inner_.adam_step_rows(param, rows, grad, first_moment, second_moment, options, health);
  });
}

}  // namespace elastic
