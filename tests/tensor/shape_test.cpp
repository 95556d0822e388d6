#include "tensor/shape.h"

#include "tensor/tensor_values.h"

namespace elastic {
namespace {

TEST_CASE("Shape: extents count from both ends") {
  const Shape shape{2, 3, 5};
  CHECK(shape.rank() == 3);
  CHECK(shape[0] == 2);
  CHECK(shape[2] == 5);
  CHECK(shape[-1] == 5);
  CHECK(shape[-3] == 2);
  CHECK(shape.numel() == 30);
  CHECK(shape.rows() == 6);
}

TEST_CASE("Shape: a scalar has one element") {
  CHECK(Shape{}.rank() == 0);
  CHECK(Shape{}.numel() == 1);
  CHECK(Shape{}.rows() == 1);
}

TEST_CASE("Shape: an extent may be zero") {
  CHECK(Shape{0, 4}.numel() == 0);
  CHECK(Shape{0, 4}.rows() == 0);
  CHECK(Shape{4, 0}.rows() == 4);
}

TEST_CASE("Shape: more elements than can be counted are refused") {
  constexpr std::int64_t kHuge = std::int64_t{1} << 31;
  CHECK(Shape{kHuge, std::int64_t{1} << 29}.numel() == std::int64_t{1} << 60);
  CHECK_THROWS_AS((Shape{kHuge, kHuge}), ShapeError);
  CHECK_THROWS_AS((Shape{kHuge, 0, kHuge}), ShapeError);  // rows() would overflow
  CHECK_THROWS_AS(Shape{INT64_MAX}, ShapeError);
  CHECK_THROWS_AS((Shape{kHuge, kHuge, 4}), ShapeError);  // wraps around to 0
}

TEST_CASE("Shape: equality compares rank and extents") {
  CHECK(Shape{2, 3} == Shape{2, 3});
  CHECK(Shape{2, 3} != Shape{3, 2});
  CHECK(Shape{2} != Shape{2, 1});
  CHECK(Shape{} != Shape{1});
}

TEST_CASE("Shape: prints its extents in brackets") {
  CHECK(concat(Shape{2, 3}) == "[2, 3]");
  CHECK(concat(Shape{7}) == "[7]");
  CHECK(concat(Shape{}) == "[]");
}

TEST_CASE("Shape: refuses five dimensions and negative extents") {
  CHECK_THROWS_AS((Shape{1, 2, 3, 4, 5}), ShapeError);
  CHECK(message_of([] { Shape{1, 2, 3, 4, 5}; }) == "shape: at most 4 dimensions, got 5");
  CHECK(message_of([] { Shape{2, -1}; }) == "shape: negative extent -1");
}

TEST_CASE("Shape: access to a missing dimension fails a check") {
  const Shape shape{2, 3};
  CHECK(message_of([&] { (void)shape[2]; }).find("dimension 2 of [2, 3]") != std::string::npos);
  CHECK(message_of([&] { (void)shape[-3]; }).find("dimension -3 of [2, 3]") != std::string::npos);
}

TEST_CASE("require_shape: throws its arguments unless the condition holds") {
  CHECK_NOTHROW(require_shape(true, "x"));
  CHECK(message_of([] { require_shape(false, "got ", Shape{1, 2}); }) == "got [1, 2]");
}

}  // namespace
}  // namespace elastic
