// Settings of a loss that also follows a teacher.
#pragma once

namespace elastic {

/// Loss = (1 - weight) cross-entropy + weight T^2 KL(teacher_T || student_T), T = temperature; see
/// ops::distilled_cross_entropy.
struct Distillation {
  double weight = 0.5;
  double temperature = 1.0;
};

}  // namespace elastic
