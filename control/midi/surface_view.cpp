#include "control/midi/surface_view.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "control/parameters/taper.h"

namespace fohd {
namespace {

using What = MidiTarget::What;

}  // namespace

std::vector<StripRef> find_strips(const ParameterTable& table, std::span<const std::string> patterns) {
  std::vector<StripRef> strips;
  for (const std::string& pattern : patterns) {
    for (const ParameterId id : table.match(pattern + "/fader")) {
      const StripRef strip{table[id].owner_kind, table[id].owner};
      if (std::find(strips.begin(), strips.end(), strip) == strips.end()) strips.push_back(strip);
    }
  }
  return strips;
}

SurfaceView::SurfaceView(const Desk& desk, std::span<const MidiLayer> layers, int columns)
    : desk_(desk), layers_(layers), columns_(std::max(columns, 1)) {
  buses_ = all_of(row_of(OwnerKind::bus).word);
  order_source_.what = What::view;
  order_source_.path = row_of(OwnerKind::channel).word;
  order_ = all_of(order_source_.path);
  if (!order_.empty()) selected_ = order_.front();
}

std::vector<StripRef> SurfaceView::all_of(std::string_view word) const {
  std::vector<StripRef> strips;
  for (std::size_t f = 0; f < kOwnerRows.size(); ++f) {
    if (word != "all" && kOwnerRows[f].word != word) continue;
    const auto owner_kind = static_cast<OwnerKind>(f);
    for (int owner = 0; owner < owner_count(owner_kind, desk_.geometry()); ++owner) {
      if (below({owner_kind, owner}, "fader")) strips.push_back({owner_kind, owner});
    }
  }
  return strips;
}

std::optional<ParameterId> SurfaceView::below(StripRef strip, std::string_view path) const {
  return desk_.table().find(owner_prefix(strip.owner_kind, std::to_string(strip.owner + 1)) + std::string(path));
}

std::optional<StripRef> SurfaceView::strip(int column) const {
  const auto& strips = order();
  const auto at = static_cast<std::size_t>(offset() + column);
  if (column < 0 || column >= columns_ || at >= strips.size()) return std::nullopt;
  return strips[at];
}

// ---------------------------------------------------------------- actions

bool SurfaceView::act(const MidiTarget& target, int column, bool pressed) {
  if (target.what == What::fine) {
    fine_ = pressed;
    return true;
  }
  const std::optional<bool> is_action = lit(target, column);
  if (!is_action) return false;
  if (!pressed) return true;
  ++revision_;
  switch (target.what) {
    case What::bank_left:
      scroll(-columns_);
      break;
    case What::bank_right:
      scroll(columns_);
      break;
    case What::channel_left:
      scroll(-1);
      break;
    case What::channel_right:
      scroll(1);
      break;
    case What::flip:
      flip_ = !flip_;
      break;
    case What::sends_on_faders:
      sends_ = !sends_;
      break;
    case What::spill:
      toggle_spill();
      break;
    case What::select:
      if (const auto here = strip(column)) select(*here);
      break;
    case What::view:
      set_order(all_of(target.path), target);
      break;
    case What::layer: {
      const auto number = static_cast<std::size_t>(target.number - 1);
      if (number < layers_.size()) set_order(find_strips(desk_.table(), layers_[number].strips), target);
      break;
    }
    case What::rotary_strip:
      rotary_path_ = target.path;
      prefixes_.clear();
      rotaries_.clear();
      break;
    case What::rotary_selected:
      prefixes_ = target.prefixes;
      page_ = 0;
      collect_rotaries();
      break;
    case What::page_left:
      page_ = std::max(page_ - 1, 0);
      break;
    case What::page_right:
      if ((page_ + 1) * columns_ < static_cast<int>(rotaries_.size())) ++page_;
      break;
    case What::display_values:
      fader_values_ = !fader_values_;
      break;
    case What::display_clock:
      load_ = !load_;
      break;
    default:
      break;
  }
  return true;
}

std::optional<bool> SurfaceView::lit(const MidiTarget& target, int column) const {
  switch (target.what) {
    case What::nothing:
    case What::fader:
    case What::rotary:
    case What::rotary_push:
    case What::strip:
    case What::selected:
    case What::address:
      return std::nullopt;
    case What::select: {
      const auto here = strip(column);
      return here && *here == selected_;
    }
    case What::view:
      return !spilled_ && order_source_.what == What::view && order_source_.path == target.path;
    case What::layer:
      return !spilled_ && order_source_.what == What::layer && order_source_.number == target.number;
    case What::rotary_strip:
      return prefixes_.empty() && rotary_path_ == target.path;
    case What::rotary_selected:
      return prefixes_ == target.prefixes;
    case What::flip:
      return flip_;
    case What::sends_on_faders:
      return sends_;
    case What::spill:
      return spilled_;
    case What::fine:
      return fine_;
    case What::display_values:
      return fader_values_;
    case What::display_clock:
      return load_;
    default:
      return false;
  }
}

void SurfaceView::set_order(std::vector<StripRef> strips, const MidiTarget& source) {
  if (strips.empty()) return;  // a desk without such strips: dead columns are useless
  order_ = std::move(strips);
  order_source_ = source;
  offset_ = 0;
  spilled_ = false;
}

void SurfaceView::show(std::vector<StripRef> strips) {
  if (strips.empty()) return;
  if (!spilled_) {
    unspilled_ = order_;
    unspilled_offset_ = offset_;
  }
  order_ = std::move(strips);
  offset_ = 0;
  spilled_ = true;
  if (selected_.owner_kind != OwnerKind::bus) sends_ = false;  // else the faders would be the buses
  ++revision_;
}

void SurfaceView::toggle_spill() {
  if (!spilled_) return show(contributors());
  order_ = std::move(unspilled_);
  offset_ = unspilled_offset_;
  spilled_ = false;
}

/// The strips that feed the selected one: by a send that is on and not off, or by their way to main.
std::vector<StripRef> SurfaceView::contributors() const {
  const auto value = [&](StripRef strip, const std::string& path) -> std::optional<Value> {
    const auto id = below(strip, path);
    return id ? std::optional(desk_.get(*id)) : std::nullopt;
  };
  std::vector<StripRef> strips;
  for (const StripRef strip : all_of("all")) {
    if (selected_.owner_kind == OwnerKind::main) {
      if (const auto on = value(strip, "main/on"); on && *on == Value(std::int32_t{1})) strips.push_back(strip);
      continue;
    }
    if (selected_.owner_kind != OwnerKind::bus) continue;
    const std::string send = "send/" + std::to_string(selected_.owner + 1);
    const auto on = value(strip, send + "/on"), level = value(strip, send + "/level"),
               tap = value(strip, send + "/tap");
    if (!on || !level || !tap || *on == Value(std::int32_t{0})) continue;
    const bool subgroup = *tap == Value(static_cast<std::int32_t>(SendTap::subgroup));
    if (subgroup || std::get<float>(*level) > kLevelOffDb) strips.push_back(strip);
  }
  return strips;
}

void SurfaceView::scroll(int by) {
  const int last = std::max(0, static_cast<int>(order().size()) - columns_);
  int& first = columns_are_buses() ? bus_offset_ : offset_;
  first = std::clamp(first + by, 0, last);
}

void SurfaceView::select(StripRef strip) {
  selected_ = strip;
  if (prefixes_.empty()) return;
  collect_rotaries();
  if (page_ * columns_ >= static_cast<int>(rotaries_.size())) page_ = 0;
}

/// What the selected strip has below the prefixes, bands and sends one behind the other: everything of the first, then
/// of the second; what stands once comes last.
void SurfaceView::collect_rotaries() {
  constexpr int kDepth = 4;  // "eq/1/freq", "gate/key/filter/on"
  rotaries_.clear();
  const ParameterTable& table = desk_.table();
  const std::string strip = owner_prefix(selected_.owner_kind, std::to_string(selected_.owner + 1));
  for (const std::string& prefix : prefixes_) {
    std::vector<ParameterId> found;
    std::string pattern = strip + prefix;
    for (int depth = 0; depth < kDepth; ++depth, pattern += "/*") {
      for (const ParameterId id : table.match(pattern)) {
        if (has_taper(*table[id].row)) found.push_back(id);
      }
    }
    const auto place = [&](ParameterId id) {
      return std::tuple(table[id].row->repeat == kOnce ? 1 : 0, table[id].index, id);
    };
    std::sort(found.begin(), found.end(), [&](ParameterId a, ParameterId b) { return place(a) < place(b); });
    rotaries_.insert(rotaries_.end(), found.begin(), found.end());
  }
}

// ---------------------------------------------------------------- what controls stand for

std::optional<ParameterId> SurfaceView::strip_fader(int column) const {
  const auto here = strip(column);
  if (!here) return std::nullopt;
  if (!sends_) return below(*here, "fader");
  const auto send = [](StripRef bus) { return "send/" + std::to_string(bus.owner + 1) + "/level"; };
  if (selected_.owner_kind == OwnerKind::bus)
    return row_of(here->owner_kind).has_sends ? below(*here, send(selected_)) : std::nullopt;
  return here->owner_kind == OwnerKind::bus ? below(selected_, send(*here)) : std::nullopt;
}

std::optional<ParameterId> SurfaceView::rotary(int column) const {
  if (prefixes_.empty()) {
    const auto here = strip(column);
    return here ? below(*here, rotary_path_) : std::nullopt;
  }
  const auto at = static_cast<std::size_t>(page_ * columns_ + column);
  return column < columns_ && at < rotaries_.size() ? std::optional(rotaries_[at]) : std::nullopt;
}

std::optional<ParameterId> SurfaceView::parameter(const MidiTarget& target, int column) const {
  switch (target.what) {
    case What::fader:
      return flip_ ? rotary(column) : strip_fader(column);
    case What::rotary:
    case What::rotary_push:
      return flip_ ? strip_fader(column) : rotary(column);
    case What::strip: {
      const auto here = strip(column);
      return here ? below(*here, target.path) : std::nullopt;
    }
    case What::selected:
      return below(selected_, target.path);
    case What::address:
      return desk_.table().find(target.path);
    default:
      return std::nullopt;
  }
}

std::string SurfaceView::assignment() const {
  if (sends_) {
    if (selected_.owner_kind != OwnerKind::bus) return "SF";
    const std::string number = std::to_string(selected_.owner + 1);
    return number.size() < 2 ? " " + number : number;
  }
  std::string text = prefixes_.empty() ? rotary_path_ : prefixes_.front();
  text.resize(2, ' ');
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace fohd
