#include "base/scope.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"

namespace elastic {
namespace {

ScopeObserver* observer_of_scopes = nullptr;
std::vector<std::pair<ScopeKind, std::string>> scopes_now;

}  // namespace

ScopeObserver* scope_observer() {
  return observer_of_scopes;
}

void set_scope_observer(ScopeObserver* observer) {
  ELASTIC_CHECK(scopes_now.empty(), "the observer changes within a scope");
  observer_of_scopes = observer;
}

std::string open_scope(ScopeKind kind) {
  const auto found = std::find_if(scopes_now.rbegin(), scopes_now.rend(), [kind](const auto& one) {
    return one.first == kind;
  });
  return found == scopes_now.rend() ? "" : found->second;
}

Scope::Scope(ScopeKind kind, const char* name, std::int64_t number)
    : observed_(observer_of_scopes != nullptr && *name != '\0') {
  if (observed_) {
    const std::string text = number > 0 ? concat(name, " ", number) : name;
    scopes_now.emplace_back(kind, text);
    observer_of_scopes->open(kind, text);
  }
}

Scope::~Scope() {
  if (observed_) {
    observer_of_scopes->close();
    scopes_now.pop_back();
  }
}

}  // namespace elastic
