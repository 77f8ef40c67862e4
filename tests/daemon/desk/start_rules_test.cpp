#include "daemon/desk/start_rules.h"

#include <catch2/catch.hpp>

using namespace fohd;

namespace {

StoredState state_of(const std::string& boot) {
  StoredState state;
  state.found = true;
  state.meta.geometry_counts = kAllCounts;
  state.meta.rate_hz = 48000;
  state.meta.device = "alsa_pcm:hw:0";
  state.meta.boot_id = boot;
  return state;
}

const StartSituation kNow{Geometry{}, 48000, "alsa_pcm:hw:0", "this boot", StartMode::hold};

StartSituation live(StartSituation now) {
  now.mode = StartMode::live;
  return now;
}

}  // namespace

TEST_CASE("start: the first start without a state is live", "[daemon][start]") {
  CHECK(reason_to_hold(StoredState{}, kNow).empty());
}

TEST_CASE("start: --live beats the configuration, which beats --live-by-default, which beats hold", "[daemon][start]") {
  RunOptions plain, by_default, always;
  by_default.live_by_default = true;
  always.live = true;
  CHECK(start_mode(std::nullopt, plain) == StartMode::hold);
  CHECK(start_mode(std::nullopt, by_default) == StartMode::live);
  CHECK(start_mode(StartMode::hold, by_default) == StartMode::hold);
  CHECK(start_mode(StartMode::live, plain) == StartMode::live);
  CHECK(start_mode(StartMode::hold, always) == StartMode::live);
}

TEST_CASE("start: a restart within the same boot goes on with the mix", "[daemon][start]") {
  CHECK(reason_to_hold(state_of("this boot"), kNow).empty());
}

TEST_CASE("start: after a cold boot the outputs are held unless the desk is to be live", "[daemon][start]") {
  CHECK_FALSE(reason_to_hold(state_of("last week"), kNow).empty());
  CHECK_FALSE(reason_to_hold(state_of(""), kNow).empty());
  CHECK(reason_to_hold(state_of("last week"), live(kNow)).empty());
}

TEST_CASE("start: where the kernel names no boot, every start is a cold one", "[daemon][start]") {
  StartSituation now = kNow;
  now.boot_id = "";
  CHECK_FALSE(reason_to_hold(state_of(""), now).empty());
}

TEST_CASE("start: another geometry, rate or device holds the outputs, same boot and live or not", "[daemon][start]") {
  for (const StartSituation& base : {kNow, live(kNow)}) {
    StartSituation now = base;
    now.geometry.inputs = 16;
    CHECK_FALSE(reason_to_hold(state_of("this boot"), now).empty());
    now = base;
    now.rate_hz = 96000;
    CHECK(reason_to_hold(state_of("this boot"), now) == "the sample rate is another one (48000 Hz then, 96000 Hz now)");
    now = base;
    now.device = "alsa_pcm:hw:1";
    CHECK_FALSE(reason_to_hold(state_of("this boot"), now).empty());
  }
}

TEST_CASE("start: while held the state keeps the reason to hold, released it tells what is true now",
          "[daemon][start]") {
  for (const char* boot : {"this boot", "last week"}) {
    const StoredState then = state_of(boot);
    StartSituation now = live(kNow);
    now.geometry.inputs = 16;
    now.rate_hz = 96000;
    now.device = "alsa_pcm:hw:1";
    StateMeta true_now;
    true_now.geometry = now.geometry;
    true_now.geometry_counts = kAllCounts;
    true_now.rate_hz = now.rate_hz;
    true_now.device = now.device;
    true_now.boot_id = now.boot_id;
    StoredState again = then;
    again.meta = meta_to_keep(then.meta, true_now, true);
    CHECK(reason_to_hold(again, now) == reason_to_hold(then, now));
    now.geometry = then.meta.geometry;  // each reason alone
    CHECK_FALSE(reason_to_hold(again, now).empty());
    now.rate_hz = then.meta.rate_hz;
    CHECK_FALSE(reason_to_hold(again, now).empty());
    again.meta = meta_to_keep(then.meta, true_now, false);
    now = {true_now.geometry, 96000, "alsa_pcm:hw:1", "this boot", StartMode::hold};
    CHECK(reason_to_hold(again, now).empty());
  }
}

TEST_CASE("start: a state that did not say what was true learns it, held or not", "[daemon][start]") {
  StateMeta true_now = state_of("this boot").meta;
  const StateMeta kept = meta_to_keep(StateMeta(), true_now, true);
  CHECK(kept.geometry == true_now.geometry);
  CHECK(kept.rate_hz == 48000);
  CHECK(kept.device == true_now.device);
  CHECK(kept.boot_id.empty());  // the next start is a cold one again
}

TEST_CASE("start: a state of an fohd that knew fewer kinds of strip is of the same desk", "[daemon][start]") {
  StartSituation now = kNow;
  now.geometry.matrices = 6;
  StoredState older = state_of("this boot");
  CHECK_FALSE(reason_to_hold(older, now).empty());  // it had none, and says so
  older.meta.geometry_counts = kAllCounts & ~(1u << 4);
  REQUIRE(std::string_view(kCountRows[4].word) == "matrices");
  CHECK(reason_to_hold(older, now).empty());
  StateMeta true_now = older.meta;
  true_now.geometry = now.geometry;
  true_now.geometry_counts = kAllCounts;
  const StateMeta kept = meta_to_keep(older.meta, true_now, true);
  CHECK(kept.geometry == now.geometry);
  CHECK(kept.geometry_counts == kAllCounts);
  older.meta.geometry.buses = 4;  // what both know still counts
  CHECK_FALSE(reason_to_hold(older, now).empty());
}

TEST_CASE("start: what is not known does not hold", "[daemon][start]") {
  StartSituation now = kNow;
  now.rate_hz = 0;
  now.device = "";
  CHECK(reason_to_hold(state_of("this boot"), now).empty());
  StoredState by_hand = state_of("this boot");
  by_hand.meta.geometry_counts = 0;
  by_hand.meta.rate_hz = 0;
  by_hand.meta.device = "";
  now = kNow;
  now.geometry.inputs = 3;
  CHECK(reason_to_hold(by_hand, now).empty());
}
