#include "daemon/disk/name_channels.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace fohd {
namespace {

void add(const Desk& desk, const std::string& address, const Value& value, std::vector<Change>& changes) {
  const auto id = desk.table().find(address);
  if (id && desk.get(*id) != value) changes.push_back({*id, value});
}

}  // namespace

void name_and_link_channels(Desk& desk, const ChannelFiles& files) {
  std::vector<Change> changes;
  for (const ChannelFile& file : files) {
    for (int channel = file.channel; channel <= file.channel + (file.stereo ? 1 : 0); ++channel) {
      const std::string strip = "/ch/" + std::to_string(channel);
      const auto name = desk.table().find(strip + "/name");
      const bool unnamed = name && desk.get(*name) == desk.table().default_value(*name);
      if (unnamed && !file.name.empty()) add(desk, strip + "/name", file.name, changes);
    }
    if (file.stereo) add(desk, "/ch/" + std::to_string(file.channel) + "/link", std::int32_t{1}, changes);
  }
  std::string error;
  Origin origin;
  origin.side = Origin::Side::start;
  // Cannot fail: names were cut to size, channels exist, since the folder was scanned for this desk.
  desk.apply(origin, changes, error);
}

float raise_faders(Desk& desk, const ChannelFiles& files) {
  const auto count = static_cast<double>(std::max<std::size_t>(files.size(), 1));
  const auto level_db = static_cast<float>(-std::round(10 * std::log10(count)));
  std::vector<Change> changes;
  for (const ChannelFile& file : files) {
    for (int channel = file.channel; channel <= file.channel + (file.stereo ? 1 : 0); ++channel) {
      add(desk, "/ch/" + std::to_string(channel) + "/fader", level_db, changes);
    }
  }
  add(desk, "/main/fader", 0.0f, changes);
  std::string error;
  desk.apply({Origin::Side::start, 0}, changes, error);  // cannot fail, as above
  return level_db;
}

bool faders_let_through(const Desk& desk, const ChannelFiles& files) {
  const auto up = [&](const std::string& address) {
    const auto id = desk.table().find(address);
    return id && desk.get(*id) != Value(desk.table()[*id].row->min);
  };
  return up("/main/fader") && std::any_of(files.begin(), files.end(), [&](const ChannelFile& file) {
           return up("/ch/" + std::to_string(file.channel) + "/fader");
         });
}

}  // namespace fohd
