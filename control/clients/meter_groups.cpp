#include "control/clients/meter_groups.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/processors/dynamics_laws.h"

namespace fohd::clients {
namespace {

std::int16_t centibel(float value, double factor) noexcept {
  if (!(value > 0)) return kSilenceCentibel;  // NaN too
  const double hundredths = std::round(100 * factor * std::log10(double{value}));
  return static_cast<std::int16_t>(
      std::clamp(hundredths, double{kSilenceCentibel}, double{std::numeric_limits<std::int16_t>::max()}));
}
std::int16_t flag(bool on) noexcept { return on ? 1 : 0; }

using F = const MeterFrame&;
using S = const MeterSight&;
using At = std::size_t;
using Q = MeterQuantity;

std::int16_t held_peak(S, float held, At, At) { return peak_centibel(held); }
std::int16_t held_gain(S, float held, At, At) { return octave_centibel(held); }

constexpr MeterColumn kPrePeak = {
    Q::pre_peak, [](float held, F f, At s, At) { return std::max(held, f.strips[s].pre_peak); }, held_peak};
constexpr MeterColumn kPreRms = {
    Q::pre_rms, nullptr, [](S s, float, At at, At) { return power_centibel(s.frame.strips[at].pre_mean_square); }};
constexpr MeterColumn kPostPeak = {
    Q::post_peak, [](float held, F f, At s, At) { return std::max(held, f.strips[s].post_peak); }, held_peak};
constexpr MeterColumn kPostRms = {
    Q::post_rms, nullptr, [](S s, float, At at, At) { return power_centibel(s.frame.strips[at].post_mean_square); }};
constexpr MeterColumn kOutputPeak = {Q::output_peak,
                                     [](float held, F f, At, At i) { return std::max(held, f.outputs[i]); }, held_peak};
constexpr MeterColumn kOutputRms = {
    Q::output_rms, nullptr, [](S s, float, At, At i) { return power_centibel(s.frame.output_mean_squares[i]); }};
constexpr MeterColumn kInputClip = {Q::clip, nullptr,
                                    [](S s, float, At, At i) { return flag(s.status.input_clipped[i]); }};
constexpr MeterColumn kOutputClip = {Q::clip, nullptr,
                                     [](S s, float, At, At i) { return flag(s.status.output_clipped[i]); }};
constexpr MeterColumn kFault = {Q::fault, nullptr, [](S s, float, At at, At) { return flag(s.status.faulty[at]); }};
// Gains are the deepest, in octaves: 0 and below.
constexpr MeterColumn kGateGain = {
    Q::gain, [](float held, F f, At s, At) { return std::min(held, f.strips[s].gate_gain); }, held_gain};
constexpr MeterColumn kCompressorGain = {
    Q::gain, [](float held, F f, At s, At) { return std::min(held, f.strips[s].compressor_gain); }, held_gain};
constexpr MeterColumn kLimiterGain = {Q::gain, [](float held, F f, At, At) { return std::min(held, f.limiter_gain); },
                                      held_gain};

constexpr std::array kStripLevels = {kPrePeak, kPreRms, kPostPeak, kPostRms};
constexpr std::array kInputLevels = {kPrePeak, kPreRms};
constexpr std::array kOutputLevels = {kOutputPeak, kOutputRms, kOutputClip};
constexpr std::array kChannelLatches = {kInputClip, kFault};
constexpr std::array kOutputLatches = {kOutputClip, kFault};
constexpr std::array kChannelGains = {kGateGain, kCompressorGain};
constexpr std::array kMixGains = {kCompressorGain};
constexpr std::array kLimiterGains = {kLimiterGain};

using G = const Geometry&;
constexpr MeterItems kChannels = {[](G g) { return g.channels(); }, [](G, int item, int) { return item; }};
/// Main and the buses are the first outputs, in this order for ever.
constexpr MeterItems kOutputs = {[](G g) { return 2 + g.buses; },
                                 [](G g, int item, int) { return g.output_strip(item); }};
constexpr MeterItems kReturns = {[](G g) { return g.returns; },
                                 [](G g, int item, int) { return g.first_return_strip() + item; }};
constexpr MeterItems kEffectInputs = {[](G g) { return g.returns; },
                                      [](G g, int item, int) { return g.first_effect_strip() + item; }};
constexpr MeterItems kMain = {[](G) { return 1; }, [](G g, int, int) { return g.main_strip(); }};

}  // namespace

const std::array<MeterGroup, kMeterGroups> kMeterGroupTable = std::to_array<MeterGroup>({
    {"channels: pre peak, pre RMS, post peak, post RMS", "", kChannels, kStripLevels},
    {"main left, main right, buses: pre peak, pre RMS, post peak, post RMS", "", kOutputs, kStripLevels},
    {"outputs (main left, main right, buses): peak, RMS, clip latch", nullptr, kOutputs, kOutputLevels},
    {"channel latches: input clipped, NaN met", nullptr, kChannels, kChannelLatches},
    {"main left, main right, bus latches: output clipped, NaN met", nullptr, kOutputs, kOutputLatches},
    {"channel gains: gate, compressor", "/gain", kChannels, kChannelGains},
    {"main left, main right, bus gains: compressor", "/gain", kOutputs, kMixGains},
    {"main limiter: gain", "/limiter/gain", kMain, kLimiterGains},
    {"effect returns: pre peak, pre RMS, post peak, post RMS", "", kReturns, kStripLevels},
    {"effect inputs (left and right of slot 1, of slot 2, ...): peak, RMS", nullptr, kEffectInputs, kInputLevels},
});

std::int16_t peak_centibel(float peak) noexcept { return centibel(peak, 20); }
std::int16_t octave_centibel(float gain) noexcept {
  if (!(gain > -19)) return kSilenceCentibel;  // NaN too; 19 octaves are 114 dB
  return static_cast<std::int16_t>(std::lround(100 * kDbPerOctave * std::min(double{gain}, 19.0)));
}
std::int16_t power_centibel(float mean_square) noexcept { return centibel(mean_square, 10); }

}  // namespace fohd::clients
