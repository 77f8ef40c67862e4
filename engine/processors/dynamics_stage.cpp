#include "engine/processors/dynamics_stage.h"

#include <bit>
#include <cmath>

namespace fohd {
namespace {

/// A hundred-thousandth of an octave (0.00006 dB), or of a gate's way: as good as there. The loop's logarithm is not
/// better.
constexpr float kAsGoodAsThere = 1e-5f;
/// -200 dBFS, as power and as magnitude.
constexpr float kQuietPower = 1e-20f, kQuietPeak = 1e-10f;

template <class... Numbers>
bool all_finite(Numbers... numbers) noexcept {
  return (std::isfinite(numbers) && ...);
}
bool finite(const GateCoeffs& c) noexcept {
  return all_finite(c.open_level, c.close_level, c.slope, c.attack_coeff, c.release_coeff, c.hold_frames, c.closed_gain,
                    c.open_gain);
}
bool finite(const CompressorCoeffs& c) noexcept {
  return all_finite(c.direction, c.threshold, c.half_knee, c.knee_curve, c.slope, c.lowest, c.power_coeff) &&
         all_finite(c.attack_coeff, c.release_coeff, c.hold_frames, c.linear, c.crest_coeff, c.dry, c.wet);
}

/// The gain that a compressor's lane has when its key is silent: none for a compressor, all for an expander.
float silent_gain(const CompressorBankCoeffs& bank, int lane) noexcept {
  if (bank.direction[lane] > 0) return 0;
  // Silence is -200 dBFS to the loop, far below every knee.
  constexpr float kSilenceOctaves = -33.2192809f;
  const float gain = std::max(bank.lowest[lane], bank.slope[lane] * (bank.threshold[lane] - kSilenceOctaves));
  return bank.linear[lane] != 0 ? std::exp2(gain) - 1 : gain;
}

/// A compressor's gain from octaves to what is missing to 1, or back.
void change_terms(CompressorBankState& state, int lane, bool linear) noexcept {
  constexpr float kLeast = 0x1p-20f;  // the least that a state in linear terms resolves
  float& gain = state.gain[lane];
  gain = linear ? std::exp2(gain) - 1 : std::log2(std::max(1 + gain, kLeast));
  state.cut[lane] = 0;
}

}  // namespace

// ---------------------------------------------------------------- gate

void GateKind::put(BankCoeffs& bank, BankState&, int lane, const Coeffs& c) noexcept {
  bank.open_level[lane] = c.open_level, bank.close_level[lane] = c.close_level, bank.slope[lane] = c.slope;
  bank.attack_coeff[lane] = c.attack_coeff, bank.release_coeff[lane] = c.release_coeff;
  bank.hold_frames[lane] = c.hold_frames;
}

void GateKind::wake(const BankCoeffs& bank, BankState& state, int lane, const Coeffs& c) noexcept {
  const bool ducks = c.open_gain < c.closed_gain;  // so its loud end is the other one
  state.peak_now[lane] = state.peak_before[lane] = 0;
  state.attenuation[lane] = ducks ? 1.0f : 0.0f;
  state.open[lane] = ducks ? 0.0f : 1.0f;
  state.cut[lane] = 0;
  state.hold_left[lane] = bank.hold_frames[lane];
}

bool GateKind::rests(const BankCoeffs&, const BankState& state, int lane) noexcept {
  const float left = 1 - state.attenuation[lane];
  if (std::max(state.peak_now[lane], state.peak_before[lane]) > kQuietPeak) return false;
  return left == 0 || (left < kAsGoodAsThere && state.hold_left[lane] <= 0);
}

void GateKind::rest(const BankCoeffs& bank, BankState& state, int lane) noexcept {
  state.attenuation[lane] = 1;
  state.cut[lane] = state.open[lane] = state.peak_now[lane] = state.peak_before[lane] = 0;
  state.hold_left[lane] = bank.hold_frames[lane];  // as the loop leaves it where it has arrived
}

void GateKind::process(BankCoeffs& bank, BankState& state, const float*, const float* key, const float* in, float* out,
                       int frames, int lanes) noexcept {
  gate_process(bank, state, key, in, out, frames, lanes);  // an inactive lane has gains of 0 octaves
}

// ---------------------------------------------------------------- compressor

void CompressorKind::put(BankCoeffs& bank, BankState& state, int lane, const Coeffs& c) noexcept {
  if (bank.linear[lane] != c.linear) change_terms(state, lane, c.linear != 0);
  bank.linear[lane] = c.linear;
  bank.direction[lane] = c.direction, bank.threshold[lane] = c.threshold, bank.half_knee[lane] = c.half_knee;
  bank.knee_curve[lane] = c.knee_curve, bank.slope[lane] = c.slope, bank.lowest[lane] = c.lowest;
  bank.power_coeff[lane] = c.power_coeff, bank.attack_coeff[lane] = c.attack_coeff;
  bank.release_coeff[lane] = c.release_coeff, bank.hold_frames[lane] = c.hold_frames;
  bank.crest_coeff[lane] = c.crest_coeff;
}

void CompressorKind::translate(const BankCoeffs& before, const BankCoeffs& bank, BankState& state, int lane) noexcept {
  if (before.linear[lane] != bank.linear[lane]) change_terms(state, lane, bank.linear[lane] != 0);
}

void CompressorKind::wake(const BankCoeffs& bank, BankState& state, int lane, const Coeffs&) noexcept {
  state.slow_power[lane] = state.slow_peak[lane] = state.peak_now[lane] = state.peak_before[lane] = 0;
  state.power[lane] = state.gain[lane] = state.cut[lane] = 0;  // an expander too begins with all of its gain
  state.hold_left[lane] = bank.hold_frames[lane];
}

bool CompressorKind::rests(const BankCoeffs& bank, const BankState& state, int lane) noexcept {
  const float left = std::fabs(state.gain[lane] - silent_gain(bank, lane));
  return state.power[lane] < kQuietPower && state.slow_peak[lane] < kQuietPower &&
         std::max(state.peak_now[lane], state.peak_before[lane]) < kQuietPower &&
         (left == 0 || (left < kAsGoodAsThere && state.hold_left[lane] <= 0));
}

void CompressorKind::rest(const BankCoeffs& bank, BankState& state, int lane) noexcept {
  state.power[lane] = state.cut[lane] = state.slow_power[lane] = state.slow_peak[lane] = 0;
  state.peak_now[lane] = state.peak_before[lane] = 0;
  state.gain[lane] = silent_gain(bank, lane);
  state.hold_left[lane] = bank.hold_frames[lane];
}

void CompressorKind::process(BankCoeffs& bank, BankState& state, const float* active, const float* key, const float* in,
                             float* out, int frames, int lanes) noexcept {
  compressor_process(bank, state, active, key, in, out, frames, lanes);
}

// ---------------------------------------------------------------- the stage

template <class Kind>
void DynamicsStage<Kind>::set(int lane, const typename Kind::Coeffs& coeffs, const KeyTargets& key,
                              int ramp_frames) noexcept {
  const LaneMask bit = lane_bit(lane), others = static_cast<LaneMask>(~bit);
  const bool off = coeffs.off() || !finite(coeffs);
  const typename Kind::Coeffs& wanted = finite(coeffs) ? coeffs : Kind::kOff;
  off_ = static_cast<LaneMask>(off ? off_ | bit : off_ & others);
  if (off && (awake_ & bit) == 0) return;
  Kind::put(coeffs_, state_, lane, wanted);
  if (!off) key_.set(lane, key, ramp_frames);  // a lane that fades out keeps its key source
  if ((awake_ & bit) == 0) {
    awake_ |= bit;
    active_[lane] = 1;
    Kind::wake(coeffs_, state_, lane, wanted);
  }
  Kind::first(coeffs_).set(lane, Kind::first_of(wanted), ramp_frames);
  Kind::second(coeffs_).set(lane, Kind::second_of(wanted), ramp_frames);
  suspend_disabled();
}

template <class Kind>
void DynamicsStage<Kind>::adopt(int lane, const DynamicsStage& other) noexcept {
  using State = typename Kind::BankState;
  // Every row of the state is a float per lane.
  static_assert(sizeof(State) % (kLanes * sizeof(float)) == 0);
  const auto* from = reinterpret_cast<const float*>(&other.state_);
  auto* to = reinterpret_cast<float*>(&state_);
  for (std::size_t row = 0; row < sizeof(State) / sizeof(float); row += kLanes) to[row + lane] = from[row + lane];
  Kind::translate(other.coeffs_, coeffs_, state_, lane);
}

template <class Kind>
void DynamicsStage<Kind>::settle() noexcept {
  Kind::first(coeffs_).settle();
  Kind::second(coeffs_).settle();
  key_.settle();
  suspend_disabled();
}

template <class Kind>
void DynamicsStage<Kind>::suspend_disabled() noexcept {
  const auto asleep = static_cast<LaneMask>(awake_ & off_ & ~coeffs_ramps_moving());
  awake_ &= static_cast<LaneMask>(~asleep);
  for (unsigned left = asleep; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    active_[lane] = 0;
    key_.set(lane, {}, 0);
    key_.clear_state(lane_bit(lane));
  }
}

template <class Kind>
void DynamicsStage<Kind>::process(const float* in, float* out, KeySources sources, int frames, int lanes,
                                  const Resets& resets) noexcept {
  LaneRamp &first = Kind::first(coeffs_), &second = Kind::second(coeffs_);
  for (int begin = 0; begin < frames;) {
    const std::uint64_t ahead = resets.frames >> begin;
    if ((ahead & 1) != 0) clear_state(resets.lanes[begin]);
    int length = second.segment(first.segment(frames - begin));
    if (ahead > 1) length = std::min(length, 1 + std::countr_zero(ahead >> 1));
    const int at = begin * kLanes;
    const float* key = key_.build(in + at, sources, begin, awake_, length, lanes);
    Kind::process(coeffs_, state_, active_, key, in + at, out + at, length, lanes);
    first.finish_segment(length);
    second.finish_segment(length);
    suspend_disabled();  // here and not at the chunk's end: a neighbour may be linked with a lane that stops
    begin += length;
  }
}

template <class Kind>
LaneMask DynamicsStage<Kind>::quiet(LaneMask lanes) const noexcept {
  auto found = static_cast<LaneMask>(lanes & ~awake_);
  for (unsigned left = lanes & awake_; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    if (Kind::rests(coeffs_, state_, lane)) found |= lane_bit(lane);
  }
  return static_cast<LaneMask>(found & key_.quiet(found) & ~foreign());
}

template <class Kind>
void DynamicsStage<Kind>::clear_state(LaneMask lanes) noexcept {
  for (unsigned left = lanes; left != 0; left &= left - 1) Kind::rest(coeffs_, state_, std::countr_zero(left));
  key_.clear_state(lanes);
}

template <class Kind>
void DynamicsStage<Kind>::begin_call() noexcept {
  if (awake_ == 0 && !worked_) return;
  worked_ = awake_ != 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    lowest_[lane] = std::min(lowest_[lane], state_.lowest_gain[lane]);
    state_.lowest_gain[lane] = 0;
  }
}

template <class Kind>
void DynamicsStage<Kind>::restart_meter() noexcept {
  std::fill_n(lowest_, kLanes, 0.0f);
}

template class DynamicsStage<GateKind>;
template class DynamicsStage<CompressorKind>;

}  // namespace fohd
