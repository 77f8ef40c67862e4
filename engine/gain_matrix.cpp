#include "engine/gain_matrix.h"

#include <algorithm>
#include <cmath>

namespace fohd {

GainMatrix::GainMatrix(const Geometry& geometry)
    : geometry_(geometry),
      columns_(geometry.columns()),
      gain_memory_(index(geometry.strips() * kTaps, 0) / kColumnGroup),
      target_memory_(gain_memory_.size()),
      increment_memory_(gain_memory_.size()),
      gains_(gain_memory_.front().columns),
      targets_(target_memory_.front().columns),
      increments_(increment_memory_.front().columns),
      rows_(static_cast<std::size_t>(geometry.strips() * kTaps)),
      uses_(rows_.size() * static_cast<std::size_t>(geometry.mix_tiles())),
      plans_(static_cast<std::size_t>(geometry.mix_tiles())) {
  moving_rows_.reserve(rows_.size());
  for (Plan& plan : plans_) {
    plan.terms.reserve(rows_.size());
    plan.rows.reserve(rows_.size());
    plan.seen_taps.resize(static_cast<std::size_t>(geometry.tiles() * kTaps));
  }
}

void GainMatrix::set_row(int row, const float* gains, int ramp_frames) noexcept {
  float* target = targets_ + index(row, 0);
  bool changed = false;
  for (int c = 0; c < columns_; ++c) {
    const float wanted = std::isfinite(gains[c]) ? gains[c] : 0.0f;
    changed |= target[c] != wanted;
    target[c] = wanted;
  }
  if (!changed) return;
  Row& state = rows_[static_cast<std::size_t>(row)];
  const bool was_moving = state.moving;
  state.moving = ramp_frames > 1;
  state.left = std::max(ramp_frames - 1, 0);
  if (!state.moving) {
    arrive(row);
    if (was_moving) std::erase(moving_rows_, row);
    return;
  }
  if (!was_moving) moving_rows_.push_back(row);
  const float *now = gains_ + index(row, 0), scale = 1.0f / static_cast<float>(ramp_frames);
  float* increment = increments_ + index(row, 0);
  for (int c = 0; c < columns_; ++c) increment[c] = (target[c] - now[c]) * scale;
  classify(row);
}

void GainMatrix::settle() noexcept {
  for (const int row : moving_rows_) {
    rows_[static_cast<std::size_t>(row)].moving = false;
    arrive(row);
  }
  moving_rows_.clear();
}

void GainMatrix::arrive(int row) noexcept {
  std::copy_n(targets_ + index(row, 0), columns_, gains_ + index(row, 0));
  classify(row);
}

void GainMatrix::classify(int row) noexcept {
  const int mixes = geometry_.mix_tiles();
  for (int mix = 0; mix < mixes; ++mix) {
    Use& use = uses_[static_cast<std::size_t>(row * mixes + mix)];
    const float *now = gains_ + index(row, mix * kLanes), *target = targets_ + index(row, mix * kLanes);
    use = {};
    for (int c = 0; c < kLanes; ++c) {
      const bool heard = now[c] != 0 || target[c] != 0;
      (c < kColumnGroup ? use.low : use.high) |= heard;
      use.moving |= now[c] != target[c];
    }
    plans_[static_cast<std::size_t>(mix)].stale = true;
  }
}

bool GainMatrix::hears(int mix, int tile) const noexcept {
  const TileKind to = geometry_.kind(geometry_.first_mix_strip() / kLanes + mix), from = geometry_.kind(tile);
  // A return will reach a bus, 64 frames later, once there are effects to return from: its place is here.
  if (to == TileKind::bus) return from == TileKind::channel;
  return to == TileKind::main ? from != TileKind::main && from != TileKind::matrix : from != TileKind::matrix;
}

void GainMatrix::refresh(int mix, const TileTaps* tiles, float* out) noexcept {
  Plan& plan = plans_[static_cast<std::size_t>(mix)];
  const int count = geometry_.first_mix_strip() / kLanes + mix;  // tiles that are done before this one
  for (int tile = 0; tile < count; ++tile) {
    for (int tap = 0; tap < kTaps; ++tap) {
      const float* now = tiles[tile].silent ? nullptr : tiles[tile].tap[tap];
      const float*& seen = plan.seen_taps[static_cast<std::size_t>(tile * kTaps + tap)];
      plan.stale |= seen != now;
      seen = now;
    }
  }
  if (!plan.stale) return;
  plan.stale = plan.low = plan.high = false;
  std::fill_n(out, kSubBlockFrames * kLanes, 0.0f);  // columns that nobody feeds any more
  plan.terms.clear();
  plan.rows.clear();
  for (int tile = 0; tile < count; ++tile) {
    if (!hears(mix, tile)) continue;
    for (int at = 0; at < geometry_.lanes_used(tile) * kTaps; ++at) {
      const int row = tile * kLanes * kTaps + at;
      const Use& use = uses_[static_cast<std::size_t>(row * geometry_.mix_tiles() + mix)];
      if (!use.moving && (tiles[tile].silent || !(use.low || use.high))) continue;
      plan.terms.push_back({tiles[tile].tap[at % kTaps] + at / kTaps, gains_ + index(row, mix * kLanes)});
      plan.rows.push_back(use.moving ? -1 - row : row);
      plan.low |= use.low;
      plan.high |= use.high;
    }
  }
}

bool GainMatrix::mix(int mix, const TileTaps* tiles, float* out, int frames) noexcept {
  refresh(mix, tiles, out);
  const Plan& plan = plans_[static_cast<std::size_t>(mix)];
  const std::size_t count = plan.terms.size();
  if (count == 0) return false;
  const int first = plan.low ? 0 : kColumnGroup, last = plan.high ? kLanes : kColumnGroup;
  if (plan.rows.front() < 0) std::fill_n(out, frames * kLanes, 0.0f);
  std::size_t at = 0;
  while (at < count) {
    if (plan.rows[at] < 0) {
      run_moving(mix, -1 - plan.rows[at], plan.terms[at].source, out, frames);
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < count && plan.rows[at] >= 0) ++at;
    mix_settled(plan.terms.data() + begin, static_cast<int>(at - begin), begin != 0, out, frames, first, last);
  }
  return true;
}

void GainMatrix::run_moving(int mix, int row, const float* source, float* out, int frames) noexcept {
  float* gains = gains_ + index(row, mix * kLanes);
  const int ramped = std::min<int>(frames, rows_[static_cast<std::size_t>(row)].left);
  if (ramped > 0) mix_moving(source, gains, increments_ + index(row, mix * kLanes), out, ramped, 0, kLanes);
  if (ramped == frames) return;
  std::copy_n(targets_ + index(row, mix * kLanes), kLanes, gains);
  const MixTerm term{source + ramped * kLanes, gains};
  mix_settled(&term, 1, true, out + ramped * kLanes, frames - ramped, 0, kLanes);
}

void GainMatrix::end_chunk(int frames) noexcept {
  std::erase_if(moving_rows_, [&](int row) {
    Row& state = rows_[static_cast<std::size_t>(row)];
    // Reached only at the end of the chunk (left == 0) is not yet arrived: the next frame is the one with the target.
    state.left -= frames;
    if (state.left >= 0) return false;
    state.moving = false;
    arrive(row);
    return true;
  });
}

}  // namespace fohd
