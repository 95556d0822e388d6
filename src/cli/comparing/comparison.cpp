#include "cli/comparing/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

#include "base/choice.h"

namespace elastic::cli {
namespace {

// The groups whose difference to the baseline covers users only.
std::vector<std::string> groups_with_users_only(const Comparison& comparison) {
  std::vector<std::string> names;
  for (std::size_t g = 0; g < comparison.groups.size(); ++g) {
    if (!comparison.is_baseline(g) &&
        comparison.all()[g].front().difference.covers == eval::Covers::kUsers) {
      names.push_back(comparison.groups[g].name);
    }
  }
  return names;
}

std::string interval_words(const Comparison& comparison) {
  const std::vector<std::string> users_only = groups_with_users_only(comparison);
  const std::size_t compared = comparison.groups.size() - 1;
  std::string text;
  if (users_only.size() < compared) {
    text = "95 % intervals with users and seeds as random samples (two-way random effects).";
  }
  if (!users_only.empty()) {
    text += text.empty() ? "95 % intervals" : " Intervals";
    text += " over users only";
    if (users_only.size() < compared) {
      text += " for";
      for (std::size_t i = 0; i < users_only.size(); ++i) {
        text += (i == 0 ? " " : ", ") + users_only[i];
      }
    }
    text += ", as a group has a single seed: other seeds may give other results.";
  }
  return text;
}

std::string family_words(const Comparison& comparison) {
  return fmt::format(
      "Adjusted p: Holm's method over a family of {} tests ({} groups x {} metrics against {}, all "
      "users). Significant: adjusted p below 0.05. Tables by history and popularity are not "
      "adjusted.",
      comparison.values.family,
      comparison.groups.size() - 1,
      comparison.values.metrics.size(),
      comparison.groups[comparison.values.baseline].name);
}

}  // namespace

std::size_t main_metric(const Comparison& comparison) {
  const auto& metrics = comparison.values.metrics;
  const auto found = std::find_if(metrics.begin(), metrics.end(), [](const eval::UserMetric& one) {
    return one.name == "NDCG@10";
  });
  return found == metrics.end() ? 0 : static_cast<std::size_t>(found - metrics.begin());
}

std::vector<std::size_t> places_of(const Comparison& comparison, std::size_t metric) {
  std::set<double, std::greater<>> values;
  for (const auto& group : comparison.all()) {
    values.insert(group[metric].summary.mean);
  }
  std::vector<std::size_t> places;
  for (const auto& group : comparison.all()) {
    const auto found = values.find(group[metric].summary.mean);
    places.push_back(1 + static_cast<std::size_t>(std::distance(values.begin(), found)));
  }
  return places;
}

std::string p_text(double p) {
  return p < 0.0001 ? "<0.0001" : fmt::format("{:.4f}", p);
}

std::string words_of(eval::Covers covers) {
  switch (covers) {
    case eval::Covers::kNothing:
      return "";
    case eval::Covers::kUsers:
      return "users";
    case eval::Covers::kUsersAndSeeds:
      return "users and seeds";
  }
  return "";
}

std::vector<std::string> explanations_of(const Comparison& comparison) {
  std::vector<std::string> sentences;
  if (comparison.groups.size() > 1) {
    sentences.push_back(interval_words(comparison));
    sentences.push_back(family_words(comparison));
  }
  sentences.push_back("Values: means over seeds; after them standard deviations over seeds.");
  sentences.push_back(
      fmt::format("Protocol: {} split, {} ({}); {} users, all {} items ranked, seen items {}, "
                  "repeated targets: "
                  "--repeats {}{}{}.",
                  choice_name(comparison.subset),
                  comparison.split,
                  comparison.split_hash,
                  comparison.users,
                  comparison.items,
                  comparison.rules.filter_seen ? "left out" : "ranked too",
                  choice_name(comparison.rules.repeats),
                  comparison.trained_on.empty() ? "" : "; trained on ",
                  comparison.trained_on));
  return sentences;
}

}  // namespace elastic::cli
