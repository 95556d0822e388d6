// Decayed sums of products, token by token: a head's columns of z are a recurrence each, over a
// state that stays in cache.
#include "tensor/kernels/retention.h"

#include "tensor/cpu/parallel.h"
#include "tensor/cpu/simd.h"
#include "tensor/cpu/slices.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

/// Columns of z that one unit of work takes.
constexpr std::int64_t kRetentionColumns = 64;

// e^-rates, or an undefined tensor.
template <class T>
Tensor decays_of(const Tensor& rates) {
  if (!rates.defined()) {
    return {};
  }
  Tensor decays = workspace<T>(rates.numel());
  for_slices(rates.numel(), [&](std::int64_t begin, std::int64_t size) {
    const T* rate = rates.data<T>() + begin;
    T* decay = decays.data<T>() + begin;
    for (std::int64_t i = 0; i < size; ++i) {
      decay[i] = -rate[i];
    }
    exp_in_place(decay, size);
  });
  return decays;
}

// The rows of one head of a segment, from its first token on.
template <class T>
struct RetentionRows {
  const T* x;
  const T* y;
  const T* z;
  T* out;
  const T* decays;  ///< null: 1
  const T* leads;   ///< null: 1
};

struct RetentionShape {
  std::int64_t heads;
  std::int64_t depth;  ///< Dx
  std::int64_t width;  ///< Dz

  explicit RetentionShape(const kernels::Retention& k)
      : heads(k.num_heads), depth(k.x.cols() / heads), width(k.z.cols() / heads) {}
};

// Calls body(zero, j) over 0..columns-1 with a Vector<T> for every whole vector, then with vectors
// of 16 bytes, which narrow heads consist of, then with a T.
template <class T, class Body>
void for_columns(std::int64_t columns, const Body& body) {
  using Narrow = typename VectorOf<T, 16>::Type;
  constexpr std::int64_t kNarrow = 16 / static_cast<std::int64_t>(sizeof(T));
  std::int64_t j = 0;
  for (; j + kLanes<T> <= columns; j += kLanes<T>) {
    body(Vector<T>{}, j);
  }
  for (; j + kNarrow <= columns; j += kNarrow) {
    body(Narrow{}, j);
  }
  for (; j < columns; ++j) {
    body(T{}, j);
  }
}

// Numbers of a state that have decayed so far become zero: products of subnormal numbers are slow,
// here and wherever the results go.
template <class T>
constexpr T kDecayedState = sizeof(T) == 4 ? T(1e-30) : T(1e-280);
/// Tokens after which a state is searched for them.
constexpr std::int64_t kTokensOfState = 16;

template <class T>
void drop_decayed(std::int64_t count, T* state) {
  for_lanes<T>(count, [&](auto zero, std::int64_t i) {
    using V = decltype(zero);
    const V number = load<V>(state + i);
    const V limit = zero + kDecayedState<T>;
    store<V>(state + i, larger(number, -number) < limit ? zero : number);
  });
}

// state = decay state + y^T z and out = factor x state, for `columns` columns of one token. Rows of
// the state are `stride` apart. Sums go to four registers in turn.
template <class T>
void advance_columns(const RetentionShape& shape,
                     const T* x,
                     const T* y,
                     const T* z,
                     T decay,
                     T factor,
                     std::int64_t columns,
                     std::int64_t stride,
                     T* state,
                     T* out) {
  for_columns<T>(columns, [&](auto zero, std::int64_t j) {
    using V = decltype(zero);
    const V value = load<V>(z + j);
    const auto next = [&](std::int64_t r) {
      T* at = state + r * stride + j;
      const V number = decay * load<V>(at) + y[r] * value;
      store<V>(at, number);
      return number;
    };
    V sums[4] = {};
    std::int64_t r = 0;
    for (; r + 4 <= shape.depth; r += 4) {
      for (std::int64_t part = 0; part < 4; ++part) {
        sums[part] += x[r + part] * next(r + part);
      }
    }
    for (; r < shape.depth; ++r) {
      sums[0] += x[r] * next(r);
    }
    store<V>(out + j, factor * ((sums[0] + sums[1]) + (sums[2] + sums[3])));
  });
}

// The same over a stream's state in float64.
template <class T>
void advance_carried(const RetentionShape& shape,
                     const T* x,
                     const T* y,
                     const T* z,
                     double decay,
                     double factor,
                     std::int64_t columns,
                     double* state,
                     T* out) {
  for (std::int64_t j = 0; j < columns; ++j) {
    double sum = 0.0;
    for (std::int64_t r = 0; r < shape.depth; ++r) {
      double& number = state[r * shape.width + j];
      number = decay * number + static_cast<double>(y[r]) * static_cast<double>(z[j]);
      sum += static_cast<double>(x[r]) * number;
    }
    out[j] = static_cast<T>(factor * sum);
  }
}

