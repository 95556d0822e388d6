// The book's kernels of experts that tokens retrieve.
#include "tensor/kernel_book.h"
#include "tensor/kernel_costs.h"

namespace elastic {

// A score and a sum for each expert's features.
void KernelBook::join_experts_forward(const Tensor& out,
                                      const Tensor& log_sum,
                                      const Tensor& query,
                                      const Tensor& table,
                                      const Tensor& indices,
                                      const Tensor& gates,
                                      Tensor& joined) {
  book("join_experts_forward",
       4.0 * rows(query) * cols(query) * cols(gates),
       bytes_of_all(out, log_sum, query, table, indices, gates, joined),
       [&] { inner_.join_experts_forward(out, log_sum, query, table, indices, gates, joined); });
}

// Gradients of a score, of a query and two of an expert.
void KernelBook::join_experts_backward(const Tensor& out,
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
                                       Tensor& grad_gates) {
  book("join_experts_backward",
       8.0 * rows(query) * cols(query) * cols(gates),
       bytes_of_all(out,
                    log_sum,
                    query,
                    table,
                    indices,
                    gates,
                    grad_joined,
                    grad_out,
                    grad_log_sum,
                    grad_query,
                    grad_table,
                    grad_gates),
       [&] {
         inner_.join_experts_backward(out,
                                      log_sum,
                                      query,
                                      table,
                                      indices,
                                      gates,
                                      grad_joined,
                                      grad_out,
                                      grad_log_sum,
                                      grad_query,
                                      grad_table,
                                      grad_gates);
       });
}

void KernelBook::product_key_gates_backward(const Tensor& query,
                                            const Tensor& subkeys,
                                            const Tensor& indices,
                                            const Tensor& gates,
                                            const Tensor& grad_gates,
                                            Tensor& grad_query,
                                            Tensor& grad_subkeys) {
  // Each chosen pair's gradient goes to a query and to a key.
  book("product_key_gates_backward",
       4.0 * rows(gates) * cols(gates) * cols(query),
       bytes_of_all(query, subkeys, indices, gates, grad_gates, grad_query, grad_subkeys),
       [&] {
         inner_.product_key_gates_backward(
             query, subkeys, indices, gates, grad_gates, grad_query, grad_subkeys);
       });
}

}  // namespace elastic
