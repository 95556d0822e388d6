#include "report/axis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace elastic::report {
namespace {

// The step of 1, 2 or 5 times a power of ten that divides the range into four to nine parts.
double nice_step(double range) {
  const double power = std::pow(10.0, std::floor(std::log10(range / 4.0)));
  const double ratio = range / 4.0 / power;
  return power * (ratio >= 5.0 ? 5.0 : ratio >= 2.0 ? 2.0 : 1.0);
}

int decimals_of(double step) {
  return std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 12);
}

}  // namespace

std::string fixed(double value, int decimals) {
  std::array<char, 384> text{};  // the largest double has 309 digits before the point
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string short_number(double value) {
  constexpr std::array<const char*, 5> kUnits{"", "k", "M", "G", "T"};
  std::size_t unit = 0;
  while (std::fabs(value) >= 1000.0 && unit + 1 < kUnits.size()) {
    value /= 1000.0;
    ++unit;
  }
  const double size = std::fabs(value);
  const bool whole = size >= 1.0 || size == 0.0;
  return fixed(value, whole ? 0 : decimals_of(size)) + kUnits[unit];
}

Axis::Axis(Scale scale, double least, double most, bool whole)
    : scale_(scale), low_(scaled(least)), high_(scaled(most)) {
  if (scale_ == Scale::kLog) {
    constexpr double kMargin = 0.05;
    low_ = whole ? std::floor(low_) : low_ - kMargin;
    high_ = whole ? std::max(low_ + 1.0, std::ceil(high_)) : high_ + kMargin;
    return;
  }
  if (high_ - low_ <= 1e-12 * std::max(std::fabs(low_), std::fabs(high_))) {
    const double room = low_ == 0.0 ? 1.0 : 0.1 * std::fabs(low_);
    low_ -= room;
    high_ += room;
  }
  step_ = nice_step(high_ - low_);
  if (whole) {
    low_ = step_ * std::floor(low_ / step_ + 1e-9);
    high_ = step_ * std::ceil(high_ / step_ - 1e-9);
  }
}

double Axis::scaled(double value) const {
  return scale_ == Scale::kLog ? std::log10(value) : value;
}

double Axis::place(double value) const {
  return (scaled(value) - low_) / (high_ - low_);
}

std::vector<Tick> Axis::ticks() const {
  std::vector<Tick> ticks;
  if (scale_ == Scale::kLog) {
    for (double decade = std::ceil(low_); decade <= high_; ++decade) {
      const double value = std::pow(10.0, decade);
      ticks.push_back({value, short_number(value)});
    }
    return ticks;
  }
  const double first = std::ceil(low_ / step_ - 1e-9);
  for (double i = first; i * step_ <= high_ + 1e-9 * step_; ++i) {
    const double value = i * step_ + 0.0;  // + 0.0 turns -0 into 0
    const bool thousands = step_ >= 100.0 && std::fabs(std::fmod(step_, 1000.0)) < 1e-9;
    ticks.push_back({value, thousands ? short_number(value) : fixed(value, decimals_of(step_))});
  }
  return ticks;
}

}  // namespace elastic::report
