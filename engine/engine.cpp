// Order of a chunk (at most 64 frames, never across a multiple of 64 of the frame counter): input stage and low cut
// of all channels, the rest of all channels, buses (which take the returns of 64 frames ago), effects, returns, main,
// matrices, outputs. Everything decimated happens where the counter passes a multiple of 64.
#include "engine/engine.h"

#include <algorithm>
#include <vector>

#include "engine/crossing/swapped.h"
#include "engine/stages/input_stage.h"
#include "engine/stages/key_listener.h"
#include "engine/stages/main_bus_stage.h"
#include "engine/stages/output_stage.h"
#include "engine/stages/shutter.h"
#include "engine/stages/strip_tile.h"
#include "engine/tile/delayed_returns.h"
#include "engine/tile/denormals.h"
#include "engine/tile/gain_matrix.h"

namespace fohd {

/// Of the geometry, counted once: these are read in every chunk.
struct Places {
  explicit Places(const Geometry& g)
      : tiles(g.tiles()),
        strips(g.strips()),
        channel_tiles(g.channel_tiles()),
        return_tiles(g.return_tiles()),
        effect_tiles(g.effect_tiles()),
        matrix_tiles(g.matrix_tiles()),
        effects_tile(g.first_effect_strip() / kLanes),
        main_tile(g.main_strip() / kLanes),
        bus_strip(g.first_bus_strip()),
        outputs(g.outputs()) {}
  int tiles, strips;
  int channel_tiles, return_tiles, effect_tiles, matrix_tiles;  ///< how many
  int effects_tile, main_tile, bus_strip;                       ///< the first
  int outputs;
};

struct Engine::Impl {
  Impl(const Geometry& g, double rate, double look_ahead_ms);

  void set_targets(const DeskTargets& targets) noexcept;
  void settle() noexcept;
  void collect_sources(const float* const* inputs, int frames) noexcept;
  void process_chunk(const float* const* inputs, float* const* outputs, int offset, int frames) noexcept;
  void process_channels(const float* const* inputs, int offset, int frames) noexcept;
  void process_mixes(int first_tile, int count, int frames) noexcept;
  void process_effects(int frames) noexcept;
  void remember(int frames) noexcept;
  void collect_keys() noexcept;
  void process_outputs(float* const* outputs, int offset, int frames) noexcept;
  void sub_block_boundary() noexcept;
  void read_meters(MeterFrame& frame) const noexcept;

  StripTile& tile(int index) noexcept { return tiles[index]; }
  OutputStage& output_stage(int output) noexcept { return stages[stage_of_tile[output_strips[output] / kLanes]]; }
  /// The guard that watches a strip, if it has one: channels at the input stage, buses and main at their outputs.
  const FaultGuard* guard(int strip) const noexcept;
  bool has_output(int strip) const noexcept;  ///< it leaves at a physical one

