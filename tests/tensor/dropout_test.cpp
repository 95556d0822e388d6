#include "tensor/kernels/dropout.h"

#include "tensor/backend.h"
#include "tensor/dropout_reference.h"
#include "tensor/tensor_values.h"

namespace elastic {
namespace {

TEST_CASE("dropout: keeps the elements defined in dropout.h, and scales them") {
  for (const Dropout& dropout : kDropouts) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      for (const std::int64_t size : {1, 17, 128, 100003}) {
        CAPTURE(dropout.rate);
        CAPTURE(size);
        std::vector<double> want(static_cast<std::size_t>(size), 0.0);
        for (std::int64_t i = 0; i < size; ++i) {
          if (kept(dropout, i)) {
            want[static_cast<std::size_t>(i)] = 3.0 / (1.0 - dropout.rate);
          }
        }
        const Tensor x =
            make_tensor(std::vector<double>(static_cast<std::size_t>(size), 3.0), {size}, dtype);
        Tensor y = empty_like(x);
        run(kernels::ApplyDropout{x, dropout, y});
        const std::vector<double> got = to_doubles(y);
        CHECK(relative_error(want, got) <
              (dtype == DType::kFloat32 ? tolerance::kEqualFloat32 : tolerance::kByHand));
        Tensor in_place = clone(x);
        run(kernels::ApplyDropout{in_place, dropout, in_place});
        CHECK(same_bits(in_place, y));
      }
    }
  }
}

}  // namespace
}  // namespace elastic
