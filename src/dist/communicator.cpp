#include "dist/communicator.h"

#include <algorithm>

namespace elastic::dist {

std::vector<std::int64_t> gather(Communicator& ranks, std::span<const std::int64_t> values) {
  std::vector<std::int64_t> all(values.size() * static_cast<std::size_t>(ranks.size()));
  ranks.all_gather(std::as_bytes(values), std::as_writable_bytes(std::span(all)));
  return all;
}

std::vector<std::string> gather(Communicator& ranks, const std::string& text) {
  const std::int64_t length = std::ssize(text);
  const std::vector<std::int64_t> lengths = gather(ranks, {&length, 1});
  const auto longest = static_cast<std::size_t>(*std::max_element(lengths.begin(), lengths.end()));
  std::string padded = text;
  padded.resize(longest);
  std::string all(longest * lengths.size(), '\0');
  ranks.all_gather(std::as_bytes(std::span(padded)), std::as_writable_bytes(std::span(all)));
  std::vector<std::string> texts;
  for (std::size_t rank = 0; rank < lengths.size(); ++rank) {
    texts.push_back(all.substr(rank * longest, static_cast<std::size_t>(lengths[rank])));
  }
  return texts;
}

}  // namespace elastic::dist
