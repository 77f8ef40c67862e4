#include "engine/processors/filter_chain.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fohd {
namespace {

/// -200 dBFS: far below the 24 bits of any converter, far above denormals.
constexpr float kQuiet = 1e-10f;
/// What a straight ramp may bridge, as ratios of g and k. Why these: head of filter_chain.h.
constexpr float kNearG = 1.18920712f, kNearK = 2, kDampedK = 0.75f, kDampedNearG = 4;

bool within(float a, float b, float ratio) noexcept { return a <= ratio * b && b <= ratio * a; }

bool neutral(const SvfCoeffs& c) noexcept { return c.d == 1 && c.y1 == 0 && c.y2 == 0; }

SvfCoeffs checked(const SvfCoeffs& c) noexcept {
  // Zero times NaN or infinity is NaN, and so is the sum.
  const float zero = 0 * c.p + 0 * c.b + 0 * c.t + 0 * c.d + 0 * c.y1 + 0 * c.y2;
  return zero == 0 ? c : SvfCoeffs{};
}

constexpr SvfCoeffs kNoIncrement{0, 0, 0, 0, 0, 0};

}  // namespace

FilterChain::FilterChain(int sections) noexcept : sections_(sections) {
  // Lanes that are not set stay where they are while their neighbours move; as constructed, d would grow by 1 a frame.
  for (SvfBankCoeffs& increment : increment_) {
    for (int lane = 0; lane < kLanes; ++lane) set_lane(increment, lane, kNoIncrement);
  }
}

void FilterChain::set(int lane, std::span<const SvfCoeffs> wanted, int ramp_frames) noexcept {
  bool changed = false;
  for (int section = 0; section < sections_; ++section) {
    changed |= !(checked(wanted[section]) == target_[section][lane]);
  }
  if (!changed) return;
  bool turns = false;
  for (int section = 0; section < sections_; ++section) {
    turns |= aim(lane, section, checked(wanted[section]), ramp_frames);
  }
  // A turn comes after its leg's last frame, which is neutral; an arrival before the frame that gets the targets.
  left_[lane] = turns ? ramp_frames / 2 : ramp_frames - 1;
  second_[lane] = turns ? ramp_frames - ramp_frames / 2 : 0;
  moving_ |= lane_bit(lane);
  if (ramp_frames <= 1) arrive(lane);
}

bool FilterChain::far(int lane, int section, const SvfCoeffs& target) const noexcept {
  // g and k, both times b and the other's b: no division, and a section without b is near to everything.
  const SvfBankCoeffs& now = now_[section];
  const float from_b = now.b[lane], from_k = -(now.p[lane] + now.t[lane]), to_k = -(target.p + target.t);
  const float from_g = now.t[lane] * target.b, to_g = target.t * from_b;
  if (within(from_g, to_g, kNearG) && within(from_k * target.b, to_k * from_b, kNearK)) return false;
  const bool damped = from_k >= kDampedK * from_b && to_k >= kDampedK * target.b;
  return !(damped && within(from_g, to_g, kDampedNearG));
}

/// True: the section has to turn half-way.
bool FilterChain::aim(int lane, int section, const SvfCoeffs& target, int ramp_frames) noexcept {
  const LaneMask bit = lane_bit(lane);
  target_[section][lane] = target;
  leaving_[section] &= static_cast<LaneMask>(~bit);
  SvfBankCoeffs &now = now_[section], &increment = increment_[section];
  set_lane(increment, lane, kNoIncrement);
  if ((awake_[section] & bit) == 0) {
    if (neutral(target)) return false;
    awake_[section] |= bit;
    now.p[lane] = target.p, now.b[lane] = target.b, now.t[lane] = target.t;
  }
  section_moving_[section] |= bit;
  if (ramp_frames <= 1) return false;
  const bool falls_asleep = neutral(target), leaves = !falls_asleep && far(lane, section, target);
  SvfCoeffs to = target;
  if (leaves) to = SvfCoeffs{}, leaving_[section] |= bit;
  if (leaves || falls_asleep) to.p = now.p[lane], to.b = now.b[lane], to.t = now.t[lane];
  const auto frames = static_cast<float>(leaves ? ramp_frames / 2 : ramp_frames);
  set_lane(increment, lane,
           {(to.p - now.p[lane]) / frames, (to.b - now.b[lane]) / frames, (to.t - now.t[lane]) / frames,
            (to.d - now.d[lane]) / frames, (to.y1 - now.y1[lane]) / frames, (to.y2 - now.y2[lane]) / frames});
  return leaves;
}

