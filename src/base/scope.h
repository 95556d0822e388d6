// Named stretches of a computation, one within the other, for traces.
#pragma once

#include <cstdint>
#include <string>

namespace elastic {

/// From the outermost to the innermost.
enum class ScopeKind { kStep, kPart, kLayer, kOp };

/// Sees scopes begin and end. Not for use while several threads compute.
class ScopeObserver {
 public:
  virtual ~ScopeObserver() = default;
  virtual void open(ScopeKind kind, const std::string& name) = 0;
  /// Ends the latest scope that is open.
  virtual void close() = 0;
};
/// The observer, or null.
ScopeObserver* scope_observer();
/// From now on `observer` sees every scope; null removes it. No scope may be open.
void set_scope_observer(ScopeObserver* observer);

/// The name of the innermost open scope of a kind; empty if there is none, or no observer.
std::string open_scope(ScopeKind kind);

/// A scope from construction to destruction. Without an observer it does nothing.
class Scope {
 public:
  /// `number` follows the name if it is positive: "layer 1". An empty name opens no scope.
  Scope(ScopeKind kind, const char* name, std::int64_t number = 0);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  bool observed_;
};

/// A part of a model: "input", "layer 1".
class LayerScope : Scope {
 public:
  explicit LayerScope(const char* name, std::int64_t number = 0)
      : Scope(ScopeKind::kLayer, name, number) {}
};

/// An op, named after its function.
class OpScope : Scope {
 public:
  explicit OpScope(const char* name) : Scope(ScopeKind::kOp, name) {}
};

}  // namespace elastic
