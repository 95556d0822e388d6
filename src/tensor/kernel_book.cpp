#include "tensor/kernel_book.h"

#include <iterator>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "tensor/backend.h"

namespace elastic {
namespace {

double seconds_between(std::chrono::steady_clock::time_point begin,
                       std::chrono::steady_clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

double allocated_bytes(Device device) {
  const MemoryReport report = backend_for(device).allocator().report();
  return static_cast<double>(
      std::accumulate(std::begin(report.current), std::end(report.current), std::size_t{0}));
}

}  // namespace

KernelBook::KernelBook(Device device, bool with_calls)
    : device_(device), with_calls_(with_calls), opened_(Clock::now()) {
  ELASTIC_CHECK(kernel_observer(device) == nullptr, "a second kernel book on one device");
  set_kernel_observer(device_, this);
  if (with_calls_) {
    set_scope_observer(this);
    ended_.emplace_back();
  }
}

KernelBook::~KernelBook() {
  set_kernel_observer(device_, nullptr);
  if (with_calls_) {
    set_scope_observer(nullptr);
  }
}

KernelUse KernelBook::total() const {
  KernelUse sum;
  for (const auto& [kernel, use] : uses_) {
    sum.calls += use.calls;
    sum.seconds += use.seconds;
    sum.flops += use.flops;
    sum.bytes += use.bytes;
  }
  return sum;
}

void KernelBook::begin(const char* /*kernel*/) {
  backend_for(device_).synchronize();
  memory_before_ = with_calls_ ? allocated_bytes(device_) : 0.0;
  begin_ = Clock::now();
}

void KernelBook::end(const char* kernel, const std::function<KernelFacts()>& facts_of_call) {
  backend_for(device_).synchronize();
  const double seconds = seconds_between(begin_, Clock::now());
  KernelFacts facts = facts_of_call();
  KernelUse& use = uses_[kernel];
  ++use.calls;
  use.seconds += seconds;
  use.flops += facts.flops;
  use.bytes += facts.bytes;
  if (with_calls_) {
    calls_.push_back({kernel,
                      seconds_between(opened_, begin_),
                      seconds,
                      facts.flops,
                      facts.bytes,
                      memory_before_,
                      allocated_bytes(device_),
                      std::move(facts.shapes)});
  }
}

void KernelBook::open(ScopeKind kind, const std::string& name) {
  const std::optional<Place>& former = ended_.back();
  const bool continues = kind == ScopeKind::kLayer && former && former->calls == calls_.size() &&
                         spans_[former->span].kind == kind && spans_[former->span].name == name;
  if (continues) {
    open_.push_back({former->span, 0});
  } else {
    open_.push_back({spans_.size(), calls_.size()});
    spans_.push_back({kind, name, seconds_between(opened_, Clock::now())});
  }
  ended_.emplace_back();
}

void KernelBook::close() {
  const Place place = open_.back();
  open_.pop_back();
  ended_.pop_back();
  if (place.calls == calls_.size()) {
    spans_.resize(place.span);  // without a kernel, as are the spans within it
    return;
  }
  ScopeSpan& span = spans_[place.span];
  span.seconds = seconds_between(opened_, Clock::now()) - span.begin;
  ended_.back() = Place{place.span, calls_.size()};
}

}  // namespace elastic
