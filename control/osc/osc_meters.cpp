#include "control/osc/osc_meters.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "control/osc/osc_packet.h"
#include "engine/processors/dynamics_laws.h"

namespace fohd::osc {
namespace {

/// "/meters" + ",iib" + two ints + the blob's size.
constexpr std::size_t kMeterHeaderBytes = 8 + 8 + 8 + 4;

std::int16_t centibel(float value, double factor) noexcept {
  if (!(value > 0)) return kSilenceCentibel;  // NaN too
  const double hundredths = std::round(100 * factor * std::log10(double{value}));
  return static_cast<std::int16_t>(
      std::clamp(hundredths, double{kSilenceCentibel}, double{std::numeric_limits<std::int16_t>::max()}));
}

MeterGroup::Items items_of(int group) noexcept { return kMeterGroupTable[static_cast<std::size_t>(group)].items; }

void append_be16(std::vector<std::byte>& out, std::int16_t value) {
  const auto bits = static_cast<std::uint16_t>(value);
  out.push_back(static_cast<std::byte>(bits >> 8));
  out.push_back(static_cast<std::byte>(bits & 0xff));
}

/// Marks what counted on since the last frame.
void latch(std::vector<bool>& latches, const std::vector<std::uint32_t>& now,
           const std::vector<std::uint32_t>& before) {
  for (std::size_t i = 0; i < latches.size() && i < now.size(); ++i) {
    if (now[i] != before[i]) latches[i] = true;
  }
}

}  // namespace

std::int16_t peak_centibel(float peak) noexcept { return centibel(peak, 20); }
std::int16_t octave_centibel(float gain) noexcept {
  if (!(gain > -19)) return kSilenceCentibel;  // NaN too; 19 octaves are 114 dB
  return static_cast<std::int16_t>(std::lround(100 * kDbPerOctave * std::min(double{gain}, 19.0)));
}
std::int16_t power_centibel(float mean_square) noexcept { return centibel(mean_square, 10); }

MeterHub::MeterHub(const Geometry& geometry)
    : geometry_(geometry),
      last_(geometry),
      input_clipped_(static_cast<std::size_t>(geometry.channels())),
      output_clipped_(static_cast<std::size_t>(geometry.outputs())),
      faulty_(static_cast<std::size_t>(geometry.strips())),
      views_(kMeterIntervalsMs.size() * kMeterGroups) {}

int MeterHub::items(int group) const noexcept {
  switch (items_of(group)) {
    case MeterGroup::Items::channels:
      return geometry_.channels();
    case MeterGroup::Items::outputs:
      return geometry_.outputs();
    case MeterGroup::Items::returns:
    case MeterGroup::Items::effect_inputs:
      return geometry_.returns;
    case MeterGroup::Items::main:
      break;
  }
  return 1;
}

/// Outputs are main left, main right, buses: the same order as the mixes.
int MeterHub::strip_of(int group, int item) const noexcept {
  switch (items_of(group)) {
    case MeterGroup::Items::outputs:
      return geometry_.output_strip(item);
    case MeterGroup::Items::returns:
      return geometry_.first_return_strip() + item;
    case MeterGroup::Items::effect_inputs:
      return geometry_.first_effect_strip() + item;
    default:
      return item;
  }
}

int MeterHub::rate_for(int interval_ms) noexcept {
  const auto* const at = std::lower_bound(kMeterIntervalsMs.begin(), kMeterIntervalsMs.end(), interval_ms);
  return static_cast<int>(std::min(at, kMeterIntervalsMs.end() - 1) - kMeterIntervalsMs.begin());
}

void MeterHub::join(int rate, int group, std::int64_t now_ms) {
  View& v = view(rate, group);
  if (v.clients++ > 0) return;
  v.next_ms = std::max(v.next_ms, now_ms);  // leaving and joining again gives no more frames than staying
  v.peaks.assign(static_cast<std::size_t>(items(group)) * 2, 0.0f);
}

void MeterHub::leave(int rate, int group) noexcept { --view(rate, group).clients; }

void MeterHub::fold(View& v, int group, const MeterFrame& frame) const {
  for (int item = 0; item < items(group); ++item) {
    float* peak = &v.peaks[static_cast<std::size_t>(item) * 2];
    if (group <= 1 || group >= 8) {
      const StripMeter& strip = frame.strips[static_cast<std::size_t>(strip_of(group, item))];
      peak[0] = std::max(peak[0], strip.pre_peak);
      peak[1] = std::max(peak[1], strip.post_peak);
    } else if (group == 7) {
      peak[0] = std::min(peak[0], frame.limiter_gain);
    } else if (group >= 5) {
      const StripMeter& strip = frame.strips[static_cast<std::size_t>(strip_of(group, item))];
      peak[0] = std::min(peak[0], group == 5 ? strip.gate_gain : strip.compressor_gain);
      peak[1] = std::min(peak[1], strip.compressor_gain);
    } else if (group == 2) {
      peak[0] = std::max(peak[0], frame.outputs[static_cast<std::size_t>(item)]);
    }
  }
}

void MeterHub::take(const MeterFrame& frame, DeskStatus& status) {
  if (frame.strips.size() != last_.strips.size() || frame.outputs.size() != last_.outputs.size()) return;
  // A new engine (another sample rate) counts from zero again: its counters are not comparable with the old one's.
  if (frame.frames >= last_.frames) {
    latch(input_clipped_, frame.input_clips, last_.input_clips);
    latch(output_clipped_, frame.output_clips, last_.output_clips);
    latch(faulty_, frame.faults, last_.faults);
  }
  last_ = frame;
  for (std::size_t i = 0; i < status.input_clipped.size(); ++i) status.input_clipped[i] = input_clipped_[i];
  status.output_clipped = output_clipped_;
  show_safety_mutes(frame, status);
  for (std::size_t i = 0; i < views_.size(); ++i) {
    if (views_[i].clients > 0) fold(views_[i], static_cast<int>(i) % kMeterGroups, frame);
  }
}

void MeterHub::show_safety_mutes(const MeterFrame& frame, DeskStatus& status) const {
  const auto muted = [&](int strip) { return frame.safety_mutes[static_cast<std::size_t>(strip)] != 0; };
  for (int n = 0; n < geometry_.inputs; ++n) status.channel_safety_muted[static_cast<std::size_t>(n)] = muted(n);
  for (int n = 0; n < geometry_.buses; ++n) {
    status.bus_safety_muted[static_cast<std::size_t>(n)] = muted(geometry_.first_bus_strip() + n);
  }
  status.main_safety_muted = muted(geometry_.main_strip()) || muted(geometry_.main_strip() + 1);
}

void MeterHub::clear_latches(DeskStatus& status) {
  for (auto* latches : {&input_clipped_, &output_clipped_, &faulty_, &status.input_clipped, &status.output_clipped}) {
    std::fill(latches->begin(), latches->end(), false);
  }
}

bool MeterHub::due(int rate, int group, std::int64_t now_ms) {
  View& v = view(rate, group);
  if (v.clients == 0 || now_ms < v.next_ms) return false;
  const int interval_ms = kMeterIntervalsMs[static_cast<std::size_t>(rate)];
  v.next_ms += interval_ms;
  if (v.next_ms <= now_ms) v.next_ms = now_ms + interval_ms;  // after a stall: no burst to catch up
  return true;
}

std::int16_t MeterHub::value(const View& v, int group, int item, int column) const {
  const auto i = static_cast<std::size_t>(item);
  const auto strip = static_cast<std::size_t>(strip_of(group, item));
  const auto flag = [](bool on) { return static_cast<std::int16_t>(on ? 1 : 0); };
  switch (group) {
    case 0:
    case 1:
    case 8:
    case 9: {
      const StripMeter& meter = last_.strips[strip];
      if (column % 2 == 0) return peak_centibel(v.peaks[i * 2 + static_cast<std::size_t>(column / 2)]);
      return power_centibel(column == 1 ? meter.pre_mean_square : meter.post_mean_square);
    }
    case 2:
      if (column == 0) return peak_centibel(v.peaks[i * 2]);
      return column == 1 ? power_centibel(last_.output_mean_squares[i]) : flag(output_clipped_[i]);
    case 5:
    case 6:
    case 7:
      return octave_centibel(v.peaks[i * 2 + static_cast<std::size_t>(column)]);
    default:
      if (column == 1) return flag(faulty_[strip]);
      return flag(group == 3 ? input_clipped_[i] : output_clipped_[i]);
  }
}

void MeterHub::encode(int rate, int group, std::vector<std::vector<std::byte>>& datagrams) {
  datagrams.clear();
  View& v = view(rate, group);
  const int columns = kMeterGroupTable[static_cast<std::size_t>(group)].values_per_item;
  // The blob is padded to 4 bytes; 1,372 is a multiple of 4, so whole items below it stay below it padded.
  const int per_datagram = static_cast<int>((kMaxDatagramBytes - kMeterHeaderBytes) / 2) / columns;
  std::vector<std::byte> blob;
  for (int first = 0; first < items(group); first += per_datagram) {
    blob.clear();
    const int end = std::min(items(group), first + per_datagram);
    for (int item = first; item < end; ++item) {
      for (int column = 0; column < columns; ++column) append_be16(blob, value(v, group, item, column));
    }
    MessageBuilder message;
    message.add(std::int32_t{group}).add(std::int32_t{first}).add_blob(blob);
    message.append_to(datagrams.emplace_back(), "/meters");
  }
  std::fill(v.peaks.begin(), v.peaks.end(), 0.0f);
}

}  // namespace fohd::osc