  const Geometry geometry;
  const Places places;
  std::vector<int> output_strips;  ///< [output]
  std::vector<int> first_outputs;  ///< [tile] the output of its first lane
  std::vector<int> stage_of_tile;  ///< [tile] its place in `stages`; -1: no outputs
  const double rate_hz;
  const float meter_share;
  const std::uint64_t peak_frames;  ///< blocks of the peak detectors
  const int first_mix_tile;
  InputStage input_stage;
  std::vector<InputStageReport> input_reports;  ///< [tile] of the present chunk
  std::vector<StripTile> tiles;
  std::vector<TileTaps> taps;                        ///< [tile] of the present chunk
  std::vector<DelayedTile> buses_before;             ///< [bus tile] tap pre_fader, 64 frames ago, for keys
  std::vector<DelayedReturns> returns_before;        ///< [return tile]
  std::vector<std::unique_ptr<EffectSlot>> effects;  ///< [slot]
  std::vector<const float*> keys;                    ///< [strip] of the present chunk (engine/processors/key_tile.h)
  KeyListener listener;
  bool keys_used = false;  ///< a processor has taken another strip as its key source;
                           ///< before that `keys` and `buses_before` are not read
  GainMatrix matrix;
  MainBusStage main_bus;
  std::vector<OutputStage> stages;
  Shutter shutter;
  float shutter_gains[kSubBlockFrames] = {};
  std::uint64_t frames_done = 0;
  decltype(MeterFrame::taken) taken{};
  std::vector<std::uint32_t> lane_revisions, row_revisions, output_revisions, effect_revisions;
  std::uint32_t main_revision = 0, listen_revision = 0;
  Swapped<SourceSet> source_set;
  Swapped<TapSet> tap_set;
  std::vector<const float*> sources;        ///< of the present call: JACK inputs, then the extra ones
  std::vector<std::uint32_t> inner_faults;  ///< [strip] found at the grid, in strips that no guard watches
};

Engine::Impl::Impl(const Geometry& g, double rate, double look_ahead_ms)
    : geometry(g),
      places(g),
      rate_hz(rate),
      meter_share(mean_square_coeff(rate)),
      peak_frames(static_cast<std::uint64_t>(peak_block_frames(rate))),
      first_mix_tile(g.first_mix_strip() / kLanes),
      input_stage(g, rate),
      input_reports(static_cast<std::size_t>(g.channel_tiles())),
      taps(static_cast<std::size_t>(g.tiles())),
      buses_before(static_cast<std::size_t>(g.bus_tiles())),
      returns_before(static_cast<std::size_t>(g.return_tiles())),
      keys(static_cast<std::size_t>(g.strips())),
      matrix(g),
      main_bus(rate, look_ahead_ms),
      lane_revisions(static_cast<std::size_t>(g.strips())),
      row_revisions(static_cast<std::size_t>(g.strips() * kTaps)),
      output_revisions(static_cast<std::size_t>(g.outputs())),
      effect_revisions(static_cast<std::size_t>(g.effects())),
      sources(static_cast<std::size_t>(g.inputs + extra_sources(g.inputs))),
      inner_faults(static_cast<std::size_t>(g.strips())) {
  for (int output = 0; output < g.outputs(); ++output) output_strips.push_back(g.output_strip(output));
  for (int t = 0; t < g.tiles(); ++t) {
    tiles.emplace_back(g.lanes_used(t), g.kind(t) != TileKind::channel);
    taps[t] = tiles.back().taps();
  }
  stage_of_tile.assign(static_cast<std::size_t>(g.tiles()), -1);
  first_outputs.resize(stage_of_tile.size());
  for (const StripKind kind : kOutputKinds) {
    const int first = g.first_tile(row_of(kind).tile), lanes = g.count(kind) * row_of(kind).lanes;
    for (int lane = 0; lane < lanes; lane += kLanes) {
      stage_of_tile[static_cast<std::size_t>(first + lane / kLanes)] = static_cast<int>(stages.size());
      first_outputs[static_cast<std::size_t>(first + lane / kLanes)] = g.first_output(kind) + lane;
      stages.emplace_back(std::min(lanes - lane, kLanes), rate);
    }
  }
  for (int slot = 0; slot < g.effects(); ++slot) effects.push_back(std::make_unique<EffectSlot>(rate));
}

void Engine::Impl::set_targets(const DeskTargets& targets) noexcept {
  if (targets.publication != taken.back().publication) {
    std::copy(taken.begin() + 1, taken.end(), taken.begin());
    taken.back() = {targets.publication, frames_done};
  }
  for (int strip = 0; strip < places.strips; ++strip) {
    const LaneTargets& lane = targets.lanes[strip];
    if (lane.revision == lane_revisions[strip]) continue;
    lane_revisions[strip] = lane.revision;
    tile(strip / kLanes).set(strip % kLanes, lane);
    keys_used |= lane.gate_key.source >= 0 || lane.compressor_key.source >= 0;
    if (strip < geometry.channels()) input_stage.set(strip, lane.source, lane.delay_frames);
  }
  for (int row = 0; row < places.strips * kTaps; ++row) {
    if (targets.rows[row].revision == row_revisions[row]) continue;
    row_revisions[row] = targets.rows[row].revision;
    matrix.set_row(row, targets.row_gains(row), targets.rows[row].ramp_frames);
  }
  for (int output = 0; output < places.outputs; ++output) {
    if (targets.outputs[output].revision == output_revisions[output]) continue;
    output_revisions[output] = targets.outputs[output].revision;
    output_stage(output).set(output_strips[output] % kLanes, targets.outputs[output]);
  }
  for (int slot = 0; slot < geometry.effects(); ++slot) {
    if (targets.effects[slot].revision == effect_revisions[slot]) continue;
    effect_revisions[slot] = targets.effects[slot].revision;
    effects[slot]->set(targets.effects[slot]);
  }
  if (targets.main.revision != main_revision) {
    main_revision = targets.main.revision;
    main_bus.set(targets.main);
  }
  if (targets.listen.revision != listen_revision) {
    listen_revision = targets.listen.revision;
    listener.set(targets.listen);
    keys_used |= targets.listen.strip >= 0;
  }
  shutter.set(targets.shutter);
}

void Engine::Impl::settle() noexcept {
  input_stage.settle();
  for (StripTile& strips : tiles) strips.settle();
  for (auto& effect : effects) effect->settle();
  matrix.settle();
  listener.settle();
  main_bus.settle();
  for (OutputStage& stage : stages) stage.settle();
  shutter.settle();
}

void Engine::Impl::collect_sources(const float* const* inputs, int frames) noexcept {
  const auto extra = std::copy_n(inputs, geometry.inputs, sources.begin());
  std::fill(extra, sources.end(), nullptr);
  const SourceSet* const set = source_set.refresh();
  if (set == nullptr) return;
  for (SourceProvider* const provider : set->providers) provider->feed(sources, frames);
}

void Engine::Impl::process_chunk(const float* const* inputs, float* const* outputs, int offset, int frames) noexcept {
  process_channels(inputs, offset, frames);
  for (int t = 0; t < places.return_tiles; ++t) {
    taps[places.channel_tiles + t] = returns_before[t].read(frames, frames_done);
  }
  const int effects_tile = places.effects_tile, main_tile = places.main_tile;
  process_mixes(first_mix_tile, effects_tile + places.effect_tiles - first_mix_tile, frames);
  process_effects(frames);
  process_mixes(main_tile, 1 + places.matrix_tiles, frames);
  matrix.end_chunk(frames);
  process_outputs(outputs, offset, frames);
  if (TapSet* const copied = tap_set.present()) copied->copy_strips(taps.data(), offset, frames);
  remember(frames);
  frames_done += static_cast<std::uint64_t>(frames);
  if (frames_done % kSubBlockFrames == 0) sub_block_boundary();
}

void Engine::Impl::process_channels(const float* const* inputs, int offset, int frames) noexcept {
  for (int t = 0; t < places.channel_tiles; ++t) {
    StripTile& strips = tile(t);
    input_stage.read(t, inputs, offset, frames, frames_done, strips.input_gains(), strips.input(), input_reports[t]);
    strips.process_input(input_reports[t], frames);
  }
  if (keys_used) collect_keys();
  for (int t = 0; t < places.channel_tiles; ++t) {
    tile(t).process_rest(input_reports[t].resets, keys.data(), frames);
    taps[t] = tile(t).taps();
  }
}

void Engine::Impl::process_mixes(int first_tile, int count, int frames) noexcept {
  for (int t = first_tile; t < first_tile + count; ++t) {
    StripTile& strips = tile(t);
    listener.take_back(t * kLanes, strips.input());
    bool heard = matrix.mix(t - first_mix_tile, taps.data(), strips.input(), frames);
    heard |= listener.add(t * kLanes, keys.data(), strips.input(), frames);
    strips.process_mix(!heard, keys.data(), frames);
    taps[t] = strips.taps();
  }
}

/// From the effects' inputs to the returns: an effect has the same two lanes in both.
void Engine::Impl::process_effects(int frames) noexcept {
  constexpr int kSlots = kLanes / 2;  // of a tile
  for (int t = 0; t < places.return_tiles; ++t) {
    const TileTaps& heard = taps[places.effects_tile + t];
    StripTile& strips = tile(places.channel_tiles + t);
    const int first = t * kSlots, count = std::min(geometry.effects() - first, kSlots);
    unsigned sounding = 0;
    for (int slot = 0; slot < count; ++slot) {
      const float* in = heard.silent ? nullptr : heard.tap[static_cast<int>(Tap::pre_fader)] + 2 * slot;
      if (effects[first + slot]->process(in, strips.input() + 2 * slot, frames)) sounding |= 1u << slot;
    }
    for (int slot = 0; sounding != 0 && slot < count; ++slot) {
      if ((sounding >> slot & 1) != 0) continue;
      for (int frame = 0; frame < frames; ++frame) std::fill_n(strips.input() + frame * kLanes + 2 * slot, 2, 0.0f);
    }
    strips.process_mix(sounding == 0, keys.data(), frames);
    taps[places.channel_tiles + t] = strips.taps();
  }
}

/// What is processed late in a chunk and used early in one: 64 frames later.
void Engine::Impl::remember(int frames) noexcept {
  for (std::size_t i = 0; keys_used && i < buses_before.size(); ++i) {
    const TileTaps& bus = taps[first_mix_tile + i];
    buses_before[i].write(bus.silent ? nullptr : bus.tap[static_cast<int>(Tap::pre_fader)], frames, frames_done);
  }
  for (std::size_t i = 0; i < returns_before.size(); ++i) {
    returns_before[i].write(taps[places.channel_tiles + i], frames, frames_done);
  }
}

/// Every channel's tap `input` of this chunk is there; buses are taken as they were 64 frames ago.
void Engine::Impl::collect_keys() noexcept {
  for (int t = 0; t < places.channel_tiles; ++t) {
    const float* key = tile(t).key();
    const int first = t * kLanes, count = std::min(geometry.channels() - first, kLanes);
    for (int lane = 0; lane < count; ++lane) keys[first + lane] = key + lane;
  }
  for (int bus = 0; bus < geometry.buses; ++bus) {
    const float* before = buses_before[bus / kLanes].read(frames_done);
    keys[places.bus_strip + bus] = before != nullptr ? before + bus % kLanes : nullptr;
  }
}

void Engine::Impl::process_outputs(float* const* outputs, int offset, int frames) noexcept {
  const bool open = shutter.process(shutter_gains, frames);
  const TileTaps& main = taps[places.main_tile];
  const bool main_sounds = main_bus.process(main.tap[static_cast<int>(Tap::pre_fader)], main.silent, frames);
  for (int tile = first_mix_tile; tile < places.tiles; ++tile) {
    if (stage_of_tile[tile] < 0) continue;
    const bool is_main = tile == places.main_tile;
    const float* samples = is_main ? main_bus.samples() : taps[tile].tap[static_cast<int>(Tap::pre_fader)];
    const bool silent = is_main ? !main_sounds : taps[tile].silent;
    stages[stage_of_tile[tile]].process(samples, silent, shutter_gains, open, outputs + first_outputs[tile], offset,
                                        frames, frames_done);
  }
}

void Engine::Impl::sub_block_boundary() noexcept {
  const bool peak_block_ends = frames_done % peak_frames == 0;
  for (int t = 0; t < places.tiles; ++t) {
    const LaneMask broken = tile(t).sub_block_boundary(meter_share, peak_block_ends);
    for (int lane = 0; broken != 0 && lane < kLanes; ++lane) {
      if ((broken & lane_bit(lane)) == 0) continue;
      const int strip = t * kLanes + lane;
      if (strip < geometry.channels()) {
        input_stage.guard(strip).fault(frames_done);
      } else if (!has_output(strip)) {
        ++inner_faults[strip];
      }
    }
  }
  for (OutputStage& stage : stages) stage.meter().sub_block_boundary(meter_share);
  for (auto& effect : effects) effect->sub_block_boundary();
  listener.sub_block_boundary();
}

bool Engine::Impl::has_output(int strip) const noexcept {
  const int stage = stage_of_tile[strip / kLanes];
  return stage >= 0 && strip % kLanes < stages[stage].lanes();
}

const FaultGuard* Engine::Impl::guard(int strip) const noexcept {
  if (strip < geometry.channels()) return &input_stage.guard(strip);
  if (!has_output(strip)) return nullptr;
  return &stages[stage_of_tile[strip / kLanes]].guard(strip % kLanes);
}

void Engine::Impl::read_meters(MeterFrame& frame) const noexcept {
  for (int strip = 0; strip < places.strips; ++strip) {
    const StripTile& strips = tiles[strip / kLanes];
    const int lane = strip % kLanes;
    frame.strips[strip] = {strips.pre().peak(lane),  strips.pre().mean_square[lane],
                           strips.post().peak(lane), strips.post().mean_square[lane],
                           strips.gate_gain(lane),   strips.compressor_gain(lane)};
    const FaultGuard* watch = guard(strip);
    frame.faults[strip] = inner_faults[strip] + (watch != nullptr ? watch->faults() : 0);
    frame.safety_mutes[strip] = watch != nullptr && watch->muted() ? 1 : 0;
    if (strip < geometry.channels()) frame.input_clips[strip] = input_stage.clips(strip);
  }
  for (int output = 0; output < places.outputs; ++output) {
    const int strip = output_strips[output], lane = strip % kLanes;
    const OutputStage& stage = stages[stage_of_tile[strip / kLanes]];
    frame.outputs[output] = stage.meter().peak(lane);
    frame.output_mean_squares[output] = stage.meter().mean_square[lane];
    frame.output_clips[output] = stage.clips(lane);
  }
  frame.frames = frames_done;
  frame.taken = taken;
  frame.shutter_gain = shutter.gain();
  frame.limiter_gain = main_bus.limiter_gain();
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
  impl_->main_bus.begin_call();
  TapSet* const copied = impl_->tap_set.refresh();
  impl_->collect_sources(inputs, frames);
  for (int offset = 0; offset < frames;) {
    const int to_grid = kSubBlockFrames - static_cast<int>(impl_->frames_done % kSubBlockFrames);
    const int chunk = std::min(frames - offset, to_grid);
    impl_->process_chunk(impl_->sources.data(), outputs, offset, chunk);
    offset += chunk;
  }
  if (copied != nullptr) copied->copy_outputs(outputs, frames);
}

void Engine::read_meters(MeterFrame& frame) const noexcept FOHD_NONBLOCKING { impl_->read_meters(frame); }

void Engine::restart_peaks() noexcept FOHD_NONBLOCKING {
  for (StripTile& strips : impl_->tiles) strips.restart_meters();
  impl_->main_bus.restart_meter();
  for (OutputStage& stage : impl_->stages) stage.meter().restart_peaks();
}

void Engine::clear_safety_mutes() noexcept FOHD_NONBLOCKING {
  for (int channel = 0; channel < impl_->geometry.channels(); ++channel) impl_->input_stage.guard(channel).clear_mute();
  for (OutputStage& stage : impl_->stages) {
    for (int lane = 0; lane < kLanes; ++lane) stage.guard(lane).clear_mute();
  }
}

Swap<SourceSet>& Engine::source_swap() noexcept { return impl_->source_set.swap(); }
Swap<TapSet>& Engine::tap_swap() noexcept { return impl_->tap_set.swap(); }
TapSet* Engine::taps() noexcept FOHD_NONBLOCKING { return impl_->tap_set.present(); }
Swap<Effect>& Engine::effect_swap(int slot) noexcept { return impl_->effects[slot]->swap(); }
int Engine::latency_frames() const noexcept { return impl_->main_bus.latency_frames(); }
const Geometry& Engine::geometry() const noexcept { return impl_->geometry; }
double Engine::rate_hz() const noexcept { return impl_->rate_hz; }
int Engine::max_delay_frames() const noexcept { return fohd::max_delay_frames(impl_->rate_hz); }

}  // namespace fohd
