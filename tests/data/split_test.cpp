#include "data/split.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "data/data_config.h"
#include "data/temporary_file.h"

namespace elastic::data::split_test {
namespace {

Split split_of(std::string_view content, DataConfig config) {
  const TemporaryFile file("log.csv", content);
  config.data = {file.path()};
  const LoadedData loaded = load_data(config);
  return {loaded.dataset, loaded.plan};
}

std::string refusal(std::string_view content, const DataConfig& config) {
  try {
    split_of(content, config);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

// "trained|history>target|history>target" of the validation and the test; "-" without a target.
std::string shown(const Split& split, const char* user_id) {
  const Dataset& dataset = split.dataset();
  const std::int32_t user = dataset.find_user(user_id).value();
  const auto text = [&](std::span<const std::int32_t> items) {
    std::string result;
    for (const std::int32_t item : items) {
      result += dataset.item_id(item);
    }
    return result;
  };
  std::string result = text(split.train_sequence(user));
  for (const Subset subset : {Subset::kValidation, Subset::kTest}) {
    bool has_target = false;
    for (const auto& users : {split.eval_users(subset), split.cold_users(subset)}) {
      has_target = has_target || std::find(users.begin(), users.end(), user) != users.end();
    }
    result += concat("|",
                     text(split.history(user, subset)),
                     ">",
                     has_target ? dataset.item_id(split.target(user, subset)) : "-");
  }
  return result;
}

// u has events in every period, v stops early, w and x come late.
const char* const kLog =
    "user,item,timestamp\nu,a,1\nu,b,2\nv,a,3\nv,c,4\nu,c,5\nw,a,6\nu,d,7\nw,b,8\nu,e,9\nx,a,10\n";

TEST_CASE("split none: all events are trained on, none is a target") {
  const Split split = split_of(kLog, {.split = {.rule = SplitRule::kNone}});
  CHECK(split.rule() == SplitRule::kNone);
  CHECK(shown(split, "u") == "abcde|abcde>-|abcde>-");
  CHECK(shown(split, "x") == "a|a>-|a>-");
  CHECK(split.num_train_events() == 10);
  CHECK_FALSE(split.holds_out(Subset::kTest));
  CHECK_FALSE(split.holds_out(Subset::kValidation));
  CHECK(split.hash() != split_of(kLog, {}).hash());
}

TEST_CASE("split: a refit on the validation events keeps the test and its history") {
  const Split split = split_of(kLog, {});
  const Split refit = split.refitted(Refit::kValidation);
  CHECK(shown(split, "u") == "abc|abc>d|abcd>e");
  CHECK(shown(refit, "u") == "abcd|abcd>-|abcd>e");
  CHECK(shown(refit, "v") == "ac|ac>-|ac>-");
  CHECK(refit.popularity(Subset::kTest) == split.popularity(Subset::kTest));
  CHECK(refit.num_train_events() == split.num_train_events() + 1);
  CHECK(refit.holds_out(Subset::kTest));
  CHECK_FALSE(refit.holds_out(Subset::kValidation));
  CHECK(split.holds_out(Subset::kValidation));
}

TEST_CASE("split: a refit on all events leaves no target") {
  const Split refit = split_of(kLog, {}).refitted(Refit::kAll);
  CHECK(shown(refit, "u") == "abcde|abcde>-|abcde>-");
  CHECK(refit.num_train_events() == 10);
  CHECK_FALSE(refit.holds_out(Subset::kTest));
}

TEST_CASE("split: a refit of a split by time trains on whole periods") {
  const Split refit =
      split_of(kLog, {.split = {.rule = SplitRule::kTime, .valid_time = "6", .test_time = "8"}})
          .refitted(Refit::kValidation);
  CHECK(shown(refit, "u") == "abcd|abcd>-|abcd>e");
  CHECK(shown(refit, "w") == "a|a>-|a>b");
  CHECK(shown(refit, "x") == "|>-|>a");
}

TEST_CASE("split: every refit has a hash of its own") {
  const Split split = split_of(kLog, {});
  const Split validation = split.refitted(Refit::kValidation);
  const Split all = split.refitted(Refit::kAll);
  CHECK(split.refitted(Refit::kNone).hash() == split.hash());
  CHECK(validation.hash() != split.hash());
  CHECK(all.hash() != split.hash());
  CHECK(all.hash() != validation.hash());
}

TEST_CASE("split by time: no training event is later than any held-out one") {
  const Split split =
      split_of(kLog, {.split = {.rule = SplitRule::kTime, .valid_time = "6", .test_time = "8"}});
  CHECK(split.rule() == SplitRule::kTime);
  CHECK(shown(split, "u") == "abc|abc>d|abcd>e");
  CHECK(shown(split, "v") == "ac|ac>-|ac>-");
  CHECK(shown(split, "w") == "|>a|a>b");
  CHECK(shown(split, "x") == "|>-|>a");
  const auto ids = [&](std::span<const std::int32_t> users) {
    std::string text;
    for (const std::int32_t user : users) {
      text += split.dataset().user_id(user);
    }
    return text;
  };
  CHECK(ids(split.eval_users(Subset::kValidation)) == "u");
  CHECK(ids(split.eval_users(Subset::kTest)) == "uw");
  CHECK(ids(split.cold_users(Subset::kValidation)) == "w");
  CHECK(ids(split.cold_users(Subset::kTest)) == "x");
  CHECK(split.num_train_events() == 5);
  CHECK(split.num_cold_items() == 2);
  // Counts include events before the test of users without a test event.
  CHECK(split.popularity(Subset::kTest) == std::vector<std::int64_t>{0, 3, 1, 2, 1, 0});
  CHECK(split.description() ==
        "time: the test begins at 8 (1970-01-01T00:00:08Z), the validation at 6 "
        "(1970-01-01T00:00:06Z), for all users; of each user the first event of either is ranked");
  CHECK(split.history_words(Subset::kTest) == std::string("all events before the ranked one"));
}

TEST_CASE("split by time: shares are of all events; events of one moment stay together") {
  const Split split =
      split_of(kLog, {.split = {.rule = SplitRule::kTime, .valid_ratio = 0.2, .test_ratio = 0.3}});
  CHECK(shown(split, "u") == "abc|abc>d|abcd>e");
  CHECK(split.hash() ==
        split_of(kLog, {.split = {.rule = SplitRule::kTime, .valid_time = "6", .test_time = "8"}})
            .hash());
  // A fifth of six is one event; the three at the same moment stay together.
  const Split ties =
      split_of("user,item,timestamp\nu,a,1\nu,b,2\nu,c,3\nu,d,5\nv,a,5\nw,a,5\n",
               {.split = {.rule = SplitRule::kTime, .valid_ratio = 0.2, .test_ratio = 0.2}});
  CHECK(shown(ties, "u") == "ab|ab>c|abc>d");
  CHECK(ties.cold_users(Subset::kTest).size() == 2);
}

TEST_CASE("split by ratio: the last events of each user, at least one where there are three") {
  std::string log;
  for (const char item : std::string("abcdefghij")) {
    log.append("u ").append(1, item).append("\n");
  }
  log += "v a\nv b\nv c\nw a\nw b\n";
  const Split split =
      split_of(log, {.split = {.rule = SplitRule::kRatio, .valid_ratio = 0.2, .test_ratio = 0.3}});
  CHECK(shown(split, "u") == "abcde|abcde>f|abcdefg>h");
  CHECK(shown(split, "v") == "a|a>b|ab>c");
  CHECK(shown(split, "w") == "ab|ab>-|ab>-");
  CHECK(split.description() ==
        "ratio: of each user the last 30 % of the events are the test, the 20 % before them the "
        "validation; the first event of either is ranked; events are in file order");
  const Split much = split_of(
      log, {.split = {.rule = SplitRule::kRatio, .valid_ratio = 0.01, .test_ratio = 0.98}});
  CHECK(shown(much, "u") == "a|a>b|ab>c");
  CHECK(shown(much, "v") == "a|a>b|ab>c");
}

TEST_CASE("split by files: ids are shared, histories continue, each file keeps its own order") {
  const TemporaryFile valid("valid.csv", "item,user,timestamp\nd,u,9\nb,new,3\n");
  const TemporaryFile test("test.csv", "user,item,timestamp\nu,e,4\nu,f,2\nnew,z,1\n");
  const Split split = split_of("user,item,timestamp\nu,c,30\nu,a,10\nv,a,11\n",
                               {.valid_data = valid.path(), .test_data = test.path()});
  CHECK(split.rule() == SplitRule::kFiles);
  CHECK(shown(split, "u") == "ac|ac>d|acd>f");
  CHECK(shown(split, "v") == "a|a>-|a>-");
  CHECK(shown(split, "new") == "|>b|b>z");
  CHECK(split.cold_users(Subset::kValidation).size() == 1);
  CHECK(split.num_items() == 7);
  CHECK(refusal("u a\nu b\n", {.valid_data = valid.path()}).find("expected both") !=
        std::string::npos);
}

TEST_CASE("split: the hash of leave-one-out stays, other rules have their own") {
  const Split automatic = split_of(kLog, {});
  CHECK(automatic.rule() == SplitRule::kLeaveOneOut);
  CHECK(automatic.hash() == split_of(kLog, {.split = {.rule = SplitRule::kLeaveOneOut}}).hash());
  // Results are compared by this hash, so it must not change.
  CHECK(automatic.hash() == "dc27c92ea48c6397");
  CHECK(automatic.hash() != split_of(kLog, {.split = {.rule = SplitRule::kRatio}}).hash());
  CHECK(split_of(kLog, {.split = {.rule = SplitRule::kTime, .test_time = "8"}}).hash() !=
        split_of(kLog, {.split = {.rule = SplitRule::kTime, .test_time = "9"}}).hash());
}

TEST_CASE("split: the hash depends on both boundaries of every user") {
  const Split split = split_of(kLog, {});
  const auto dataset = std::make_shared<const Dataset>(split.dataset());
  const auto hash = [&](std::vector<std::int32_t> valid, std::vector<std::int32_t> test) {
    SplitPlan plan;
    plan.rule = SplitRule::kTime;
    plan.valid_begin = std::move(valid);
    plan.test_begin = std::move(test);
    return Split(dataset, std::move(plan)).hash();
  };
  REQUIRE(split.num_users() == 4);  // with 5, 2, 2 and 1 events
  const std::set<std::string> hashes{hash({3, 1, 1, 1}, {4, 2, 2, 1}),
                                     hash({3, 1, 1, 1}, {5, 2, 2, 1}),
                                     hash({3, 1, 1, 1}, {4, 2, 1, 1}),
                                     hash({2, 1, 1, 1}, {4, 2, 2, 1}),
                                     hash({3, 1, 2, 1}, {4, 2, 2, 1})};
  CHECK(hashes.size() == 5);
}

TEST_CASE("split: impossible options and those without effect are refused") {
  const auto refuses = [](const char* content, const DataConfig& config, const char* part) {
    const std::string message = refusal(content, config);
    INFO(message);
    CHECK(message.find(part) != std::string::npos);
  };
  refuses("u a\nu b\nu c\n",
          {.split = {.rule = SplitRule::kTime}},
          "--split time needs a timestamp column");
  refuses(kLog,
          {.split = {.rule = SplitRule::kFiles}},
          "expected --valid-data FILE and --test-data FILE");
  refuses(
      kLog, {.split = {.test_time = "8"}}, "--test-time: has no effect with --split leave-one-out");
  refuses(kLog,
          {.split = {.test_ratio = 0.2}},
          "--test-ratio: has no effect with --split leave-one-out");
  refuses(kLog,
          {.split = {.rule = SplitRule::kRatio, .valid_time = "8"}},
          "--valid-time: has no effect");
  refuses(kLog,
          {.split = {.rule = SplitRule::kRatio}, .valid_data = "a", .test_data = "b"},
          "--valid-data");
  refuses(kLog,
          {.split = {.rule = SplitRule::kRatio, .test_ratio = 1.0}},
          "--test-ratio: expected above 0 and less than 1, got 1");
  refuses(kLog,
          {.split = {.rule = SplitRule::kRatio, .valid_ratio = 0.5, .test_ratio = 0.5}},
          "less than 1 together");
  refuses(kLog,
          {.split = {.rule = SplitRule::kTime, .test_time = "8", .test_ratio = 0.2}},
          "leave out one of the two");
  refuses(kLog,
          {.split = {.rule = SplitRule::kTime, .valid_time = "9", .test_time = "8"}},
          "a time before the test's");
  refuses(kLog,
          {.split = {.rule = SplitRule::kTime, .valid_time = "1", .test_time = "8"}},
          "got 0, 7 and 3");
  refuses(kLog, {.split = {.rule = SplitRule::kTime, .test_time = "11"}}, "got 9, 1 and 0");
  refuses(kLog,
          {.split = {.rule = SplitRule::kTime, .test_time = "1"}},
          "none would be left to train on");
  refuses("u a\nv b\n", {.split = {.rule = SplitRule::kRatio}}, "got 2, 0 and 0");
  CHECK_THROWS_WITH_AS(load_data({.data = {"-"}, .valid_data = "-", .test_data = "x"}),
                       doctest::Contains("standard input can be read only once"),
                       UsageError);
}

}  // namespace
}  // namespace elastic::data::split_test
