#include "eval/shared_ranking.h"

#include <doctest/doctest.h>

#include "dist/thread_group.h"
#include "eval/evaluator.h"
#include "eval/fixture.h"
#include "model/registry.h"

namespace elastic::eval::shared_ranking_test {
namespace {

ModelConfig config_of(const std::string& model) {
  ModelConfig config;
  config.model = model;
  config.dim = 8;
  config.num_heads = 2;
  config.num_layers = 1;
  config.ffn_dim = 16;
  config.max_len = 6;
  config.num_experts = 4;
  config.retrieval.pool_subkeys = 4;
  config.retrieval.key_dim = 8;
  config.num_items = 30;
  return config;
}

TEST_CASE("shared ranking: each process has the whole ranking of one that ranks alone") {
  const data::Split split = make_split(random_sequences(40, 12, 30), 30);
  const std::vector<NegativeSampler> samplers{{split, parse_sampling("uni:9", "").front(), 1},
                                              {split, parse_sampling("pop:5", "").front(), 1}};
  for (const std::string name : {"softmax", "elastic"}) {
    for (const std::int64_t batch_tokens : {20, 100000}) {  // many batches; fewer than processes
      CAPTURE(name);
      CAPTURE(batch_tokens);
      EvalOptions options;
      options.batch_tokens = batch_tokens;
      options.lists = true;
      options.samplers = samplers;
      const auto model = make_model(config_of(name), 5);
      const Ranking alone = rank_users(*model, split, data::Subset::kTest, options);
      CHECK((alone.experts.num_users() > 0) == (name == "elastic"));
      dist::ThreadGroup(3).run([&](dist::Communicator& ranks) {
        const auto own = make_model(config_of(name), 5);
        EvalOptions shared = options;
        shared.ranks = &ranks;
        const Ranking ranking = rank_users(*own, split, data::Subset::kTest, shared);
        CHECK(ranking.ranks == alone.ranks);
        for (std::size_t s = 0; s < samplers.size(); ++s) {
          CHECK(ranking.sampled[s].ranks == alone.sampled[s].ranks);
        }
        CHECK(ranking.listed == alone.listed);
        CHECK(to_json(ranking.experts) == to_json(alone.experts));
      });
    }
  }
}

TEST_CASE("shared ranking: batches are dealt to the processes in turn") {
  dist::ThreadGroup(2).run([](dist::Communicator& ranks) {
    const std::vector<std::size_t> order{0, 1, 2, 3, 4};
    SharedRanking shared(ranks, order);
    const bool first = ranks.is_first();
    CHECK(shared.takes(2) == first);
    CHECK(shared.takes(2) != first);
    CHECK(shared.takes(1) == first);
  });
}

}  // namespace
}  // namespace elastic::eval::shared_ranking_test
