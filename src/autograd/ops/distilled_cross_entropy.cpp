#include "autograd/ops/distilled_cross_entropy.h"

#include <algorithm>

#include "autograd/ops/catalogue_loss.h"
#include "base/scope.h"
#include "tensor/kernels/distilled_softmax.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/linear.h"
#include "tensor/kernels/sum.h"

namespace elastic::ops {
namespace {

constexpr std::int64_t kSlabLogits = std::int64_t{1} << 21;  ///< 8 MiB of float32
constexpr std::int64_t kLeastSlabRows = 64;  ///< so that passes over the table's gradient are rare

constexpr const char* kOp = "distilled_cross_entropy";

// x weight^T
Tensor product(const Tensor& x, const Tensor& weight) {
  Tensor out({x.rows(), weight.rows()}, x.dtype(), x.device(), Memory::kWorkspace);
  run(kernels::LinearForward{x, weight, Tensor(), out});
  return out;
}

RowLists rows_of(const RowLists& lists, std::int64_t begin, std::int64_t end) {
  if (!lists.defined()) {
    return {};
  }
  const double share = static_cast<double>(end - begin) / static_cast<double>(lists.counts.numel());
  return {lists.ids,
          lists.begins.slice(begin, end),
          lists.counts.slice(begin, end),
          share * lists.total};
}

struct Problem {
  const Tensor& hidden;
  const Tensor& table;
  const Tensor& targets;
  const RowLists& excluded;
  const TeacherScores& teacher;
  const Distillation& settings;
};

// Writes the losses of rows [begin, end), and returns the gradient of their logits.
Tensor logits_gradient(const Problem& p, std::int64_t begin, std::int64_t end, Tensor& losses) {
  Tensor logits = product(p.hidden.slice(begin, end), p.table);
  Tensor teacher = product(p.teacher.states.slice(begin, end), p.teacher.items);
  const RowLists excluded = rows_of(p.excluded, begin, end);
  Tensor part = losses.slice(begin, end);
  run(kernels::DistilledSoftmax{.logits = logits,
                                .teacher = teacher,
                                .targets = p.targets.slice(begin, end),
                                .excluded = excluded,
                                .settings = p.settings,
                                .scale = 1.0 / static_cast<double>(p.hidden.rows()),
                                .losses = part});
  return logits;
}

void distil(const Problem& p, Tensor& loss, Tensor* grad_hidden, Tensor* grad_table) {
  const std::int64_t rows = p.hidden.rows();
  const std::int64_t slab = std::min(rows, std::max(kLeastSlabRows, kSlabLogits / p.table.rows()));
  Tensor losses({rows}, p.hidden.dtype(), p.hidden.device(), Memory::kWorkspace);
  Tensor part_of_table;  // the gradient of one slab after the first
  for (std::int64_t begin = 0; begin < rows; begin += slab) {
    const std::int64_t end = std::min(rows, begin + slab);
    const Tensor grad_logits = logits_gradient(p, begin, end, losses);
    if (grad_hidden == nullptr) {
      continue;
    }
    Tensor grad_rows = grad_hidden->slice(begin, end);
    if (begin > 0 && !part_of_table.defined()) {
      part_of_table = empty_like(*grad_table, Memory::kWorkspace);
    }
    Tensor* grad_part = begin == 0 ? grad_table : &part_of_table;
    run(kernels::LinearBackward{.x = p.hidden.slice(begin, end),
                                .weight = p.table,
                                .grad_y = grad_logits,
                                .grad_x = &grad_rows,
                                .grad_weight = grad_part,
                                .grad_bias = nullptr});
    if (begin > 0) {
      run(kernels::AddTo{part_of_table, *grad_table});
    }
  }
  run(kernels::Sum{losses, loss});
}

void check_teacher(const TeacherScores& teacher, std::int64_t rows, std::int64_t table_rows) {
  require_shape(teacher.states.shape().rank() == 2 && teacher.items.shape().rank() == 2 &&
                    teacher.states.rows() == rows && teacher.items.rows() == table_rows &&
                    teacher.states.cols() == teacher.items.cols(),
                kOp,
                ": teacher's states ",
                teacher.states.shape(),
                " and items ",
                teacher.items.shape(),
                " do not fit ",
                rows,
                " rows and a table of ",
                table_rows);
}

}  // namespace

Variable distilled_cross_entropy(const Variable& hidden,
                                 const Variable& table,
                                 const Tensor& targets,
                                 const RowLists& excluded,
                                 const TeacherScores& teacher,
                                 const Distillation& settings) {
  const OpScope scope(__func__);
  check_catalogue(kOp, hidden, table, targets);
  check_excluded(kOp, excluded, targets.numel());
  check_teacher(teacher, targets.numel(), table.shape()[0]);
  return catalogue_loss(hidden, table, [&](Tensor& loss, Tensor* grad_hidden, Tensor* grad_table) {
    distil({hidden.value(), table.value(), targets, excluded, teacher, settings},
           loss,
           grad_hidden,
           grad_table);
  });
}

}  // namespace elastic::ops
