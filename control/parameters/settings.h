// DeskSettings: the mix in user units (dB, Hz, ms). Owned by control/desk, changed through Desk::apply only.
// Initial values come from the parameter table's rows, so members here have none that matter.
#pragma once

#include <string>
#include <vector>

#include "engine/effects/effect.h"
#include "engine/processors/compressor.h"
#include "engine/processors/eq_design.h"
#include "engine/processors/gate.h"
#include "engine/processors/key_filter.h"
#include "engine/processors/stereo_width.h"
#include "engine/processors/true_peak_limiter.h"
#include "engine/stages/targets.h"
#include "engine/tile/geometry.h"

namespace fohd {

inline constexpr int kChannelEqBands = 4;
inline constexpr int kMixEqBands = kMaxEqBands;

/// The filter in front of a detector, and which signal the detector gets.
struct KeySettings {
  int source = 0;  ///< 0 self, then channels, then buses: kKeySources of parameters/strip_names.h
  bool filter_on = false;
  KeyFilterType filter_type = KeyFilterType::low_cut_6;
  float filter_hz = 0;
};

// A processor's settings are its Params (engine/processors), with what only the desk has beside them.
struct GateSettings : GateParams {
  KeySettings key;
  bool key_listen = false;
};

enum class CompressorPosition : unsigned char { before_eq, after_eq };
struct CompressorSettings : CompressorParams {
  CompressorPosition position = CompressorPosition::after_eq;
  KeySettings key;
};

/// The taps of docs/DESK.md, "Signal flow", in the order of the X32's index.
enum class SendTap : unsigned char { input, pre_eq, post_eq, pre_fader, post_fader, subgroup };

struct SendSettings {
  bool on = false;
  float level_db = 0, pan = 0;
  SendTap tap = SendTap::input;
};

/// What every strip with a name has.
struct StripIdentity {
  std::string name;
  int color = 0, icon = 0;
};

/// What puts a strip into the mixes: channels and effect returns.
struct MixingSettings {
  bool mute = false;
  float fader_db = 0, pan = 0;
  bool link = false;  ///< the same on both halves of a pair
  bool main_on = false;
  std::vector<SendSettings> sends;  ///< [bus]
};

struct ChannelSettings : MixingSettings {
  StripIdentity identity;
  int source = 0;  ///< JACK input, from 1; 0 none
  float trim_db = 0;
  bool polarity_inverted = false;
  bool delay_on = false;
  float delay_ms = 0;
  LowCutParams low_cut;
  GateSettings gate;
  bool eq_on = false;  ///< counts; `on` of the bands does not
  EqBandParams eq[kChannelEqBands];
  CompressorSettings compressor;
};

/// One side of what comes back from an effect.
struct ReturnSettings : MixingSettings {
  StripIdentity identity;
  bool eq_on = false;  ///< counts; `on` of the bands does not
  EqBandParams eq[kChannelEqBands];
};

/// A slot. The values of each kind of effect are kept while another one is in it.
struct EffectSettings {
  EffectType type = EffectType::none;
  int source[2] = {};  ///< left, right: 0 none, else the bus, from 1
  EffectParams params;
};

/// What ends every physical output (docs/DESK.md, "Outputs").
struct OutputSettings {
  bool delay_on = false;
  float delay_ms = 0, level_db = 0;
  bool polarity_inverted = false;
  bool limiter_on = false;
  float limiter_ceiling_db = 0;
  bool ears = false;  ///< in-ear monitors are connected here: ceiling at most -12 dBFS
};

/// Main behind its fader: the mastering block and the limiter.
struct MainBusSettings {
  StereoWidthParams width;
  TruePeakLimiterParams limiter;
};

struct MixSettings {  ///< a bus, or main
  StripIdentity identity;
  bool eq_on = false;  ///< counts; `on` of the bands does not
  EqBandParams eq[kMixEqBands];
  CompressorSettings compressor;
  bool mute = false;
  float fader_db = 0, pan = 0;
  bool link = false;         ///< buses only
  bool main_on = false;      ///< buses only
  MainBusSettings main_bus;  ///< main only
  OutputSettings output[2];  ///< a bus uses [0]; main has left and right
};

struct GlobalSettings {
  bool mute_pre_sends = false;  ///< a mute also cuts pre-fader sends
  bool panic = false;           ///< all outputs shut; persists
  int listen_bus = 0;           ///< the destination of key listen: 0 none, else the bus, from 1
};

struct DeskSettings {
  explicit DeskSettings(const Geometry& geometry)
      : channels(geometry.inputs), returns(geometry.returns), effects(geometry.effects()), buses(geometry.buses) {
    for (auto& channel : channels) channel.sends.resize(geometry.buses);
    for (auto& side : returns) side.sends.resize(geometry.buses);
  }
  std::vector<ChannelSettings> channels;
  std::vector<ReturnSettings> returns;  ///< [lane]: left and right of slot 1, of slot 2, ...
  std::vector<EffectSettings> effects;  ///< [slot]
  std::vector<MixSettings> buses;
  MixSettings main;
  GlobalSettings global;
};

}  // namespace fohd
