#include "autograd/ops/rows.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/sum.h"

namespace elastic::rows_test {
namespace {

TEST_CASE("gather_rows: picks rows, and equal rows' gradients add up") {
  const Variable table = variable_of({1, 2, 3, 4, 5, 6}, {3, 2}, true);
  const Variable out = ops::gather_rows(table, int_tensor({2, 0, 2}));
  CHECK(to_doubles(out.value()) == std::vector<double>{5, 6, 1, 2, 5, 6});
  backward(ops::sum(ops::multiply(out, variable_of({1, 10, 100, 1000, 7, 70}, {3, 2}))));
  CHECK(to_doubles(table.grad()) == std::vector<double>{100, 1000, 0, 0, 8, 80});
}

TEST_CASE("gather_rows: gradient matches finite differences") {
  for (const auto& [rows, dim, count] :
       {std::array{1, 1, 1}, std::array{5, 3, 9}, std::array{2, 7, 130}}) {
    const Tensor index = int_tensor(random_ids(count, 0, rows - 1, 1));
    check_function([&](const auto& in) { return ops::gather_rows(in[0], index); },
                   {random_f64({rows, dim}, 1)});
  }
}

TEST_CASE("gather_rows: a table gathered twice gets both gradients") {
  check_function(
      [](const auto& in) {
        return ops::multiply(ops::gather_rows(in[0], int_tensor({0, 1, 1})),
                             ops::gather_rows(in[0], int_tensor({1, 1, 0})));
      },
      {random_f64({2, 3}, 1)});
}

TEST_CASE("gather_rows: accepts zero rows") {
  const Variable table = variable_of({1, 2}, {1, 2});
  CHECK(ops::gather_rows(table, int_tensor({})).shape() == Shape{0, 2});
}

TEST_CASE("gather_rows and repeat: refuse tensors that are not tables") {
  const Variable x = variable_of({1, 2}, {2});
  CHECK(message_of([&] { ops::gather_rows(x, int_tensor({0})); }) ==
        "gather_rows: expected a table, got [2]");
  CHECK(message_of([&] { ops::repeat(x, 2); }) == "repeat: expected a matrix, got [2]");
}

TEST_CASE("repeat: copies, and the gradient is their sum") {
  const Variable x = variable_of({1, 2}, {1, 2}, true);
  const Variable out = ops::repeat(x, 3);
  CHECK(out.shape() == Shape{3, 1, 2});
  CHECK(to_doubles(out.value()) == std::vector<double>{1, 2, 1, 2, 1, 2});
  backward(ops::sum(out));
  CHECK(to_doubles(x.grad()) == std::vector<double>{3, 3});
  check_function([](const auto& in) { return ops::repeat(in[0], 4); }, {random_f64({3, 5}, 1)});
}

TEST_CASE("permute_rows: moves every row, and its gradient back") {
  const Tensor order = int_tensor({2, 0, 3, 1});
  const Tensor inverse = int_tensor({1, 3, 0, 2});
  const Variable x = variable_of({1, 2, 3, 4}, {4, 1}, true);
  const Variable out = ops::permute_rows(x, order, inverse);
  CHECK(to_doubles(out.value()) == std::vector<double>{3, 1, 4, 2});
  backward(ops::sum(ops::multiply(out, variable_of({10, 20, 30, 40}, {4, 1}))));
  CHECK(to_doubles(x.grad()) == std::vector<double>{20, 40, 10, 30});
  check_equal([&](const auto& in) { return ops::gather_rows(in[0], order); },
              [&](const auto& in) { return ops::permute_rows(in[0], order, inverse); },
              {random_f64({4, 5}, 1)});
  check_function(
      [&](const auto& in) {
        return ops::multiply(ops::permute_rows(in[0], order, inverse), in[0]);
      },
      {random_f64({4, 3}, 2)});
}

TEST_CASE("scatter_mean_rows: the mean of a row's values, zero without any") {
  const Variable x = variable_of({1, 2, 3, 5, 4, 9}, {3, 2}, true);
  const Variable out = ops::scatter_mean_rows(x, int_tensor({2, 0, 2}), 4);
  CHECK(to_doubles(out.value()) == std::vector<double>{3, 5, 0, 0, 2.5, 5.5, 0, 0});
  backward(ops::sum(ops::multiply(out, variable_of({1, 10, 100, 1000, 7, 70, 700, 7000}, {4, 2}))));
  CHECK(to_doubles(x.grad()) == std::vector<double>{3.5, 35, 1, 10, 3.5, 35});
}

TEST_CASE("scatter_mean_rows: gradient matches finite differences") {
  for (const auto& [rows, dim, count] :
       {std::array{1, 1, 1}, std::array{5, 3, 9}, std::array{7, 2, 130}, std::array{3, 4, 0}}) {
    const Tensor index = int_tensor(random_ids(count, 0, rows - 1, 1));
    check_function([&, num_rows = rows](
                       const auto& in) { return ops::scatter_mean_rows(in[0], index, num_rows); },
                   {random_f64({count, dim}, 1)});
  }
}

TEST_CASE("permute_rows and scatter_mean_rows: refuse rows that do not fit") {
  const Variable x(random_f64({3, 2}, 1));
  CHECK(message_of([&] {
          ops::permute_rows(x, int_tensor({0, 1}), int_tensor({0, 1}));
        }) ==
        "permute_rows: expected a matrix and two orders of its rows, got [3, 2], [2] and [2]");
  CHECK(message_of([&] {
          ops::scatter_mean_rows(x, int_tensor({0, 1}), 2);
        }) ==
        "scatter_mean_rows: expected a matrix and a row for each of its own, got [3, 2] and [2]");
}

TEST_CASE("rows: float32 stays close to float64") {
  check_float32(
      [](const auto& in) {
        return ops::gather_rows(in[0], int_tensor({0, 2, 2, 1, 0, 0, 2}));
      },
      {random_f64({3, 4}, 1)});
  check_float32(
      [](const auto& in) {
        return ops::scatter_mean_rows(in[0], int_tensor({0, 2, 2, 1, 0, 0, 2}), 4);
      },
      {random_f64({7, 4}, 1)});
}

}  // namespace
}  // namespace elastic::rows_test