// All tokens of a head's columns. `carried` is a stream's state or null, `scratch` a zero state.
template <class T>
void retain_columns(const RetentionShape& shape,
                    const RetentionRows<T>& rows,
                    bool reverse,
                    std::int64_t tokens,
                    std::int64_t columns,
                    double* carried,
                    T* scratch) {
  const auto number = [&](const T* numbers, std::int64_t t) {
    return numbers == nullptr || t >= tokens ? T(1) : numbers[t * shape.heads];
  };
  const std::int64_t depth = shape.heads * shape.depth;
  const std::int64_t width = shape.heads * shape.width;
  for (std::int64_t step = 0; step < tokens; ++step) {
    const std::int64_t t = reverse ? tokens - 1 - step : step;
    const T* x = rows.x + t * depth;
    const T* y = rows.y + t * depth;
    const T* z = rows.z + t * width;
    T* out = rows.out + t * width;
    const T lead = number(rows.leads, t);
    if (carried != nullptr) {
      advance_carried(shape, x, y, z, number(rows.decays, t), lead, columns, carried, out);
    } else if (!reverse) {
      const T decay = number(rows.decays, t);
      advance_columns(shape, x, y, z, decay, lead, columns, columns, scratch, out);
    } else {
      // The weights of token t for earlier ones have its lead; y takes it before it is added.
      const T decay = number(rows.decays, t + 1);
      T* led = scratch + shape.depth * columns;
      for (std::int64_t r = 0; r < shape.depth; ++r) {
        led[r] = lead * y[r];
      }
      advance_columns(shape, x, led, z, decay, T(1), columns, columns, scratch, out);
    }
    if (carried == nullptr && step % kTokensOfState == kTokensOfState - 1) {
      drop_decayed(shape.depth * columns, scratch);
    }
  }
}

template <class T>
void retention(const kernels::Retention& k) {
  const RetentionShape shape(k);
  const Tensor decays = decays_of<T>(k.rates);
  const Tensor leads = decays_of<T>(k.lead);
  const Tiles slabs{shape.width, kRetentionColumns};
  const ThreadScratch<T> scratch(shape.depth * (std::min(shape.width, kRetentionColumns) + 1));
  const double work =
      2.0 * product_work(k.segments.num_tokens(), shape.heads, shape.depth, shape.width);
  parallel_for(k.segments.size() * shape.heads * slabs.count(), work, [&](std::int64_t unit) {
    const std::int64_t slab = unit % slabs.count();
    const std::int64_t h = unit / slabs.count() % shape.heads;
    const std::int64_t b = unit / slabs.count() / shape.heads;
    const std::int64_t first = k.segments.begin(b) * shape.heads + h;
    const std::int64_t columns = slabs.end(slab) - slabs.begin(slab);
    const auto of_token = [&](const Tensor& numbers) {
      return numbers.defined() ? numbers.data<T>() + first : nullptr;
    };
    T* state = scratch.get();
    std::fill(state, state + shape.depth * columns, T(0));
    double* carried = k.state.defined() ? k.state.data<double>() +
                                              (b * shape.heads + h) * shape.depth * shape.width +
                                              slabs.begin(slab)
                                        : nullptr;
    retain_columns(shape,
                   RetentionRows<T>{k.x.data<T>() + first * shape.depth,
                                    k.y.data<T>() + first * shape.depth,
                                    k.z.data<T>() + first * shape.width + slabs.begin(slab),
                                    k.out.data<T>() + first * shape.width + slabs.begin(slab),
                                    of_token(decays),
                                    of_token(leads)},
                   k.reverse,
                   k.segments.length(b),
                   columns,
                   carried,
                   state);
  });
}
const OnCpu retention_entry{retention<float>, retention<double>};

template <class T>
void retention_decay_backward(const kernels::RetentionDecayBackward& k) {
  const std::int64_t depth = k.query.cols() / k.num_heads;
  const double work = 2.0 * product_work(k.query.rows(), k.query.cols());
  parallel_for(k.segments.size() * k.num_heads, work, [&](std::int64_t unit) {
    const std::int64_t b = unit / k.num_heads;
    const std::int64_t h = unit % k.num_heads;
    double later = 0.0;
    for (std::int64_t t = k.segments.end(b) - 1; t >= k.segments.begin(b); --t) {
      const std::int64_t row = t * k.num_heads + h;
      const auto product = [&](const Tensor& left, const Tensor& right) {
        return dot(left.data<T>() + row * depth, right.data<T>() + row * depth, depth);
      };
      const T of_query = product(k.query, k.grad_query);
      if (k.grad_lead.defined()) {
        k.grad_lead.data<T>()[row] = -of_query;
      }
      if (k.grad_rates.defined()) {
        const bool forgets = k.rates.data<T>()[row] >= kernels::kForgettingRate<T>;
        later += static_cast<double>(product(k.key, k.grad_key) - of_query);
        later = forgets ? 0.0 : later;
        k.grad_rates.data<T>()[row] = static_cast<T>(later);
      }
    }
  });
}
const OnCpu retention_decay_backward_entry{retention_decay_backward<float>,
                                           retention_decay_backward<double>};

}  // namespace
}  // namespace elastic::cpu
