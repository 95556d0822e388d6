#include "tensor/cpu/code_bounds.h"

#include <cstring>
#include <limits>

#include "tensor/kernels/ranking.h"
#include "tensor/tensor_values.h"

namespace elastic::cpu::code_bounds_test {
namespace {

class ActiveByteUnit {
 public:
  explicit ActiveByteUnit(ByteUnit unit) : before_(byte_unit()) { set_byte_unit(unit); }
  ~ActiveByteUnit() { set_byte_unit(before_); }
  ActiveByteUnit(const ActiveByteUnit&) = delete;
  ActiveByteUnit& operator=(const ActiveByteUnit&) = delete;

 private:
  ByteUnit before_;
};

std::vector<ByteUnit> byte_units() {
  std::vector<ByteUnit> units;
  for (const ByteUnit unit : {ByteUnit::kPortable, ByteUnit::kAvxVnni, ByteUnit::kAvx512Vnni}) {
    if (has_byte_unit(unit)) {
      units.push_back(unit);
    } else {
      MESSAGE("not on this CPU: byte unit " << static_cast<int>(unit));
    }
  }
  return units;
}

constexpr std::int64_t kItems = 3000;

struct Case {
  const char* name;
  std::int64_t dim;
  void (*change)(std::vector<float>& table, std::int64_t dim);
};

const std::vector<Case> kCases{
    {"normal", 64, [](auto&, auto) {}},
    {"one dimension", 1, [](auto&, auto) {}},
    {"odd dimensions", 67, [](auto&, auto) {}},
    {"many dimensions", 520, [](auto&, auto) {}},
    {"outliers",
     64,
     [](auto& table, auto) {
       for (std::size_t i = 0; i < table.size(); i += 97) {
         table[i] *= 1e6F;
       }
     }},
    {"scales from 1e-25 to 1e15",
     30,
     [](auto& table, auto dim) {
       for (std::size_t i = 0; i < table.size(); ++i) {
         table[i] *=
             std::pow(10.0F, static_cast<float>(static_cast<std::int64_t>(i) / dim % 41 - 25));
       }
     }},
    {"zero rows",
     16,
     [](auto& table, auto dim) {
       for (std::size_t i = 0; i < table.size(); ++i) {
         table[i] = static_cast<std::int64_t>(i) / dim % 3 == 0 ? table[i] : 0.0F;
       }
     }},
    {"equal rows",
     16,
     [](auto& table, auto dim) {
       for (auto i = static_cast<std::size_t>(dim); i < table.size(); ++i) {
         table[i] = table[i - static_cast<std::size_t>(dim)];
       }
     }},
    {"few distinct rows",
     24,
     [](auto& table, auto dim) {
       for (std::size_t i = 7 * static_cast<std::size_t>(dim); i < table.size(); ++i) {
         table[i] = table[i - 7 * static_cast<std::size_t>(dim)];
       }
     }},
    // Encoded without error, so that only the errors of states and of float32 remain.
    {"whole numbers",
     520,
     [](auto& table, auto dim) {
       for (std::size_t i = 0; i < table.size(); ++i) {
         const bool first = static_cast<std::int64_t>(i) % dim == 0;
         table[i] = first ? 127.0F : std::round(std::fmod(40.0F * table[i], 127.0F));
       }
     }},
    {"ascending", 8, [](auto& table, auto dim) {
       for (std::size_t i = 0; i < table.size(); ++i) {
         table[i] = static_cast<float>(static_cast<std::int64_t>(i) / dim);
       }
     }}};

Tensor table_of(const Case& c) {
  std::vector<float> values =
      random_tensor({kItems + 1, c.dim}, 1, DType::kFloat32).to_vector<float>();
  c.change(values, c.dim);
  return Tensor::from(values, {kItems + 1, c.dim});
}

// The item's vector without the error of its encoding.
std::vector<double> decoded(const ItemCodes& codes, std::int64_t slot, std::int64_t dim) {
  const std::int64_t groups = (dim + 3) / 4;
  std::vector<double> values;
  for (std::int64_t d = 0; d < dim; ++d) {
    const auto word = static_cast<std::uint32_t>(
        codes.words.data<std::int32_t>()[(slot / kCodeBlock * groups + d / 4) * kCodeBlock +
                                         slot % kCodeBlock]);
    const double whole = static_cast<double>(word >> (8 * (d % 4)) & 255U) - 128.0;
    values.push_back(whole * double{codes.scales.data<float>()[slot]});
  }
  return values;
}

// Random states, states along an item, and states along the error of an item: the latter score it
// as far from its encoding as any state of their length.
Tensor states_of(const Case& c, const Tensor& table, const ItemCodes& codes) {
  std::vector<float> values = random_tensor({4, c.dim}, 2, DType::kFloat32).to_vector<float>();
  const auto* const items = table.data<float>();
  for (const std::int64_t v : {5, 1000, 2999}) {
    values.insert(values.end(), items + v * c.dim, items + (v + 1) * c.dim);
    const std::vector<double> encoded = decoded(codes, v - 1, c.dim);
    const double scale = double{codes.scales.data<float>()[v - 1]};
    for (std::int64_t d = 0; d < c.dim; ++d) {
      const double error = double{items[v * c.dim + d]} - encoded[static_cast<std::size_t>(d)];
      values.push_back(static_cast<float>(error / scale));
    }
  }
  const std::vector<std::int32_t> whole = random_ids(c.dim, 0, 16256, 3);
  values.insert(values.end(), whole.begin(), whole.end());
  values[values.size() - static_cast<std::size_t>(c.dim)] = 16256.0F;  // encoded without error
  values.resize(values.size() + static_cast<std::size_t>(c.dim), 0.0F);
  values[0] = 1e5F;  // an outlier in a random state
  return Tensor::from(values, {static_cast<std::int64_t>(values.size()) / c.dim, c.dim});
}

struct Best {
  std::vector<std::int32_t> ids;
  std::vector<float> scores;
};

Best best_of(const Tensor& states,
             const Tensor& table,
             std::int64_t k,
             const std::vector<std::vector<std::int32_t>>& excluded,
             const ItemCodes& codes) {
  std::vector<std::int32_t> lengths;
  std::vector<std::int32_t> all;
  for (const auto& ids : excluded) {
    lengths.push_back(static_cast<std::int32_t>(ids.size()));
    all.insert(all.end(), ids.begin(), ids.end());
  }
  Tensor ids({states.rows(), k}, DType::kInt32, Device::kCpu);
  Tensor scores({states.rows(), k}, DType::kFloat32, Device::kCpu);
  const Tensor none;
  const Tensor excluded_ids =
      all.empty() ? none : Tensor::from(all, {static_cast<std::int64_t>(all.size())});
  const Segments segments = all.empty() ? Segments() : segments_of(lengths);
  run(kernels::TopK{.hidden = states,
                    .table = table,
                    .excluded = segments,
                    .excluded_ids = excluded_ids,
                    .ids = ids,
                    .scores = scores,
                    .codes = codes});
  return {ids.to_vector<std::int32_t>(), scores.to_vector<float>()};
}

bool same(const Best& a, const Best& b) {
  return a.ids == b.ids && a.scores.size() == b.scores.size() &&
         std::memcmp(a.scores.data(), b.scores.data(), 4 * a.scores.size()) == 0;
}

TEST_CASE("code bounds: every float32 score lies between its bounds, on every unit") {
  if (!on_cpu()) {
    return;
  }
  for (const ByteUnit unit : byte_units()) {
    const ActiveByteUnit active(unit);
    for (const Case& c : kCases) {
      CAPTURE(c.name);
      const Tensor table = table_of(c);
      const ItemCodes codes = encode_items(table);
      REQUIRE(codes.defined());
      const Tensor states = states_of(c, table, codes);
      const Best all = best_of(states, table, kItems, {}, {});
      std::vector<float> upper(static_cast<std::size_t>(codes.scales.numel()));
      for (std::int64_t r = 0; r < states.rows(); ++r) {
        CAPTURE(r);
        CodedState coded;
        REQUIRE(encode_state(states.data<float>() + r * c.dim, c.dim, codes, coded));
        upper_bounds(coded, codes, 0, codes.scales.numel(), upper.data());
        std::int64_t outside = 0;
        for (std::int64_t i = r * kItems; i < (r + 1) * kItems; ++i) {
          const auto slot = static_cast<std::size_t>(all.ids[static_cast<std::size_t>(i)] - 1);
          const float score = all.scores[static_cast<std::size_t>(i)];
          const float lower = lower_bound(coded, codes.scales.data<float>()[slot], upper[slot]);
          outside += lower <= score && score <= upper[slot] ? 0 : 1;
        }
        CHECK(outside == 0);
      }
    }
  }
}

TEST_CASE("code bounds: of random items they are close") {
  if (!on_cpu()) {
    return;
  }
  const Tensor table = table_of(kCases.front());
  const ItemCodes codes = encode_items(table);
  const Tensor state = random_tensor({64}, 2, DType::kFloat32);
  CodedState coded;
  REQUIRE(encode_state(state.data<float>(), 64, codes, coded));
  // Scores have a standard deviation of about 8 times that of a number.
  CHECK(double{coded.margin} * codes.largest_scale < 0.1 * 8.0);
}

TEST_CASE("top_k: with codes the same bits as without") {
  if (!on_cpu()) {
    return;
  }
  for (const ByteUnit unit : byte_units()) {
    const ActiveByteUnit active(unit);
    for (const Case& c : kCases) {
      CAPTURE(c.name);
      const Tensor table = table_of(c);
      const ItemCodes codes = encode_items(table);
      const Tensor states = states_of(c, table, codes);
      std::vector<std::vector<std::int32_t>> excluded(static_cast<std::size_t>(states.rows()));
      constexpr std::size_t kBest = 12;
      const Best best = best_of(states, table, kBest, {}, {});
      for (std::size_t r = 1; r < excluded.size(); ++r) {  // some of the best items, and another
        const auto begin = best.ids.begin() + static_cast<std::ptrdiff_t>(kBest * r);
        excluded[r].assign(begin, begin + static_cast<std::ptrdiff_t>(std::min(2 * r, kBest)));
        excluded[r].erase(std::remove(excluded[r].begin(), excluded[r].end(), 0),
                          excluded[r].end());
        excluded[r].push_back(static_cast<std::int32_t>(kItems));
        std::sort(excluded[r].begin(), excluded[r].end());
        excluded[r].erase(std::unique(excluded[r].begin(), excluded[r].end()), excluded[r].end());
      }
      for (const std::int64_t k :
           {std::int64_t{1}, std::int64_t{10}, std::int64_t{200}, kItems + 5}) {
        CAPTURE(k);
        for (std::int64_t r = 0; r < states.rows(); r += 4) {  // as many as every unit takes
          const Tensor some = states.slice(r, r + 4);
          const std::vector<std::vector<std::int32_t>> out(excluded.begin() + r,
                                                           excluded.begin() + r + 4);
          CHECK(same(best_of(some, table, k, {}, codes), best_of(some, table, k, {}, {})));
          CHECK(same(best_of(some, table, k, out, codes), best_of(some, table, k, out, {})));
        }
      }
    }
  }
}

// Of two items, the better one scores far above its encoding, and the encoding of the other is
// good.
TEST_CASE("top_k: an item that codes place second is found first") {
  if (!on_cpu()) {
    return;
  }
  constexpr std::int64_t kDim = 64;
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<float> values(static_cast<std::size_t>(200 * kDim), 0.0F);
    const std::vector<float> better =
        random_tensor({kDim}, seed, DType::kFloat32).to_vector<float>();
    std::copy(better.begin(), better.end(), values.begin() + 150 * kDim);
    const ItemCodes alone = encode_items(Tensor::from(values, {200, kDim}));
    const std::vector<double> encoded = decoded(alone, 149, kDim);
    std::vector<float> state;
    double score = 0.0;
    double squares = 0.0;
    for (std::size_t d = 0; d < better.size(); ++d) {
      state.push_back(static_cast<float>(double{better[d]} - encoded[d]));
      score += double{better[d]} * double{state[d]};
      squares += double{state[d]} * double{state[d]};
    }
    if (score < 2.0 * squares) {  // squares: the score's distance from the code's
      continue;
    }
    ++found;
    for (std::size_t d = 0; d < state.size(); ++d) {
      values[static_cast<std::size_t>(7 * kDim) + d] =
          static_cast<float>((score - 0.25 * squares) / squares * double{state[d]});
    }
    const Tensor table = Tensor::from(values, {200, kDim});
    const Best best = best_of(Tensor::from(state, {1, kDim}), table, 1, {}, encode_items(table));
    CHECK(best.ids.front() == 150);
  }
  CHECK(found > 2);
}

TEST_CASE("encode_items: numbers that are not finite, or too large, are not encoded") {
  for (const float value : {std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity(),
                            -2e30F}) {
    std::vector<float> values(5 * 6, 1.0F);
    values[17] = value;
    CHECK_FALSE(encode_items(Tensor::from(values, {5, 6})).defined());
  }
  CHECK_FALSE(encode_items(random_tensor({5, 6}, 1, DType::kFloat64)).defined());
}

TEST_CASE("top_k: states without bounds are scored in float32 as without codes") {
  if (!on_cpu()) {
    return;
  }
  const Tensor table = table_of(kCases.front());
  const ItemCodes codes = encode_items(table);
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e38F}) {
    std::vector<float> values(64, 1.0F);
    values[3] = value;
    const Tensor state = Tensor::from(values, {1, 64});
    CodedState coded;
    CHECK_FALSE(encode_state(values.data(), 64, codes, coded));
    CHECK(same(best_of(state, table, 10, {}, codes), best_of(state, table, 10, {}, {})));
  }
}

TEST_CASE("encode_state: scores that could be larger than a float have no bounds") {
  const std::vector<float> state(64, 1e15F);
  CodedState coded;
  CHECK(encode_state(state.data(),
                     64,
                     encode_items(Tensor::from(std::vector<float>(128, 1e10F), {2, 64})),
                     coded));
  CHECK_FALSE(encode_state(state.data(),
                           64,
                           encode_items(Tensor::from(std::vector<float>(128, 1e25F), {2, 64})),
                           coded));
}

}  // namespace
}  // namespace elastic::cpu::code_bounds_test
