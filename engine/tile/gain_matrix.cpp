#include "engine/tile/gain_matrix.h"

#include <algorithm>
#include <cmath>

namespace fohd {
namespace {

/// Summing a row into sixteen columns at once costs this many times a sum into eight (instructions, AVX2: 25 for 6
/// frames against 29 for 12).
constexpr double kJointCost = 1.72;

}  // namespace

GainMatrix::GainMatrix(const Geometry& geometry)
    : mixes_(geometry.mix_tiles()),
      layout_(geometry),
      gain_memory_(layout_.size() / kColumnGroup),
      target_memory_(gain_memory_.size()),
      increment_memory_(gain_memory_.size()),
      gains_(gain_memory_.front().columns),
      targets_(target_memory_.front().columns),
      increments_(increment_memory_.front().columns),
      rows_(static_cast<std::size_t>(geometry.strips() * kTaps)),
      uses_(rows_.size() * static_cast<std::size_t>(geometry.mix_tiles())),
      plans_(static_cast<std::size_t>(geometry.mix_tiles())) {
  for (int tile = 0; tile < geometry.tiles(); ++tile) lanes_used_.push_back(geometry.lanes_used(tile));
  heard_tiles_.resize(plans_.size());
  for (int mix = 0; mix < geometry.mix_tiles(); ++mix) {
    for (int tile = 0; tile < geometry.tiles(); ++tile) {
      if (layout_.hears(mix, tile)) heard_tiles_[mix].push_back(tile);
    }
  }
  moving_rows_.reserve(rows_.size());
  for (Plan& plan : plans_) {
    for (Pass& pass : plan.passes) {
      pass.terms.reserve(rows_.size());
      pass.rows.reserve(rows_.size());
    }
    plan.seen_taps.resize(static_cast<std::size_t>(geometry.tiles()) * kTaps);
  }
}

void GainMatrix::set_row(int row, const float* gains, int ramp_frames) noexcept {
  const std::size_t begin = layout_.row_begin(row);
  const int size = layout_.row_size(row);
  float* target = targets_ + begin;
  bool changed = false;
  for (int c = 0; c < size; ++c) {
    const float wanted = std::isfinite(gains[c]) ? gains[c] : 0.0f;
    changed |= target[c] != wanted;
    target[c] = wanted;
  }
  if (!changed) return;
  Row& state = rows_[row];
  const bool was_moving = state.moving;
  state.moving = ramp_frames > 1;
  if (!state.moving) {
    state.left = 0;
    arrive(row);
    if (was_moving) std::erase(moving_rows_, row);
    return;
  }
  if (!was_moving) moving_rows_.push_back(row);
  state.left = std::max(ramp_frames - 1, was_moving ? state.left : 0);
  const float *now = gains_ + begin, scale = 1.0f / static_cast<float>(state.left + 1);
  float* increment = increments_ + begin;
  for (int c = 0; c < size; ++c) increment[c] = (target[c] - now[c]) * scale;
  classify(row);
}

void GainMatrix::settle() noexcept {
  for (const int row : moving_rows_) {
    rows_[row].moving = false;
    arrive(row);
  }
  moving_rows_.clear();
}

void GainMatrix::arrive(int row) noexcept {
  const std::size_t begin = layout_.row_begin(row);
  std::copy_n(targets_ + begin, layout_.row_size(row), gains_ + begin);
  classify(row);
}

void GainMatrix::classify(int row) noexcept {
  for (int mix = 0; mix < mixes_; ++mix) {
    if (layout_.place(row, mix) < 0) continue;
    Use& use = uses_[row * mixes_ + mix];
    const float *now = gains_ + index(row, mix), *target = targets_ + index(row, mix);
    use = {};
    for (int c = 0; c < kLanes; ++c) {
      const bool heard = now[c] != 0 || target[c] != 0;
      (c < kColumnGroup ? use.low : use.high) |= heard;
      use.moving |= now[c] != target[c];
    }
    plans_[mix].stale = true;
  }
}

void GainMatrix::refresh(int mix, const TileTaps* tiles, float* out) noexcept {
  Plan& plan = plans_[mix];
  for (const int tile : heard_tiles_[mix]) {
    for (int tap = 0; tap < kTaps; ++tap) {
      const float* now = tiles[tile].silent ? nullptr : tiles[tile].tap[tap];
      const float*& seen = plan.seen_taps[tile * kTaps + tap];
      plan.stale |= seen != now;
      seen = now;
    }
  }
  if (!plan.stale) return;
  plan.stale = false;
  std::fill_n(out, kSubBlockFrames * kLanes, 0.0f);  // columns that have lost their sources
  plan_pass(mix, tiles, plan.passes[0], 0, kColumnGroup);
  plan_pass(mix, tiles, plan.passes[1], kColumnGroup, kLanes);
  const std::size_t apart = plan.passes[0].terms.size() + plan.passes[1].terms.size();
  if (plan.passes[0].terms.empty() || plan.passes[1].terms.empty()) return;
  plan_pass(mix, tiles, plan.passes[0], 0, kLanes);
  if (static_cast<double>(plan.passes[0].terms.size()) * kJointCost <= static_cast<double>(apart)) {
    plan_pass(mix, tiles, plan.passes[1], 0, 0);
  } else {
    plan_pass(mix, tiles, plan.passes[0], 0, kColumnGroup);
  }
}

void GainMatrix::plan_pass(int mix, const TileTaps* tiles, Pass& pass, int first, int last) noexcept {
  pass.first = first;
  pass.last = last;
  pass.terms.clear();
  pass.rows.clear();
  for (const int tile : heard_tiles_[mix]) {
    for (int at = 0; at < lanes_used_[tile] * kTaps; ++at) {
      const int row = tile * kLanes * kTaps + at;
      const Use& use = uses_[row * mixes_ + mix];
      const bool feeds = (use.low && first < kColumnGroup && last > 0) || (use.high && last > kColumnGroup);
      if (!feeds || (tiles[tile].silent && !use.moving)) continue;
      pass.terms.push_back({tiles[tile].tap[at % kTaps] + at / kTaps, gains_ + index(row, mix)});
      pass.rows.push_back(use.moving ? -1 - row : row);
    }
  }
}

bool GainMatrix::mix(int mix, const TileTaps* tiles, float* out, int frames) noexcept {
  refresh(mix, tiles, out);
  const Plan& plan = plans_[mix];
  for (const Pass& pass : plan.passes) run(mix, pass, out, frames);
  return !plan.passes[0].terms.empty() || !plan.passes[1].terms.empty();
}

void GainMatrix::run(int mix, const Pass& pass, float* out, int frames) noexcept {
  const std::size_t count = pass.terms.size();
  if (count == 0) return;
  if (pass.rows.front() < 0) {
    for (int frame = 0; frame < frames; ++frame) {
      std::fill(out + frame * kLanes + pass.first, out + frame * kLanes + pass.last, 0.0f);
    }
  }
  for (std::size_t at = 0; at < count;) {
    if (pass.rows[at] < 0) {
      run_moving(mix, pass, at++, out, frames);
      continue;
    }
    const std::size_t begin = at;
    while (at < count && pass.rows[at] >= 0) ++at;
    mix_settled(&pass.terms[begin], static_cast<int>(at - begin), begin != 0, out, frames, pass.first, pass.last);
  }
}

void GainMatrix::run_moving(int mix, const Pass& pass, std::size_t term, float* out, int frames) noexcept {
  const int row = -1 - pass.rows[term], ramped = std::min<int>(frames, rows_[row].left);
  const float* source = pass.terms[term].source;
  float* gains = gains_ + index(row, mix);
  const float* increments = increments_ + index(row, mix);
  if (ramped > 0) mix_moving(source, gains, increments, out, ramped, pass.first, pass.last);
  if (ramped == frames) return;
  const float* targets = targets_ + index(row, mix);
  std::copy(targets + pass.first, targets + pass.last, gains + pass.first);
  const MixTerm arrived{source + ramped * kLanes, gains};
  mix_settled(&arrived, 1, true, out + ramped * kLanes, frames - ramped, pass.first, pass.last);
}

void GainMatrix::end_chunk(int frames) noexcept {
  std::erase_if(moving_rows_, [&](int row) {
    Row& state = rows_[row];
    // Reached only at the end of the chunk (left == 0) is not yet arrived: the next frame is the one with the target.
    state.left -= frames;
    if (state.left >= 0) return false;
    state.moving = false;
    arrive(row);
    return true;
  });
}

}  // namespace fohd
