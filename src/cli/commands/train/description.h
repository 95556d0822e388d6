// The text at the head of `elastic train --help`.
#pragma once

namespace elastic::cli {

inline constexpr const char* kTrainDescription =
    R"(train a model into a run directory and evaluate it on the test split

  elastic train --data ratings.csv --items movies.csv --out runs/first
  elastic train --config my.json --dim 128 --out runs/wide
  elastic train --resume --out runs/first
  elastic train --data today.csv --init-from runs/yesterday --refit all --out runs/today

Reads interactions (user, item, [rating], [time]), separated by tab, comma, space or ::, or as
JSON lines; plain, .gz, .zst or .xz. Holds out each user's last event for the test and the one
before it for validation; --split selects another rule. Trains until --stop-metric of the validation
stops growing, keeps the best model, and evaluates it once on the test split. Ctrl-C saves and stops, a
second Ctrl-C stops at once, SIGUSR1 saves and continues. --resume continues a run that was
stopped, killed or out of time, to the same bits.

--refit keeps that training, the search for the best epoch, with its honest test result in
RUN/search. It then trains anew from the same seed with the held-out events among the training
events, for as many epochs as the best one, and keeps that model in RUN. --max-time-s and
--max-tokens limit the search only. --split none holds out nothing and keeps the last of --epochs.

--item-vectors FILE describes items by features: a table with a header (an id column, numbers,
categories separated by |), or JSON lines {"id": .., "vector": [..]}. A projection of them is added
to each item, so that `elastic predict --new-items` can recommend items without a single event.

Every option below, up to Output, is also a key of the config file (num_experts). These options
and those under Running are also variables (ELASTIC_NUM_EXPERTS). Defaults < config file <
variables < flags.)";

}  // namespace elastic::cli
