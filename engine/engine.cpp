// Order of a chunk (at most 64 frames, never across a multiple of 64 of the frame counter): rim and input stage of all
// channels, the rest of all channels, returns, buses, main, matrices, outputs. Everything decimated happens where the
// counter passes a multiple of 64. (Returns hear effects, which hear buses: with the first effect they go behind the
// buses; the matrix then gives buses the returns of 64 frames ago.)
#include "engine/engine.h"

#include <algorithm>
#include <vector>

#include "engine/delayed_tile.h"
#include "engine/denormals.h"
#include "engine/gain_matrix.h"
#include "engine/main_master.h"
#include "engine/output_stage.h"
#include "engine/rim.h"
#include "engine/shutter.h"
#include "engine/strip_tile.h"

namespace fohd {

struct Engine::Impl {
  Impl(const Geometry& g, double rate, double look_ahead_ms);

  void set_targets(const DeskTargets& targets) noexcept;
  void settle() noexcept;
  void process_chunk(const float* const* inputs, float* const* outputs, int offset, int frames) noexcept;
  void collect_keys() noexcept;
  void process_outputs(float* const* outputs, int offset, int frames) noexcept;
  void grid() noexcept;
  void read_meters(MeterFrame& frame) const noexcept;

  StripTile& tile(int index) noexcept { return tiles[index]; }
  /// Stages in the order of their tiles: the bus tiles, then main.
  OutputStage& output_stage(int output) noexcept {
    return stages[geometry.output_strip(output) / kLanes - first_mix_tile];
  }
  /// The guard that watches a strip, if it has one: channels at the rim, buses and main at their outputs.
  const FaultGuard* guard(int strip) const noexcept;
  int output_of(int strip) const noexcept;

