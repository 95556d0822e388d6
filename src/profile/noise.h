// Measurements that are not to be trusted, and why.
#pragma once

#include <optional>
#include <string>

#include "profile/machine.h"
#include "profile/profiler.h"
#include "profile/setting.h"

namespace elastic::profile {

/// The rates of a machine in one setting, before all rows and after them.
struct Machine {
  MachineRates before;
  std::optional<MachineRates> after;
  Setting setting;

  /// The higher rate of each, which shares are relative to.
  [[nodiscard]] MachineRates best() const;
  /// True if a rate changed by more than a tenth: other work disturbed the rows.
  [[nodiscard]] bool changed() const;
};

/// The distance of the quartiles of the repetitions relative to the median; none for fewer than
/// three.
std::optional<double> spread_of(const Row& row);

/// True if the spread is above a tenth, or the products are faster than those of the machine, which
/// were disturbed then.
bool is_noisy(const Row& row);

/// "noisy: repetitions spread by 0.23; bandwidth share above 1: operands in the caches"; "" if
/// there is nothing to remark.
std::string remarks_on(const Row& row);

}  // namespace elastic::profile
