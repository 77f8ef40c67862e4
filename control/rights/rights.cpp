#include "control/rights/rights.h"

#include <array>
#include <charconv>

#include "control/parameters/table.h"

namespace fohd {
namespace {

constexpr std::array<std::string_view, 4> kRoleNames = {"refused", "viewer", "monitor", "engineer"};

std::string_view take_word(std::string_view& text) {
  const std::size_t begin = text.find_first_not_of(" ,");
  if (begin == std::string_view::npos) return text = {};
  text.remove_prefix(begin);
  const std::string_view word = text.substr(0, text.find_first_of(" ,"));
  text.remove_prefix(word.size());
  return word;
}

std::string bus_list(std::uint64_t buses) {
  std::string list;
  for (int bus = 0; bus < kMaxBuses; ++bus) {
    if ((buses >> bus & 1) != 0) list += (list.empty() ? "" : " ") + std::to_string(bus + 1);
  }
  return list;
}

}  // namespace

std::optional<Rights> parse_rights(std::string_view text) {
  const std::string_view role = take_word(text);
  Rights rights;
  for (std::size_t i = 0; i < kRoleNames.size(); ++i) {
    if (role == kRoleNames[i]) rights.role = static_cast<Role>(i);
  }
  if (role != kRoleNames[static_cast<std::size_t>(rights.role)]) return std::nullopt;
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
    int bus = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), bus);
    if (read.ec != std::errc() || read.ptr != word.data() + word.size() || bus < 1 || bus > kMaxBuses)
      return std::nullopt;
    rights.buses |= std::uint64_t{1} << (bus - 1);
  }
  if ((rights.role == Role::monitor) != (rights.buses != 0)) return std::nullopt;
  return rights;
}

std::string to_text(const Rights& rights) {
  const std::string name(kRoleNames[static_cast<std::size_t>(rights.role)]);
  return rights.role == Role::monitor ? name + " " + bus_list(rights.buses) : name;
}

bool may_change(const Rights& rights, const Parameter& parameter) noexcept {
  if (rights.role != Role::monitor) return rights.role == Role::engineer;
  const auto owns = [&](int bus) { return bus >= 0 && bus < kMaxBuses && (rights.buses >> bus & 1) != 0; };
  if (const auto towards = parameter.row->repeat.towards) return *towards == OwnerKind::bus && owns(parameter.index);
  if (parameter.owner_kind != OwnerKind::bus || !owns(parameter.owner)) return false;
  // A link copies one half of the pair to the other, what reaches main included.
  return parameter.row->persistence != Persistence::output && !parameter.row->reaches_main &&
         parameter.row->link_role != LinkRole::toggle;
}

std::string explain_refusal(const Rights& rights) {
  switch (rights.role) {
    case Role::engineer:
      return "";
    case Role::monitor:
      return "you may change the sound of bus " + bus_list(rights.buses) + " and what is sent to it, nothing else";
    case Role::viewer:
      return "you may look, and change nothing; an engineer lets you in with `fohctl approve`, or a key does with "
             "/login";
    case Role::refused:
      break;
  }
  return "this desk does not hear you";
}

}  // namespace fohd
