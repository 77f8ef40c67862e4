#include "daemon/fohctl/meter_picture.h"

#include <algorithm>
#include <cstdint>
#include <sstream>

#include "daemon/fohctl/value_text.h"

namespace fohd::ctl {
namespace {

using clients::kMeterGroups;
using clients::kMeterGroupTable;
using clients::MeterColumn;
using clients::MeterGroup;
using clients::MeterQuantity;

const MeterGroup& group_of(int group) { return kMeterGroupTable[static_cast<std::size_t>(group)]; }

/// Gains begin at none, latches off, levels at silence.
double at_first(const MeterColumn& column) {
  const bool level = column.quantity < MeterQuantity::clip;
  return level ? kSilence_db : 0;
}

std::string prefix_of(StripRef strip) { return owner_prefix(strip.owner_kind, std::to_string(strip.owner + 1)); }

}  // namespace

Geometry geometry_of(const OscReply& info) {
  // The first five stand behind the protocol's number, later ones behind the lease (docs/OSC.md, "/info").
  constexpr std::size_t kFirstCounts = 5, kFirst = 3, kLater = 6;
  Geometry geometry;
  for (std::size_t i = 0; i < kCountRows.size(); ++i) {
    const CountRow& row = kCountRows[i];
    geometry.*row.count = std::clamp(info.integer(i + (i < kFirstCounts ? kFirst : kLater)), row.min, row.max);
  }
  return geometry;
}

std::string db_text(double db) {
  if (db <= kSilence_db) return "  -inf";
  std::ostringstream text;
  text.setf(std::ios::fixed);
  text.precision(1);
  text.width(6);
  text << db;
  return text.str();
}

void MeterPicture::take(const OscReply& reply) {
  if (reply.address == "/meters" && !reply.blob.empty()) take_meters(reply);
  if (reply.address == "/info") take_info(reply);
  if (reply.address.ends_with("/name")) take_name(reply);
}

void MeterPicture::take_info(const OscReply& reply) {
  geometry_ = geometry_of(reply);
  cells_.clear();
  for (int group = 0; group < kMeterGroups; ++group) {
    const MeterGroup& row = group_of(group);
    std::vector<double>& numbers = groups_[static_cast<std::size_t>(group)];
    numbers.clear();
    for (int item = 0; item < row.items.count(geometry_); ++item) {
      cells_[row.items.strip(geometry_, item, 0)].push_back({group, item});
      for (const MeterColumn& column : row.columns) numbers.push_back(at_first(column));
    }
  }
}

void MeterPicture::take_name(const OscReply& reply) {
  constexpr std::size_t kMostNames = 1000;  // more than the largest desk has
  const std::string prefix = reply.address.substr(0, reply.address.size() - std::string_view("name").size());
  if (names_.size() < kMostNames || names_.contains(prefix)) names_[prefix] = printable(reply.text(0));
}

void MeterPicture::take_meters(const OscReply& reply) {
  const int number = reply.integer(0), first = reply.integer(1);
  if (number < 0 || number >= kMeterGroups || first < 0 || first > 1000) return;
  std::vector<double>& numbers = groups_[static_cast<std::size_t>(number)];
  const std::size_t start = static_cast<std::size_t>(first) * group_of(number).columns.size();
  for (std::size_t i = 0; i < reply.blob.size() / 2 && start + i < numbers.size(); ++i) {
    const auto bits = static_cast<std::uint16_t>(std::to_integer<unsigned>(reply.blob[2 * i]) << 8 |
                                                 std::to_integer<unsigned>(reply.blob[2 * i + 1]));
    numbers[start + i] = static_cast<std::int16_t>(bits) / 100.0;
  }
}

double MeterPicture::number(const Cell& cell, std::size_t column) const {
  const std::vector<double>& numbers = groups_[static_cast<std::size_t>(cell.group)];
  return numbers[static_cast<std::size_t>(cell.item) * group_of(cell.group).columns.size() + column];
}

/// Of all its lanes together: the loudest, the deepest.
MeterLine MeterPicture::line(StripRef strip) const {
  const OwnerRow& row = row_of(strip.owner_kind);
  MeterLine line;
  const auto first = lane_of(strip, geometry_);
  for (int lane = 0; first && lane < lanes_of(strip.owner_kind); ++lane) {
    double gain_db = 0;
    const auto cells = cells_.find(*first + lane);
    if (cells == cells_.end()) continue;
    for (const Cell& cell : cells->second) {
      const auto columns = group_of(cell.group).columns;
      double deepest_db = 0;  // of those beside each other, the one that works
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const double value = number(cell, i);
        const MeterQuantity level = row.has_outputs() ? MeterQuantity::output_peak : MeterQuantity::post_peak;
        if (columns[i].quantity == level) line.peak_db = std::max(line.peak_db, value);
        if (columns[i].quantity == MeterQuantity::clip) line.clipped = line.clipped || value > 0;
        if (columns[i].quantity == MeterQuantity::gain) deepest_db = std::min(deepest_db, value);
      }
      gain_db += deepest_db;
    }
    line.gain_db = std::min(line.gain_db, gain_db);
  }
  line.label = std::string(row.word) + (row.numbered ? " " + std::to_string(strip.owner + 1) : "");
  if (const auto name = names_.find(prefix_of(strip)); name != names_.end()) line.label += " " + name->second;
  return line;
}

std::vector<MeterLine> MeterPicture::lines() const {
  std::vector<MeterLine> lines;
  for (std::size_t k = 0; k < kOwnerRows.size(); ++k) {
    const OwnerRow& row = kOwnerRows[k];
    if (row.identity == nullptr || !row.strip) continue;
    for (int n = 0; n < row.count(geometry_); ++n) {
      MeterLine line = this->line({static_cast<OwnerKind>(k), n});
      const bool slot = !row.meters_input && !row.has_outputs();  // an effect's, which nothing may be in
      if (!slot || line.peak_db > kBottom_db) lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::vector<std::string> MeterPicture::plain_lines() const {
  std::vector<std::string> lines;
  for (int group = 0; group < kMeterGroups; ++group) {
    const MeterGroup& row = group_of(group);
    const int count = row.items.count(geometry_);
    for (int item = 0; row.line != nullptr && item < count; ++item) {
      const auto owner = owner_of_lane(row.items.strip(geometry_, item, 0), geometry_);
      if (!owner) continue;
      std::string line = prefix_of(owner->strip);
      line.pop_back();  // "/ch/1/" -> "/ch/1"
      if (lanes_of(owner->strip.owner_kind) == 2 && count > 1) line += owner->lane == 0 ? "/left" : "/right";
      line += row.line;
      for (std::size_t column = 0; column < row.columns.size(); ++column)
        line += " " + db_text(number({group, item}, column));
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

}  // namespace fohd::ctl