void FilterChain::assign(int section, int lane, const SvfCoeffs& coeffs) noexcept {
  set_lane(now_[section], lane, coeffs);
  fine_[section] &= static_cast<LaneMask>(~lane_bit(lane));
  if (rings_long(coeffs)) {
    fine_[section] |= lane_bit(lane);
  } else {
    state_[section].forget_cuts(lane);
  }
}

void FilterChain::turn(int lane) noexcept {
  const LaneMask bit = lane_bit(lane);
  const auto frames = static_cast<float>(second_[lane]);
  for (int section = 0; section < sections_; ++section) {
    if ((leaving_[section] & bit) == 0) continue;
    leaving_[section] &= static_cast<LaneMask>(~bit);
    const SvfCoeffs& to = target_[section][lane];
    assign(section, lane, {to.p, to.b, to.t, 1, 0, 0});
    set_lane(increment_[section], lane, {0, 0, 0, (to.d - 1) / frames, to.y1 / frames, to.y2 / frames});
    state_[section].clear(lane);
  }
  left_[lane] = second_[lane] - 1;
  second_[lane] = 0;
}

void FilterChain::arrive(int lane) noexcept {
  const LaneMask bit = lane_bit(lane), others = static_cast<LaneMask>(~bit);
  for (int section = 0; section < sections_; ++section) {
    if ((section_moving_[section] & bit) == 0) continue;
    section_moving_[section] &= others;
    leaving_[section] &= others;
    set_lane(increment_[section], lane, kNoIncrement);
    if (neutral(target_[section][lane])) {
      assign(section, lane, SvfCoeffs{});
      state_[section].clear(lane);
      awake_[section] &= others;
    } else {
      assign(section, lane, target_[section][lane]);
    }
  }
  left_[lane] = second_[lane] = 0;
  moving_ &= others;
}

void FilterChain::settle() noexcept {
  for (int lane = 0; lane < kLanes; ++lane) arrive(lane);
}

int FilterChain::segment(int frames) const noexcept {
  for (unsigned lanes = moving_; lanes != 0; lanes &= lanes - 1) {
    frames = std::min<int>(frames, left_[std::countr_zero(lanes)]);
  }
  return frames;
}

void FilterChain::finish_segment(int frames) noexcept {
  for (unsigned lanes = moving_; lanes != 0; lanes &= lanes - 1) {
    const int lane = std::countr_zero(lanes);
    left_[lane] -= frames;
    if (left_[lane] <= 0 && second_[lane] > 0) turn(lane);
    if (left_[lane] <= 0) arrive(lane);
  }
}

void FilterChain::run(const float* in, float* out, int frames, int lanes) noexcept {
  SvfSection settled[kMaxSections];
  int count = 0;
  const auto run_settled = [&] {
    if (count == 0) return;
    svf_cascade(settled, count, in, out, frames, lanes);
    in = out;
    count = 0;
  };
  for (int section = 0; section < sections_; ++section) {
    if (!runs_[section]) continue;
    if (section_moving_[section] == 0) {
      settled[count++] = {&now_[section], &state_[section], fine_[section] != 0};
      continue;
    }
    run_settled();
    svf_process_ramped(now_[section], increment_[section], state_[section], in, out, frames, lanes);
    in = out;
  }
  run_settled();
}

bool FilterChain::process(const float* in, float* out, int frames, int lanes, const Resets& resets) noexcept {
  // Sections may come to rest on the way, none starts: what runs is decided once, so that `out` is whole.
  bool running = false;
  for (int section = 0; section < sections_; ++section) {
    runs_[section] = awake_[section] != 0;
    running |= runs_[section];
  }
  if (!running && moving_ == 0) return false;
  for (int begin = 0; begin < frames;) {
    const std::uint64_t ahead = resets.frames >> begin;
    if ((ahead & 1) != 0) clear_state(resets.lanes[begin]);
    int length = segment(frames - begin);
    if (ahead > 1) length = std::min(length, 1 + std::countr_zero(ahead >> 1));
    run(in + begin * kLanes, out + begin * kLanes, length, lanes);
    finish_segment(length);
    begin += length;
  }
  return running;
}

void FilterChain::clear_state(LaneMask lanes) noexcept {
  for (unsigned left = lanes; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    for (SvfBankState& state : state_) state.clear(lane);
  }
}

LaneMask FilterChain::quiet(LaneMask lanes) const noexcept {
  LaneMask found = 0;
  for (unsigned left = lanes; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    bool all = true;
    for (int section = 0; section < sections_; ++section) {
      if (awake_[section] == 0) continue;
      all &= std::fabs(state_[section].c1[lane]) < kQuiet && std::fabs(state_[section].c2[lane]) < kQuiet;
    }
    if (all) found |= lane_bit(lane);
  }
  return found;
}

}  // namespace fohd
