#include "control/parameters/table.h"

#include <array>

namespace fohd {
namespace {

/// The strip on the other half of a pair (odd and the even behind it, counted from 1), or itself.
constexpr int pair_of(int strip, int count) {
  const int other = strip ^ 1;
  return other < count ? other : strip;
}

/// Appends one owner.
void add_owner(std::vector<Parameter>& into, StripRef strip, const Geometry& geometry) {
  const OwnedRows& rows = row_of(strip.owner_kind).rows;
  const std::string prefix = owner_prefix(strip.owner_kind, std::to_string(strip.owner + 1));
  for (std::size_t row = 0; row < rows.size; ++row) {
    const ParameterRow& info = rows.info(row);
    const std::size_t mark = info.path.find('#');
    const int count = info.repeat.count != nullptr ? info.repeat.count(geometry) : 1;
    for (int index = 0; index < count; ++index) {
      std::string address = prefix + std::string(info.path.substr(0, mark));
      if (mark != std::string_view::npos) {
        address += std::to_string(index + 1);
        address += info.path.substr(mark + 1);
      }
      const float def = info.default_of != nullptr ? info.default_of(geometry, strip.owner, index) : info.def.at(index);
      const auto id = static_cast<ParameterId>(into.size());
      into.push_back(
          {&info, strip.owner_kind, static_cast<int>(row), std::move(address), strip.owner, index, def, id, id});
    }
  }
}

}  // namespace

ParameterTable::ParameterTable(const Geometry& geometry) : geometry_(geometry) {
  std::array<std::size_t, kOwnerRows.size()> size{};  // owners of a kind have equally many
  for (std::size_t k = 0; k < kOwnerRows.size(); ++k) {
    const auto owner_kind = static_cast<OwnerKind>(k);
    for (int owner = 0; owner < owner_count(owner_kind, geometry); ++owner) {
      const std::size_t first = parameters_.size();
      add_owner(parameters_, {owner_kind, owner}, geometry);
      size[k] = parameters_.size() - first;
    }
  }

  tree_.reserve(parameters_.size());
  for (ParameterId id = 0; id < parameters_.size(); ++id) {
    Parameter& p = parameters_[id];
    if (row_of(p.owner_kind).link != nullptr) {
      const int other = pair_of(p.owner, owner_count(p.owner_kind, geometry));
      const auto each = static_cast<int>(size[static_cast<std::size_t>(p.owner_kind)]);
      p.partner = static_cast<ParameterId>(static_cast<int>(id) + (other - p.owner) * each);
    }
    if (const auto towards = p.row->repeat.towards) {
      p.send_partner = static_cast<ParameterId>(id + pair_of(p.index, owner_count(*towards, geometry)) - p.index);
    }
    tree_.add(p.address, id);
  }
}

std::optional<ParameterId> ParameterTable::find(std::string_view address) const { return tree_.find(address); }

std::vector<ParameterId> ParameterTable::match(std::string_view pattern) const { return tree_.match(pattern); }

ParameterTable::Range ParameterTable::strip(ParameterId id) const {
  const auto same = [&, &p = parameters_[id]](ParameterId other) {
    return parameters_[other].owner_kind == p.owner_kind && parameters_[other].owner == p.owner;
  };
  Range range{id, id + 1};
  while (range.first > 0 && same(range.first - 1)) --range.first;
  while (range.end < size() && same(range.end)) ++range.end;
  return range;
}

Field ParameterTable::field(DeskSettings& settings, ParameterId id) const {
  const Parameter& p = parameters_[id];
  return row_of(p.owner_kind).rows.field(settings, p.owner, static_cast<std::size_t>(p.row_number), p.index);
}

Value ParameterTable::read(const DeskSettings& settings, ParameterId id) const {
  // field() gives a place to write; nothing is written here.
  const Field place = field(const_cast<DeskSettings&>(settings), id);
  if (const auto* real = std::get_if<float*>(&place)) return **real;
  if (const auto* integer = std::get_if<int*>(&place)) return std::int32_t{**integer};
  if (const auto* boolean = std::get_if<bool*>(&place)) return std::int32_t{**boolean ? 1 : 0};
  if (const auto* index = std::get_if<unsigned char*>(&place)) return std::int32_t{**index};
  return *std::get<std::string*>(place);
}

void ParameterTable::write(DeskSettings& settings, ParameterId id, const Value& value) const {
  const Field place = field(settings, id);
  if (const auto* real = std::get_if<float*>(&place)) {
    **real = std::get<float>(value);
  } else if (const auto* integer = std::get_if<int*>(&place)) {
    **integer = std::get<std::int32_t>(value);
  } else if (const auto* boolean = std::get_if<bool*>(&place)) {
    **boolean = std::get<std::int32_t>(value) != 0;
  } else if (const auto* index = std::get_if<unsigned char*>(&place)) {
    **index = static_cast<unsigned char>(std::get<std::int32_t>(value));
  } else {
    *std::get<std::string*>(place) = std::get<std::string>(value);
  }
}

Value ParameterTable::default_value(ParameterId id) const {
  const Parameter& p = parameters_[id];
  switch (p.row->kind) {
    case Kind::real:
      return p.def;
    case Kind::text:
      return std::string();
    default:
      return static_cast<std::int32_t>(p.def);
  }
}

}  // namespace fohd
