#include "control/parameters/table.h"

#include "control/parameters/rows.h"

namespace fohd {
namespace {

constexpr int repeats(Repeat repeat, const Geometry& geometry) {
  switch (repeat) {
    case Repeat::channel_band:
      return kChannelEqBands;
    case Repeat::mix_band:
      return kMixEqBands;
    case Repeat::bus:
      return geometry.buses;
    case Repeat::once:
      break;
  }
  return 1;
}

/// The strip on the other half of a pair (odd and the even behind it, counted from 1), or itself.
constexpr int pair_of(int strip, int count) {
  const int other = strip ^ 1;
  return other < count ? other : strip;
}

template <class Owner>
Field point(const Row<Owner>& row, Owner& owner, int index) {
  return std::visit([&](auto member) { return Field(&member(owner, index)); }, row.field);
}

/// Appends one strip.
template <class Owner>
void add_owner(std::vector<Parameter>& into, std::span<const Row<Owner>> rows, Family family, const std::string& prefix,
               int owner, const Geometry& geometry) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const ParameterRow& info = rows[row].info;
    const std::size_t mark = info.path.find('#');
    for (int index = 0; index < repeats(info.repeat, geometry); ++index) {
      std::string address = prefix + std::string(info.path.substr(0, mark));
      if (mark != std::string_view::npos) {
        address += std::to_string(index + 1);
        address += info.path.substr(mark + 1);
      }
      const float def = info.default_of != nullptr ? info.default_of(owner, index) : info.def.at(index);
      const auto id = static_cast<ParameterId>(into.size());
      into.push_back({&info, family, static_cast<int>(row), std::move(address), owner, index, def, id, id});
    }
  }
}

template <class Owner>
std::size_t owner_size(std::span<const Row<Owner>> rows, const Geometry& geometry) {
  std::size_t size = 0;
  for (const Row<Owner>& row : rows) size += static_cast<std::size_t>(repeats(row.info.repeat, geometry));
  return size;
}

}  // namespace

ParameterTable::ParameterTable(const Geometry& geometry) : geometry_(geometry) {
  const std::size_t channel_size = owner_size(channel_rows(), geometry), bus_size = owner_size(bus_rows(), geometry);
  parameters_.reserve(channel_size * geometry.inputs + bus_size * geometry.buses + owner_size(main_rows(), geometry) +
                      owner_size(global_rows(), geometry));
  for (int n = 0; n < geometry.inputs; ++n) {
    add_owner(parameters_, channel_rows(), Family::channel, "/ch/" + std::to_string(n + 1) + "/", n, geometry);
  }
  for (int n = 0; n < geometry.buses; ++n) {
    add_owner(parameters_, bus_rows(), Family::bus, "/bus/" + std::to_string(n + 1) + "/", n, geometry);
  }
  add_owner(parameters_, main_rows(), Family::main, "/main/", 0, geometry);
  add_owner(parameters_, global_rows(), Family::global, "/", 0, geometry);

  tree_.reserve(parameters_.size());
  // Strips of a kind are equally long, so the other half of a pair lies one strip away.
  for (ParameterId id = 0; id < parameters_.size(); ++id) {
    Parameter& p = parameters_[id];
    if (p.family == Family::channel || p.family == Family::bus) {
      const bool channel = p.family == Family::channel;
      const int other = pair_of(p.owner, channel ? geometry.inputs : geometry.buses);
      p.partner =
          static_cast<ParameterId>(id + (other - p.owner) * static_cast<int>(channel ? channel_size : bus_size));
    }
    if (p.row->repeat == Repeat::bus) {
      p.bus_partner = static_cast<ParameterId>(id + pair_of(p.index, geometry.buses) - p.index);
    }
    tree_.add(p.address, id);
  }
}

std::optional<ParameterId> ParameterTable::find(std::string_view address) const { return tree_.find(address); }

std::vector<ParameterId> ParameterTable::match(std::string_view pattern) const { return tree_.match(pattern); }

ParameterTable::Range ParameterTable::strip(ParameterId id) const {
  const auto same = [&, &p = parameters_[id]](ParameterId other) {
    return parameters_[other].family == p.family && parameters_[other].owner == p.owner;
  };
  Range range{id, id + 1};
  while (range.first > 0 && same(range.first - 1)) --range.first;
  while (range.end < size() && same(range.end)) ++range.end;
  return range;
}

Field ParameterTable::field(DeskSettings& settings, ParameterId id) const {
  const Parameter& p = parameters_[id];
  const auto row = static_cast<std::size_t>(p.row_number);
  const auto owner = static_cast<std::size_t>(p.owner);
  switch (p.family) {
    case Family::channel:
      return point(channel_rows()[row], settings.channels[owner], p.index);
    case Family::bus:
      return point(bus_rows()[row], settings.buses[owner], p.index);
    case Family::main:
      return point(main_rows()[row], settings.main, p.index);
    case Family::global:
      break;
  }
  return point(global_rows()[row], settings.global, p.index);
}

Value ParameterTable::read(const DeskSettings& settings, ParameterId id) const {
  // field() gives a place to write; nothing is written here.
  const Field place = field(const_cast<DeskSettings&>(settings), id);
  if (const auto* real = std::get_if<float*>(&place)) return **real;
  if (const auto* integer = std::get_if<int*>(&place)) return std::int32_t{**integer};
  if (const auto* boolean = std::get_if<bool*>(&place)) return std::int32_t{**boolean ? 1 : 0};
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
