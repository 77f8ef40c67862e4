#include "control/clients/items.h"

#include <algorithm>

namespace fohd::clients {
namespace {

/// Segments of the desk's longest addresses are five ("/ch/3/eq/2/freq"); room for what comes.
constexpr int kMaxDepth = 8;

}  // namespace

Items::Items(const Desk& desk, const DeskStatus& status) : desk_(desk), status_(status), readouts_(desk.geometry()) {
  for (ReadoutId id = 0; id < readouts_.size(); ++id) {
    seen_.push_back(readouts_.read(desk_.settings(), status_, id));
  }
}

const std::string& Items::address(ItemId item) const {
  const std::size_t parameters = desk_.table().size();
  return item < parameters ? desk_.table()[item].address : readouts_[static_cast<ReadoutId>(item - parameters)].address;
}

Value Items::value(ItemId item) const {
  const std::size_t parameters = desk_.table().size();
  if (item >= parameters) {
    return readouts_.read(desk_.settings(), status_, static_cast<ReadoutId>(item - parameters));
  }
  Value value = desk_.get(item);
  const ParameterRow& row = *desk_.table()[item].row;
  if (row.kind != Kind::enumeration) return value;
  return std::string(row.names[static_cast<std::size_t>(std::get<std::int32_t>(value))]);
}

std::vector<ItemId> Items::match(std::string_view pattern) const {
  std::vector<ItemId> items = desk_.table().match(pattern);
  for (const ReadoutId id : readouts_.match(pattern)) items.push_back(of(id));
  return items;
}

/// "/ch/{1,2}" stands for itself and for all below it: "/ch/{1,2}/*", "/ch/{1,2}/*/*" and so on.
BitSet Items::below(const std::vector<std::string>& filters) const {
  BitSet wanted(size());
  const bool all = filters.empty() || std::find(filters.begin(), filters.end(), "") != filters.end();
  for (ItemId item = 0; all && item < size(); ++item) wanted.insert(item);
  for (const std::string& filter : filters) {
    std::string pattern = filter;
    for (auto depth = std::count(filter.begin(), filter.end(), '/'); !all && depth <= kMaxDepth; ++depth) {
      for (const ItemId item : match(pattern)) wanted.insert(item);
      pattern += "/*";
    }
  }
  return wanted;
}

std::vector<ItemId> Items::changed_readouts() {
  std::vector<ItemId> changed;
  for (ReadoutId id = 0; id < readouts_.size(); ++id) {
    Value value = readouts_.read(desk_.settings(), status_, id);
    if (value == seen_[id]) continue;
    seen_[id] = std::move(value);
    changed.push_back(of(id));
  }
  return changed;
}

}  // namespace fohd::clients
