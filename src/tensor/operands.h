// Enumerates the tensors that a kernel reads and writes.
//
// An operand is a Tensor, a Tensor* (null: not wanted), a list of tensors, SomeRows of a table, or
// a struct with ELASTIC_OPERANDS, a tuple of these (Norm, Segments, ...). Any other type does not
// compile.
#pragma once

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace elastic {

/// The `count` rows of a table that a kernel reads or writes.
struct SomeRows {
  const Tensor& table;
  double count;
};

template <class T>
concept HasOperands = requires(const T& x) {
  x.operands();
};

// The overloads of visit_operand call visit(tensor, bytes) for each defined tensor, with the bytes
// of it that a kernel moves.
template <class Visit>
void visit_operand(const Tensor& tensor, const Visit& visit) {
  if (tensor.defined()) {
    visit(tensor, static_cast<double>(tensor.bytes()));
  }
}

template <class Visit>
void visit_operand(const Tensor* tensor, const Visit& visit) {
  if (tensor != nullptr) {
    visit_operand(*tensor, visit);
  }
}

template <class Visit>
void visit_operand(const SomeRows& rows, const Visit& visit) {
  if (rows.table.defined() && rows.table.rows() > 0) {
    const double share = std::min(1.0, rows.count / static_cast<double>(rows.table.rows()));
    visit(rows.table, share * static_cast<double>(rows.table.bytes()));
  }
}

template <class Visit>
void visit_operand(const std::vector<Tensor>& tensors, const Visit& visit) {
  for (const Tensor& tensor : tensors) {
    visit_operand(tensor, visit);
  }
}

template <HasOperands T, class Visit>
void visit_operand(const T& structure, const Visit& visit) {
  std::apply([&](const auto&... parts) { (visit_operand(parts, visit), ...); },
             structure.operands());
}

/// A kernel's operands as a tuple that owns temporaries (SomeRows).
template <class... Operands>
std::tuple<Operands...> operands_of(Operands&&... operands) {
  return std::tuple<Operands...>(std::forward<Operands>(operands)...);
}

/// Declares operands() of a struct: its operands, whose text names them in traces.
#define ELASTIC_OPERANDS(...)                   \
  [[nodiscard]] auto operands() const {         \
    return ::elastic::operands_of(__VA_ARGS__); \
  }                                             \
  static constexpr const char* kOperands = #__VA_ARGS__

/// Bytes of all tensors of an operand or a kernel, each once.
template <class T>
double bytes_of(const T& operand) {
  double sum = 0.0;
  visit_operand(operand, [&](const Tensor&, double bytes) { sum += bytes; });
  return sum;
}

/// The tensor whose device and type select the kernel's function: the first of reals, else the
/// first of int32. Null if there is no tensor.
template <HasOperands T>
const Tensor* deciding_tensor(const T& kernel) {
  const Tensor* first = nullptr;
  visit_operand(kernel, [&](const Tensor& tensor, double) {
    if (first == nullptr || (first->dtype() == DType::kInt32 && tensor.dtype() != DType::kInt32)) {
      first = &tensor;
    }
  });
  return first;
}

struct OperandShape {
  std::string name;  ///< "x", "norm.weight", "params.3" of a list
  Shape shape;
};

/// The names in the text of ELASTIC_OPERANDS: of SomeRows the table's.
std::vector<std::string> operand_names(const char* text);

/// Appends the shapes of the tensors of an operand. A struct of one operand passes on its name.
template <class T>
void append_shapes(const std::string& name, const T& operand, std::vector<OperandShape>& shapes) {
  if constexpr (HasOperands<T>) {
    const std::vector<std::string> names = operand_names(T::kOperands);
    const std::string prefix = name.empty() ? "" : name + ".";
    std::apply(
        [&](const auto&... parts) {
          auto part = names.begin();
          (append_shapes(
               sizeof...(parts) == 1 && !name.empty() ? name : prefix + *part++, parts, shapes),
           ...);
        },
        operand.operands());
  } else {
    std::vector<Shape> found;
    visit_operand(operand, [&](const Tensor& tensor, double) { found.push_back(tensor.shape()); });
    for (std::size_t i = 0; i < found.size(); ++i) {
      shapes.push_back({found.size() == 1 ? name : name + "." + std::to_string(i), found[i]});
    }
  }
}

// Extents as factors of a kernel's flops.
inline double num_rows(const Tensor& x) {
  return static_cast<double>(x.rows());
}
inline double num_cols(const Tensor& x) {
  return static_cast<double>(x.cols());
}
inline double num_entries(const Tensor& x) {
  return static_cast<double>(x.numel());
}
/// H k of interest experts [B, H, k, D].
inline double experts_per_sequence(const Tensor& experts) {
  return static_cast<double>(experts.shape()[1] * experts.shape()[2]);
}

}  // namespace elastic
