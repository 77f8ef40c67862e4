// Everything that has a value, as one list: parameters first, then read-outs. What clients subscribe to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/clients/update_queue.h"
#include "control/desk/desk.h"
#include "control/readouts/readouts.h"

namespace fohd::clients {

/// [control]
class Items {
 public:
  /// Both must outlive it.
  Items(const Desk& desk, const DeskStatus& status);

  std::size_t size() const { return desk_.table().size() + readouts_.size(); }
  ItemId of(ReadoutId id) const { return static_cast<ItemId>(desk_.table().size()) + id; }
  const ReadoutTable& readouts() const noexcept { return readouts_; }
  const std::string& address(ItemId item) const;
  /// As it travels: enumerations by name.
  Value value(ItemId item) const;
  /// Those whose address matches an OSC pattern.
  std::vector<ItemId> match(std::string_view pattern) const;
  /// What a list of prefixes and patterns names, each with all that is below it; an empty list, or "", all.
  BitSet below(const std::vector<std::string>& filters) const;
  /// Read-outs whose value is another one than at the last call.
  std::vector<ItemId> changed_readouts();

 private:
  const Desk& desk_;
  const DeskStatus& status_;
  ReadoutTable readouts_;
  std::vector<Value> seen_;  ///< [read-out]
};

}  // namespace fohd::clients
