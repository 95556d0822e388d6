#include "data/token_times.h"

#include "data/batch.h"
#include "data/data_config.h"
#include "data/split.h"
#include "data/temporary_file.h"
#include "test_main.h"

namespace elastic::data::token_times_test {
namespace {

using Ints = std::vector<std::int32_t>;
using Times = std::vector<std::int64_t>;

LoadedData load(const std::string& content) {
  const TemporaryFile file("log.csv", content);
  DataConfig config;
  config.data = {file.path()};
  return load_data(config);
}

TEST_CASE("token times: buckets are powers of two of the seconds plus one") {
  CHECK(time_bucket(-5) == 0);
  CHECK(time_bucket(0) == 0);
  CHECK(time_bucket(1) == 1);
  CHECK(time_bucket(2) == 1);
  CHECK(time_bucket(3) == 2);
  CHECK(time_bucket(6) == 2);
  CHECK(time_bucket(7) == 3);
  CHECK(time_bucket(86'400) == 16);
  CHECK(time_bucket((std::int64_t{1} << 31) - 2) == 30);
  CHECK(time_bucket((std::int64_t{1} << 31) - 1) == 31);
  CHECK(time_bucket(std::numeric_limits<std::int64_t>::max()) == 31);
}

TEST_CASE("token times: a history that is cut keeps the gap before its first token") {
  BatchBuilder builder;
  const Times times{100, 103, 103, 110};
  builder.add(Ints{4, 5, 6, 7}, 3, {times, {}, 111});
  const Times single{50};
  builder.add(Ints{9}, 3, {single, 49, 50});
  const Times first{7};
  builder.add(Ints{9}, 3, {first, {}, 1'000'000'000'000});
  const TimeTensors tensors = builder.build(Device::kCpu).times;
  CHECK(tensors.gaps.to_vector<std::int32_t>() == Ints{2, 0, 3, 1, kNoGap});
  CHECK(tensors.seconds.to_vector<std::int32_t>() == Ints{0, 0, 7, 0, 0});
  CHECK(tensors.next_gaps.to_vector<std::int32_t>() == Ints{0, 3, 1, 0, 31});
  CHECK(tensors.next_seconds.to_vector<std::int32_t>() == Ints{0, 7, 8, 0, 2147483647});
  CHECK(tensors.gap_seconds.to_vector<std::int32_t>() == Ints{3, 0, 7, 1, 0});
  CHECK(tensors.clock.to_vector<std::int32_t>() == Ints{103, 103, 110, 50, 7});
}

TEST_CASE("token times: the clock is the time modulo 2^31 seconds, before 1970 too") {
  BatchBuilder builder;
  const Times times{-1, 0, (std::int64_t{1} << 31) + 5, (std::int64_t{1} << 40) + 7};
  builder.add(Ints{4, 5, 6, 7}, 4, {times, {}, {}});
  const TimeTensors tensors = builder.build(Device::kCpu).times;
  CHECK(tensors.clock.to_vector<std::int32_t>() == Ints{2147483647, 0, 5, 7});
  CHECK(tensors.gap_seconds.to_vector<std::int32_t>() == Ints{0, 1, 2147483647, 2147483647});
}

TEST_CASE("token times: without the time of the asked event, next events have none") {
  BatchBuilder builder;
  const Times times{100, 90};  // back in time counts as no time
  builder.add(Ints{4, 5}, 3, {times, {}, {}});
  const TimeTensors tensors = builder.build(Device::kCpu).times;
  CHECK(tensors.gaps.to_vector<std::int32_t>() == Ints{kNoGap, 0});
  CHECK_FALSE(tensors.next_gaps.defined());
  CHECK_FALSE(tensors.next_seconds.defined());
  builder.add(Ints{4, 5}, 3);
  CHECK_FALSE(builder.build(Device::kCpu).times.gaps.defined());
}

TEST_CASE("token times: the times of a log are in seconds, whatever its unit") {
  const auto loaded = load(
      "user,item,timestamp\n"
      "u,a,1577836800000\nu,b,1577836801999\nu,c,1577836860000\nu,d,1577836960000\n");
  CHECK(loaded.units_per_second == 1000);
  const Split split(loaded.dataset, loaded.plan);
  const auto times = loaded.dataset->times(0);
  CHECK(Times(times.begin(), times.end()) == Times{1577836800, 1577836801, 1577836860, 1577836960});
  CHECK(split.train_times(0).size() == 2);
  const HistoryTimes history = split.history_times(0, Subset::kValidation);
  CHECK(history.events.size() == 2);
  CHECK(history.asked == 1577836860);
  CHECK(split.history_times(0, Subset::kTest).asked == 1577836960);
}

TEST_CASE("token times: a log without times has none, and no other hash than before") {
  const auto untimed = load("user,item\nu,a\nu,b\nu,c\n");
  CHECK_FALSE(untimed.dataset->has_times());
  const auto timed = load("user,item,timestamp\nu,a,1\nu,b,2\nu,c,3\n");
  CHECK(timed.dataset->has_times());
  CHECK(timed.dataset->hash() == untimed.dataset->hash());
}

}  // namespace
}  // namespace elastic::data::token_times_test