  const Geometry geometry;
  const double rate_hz;
  const float meter_share;
  const int first_mix_tile;
  Rim rim;
  std::vector<RimReport> rim_reports;  ///< [tile] of the present chunk
  std::vector<StripTile> tiles;
  std::vector<TileTaps> taps;             ///< [tile] of the present chunk
  std::vector<DelayedTile> buses_before;  ///< [bus tile] tap pre_fader, 64 frames ago, for keys
  std::vector<const float*> keys;         ///< [strip] of the present chunk (engine/key_tile.h)
  GainMatrix matrix;
  MainMaster master;
  std::vector<OutputStage> stages;
  Shutter shutter;
  float shutter_gains[kSubBlockFrames] = {};
  std::uint64_t frames_done = 0;
  std::vector<std::uint32_t> lane_revisions, row_revisions, output_revisions;
  std::uint32_t main_revision = 0;
  std::vector<std::uint32_t> inner_faults;  ///< [strip] found at the grid, in strips that no guard watches
};

Engine::Impl::Impl(const Geometry& g, double rate, double look_ahead_ms)
    : geometry(g),
      rate_hz(rate),
      meter_share(mean_square_share(rate)),
      first_mix_tile(g.first_mix_strip() / kLanes),
      rim(g, rate),
      rim_reports(static_cast<std::size_t>(g.channel_tiles())),
      taps(static_cast<std::size_t>(g.tiles())),
      buses_before(static_cast<std::size_t>(g.bus_tiles())),
      keys(static_cast<std::size_t>(g.strips())),
      matrix(g),
      master(rate, look_ahead_ms),
      lane_revisions(static_cast<std::size_t>(g.strips())),
      row_revisions(static_cast<std::size_t>(g.strips() * kTaps)),
      output_revisions(static_cast<std::size_t>(g.outputs())),
      inner_faults(static_cast<std::size_t>(g.strips())) {
  for (int t = 0; t < g.tiles(); ++t) {
    tiles.emplace_back(g.lanes_used(t), g.kind(t) != TileKind::channel);
    taps[t] = tiles.back().taps();
  }
  for (int bus_tile = 0; bus_tile < g.bus_tiles(); ++bus_tile) {
    stages.emplace_back(g.lanes_used(first_mix_tile + bus_tile), rate);
  }
  stages.emplace_back(2, rate);
}

void Engine::Impl::set_targets(const DeskTargets& targets) noexcept {
  for (int strip = 0; strip < geometry.strips(); ++strip) {
    const LaneTargets& lane = targets.lanes[strip];
    if (lane.revision == lane_revisions[strip]) continue;
    lane_revisions[strip] = lane.revision;
    tile(strip / kLanes).set(strip % kLanes, lane);
    if (strip < geometry.channels()) rim.set(strip, lane.source, lane.delay_frames);
  }
  for (int row = 0; row < geometry.strips() * kTaps; ++row) {
    if (targets.rows[row].revision == row_revisions[row]) continue;
    row_revisions[row] = targets.rows[row].revision;
    matrix.set_row(row, targets.row_gains(row), targets.rows[row].ramp_frames);
  }
  for (int output = 0; output < geometry.outputs(); ++output) {
    if (targets.outputs[output].revision == output_revisions[output]) continue;
    output_revisions[output] = targets.outputs[output].revision;
    output_stage(output).set(geometry.output_strip(output) % kLanes, targets.outputs[output]);
  }
  if (targets.main.revision != main_revision) {
    main_revision = targets.main.revision;
    master.set(targets.main);
  }
  shutter.set(targets.shutter);
}

void Engine::Impl::settle() noexcept {
  rim.settle();
  for (StripTile& strips : tiles) strips.settle();
  matrix.settle();
  master.settle();
  for (OutputStage& stage : stages) stage.settle();
  shutter.settle();
}

void Engine::Impl::process_chunk(const float* const* inputs, float* const* outputs, int offset, int frames) noexcept {
  for (int t = 0; t < geometry.channel_tiles(); ++t) {
    StripTile& strips = tile(t);
    rim.read(t, inputs, offset, frames, frames_done, strips.rim_gains(), strips.input(), rim_reports[t]);
    strips.process_input(rim_reports[t], frames);
  }
  collect_keys();
  for (int t = 0; t < geometry.tiles(); ++t) {
    StripTile& strips = tile(t);
    if (t < geometry.channel_tiles()) {
      strips.process_rest(rim_reports[t].resets, keys.data(), frames);
    } else if (t < first_mix_tile) {
      strips.process_mix(true, keys.data(), frames);  // returns: silent until effects move in
    } else {
      const bool heard = matrix.mix(t - first_mix_tile, taps.data(), strips.input(), frames);
      strips.process_mix(!heard, keys.data(), frames);
    }
    taps[t] = strips.taps();
  }
  matrix.end_chunk(frames);
  process_outputs(outputs, offset, frames);
  for (std::size_t i = 0; i < buses_before.size(); ++i) {
    const TileTaps& bus = taps[first_mix_tile + i];
    buses_before[i].write(bus.silent ? nullptr : bus.tap[static_cast<int>(Tap::pre_fader)], frames, frames_done);
  }
  frames_done += static_cast<std::uint64_t>(frames);
  if (frames_done % kSubBlockFrames == 0) grid();
}

/// Every channel's tap `input` of this chunk is there; buses are heard as they were 64 frames ago.
void Engine::Impl::collect_keys() noexcept {
  for (int channel = 0; channel < geometry.channels(); ++channel) {
    keys[channel] = tile(channel / kLanes).key() + channel % kLanes;
  }
  for (int bus = 0; bus < geometry.buses; ++bus) {
    const float* before = buses_before[bus / kLanes].read(frames_done);
    keys[geometry.first_bus_strip() + bus] = before != nullptr ? before + bus % kLanes : nullptr;
  }
}

void Engine::Impl::process_outputs(float* const* outputs, int offset, int frames) noexcept {
  shutter.process(shutter_gains, frames);
  const auto pre_fader = [this](int mix) { return taps[first_mix_tile + mix].tap[static_cast<int>(Tap::pre_fader)]; };
  const int buses = geometry.bus_tiles();
  for (int s = 0; s < buses; ++s) {
    stages[s].process(pre_fader(s), taps[first_mix_tile + s].silent, shutter_gains, outputs + 2 + s * kLanes, offset,
                      frames, frames_done);
  }
  const bool sounds = master.process(pre_fader(buses), taps[first_mix_tile + buses].silent, frames);
  stages[buses].process(master.samples(), !sounds, shutter_gains, outputs, offset, frames, frames_done);
}

void Engine::Impl::grid() noexcept {
  for (int t = 0; t < geometry.tiles(); ++t) {
    const LaneMask broken = tile(t).grid(meter_share);
    for (int lane = 0; broken != 0 && lane < kLanes; ++lane) {
      if ((broken & lane_bit(lane)) == 0) continue;
      const int strip = t * kLanes + lane;
      if (strip < geometry.channels()) {
        rim.guard(strip).fault(frames_done);
      } else if (output_of(strip) < 0) {
        ++inner_faults[strip];
      }
    }
  }
  for (OutputStage& stage : stages) stage.meter().grid(meter_share);
}

int Engine::Impl::output_of(int strip) const noexcept {
  const int bus = strip - geometry.first_bus_strip(), main = strip - geometry.main_strip();
  if (bus >= 0 && bus < geometry.buses) return 2 + bus;
  return main >= 0 && main < 2 ? main : -1;
}

const FaultGuard* Engine::Impl::guard(int strip) const noexcept {
  if (strip < geometry.channels()) return &rim.guard(strip);
  if (output_of(strip) < 0) return nullptr;
  return &stages[strip / kLanes - first_mix_tile].guard(strip % kLanes);
}

void Engine::Impl::read_meters(MeterFrame& frame) const noexcept {
  for (int strip = 0; strip < geometry.strips(); ++strip) {
    const StripTile& strips = tiles[strip / kLanes];
    const int lane = strip % kLanes;
    frame.strips[strip] = {strips.pre().peak(lane),  strips.pre().mean_square[lane],
                           strips.post().peak(lane), strips.post().mean_square[lane],
                           strips.gate_gain(lane),   strips.compressor_gain(lane)};
    const FaultGuard* watch = guard(strip);
    frame.faults[strip] = inner_faults[strip] + (watch != nullptr ? watch->faults() : 0);
    frame.safety_mutes[strip] = watch != nullptr && watch->muted() ? 1 : 0;
    if (strip < geometry.channels()) frame.input_clips[strip] = rim.clips(strip);
  }
  for (int output = 0; output < geometry.outputs(); ++output) {
    const int strip = geometry.output_strip(output), lane = strip % kLanes;
    const OutputStage& stage = stages[strip / kLanes - first_mix_tile];
    frame.outputs[output] = stage.meter().peak(lane);
    frame.output_mean_squares[output] = stage.meter().mean_square[lane];
    frame.output_clips[output] = stage.clips(lane);
  }
  frame.frames = frames_done;
  frame.shutter_gain = shutter.gain();
  frame.limiter_gain = master.limiter_gain();
}

Engine::Engine(const Geometry& geometry, double rate_hz, double look_ahead_ms)
    : impl_(std::make_unique<Impl>(geometry, rate_hz, look_ahead_ms)) {}
Engine::~Engine() = default;

void Engine::set_targets(const DeskTargets& targets) noexcept FOHD_NONBLOCKING { impl_->set_targets(targets); }
void Engine::settle() noexcept { impl_->settle(); }

void Engine::process(const float* const* inputs, float* const* outputs, int frames) noexcept FOHD_NONBLOCKING {
  const ScopedFlushToZero no_denormals;
  for (StripTile& strips : impl_->tiles) strips.begin_call();
  for (OutputStage& stage : impl_->stages) stage.meter().begin_call();
  impl_->master.begin_call();
  for (int offset = 0; offset < frames;) {
    const int to_grid = kSubBlockFrames - static_cast<int>(impl_->frames_done % kSubBlockFrames);
    const int chunk = std::min(frames - offset, to_grid);
    impl_->process_chunk(inputs, outputs, offset, chunk);
    offset += chunk;
  }
}

void Engine::read_meters(MeterFrame& frame) const noexcept FOHD_NONBLOCKING { impl_->read_meters(frame); }

void Engine::restart_peaks() noexcept FOHD_NONBLOCKING {
  for (StripTile& strips : impl_->tiles) strips.restart_meters();
  impl_->master.restart_meter();
  for (OutputStage& stage : impl_->stages) stage.meter().restart_peaks();
}

void Engine::clear_safety_mutes() noexcept FOHD_NONBLOCKING {
  for (int channel = 0; channel < impl_->geometry.channels(); ++channel) impl_->rim.guard(channel).clear_mute();
  for (OutputStage& stage : impl_->stages) {
    for (int lane = 0; lane < kLanes; ++lane) stage.guard(lane).clear_mute();
  }
}

int Engine::latency_frames() const noexcept { return impl_->master.latency_frames(); }
const Geometry& Engine::geometry() const noexcept { return impl_->geometry; }
double Engine::rate_hz() const noexcept { return impl_->rate_hz; }
int Engine::max_delay_frames() const noexcept { return fohd::max_delay_frames(impl_->rate_hz); }

}  // namespace fohd
