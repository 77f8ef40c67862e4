#include "control/targets/audibility.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace fohd;

namespace {

/// Every set of the five flags, by their bits.
MuteFlags flags(int bits) {
  return {(bits & kMutedOwn) != 0, (bits & kMutedGroup) != 0, (bits & kMutedDca) != 0, (bits & kMutedSoloInPlace) != 0,
          (bits & kMutedSafety) != 0};
}
constexpr int kAll = kMutedOwn | kMutedGroup | kMutedDca | kMutedSoloInPlace | kMutedSafety;

}  // namespace

TEST_CASE("audibility: the flags and their bits are the same thing", "[control][targets]") {
  for (int bits = 0; bits <= kAll; ++bits) CHECK(flags(bits).bits() == bits);
}

TEST_CASE("audibility: any flag silences what is post fader, exactly", "[control][targets]") {
  for (int bits = 0; bits <= kAll; ++bits) {
    const double gain = audibility({-6, 0, flags(bits)}, {}, Path::post_fader);
    if (bits == 0) {
      CHECK(gain == Approx(std::pow(10, -6 / 20.0)));
    } else {
      CHECK(gain == 0);
    }
  }
}

TEST_CASE("audibility: pre fader, each flag cuts where docs/DESK.md says, and nothing else does",
          "[control][targets]") {
  for (int bits = 0; bits <= kAll; ++bits) {
    for (const bool mute_pre_sends : {false, true}) {
      for (const bool dca_mute_all : {false, true}) {
        CAPTURE(bits, mute_pre_sends, dca_mute_all);
        // From the table of the flags: own and group with the one rule, DCA with the other, safety always, solo never.
        int cutting = kMutedSafety;
        if (mute_pre_sends) cutting |= kMutedOwn | kMutedGroup;
        if (dca_mute_all) cutting |= kMutedDca;
        const double gain = audibility({-90, -90, flags(bits)}, {mute_pre_sends, dca_mute_all}, Path::pre_fader);
        CHECK(gain == ((bits & cutting) != 0 ? 0 : 1));
      }
    }
  }
}

TEST_CASE("audibility: fader and DCAs add in dB, never above +20, and off stays off", "[control][targets]") {
  CHECK(audibility({-10, -7, {}}, {}, Path::post_fader) == Approx(std::pow(10, -17 / 20.0)));
  CHECK(audibility({10, 10, {}}, {}, Path::post_fader) == Approx(10));
  CHECK(audibility({10, 30, {}}, {}, Path::post_fader) == Approx(10));
  CHECK(audibility({kLevelOffDb, 30, {}}, {}, Path::post_fader) == 0);
  CHECK(audibility({0, kLevelOffDb, {}}, {}, Path::post_fader) == 0);
}
