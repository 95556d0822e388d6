// The loss of a student: cross-entropy over the catalogue, and the divergence from a teacher.
#pragma once

#include "autograd/variable.h"
#include "tensor/distillation.h"
#include "tensor/row_lists.h"

namespace elastic::ops {

/// A teacher's scores of items, as factors: score of item v in row r = states_r . items_v.
struct TeacherScores {
  Tensor states;  ///< [R, E]
  Tensor items;   ///< [V + 1, E]; row 0 belongs to no item
};

/// The mean over rows r of  (1 - a) CE_r + a T^2 KL_r  over the candidates C_r, the items 1..V
/// without those that `excluded` lists for r; the target always remains in C_r. With s_v = hidden_r
/// . table_v, z_v the teacher's scores, a = settings.weight, T = settings.temperature:
///
///   CE_r = log sum over C_r of e^{s_v} - s_target
///   KL_r = sum over C_r of q_v log(q_v / p_v),  q = softmax(z / T), p = softmax(s / T) over C_r
///
/// hidden [R, D], table [V + 1, D] (row 0, "no item", takes no part), targets [R] int32 in 1..V ->
/// scalar. Rows are processed a slab at a time, so that no [R, V] scores exist; the forward pass
/// computes the gradients. With p1 = softmax(s): dL/ds_v = ((1 - a)(p1_v - [v = target]) + a T (p_v
/// - q_v)) / R. The teacher has no gradient. Throws ShapeError when the shapes do not fit or there
/// is no row.
Variable distilled_cross_entropy(const Variable& hidden,
                                 const Variable& table,
                                 const Tensor& targets,
                                 const RowLists& excluded,
                                 const TeacherScores& teacher,
                                 const Distillation& settings);

}  // namespace elastic::ops
