#include "model/query_centre.h"

#include "autograd/ops/elementwise.h"
#include "base/scope.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/row_numbers.h"
#include "tensor/kernels/rows.h"

namespace elastic {
namespace {

// The mean of about a hundred steps: long compared with a batch, short compared with a run.
constexpr double kDecay = 0.99;

}  // namespace

QueryCentre::QueryCentre(ParameterStore& store, const std::string& name, std::int64_t width)
    : mean_(store.add_buffer(name, {1, width}, Init::kZeros)) {}

Variable QueryCentre::subtract(const Variable& queries, bool training) const {
  if (!mean_.defined()) {
    return queries;
  }
  const OpScope scope("query_centre");
  const Tensor& all = queries.value();
  Tensor first_row({all.rows()}, DType::kInt32, all.device());
  run(kernels::Iota{1, 1, first_row});  // a row's number modulo 1
  Tensor shift = empty_like(all);
  run(kernels::GatherRows{mean_.value(), first_row, shift});
  run(kernels::Scale{shift, -1.0, shift});
  if (training) {
    Tensor& mean = mean_.mutable_value();
    Tensor sum = zeros(mean.shape(), mean.dtype(), mean.device());
    run(kernels::ScatterAddRows{all, first_row, sum});
    run(kernels::Scale{sum, (1.0 - kDecay) / static_cast<double>(all.rows()), sum});
    run(kernels::Scale{mean, kDecay, mean});
    run(kernels::AddTo{sum, mean});
  }
  return ops::add(queries, Variable(shift));
}

}  // namespace elastic
