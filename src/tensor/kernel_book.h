// A backend that passes every kernel on and keeps book: time, operations and bytes, by kernel.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tensor/backend.h"

namespace elastic {

/// What one kernel came to.
struct KernelUse {
  std::int64_t calls = 0;
  double seconds = 0.0;
  double flops = 0.0;  ///< 2 per useful multiply-add; masked and recomputed ones are not counted
  double bytes = 0.0;  ///< of its arguments, each once: the least that memory has to move
};

/// One call, for a trace; seconds since the book was opened.
struct KernelCall {
  const char* kernel;
  double begin;
  double seconds;
};

/// While one lives, the device's backend is wrapped: every kernel call of the process is booked. At
/// most one per device at a time; not for use while other threads compute.
class KernelBook final : public Backend {
 public:
  explicit KernelBook(Device device, bool with_calls = false);
  ~KernelBook() override;
  KernelBook(const KernelBook&) = delete;
  KernelBook& operator=(const KernelBook&) = delete;

  [[nodiscard]] const std::map<std::string, KernelUse>& uses() const { return uses_; }
  [[nodiscard]] const std::vector<KernelCall>& calls() const { return calls_; }
  /// Sum over all kernels.
  [[nodiscard]] KernelUse total() const;

  CachingAllocator& allocator() override;
  void set_precision(Precision precision) override;
  void synchronize() override;
  std::size_t free_bytes() override;
  std::string description() override;
  std::unique_ptr<RecordedWork> record(const std::function<void()>& work) override;
  void copy_from_host(const void* source, Tensor& target) override;
  void copy_to_host(const Tensor& source, void* target) override;
  void copy(const Tensor& source, Tensor& target) override;
  void fill(Tensor& target, double value) override;
  void number(std::int32_t modulus, std::int32_t step, Tensor& out) override;
  void positions(const Segments& segments, bool recent, Tensor& out) override;
  void last_tokens(const Segments& segments, Tensor& out) override;
  void group_offsets(const Segments& segments, std::int32_t stride, Tensor& out) override;
  void add(const Tensor& a, const Tensor& b, Tensor& out) override;
  void multiply(const Tensor& a, const Tensor& b, Tensor& out) override;
  void add_to(const Tensor& x, Tensor& y) override;
  void scale(const Tensor& x, double factor, Tensor& out) override;
  void scale_by(const Tensor& x, const Tensor& scalar, Tensor& out) override;
  void sum(const Tensor& x, Tensor& out) override;
  void gelu_forward(const Tensor& x, Tensor& y) override;
  void gelu_backward(const Tensor& x, const Tensor& grad_y, Tensor& grad_x) override;
  void dropout(const Tensor& x, const Dropout& dropout, Tensor& y) override;
  void softmax_forward(const Tensor& x, Tensor& y) override;
  void softmax_backward(const Tensor& y, const Tensor& grad_y, Tensor& grad_x) override;
  void layer_norm_forward(const Tensor& x, const Norm& norm, Tensor& y) override;
  void layer_norm_backward(const Tensor& x,
                           const Norm& norm,
                           const Tensor& grad_y,
                           Tensor& grad_x,
                           NormGrad& grad_norm) override;
  void gather_rows(const Tensor& table, const Tensor& rows, Tensor& out) override;
  void scatter_add_rows(const Tensor& grad_out, const Tensor& rows, Tensor& grad_table) override;
  void transpose(const Tensor& x, Tensor& out) override;
  void linear_forward(const Tensor& x,
                      const Tensor& weight,
                      const Tensor& bias,
                      Tensor& y) override;
  void linear_backward(const Tensor& x,
                       const Tensor& weight,
                       const Tensor& grad_y,
                       Tensor* grad_x,
                       Tensor* grad_weight,
                       Tensor* grad_bias) override;
  void group_linear_forward(const Tensor& x,
                            const Segments& segments,
                            const Segments& groups,
                            std::int64_t stride,
                            const Tensor& weight,
                            const Tensor& bias,
                            Tensor& y) override;
  void group_linear_backward(const Tensor& x,
                             const Segments& segments,
                             const Segments& groups,
                             std::int64_t stride,
                             const Tensor& weight,
                             const Tensor& grad_y,
                             Tensor& grad_x,
                             Tensor& grad_weight,
                             Tensor& grad_bias) override;
  void heads_expand(const Tensor& x, const Tensor& weight, Tensor& out) override;
  void heads_contract(const Tensor& z, const Tensor& weight, Tensor& out) override;
  void heads_outer(const Tensor& x, const Tensor& z, Tensor& out) override;
  void segment_attention_forward(const Tensor& query,
                                 const Tensor& key,
                                 const Tensor& value,
                                 const AttentionLayout& layout,
                                 Tensor& out,
                                 Tensor& log_sum) override;
  void segment_attention_backward(const Tensor& query,
                                  const Tensor& key,
                                  const Tensor& value,
                                  const AttentionLayout& layout,
                                  const Tensor& out,
                                  const Tensor& log_sum,
                                  const Tensor& grad_out,
                                  Tensor& grad_query,
                                  Tensor& grad_key,
                                  Tensor& grad_value) override;
  void map_attention_forward(const Tensor& query,
                             const Tensor& key,
                             const Tensor& value,
                             const AttentionLayout& layout,
                             Tensor& map,
                             Tensor& out) override;
  void map_attention_backward(const Tensor& query,
                              const Tensor& key,
                              const Tensor& value,
                              const AttentionLayout& layout,
                              const Tensor& out,
                              const Tensor& grad_out,
                              Tensor& map,
                              Tensor& grad_query,
                              Tensor& grad_key,
                              Tensor& grad_value) override;
  void aggregate_forward(const Tensor& x,
                         const Norm& norm,
                         const Tensor& query,
                         const Segments& segments,
                         Tensor& pooled,
                         Tensor& log_sum) override;
  void aggregate_backward(const Tensor& x,
                          const Norm& norm,
                          const Tensor& query,
                          const Segments& segments,
                          const Tensor& pooled,
                          const Tensor& log_sum,
                          const Tensor& grad_pooled,
                          Tensor& grad_x,
                          NormGrad& grad_norm,
                          Tensor& grad_query) override;
  void dispatch_forward(const Tensor& x,
                        const Norm& norm,
                        const Tensor& key,
                        const Tensor& value,
                        const Tensor& bias,
                        const Segments& segments,
                        const Dropout& dropout,
                        Tensor& y) override;
  void dispatch_backward(const Tensor& x,
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
                         Tensor& grad_bias) override;
  void token_softmax_forward(const Tensor& x, const Segments& segments, Tensor& y) override;
  void token_softmax_backward(const Tensor& y,
                              const Segments& segments,
                              const Tensor& grad_y,
                              Tensor& grad_x) override;
  void unit_elu_forward(const Tensor& x, Tensor& y) override;
  void unit_elu_backward(const Tensor& x, const Tensor& grad_y, Tensor& grad_x) override;
  void linear_attention_forward(const Tensor& query,
                                const Tensor& key,
                                const Tensor& value,
                                const Segments& queries,
                                const Segments& keys,
                                Tensor& context,
                                Tensor& out) override;
  void linear_attention_backward(const Tensor& query,
                                 const Tensor& key,
                                 const Tensor& value,
                                 const Segments& queries,
                                 const Segments& keys,
                                 const Tensor& context,
                                 const Tensor& grad_out,
                                 Tensor& grad_query,
                                 Tensor& grad_key,
                                 Tensor& grad_value) override;
  void project_tokens_forward(const Tensor& x,
                              const Tensor& projection,
                              const Segments& segments,
                              Tensor& out) override;
  void project_tokens_backward(const Tensor& x,
                               const Tensor& projection,
                               const Segments& segments,
                               const Tensor& grad_out,
                               Tensor& grad_x,
                               Tensor& grad_projection) override;
  void prefix_gates_forward(const Tensor& scores,
                            const Tensor& decay,
                            const Segments& segments,
                            Tensor& log_sum,
                            Tensor& gates) override;
  void prefix_gates_backward(const Tensor& gates,
                             const Tensor& decay,
                             const Segments& segments,
                             const Tensor& grad_gates,
                             Tensor& grad_scores,
                             Tensor& grad_decay) override;
  void forget_gates_forward(const Tensor& x, double temperature, Tensor& gates) override;
  void forget_gates_backward(const Tensor& x,
                             double temperature,
                             const Tensor& grad_gates,
                             Tensor& grad_x) override;
  void slot_attention_forward(const Tensor& query,
                              const Tensor& key,
                              const Tensor& value,
                              const Tensor& gates,
                              const Segments& segments,
                              Tensor& state,
                              Tensor& out,
                              Tensor& log_sum) override;
  void slot_attention_backward(const Tensor& query,
                               const Tensor& key,
                               const Tensor& value,
                               const Tensor& gates,
                               const Segments& segments,
                               const Tensor& grad_out,
                               const Tensor& grad_log_sum,
                               Tensor& grad_query,
                               Tensor& grad_key,
                               Tensor& grad_value,
                               Tensor& grad_gates) override;
  void join_experts_forward(const Tensor& out,
                            const Tensor& log_sum,
                            const Tensor& query,
                            const Tensor& table,
                            const Tensor& indices,
                            const Tensor& gates,
                            Tensor& joined) override;
  void join_experts_backward(const Tensor& out,
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
                             Tensor& grad_gates) override;
  void gru_forward(const Tensor& input,
                   const Tensor& weight,
                   const Tensor& bias,
                   const Segments& segments,
                   Tensor& hidden) override;
  void gru_backward(const Tensor& input,
                    const Tensor& weight,
                    const Tensor& bias,
                    const Segments& segments,
                    const Tensor& hidden,
                    const Tensor& grad_hidden,
                    Tensor& grad_input,
                    Tensor& grad_weight,
                    Tensor& grad_bias) override;
  void argmax_rows(const Tensor& x, Tensor& out) override;
  void histogram_attention_forward(const CodeHistogram& histogram,
                                   const Tensor& scores,
                                   const Tensor& values,
                                   Tensor& out) override;
  void histogram_attention_backward(const CodeHistogram& histogram,
                                    const Tensor& scores,
                                    const Tensor& values,
                                    const Tensor& grad_out,
                                    Tensor& grad_occupancy,
                                    Tensor& grad_scores,
                                    Tensor& grad_values) override;
  void unit_sum(const Tensor& a, const Tensor& b, Tensor& out) override;
  void nearest_centroids(const Tensor& x, const Tensor& centroids, Tensor& nearest) override;
  void centroid_members(const Tensor& x,
                        const Tensor& centroids,
                        const Segments& segments,
                        const Segments& members,
                        Tensor& rows,
                        Tensor& owners) override;
  void move_centroids(const Tensor& sums,
                      const Tensor& counts,
                      double decay,
                      Tensor& centroids) override;
  void divide_rows(const Tensor& x, const Tensor& divisors, Tensor& out) override;
  void input_embedding_forward(const Tensor& item_table,
                               const Tensor& position_table,
                               const Tensor& ids,
                               const Tensor& positions,
                               const Norm& norm,
                               const Dropout& dropout,
                               Tensor& y) override;
  void input_embedding_backward(const Tensor& item_table,
                                const Tensor& position_table,
                                const Tensor& ids,
                                const Tensor& positions,
                                const Norm& norm,
                                const Dropout& dropout,
                                const Tensor& grad_y,
                                Tensor& grad_item_table,
                                Tensor& grad_position_table,
                                NormGrad& grad_norm) override;
  void linear_residual_forward(const Tensor& x,
                               const Tensor& weight,
                               const Tensor& bias,
                               const Tensor& residual,
                               const Dropout& dropout,
                               Tensor& y) override;
  void ffn_forward(const Tensor& x,
                   const FfnWeights& weights,
                   const Dropout& dropout,
                   Tensor& y) override;
  void ffn_backward(const Tensor& x,
                    const FfnWeights& weights,
                    const Dropout& dropout,
                    const Tensor& grad_y,
                    Tensor& grad_x,
                    FfnWeights& grad_weights) override;
  void product_keys_forward(const Tensor& query,
                            const Tensor& subkeys,
                            const Tensor& memory,
                            Tensor& indices,
                            Tensor& gates,
                            Tensor& experts) override;
  void product_keys_backward(const Tensor& query,
                             const Tensor& subkeys,
                             const Tensor& memory,
                             const Tensor& indices,
                             const Tensor& gates,
                             const Tensor& grad_experts,
                             Tensor& grad_query,
                             Tensor& grad_subkeys,
                             Tensor& grad_memory) override;
  void product_key_gates_backward(const Tensor& query,
                                  const Tensor& subkeys,
                                  const Tensor& indices,
                                  const Tensor& gates,
                                  const Tensor& grad_gates,
                                  Tensor& grad_query,
                                  Tensor& grad_subkeys) override;
  void linear_cross_entropy(const Tensor& hidden,
                            const Tensor& table,
                            const Tensor& targets,
                            Tensor& loss,
                            Tensor* grad_hidden,
                            Tensor* grad_table) override;
  void sampled_cross_entropy(const Tensor& hidden,
                             const Tensor& table,
                             const Tensor& targets,
                             const SampledItems& sampled,
                             const SampledLoss& kind,
                             Tensor& loss,
                             Tensor* grad_hidden,
                             Tensor* grad_table) override;
  void rank_targets(const Tensor& hidden,
                    const Tensor& table,
                    const Tensor& targets,
                    const Segments& excluded,
                    const Tensor& excluded_ids,
                    Tensor& ranks) override;
  void top_k(const Tensor& hidden,
             const Tensor& table,
             const Segments& excluded,
             const Tensor& excluded_ids,
             Tensor& ids,
             Tensor& scores) override;
  void check_gradients(const std::vector<Tensor>& grads,
                       const Tensor& loss,
                       std::int64_t step,
                       Tensor& health) override;
  void adam_step(const std::vector<Tensor>& params,
                 const std::vector<Tensor>& grads,
                 const std::vector<Tensor>& first_moments,
                 const std::vector<Tensor>& second_moments,
                 const AdamOptions& options,
                 const Tensor& health) override;
  void adam_step_rows(const Tensor& param,
                      const Tensor& rows,
                      const Tensor& grad,
                      const Tensor& first_moment,
                      const Tensor& second_moment,
                      const AdamOptions& options,
                      const Tensor& health) override;

 private:
  void book(const char* kernel, double flops, double bytes, const std::function<void()>& run);

  Device device_;
  Backend& inner_;
  bool with_calls_;
  std::chrono::steady_clock::time_point opened_;
  std::map<std::string, KernelUse> uses_;
  std::vector<KernelCall> calls_;
};

}  // namespace elastic
