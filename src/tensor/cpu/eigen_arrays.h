// Memory mapped as Eigen arrays, for code that is shorter with them and need not be fast.
#pragma once

#include <Eigen/Core>

namespace elastic::cpu {

template <class T>
using ArrayMap = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
template <class T>
using ConstArrayMap = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;

}  // namespace elastic::cpu
