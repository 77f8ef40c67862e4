// What a desk has to know of an effect beside its sound. The reverb, the only one so far, is added and has no latency,
// so nothing depends on these yet.
#pragma once

namespace fohd {

struct EffectTraits {
  int latency_frames = 0;  ///< by which what it replaces, or what lies beside it, is late
  bool replaces = false;   ///< its output takes the place of its input, as an insert's; else it is added, from a return
  bool stereo = true;      ///< works on two lanes; else on one
  bool needs_file = false;  ///< its sound is in a file, such as an impulse response
};

}  // namespace fohd
