// The book's entries of the mixers of the other models.
#include "tensor/kernel_book.h"
#include "tensor/kernel_costs.h"

namespace elastic {
namespace {

// Every slot of a head is renewed, scored and summed at each token; with keys of its own it is
// renewed twice.
double slot_flops(const Tensor& key, const Tensor& value, const Tensor& gates) {
  const double passes = key.raw_data() == value.raw_data() ? 3.0 : 4.0;
  return 2.0 * passes * rows(value) * cols(value) * cols(gates);
}

// Products of the words' weights with their values, a row for each token that has a result.
double histogram_products(const Tensor& out, const Tensor& values) {
  return rows(out) * static_cast<double>(values.numel());
}

// Products of rows with the centroids of their head.
double affinities(const Tensor& x, const Tensor& centroids) {
  return rows(x) * static_cast<double>(centroids.shape()[1]);
}

}  // namespace

void KernelBook::token_softmax_forward(const Tensor& x, const Segments& segments, Tensor& y) {
  book("token_softmax_forward", 5.0 * rows(x) * cols(x), bytes_of_all(x, segments, y), [&] {
    inner_.token_softmax_forward(x, segments, y);
  });
}

void KernelBook::token_softmax_backward(const Tensor& y,
                                        const Segments& segments,
                                        const Tensor& grad_y,
                                        Tensor& grad_x) {
  book("token_softmax_backward",
       4.0 * rows(y) * cols(y),
       bytes_of_all(y, segments, grad_y, grad_x),
       [&] { inner_.token_softmax_backward(y, segments, grad_y, grad_x); });
}

void KernelBook::unit_elu_forward(const Tensor& x, Tensor& y) {
  book("unit_elu_forward", 8.0 * rows(x) * cols(x), bytes_of_all(x, y), [&] {
    inner_.unit_elu_forward(x, y);
  });
}

void KernelBook::unit_elu_backward(const Tensor& x, const Tensor& grad_y, Tensor& grad_x) {
  book("unit_elu_backward", 12.0 * rows(x) * cols(x), bytes_of_all(x, grad_y, grad_x), [&] {
    inner_.unit_elu_backward(x, grad_y, grad_x);
  });
}

void KernelBook::linear_attention_forward(const Tensor& query,
                                          const Tensor& key,
                                          const Tensor& value,
                                          const Segments& queries,
                                          const Segments& keys,
                                          Tensor& context,
                                          Tensor& out) {
  book("linear_attention_forward",
       2.0 * (rows(query) + rows(key)) * cols(query) * cols(context),
       bytes_of_all(query, key, value, queries, keys, context, out),
       [&] { inner_.linear_attention_forward(query, key, value, queries, keys, context, out); });
}

void KernelBook::linear_attention_backward(const Tensor& query,
                                           const Tensor& key,
                                           const Tensor& value,
                                           const Segments& queries,
                                           const Segments& keys,
                                           const Tensor& context,
                                           const Tensor& grad_out,
                                           Tensor& grad_query,
                                           Tensor& grad_key,
                                           Tensor& grad_value) {
  book("linear_attention_backward",
       4.0 * (rows(query) + rows(key)) * cols(query) * cols(context),
       bytes_of_all(
           query, key, value, queries, keys, context, grad_out, grad_query, grad_key, grad_value),
       [&] {
         inner_.linear_attention_backward(
             query, key, value, queries, keys, context, grad_out, grad_query, grad_key, grad_value);
       });
}

void KernelBook::project_tokens_forward(const Tensor& x,
                                        const Tensor& projection,
                                        const Segments& segments,
                                        Tensor& out) {
  book("project_tokens_forward",
       2.0 * rows(x) * cols(x) * static_cast<double>(projection.shape()[0]),
       bytes_of_all(x, projection, segments, out),
       [&] { inner_.project_tokens_forward(x, projection, segments, out); });
}

void KernelBook::project_tokens_backward(const Tensor& x,
                                         const Tensor& projection,
                                         const Segments& segments,
                                         const Tensor& grad_out,
                                         Tensor& grad_x,
                                         Tensor& grad_projection) {
  book("project_tokens_backward",
       4.0 * rows(x) * cols(x) * static_cast<double>(projection.shape()[0]),
       bytes_of_all(x, projection, segments, grad_out, grad_x, grad_projection),
       [&] {
         inner_.project_tokens_backward(x, projection, segments, grad_out, grad_x, grad_projection);
       });
}

void KernelBook::prefix_gates_forward(const Tensor& scores,
                                      const Tensor& decay,
                                      const Segments& segments,
                                      Tensor& log_sum,
                                      Tensor& gates) {
  book("prefix_gates_forward",
       8.0 * rows(scores) * cols(scores),
       bytes_of_all(scores, decay, segments, log_sum, gates),
       [&] { inner_.prefix_gates_forward(scores, decay, segments, log_sum, gates); });
}

void KernelBook::prefix_gates_backward(const Tensor& gates,
                                       const Tensor& decay,
                                       const Segments& segments,
                                       const Tensor& grad_gates,
                                       Tensor& grad_scores,
                                       Tensor& grad_decay) {
  book("prefix_gates_backward",
       10.0 * rows(gates) * cols(gates),
       bytes_of_all(gates, decay, segments, grad_gates, grad_scores, grad_decay),
       [&] {
         inner_.prefix_gates_backward(gates, decay, segments, grad_gates, grad_scores, grad_decay);
       });
}

void KernelBook::forget_gates_forward(const Tensor& x, double temperature, Tensor& gates) {
  book("forget_gates_forward", 6.0 * rows(x) * cols(x), bytes_of_all(x, gates), [&] {
    inner_.forget_gates_forward(x, temperature, gates);
  });
}

void KernelBook::forget_gates_backward(const Tensor& x,
                                       double temperature,
                                       const Tensor& grad_gates,
                                       Tensor& grad_x) {
  book("forget_gates_backward", 8.0 * rows(x) * cols(x), bytes_of_all(x, grad_gates, grad_x), [&] {
    inner_.forget_gates_backward(x, temperature, grad_gates, grad_x);
  });
}

void KernelBook::slot_attention_forward(const Tensor& query,
                                        const Tensor& key,
                                        const Tensor& value,
                                        const Tensor& gates,
                                        const Segments& segments,
                                        Tensor& state,
                                        Tensor& out,
                                        Tensor& log_sum) {
  book("slot_attention_forward",
       slot_flops(key, value, gates),
       bytes_of_all(query, key, value, gates, segments, state, out, log_sum),
       [&] {
         inner_.slot_attention_forward(query, key, value, gates, segments, state, out, log_sum);
       });
}

void KernelBook::slot_attention_backward(const Tensor& query,
                                         const Tensor& key,
                                         const Tensor& value,
                                         const Tensor& gates,
                                         const Segments& segments,
                                         const Tensor& grad_out,
                                         const Tensor& grad_log_sum,
                                         Tensor& grad_query,
                                         Tensor& grad_key,
                                         Tensor& grad_value,
                                         Tensor& grad_gates) {
  book("slot_attention_backward",
       2.0 * slot_flops(key, value, gates),
       bytes_of_all(query,
                    key,
                    value,
                    gates,
                    segments,
                    grad_out,
                    grad_log_sum,
                    grad_query,
                    grad_key,
                    grad_value,
                    grad_gates),
       [&] {
         inner_.slot_attention_backward(query,
                                        key,
                                        value,
                                        gates,
                                        segments,
                                        grad_out,
                                        grad_log_sum,
                                        grad_query,
                                        grad_key,
                                        grad_value,
                                        grad_gates);
       });
}

void KernelBook::gru_forward(const Tensor& input,
                             const Tensor& weight,
                             const Tensor& bias,
                             const Segments& segments,
                             Tensor& hidden) {
  book("gru_forward",
       6.0 * rows(hidden) * cols(hidden) * cols(hidden),
       bytes_of_all(input, weight, bias, segments, hidden),
       [&] { inner_.gru_forward(input, weight, bias, segments, hidden); });
}

void KernelBook::gru_backward(const Tensor& input,
                              const Tensor& weight,
                              const Tensor& bias,
                              const Segments& segments,
                              const Tensor& hidden,
                              const Tensor& grad_hidden,
                              Tensor& grad_input,
                              Tensor& grad_weight,
                              Tensor& grad_bias) {
  book(
      "gru_backward",
      12.0 * rows(hidden) * cols(hidden) * cols(hidden),
      bytes_of_all(
          input, weight, bias, segments, hidden, grad_hidden, grad_input, grad_weight, grad_bias),
      [&] {
        inner_.gru_backward(
            input, weight, bias, segments, hidden, grad_hidden, grad_input, grad_weight, grad_bias);
      });
}

void KernelBook::argmax_rows(const Tensor& x, Tensor& out) {
  book("argmax_rows", 1.0 * rows(x) * cols(x), bytes_of_all(x, out), [&] {
    inner_.argmax_rows(x, out);
  });
}

void KernelBook::histogram_attention_forward(const CodeHistogram& histogram,
                                             const Tensor& scores,
                                             const Tensor& values,
                                             Tensor& out) {
  book("histogram_attention_forward",
       2.0 * histogram_products(out, values),
       bytes_of_all(histogram, scores, values, out),
       [&] { inner_.histogram_attention_forward(histogram, scores, values, out); });
}

void KernelBook::histogram_attention_backward(const CodeHistogram& histogram,
                                              const Tensor& scores,
                                              const Tensor& values,
                                              const Tensor& grad_out,
                                              Tensor& grad_occupancy,
                                              Tensor& grad_scores,
                                              Tensor& grad_values) {
  book("histogram_attention_backward",
       4.0 * histogram_products(grad_out, values),
       bytes_of_all(histogram, scores, values, grad_out, grad_occupancy, grad_scores, grad_values),
       [&] {
         inner_.histogram_attention_backward(
             histogram, scores, values, grad_out, grad_occupancy, grad_scores, grad_values);
       });
}

void KernelBook::unit_sum(const Tensor& a, const Tensor& b, Tensor& out) {
  book("unit_sum", 7.0 * rows(a) * cols(a), bytes_of_all(a, b, out), [&] {
    inner_.unit_sum(a, b, out);
  });
}

void KernelBook::nearest_centroids(const Tensor& x, const Tensor& centroids, Tensor& nearest) {
  book("nearest_centroids",
       2.0 * affinities(x, centroids) * cols(x),
       bytes_of_all(x, centroids, nearest),
       [&] { inner_.nearest_centroids(x, centroids, nearest); });
}

void KernelBook::centroid_members(const Tensor& x,
                                  const Tensor& centroids,
                                  const Segments& segments,
                                  const Segments& members,
                                  Tensor& rows,
                                  Tensor& owners) {
  book("centroid_members",
       2.0 * affinities(x, centroids) * cols(x),
       bytes_of_all(x, centroids, segments, members, rows, owners),
       [&] { inner_.centroid_members(x, centroids, segments, members, rows, owners); });
}

void KernelBook::move_centroids(const Tensor& sums,
                                const Tensor& counts,
                                double decay,
                                Tensor& centroids) {
  book("move_centroids",
       6.0 * rows(sums) * cols(sums),
       bytes_of_all(sums, counts, decay, centroids, centroids),
       [&] { inner_.move_centroids(sums, counts, decay, centroids); });
}

void KernelBook::divide_rows(const Tensor& x, const Tensor& divisors, Tensor& out) {
  book("divide_rows", rows(x) * cols(x), bytes_of_all(x, divisors, out), [&] {
    inner_.divide_rows(x, divisors, out);
  });
}

}  // namespace elastic
