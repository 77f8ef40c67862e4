// Who is in a slot, from when to when, and what is heard of it.
#include "engine/effects/effect_slot.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "allocation_guard.h"

using namespace fohd;

namespace {

constexpr double kRate = 48000;
constexpr int kRampFrames = 480;  // 10 ms
constexpr int kKillFrames = 960;

/// Gives back what it hears, times the bass_share that it was told, and holds its last sound for a while.
class Holder final : public Effect {
 public:
  Holder(EffectId id, int tail_frames, int* frees = nullptr) : Effect(id), tail_frames_(tail_frames), frees_(frees) {}
  ~Holder() override {
    if (frees_ != nullptr) ++*frees_;
  }
  void process(const EffectCoeffs& coeffs, const float* left, const float* right, float* out_left, float* out_right,
               int frames) noexcept override {
    const float gain = std::get<ReverbCoeffs>(coeffs).bass_share;
    for (int i = 0; i < frames; ++i) {
      const bool hears = left[i] != 0 || right[i] != 0;
      const float l = left[i], r = right[i];
      if (hears) held_left_ = gain * l, held_right_ = gain * r, left_over_ = tail_frames_;
      const bool sounds = hears || left_over_ > 0;
      out_left[i] = sounds ? held_left_ : 0.0f, out_right[i] = sounds ? held_right_ : 0.0f;
      if (!hears && left_over_ > 0) --left_over_;
    }
  }
  void kill() noexcept override { left_over_ = std::min(left_over_, kKillFrames); }
  bool silent() const noexcept override { return left_over_ == 0; }

 private:
  int tail_frames_, left_over_ = 0;
  float held_left_ = 0, held_right_ = 0;
  int* frees_;
};

EffectTargets named(EffectId id, float gain = 1, std::uint32_t kills = 0) {
  ReverbCoeffs coeffs;
  coeffs.bass_share = gain;
  return {.revision = 0, .id = id, .coeffs = coeffs, .kills = kills};
}

/// A slot that hears 1 on the left and -2 on the right, or silence; what leaves is kept.
struct Stage {
  EffectSlot slot{kRate};
  std::vector<float> left, right;
  bool hears = true;
  int frame = 0;

  void run(int frames) {
    Tile in, out;
    for (int i = 0; i < kSubBlockFrames; ++i) in.frame(i)[6] = 1, in.frame(i)[7] = -2;
    while (frames > 0) {
      const int length = std::min(frames, kSubBlockFrames - frame);
      std::fill_n(out.samples, kSubBlockFrames * kLanes, 9.0f);
      const bool sounds = slot.process(hears ? in.samples + 6 : nullptr, out.samples + 4, length);
      for (int i = 0; i < length; ++i) {
        left.push_back(sounds ? out.frame(i)[4] : 0.0f);
        right.push_back(sounds ? out.frame(i)[5] : 0.0f);
        REQUIRE(out.frame(i)[3] == 9);
        REQUIRE(out.frame(i)[6] == 9);
      }
      frames -= length;
      frame = (frame + length) % kSubBlockFrames;
      if (frame == 0) slot.sub_block_boundary();
    }
  }
  void offer(EffectId id, int tail_frames = 0, int* frees = nullptr) {
    slot.swap().offer(std::make_unique<Holder>(id, tail_frames, frees));
  }
};

}  // namespace

TEST_CASE("effect slot: an instance comes when the targets name it, not before, and fades in", "[engine][effect]") {
  Stage stage;
  stage.offer(3);
  stage.run(640);
  CHECK(std::all_of(stage.left.begin(), stage.left.end(), [](float x) { return x == 0; }));
  stage.slot.set(named(3, 0.5f));
  stage.run(1280);
  for (int i = 0; i < 1280; ++i) {
    // In at the next grid point, then a straight line to full input.
    const double gain = std::clamp((i - kSubBlockFrames + 1) / static_cast<double>(kRampFrames), 0.0, 1.0);
    CAPTURE(i);
    REQUIRE(stage.left[640 + i] == Approx(0.5 * gain).margin(1e-6));
    REQUIRE(stage.right[640 + i] == Approx(-1.0 * gain).margin(1e-6));
  }
  CHECK(stage.left.back() == 0.5f);
}

TEST_CASE("effect slot: what is named and settled is there from the first frame", "[engine][effect]") {
  Stage stage;
  stage.offer(1);
  stage.slot.set(named(1));
  stage.slot.settle();
  stage.run(10);
  CHECK(stage.left[0] == 1);
  CHECK(stage.right[0] == -2);
}

TEST_CASE("effect slot: coefficients count for the instance that they name", "[engine][effect]") {
  Stage stage;
  stage.offer(1);
  stage.slot.set(named(1, 0.5f));
  stage.slot.settle();
  stage.run(64);
  stage.slot.set(named(1, 0.25f));
  stage.run(64);
  CHECK(stage.left.back() == 0.25f);
  stage.slot.set(named(2, 4));  // named before it comes: the old one plays on, out of its input, as it was
  stage.run(32);
  CHECK(stage.left.back() == 0.25f);
}

TEST_CASE("effect slot: who is not named any more plays its tail beside the next and goes back", "[engine][effect]") {
  Stage stage;
  stage.offer(1, 2000);
  stage.slot.set(named(1));
  stage.slot.settle();
  stage.run(640);
  stage.offer(2);
  stage.slot.set(named(2));
  stage.run(64 + kRampFrames);
  // The old one hears 1/480 at last and holds it; the new one is in.
  CHECK(stage.left.back() == Approx(1 + 1 / 480.0).margin(1e-6));
  CHECK_FALSE(stage.slot.swap().collect());
  stage.run(2000);
  CHECK(stage.left.back() == 1);
  stage.run(64);
  const auto back = stage.slot.swap().collect();
  REQUIRE(back);
  CHECK(back->id() == 1);
  for (std::size_t i = 641; i < stage.left.size(); ++i) {  // no step larger than both ramps make together
    REQUIRE(std::abs(stage.left[i] - stage.left[i - 1]) <= 2.0f / kRampFrames + 1e-6f);
  }
}

TEST_CASE("effect slot: a change to none ends in silence and an empty slot", "[engine][effect]") {
  Stage stage;
  int frees = 0;
  stage.offer(1, 300, &frees);
  stage.slot.set(named(1));
  stage.slot.settle();
  stage.run(64);
  stage.slot.set({.revision = 1, .id = 2, .coeffs = {}});
  stage.run(64 + kRampFrames + 300 + 64);
  CHECK(stage.left.back() == 0);
  stage.slot.swap().collect();
  CHECK(frees == 1);
}

TEST_CASE("effect slot: the third waits for the first, which is killed; all come back in order", "[engine][effect]") {
  Stage stage;
  stage.offer(1, 1'000'000);
  stage.slot.set(named(1));
  stage.slot.settle();
  stage.run(64);
  stage.offer(2, 1'000'000);
  stage.slot.set(named(2));
  stage.run(64 + kRampFrames);
  stage.offer(3);
  stage.slot.set(named(3));
  stage.run(kKillFrames + 3 * 64);
  const auto first = stage.slot.swap().collect();
  REQUIRE(first);
  CHECK(first->id() == 1);
  stage.run(kRampFrames + 3 * 64);
  CHECK(stage.left.back() == Approx(1 + 1 / 480.0).margin(1e-6));  // the third, and the second's tail
  stage.slot.set(named(3, 1, 1));                                  // kills
  stage.run(kKillFrames + 3 * 64);
  const auto second = stage.slot.swap().collect();
  REQUIRE(second);
  CHECK(second->id() == 2);
  CHECK(stage.left.back() == 1);
}

TEST_CASE("effect slot: whom nobody named any more goes back unplayed", "[engine][effect]") {
  Stage stage;
  stage.offer(1);
  stage.run(64);  // taken, but the targets that named it were overtaken by the next
  stage.offer(2);
  stage.slot.set(named(2));
  stage.run(64);
  const auto back = stage.slot.swap().collect();
  REQUIRE(back);
  CHECK(back->id() == 1);
  stage.run(64 + kRampFrames);
  CHECK(stage.left.back() == 1);
}

TEST_CASE("effect slot: while nobody collects, nobody is lost", "[engine][effect]") {
  int frees = 0;
  {
    Stage stage;
    for (EffectId id = 1; id <= 5; ++id) {
      stage.offer(id, 10, &frees);
      stage.slot.set(named(id));
      stage.run(2000);
    }
    // One waits to be collected, one waits for its place, one has ended, the rest is in the swap.
    CHECK(stage.left.back() != 0);
    for (int i = 0; i < 20; ++i) {
      stage.run(kRampFrames + 256);
      stage.slot.swap().collect();
    }
    CHECK(frees == 4);
    CHECK(stage.left.back() == 1);  // the fifth, alone
  }
  CHECK(frees == 5);
}

TEST_CASE("effect slot: a reverb that comes, goes and is killed gives the same bits for any split",
          "[engine][effect]") {
  const auto show = [](int block) {
    EffectSlot slot(kRate);
    std::vector<float> out;
    int frame = 0;
    Tile in, tile;
    const auto run = [&](int frames, bool hears) {
      while (frames > 0) {
        const int length = std::min({frames, block, kSubBlockFrames - frame});
        for (int i = 0; i < length; ++i) {
          const auto at = static_cast<float>(out.size() + static_cast<std::size_t>(2 * i));
          in.frame(i)[0] = std::sin(at * at * 0.001f), in.frame(i)[1] = std::cos(at * 0.7f);
        }
        std::fill_n(tile.samples, kSubBlockFrames * kLanes, 0.0f);
        slot.process(hears ? in.samples : nullptr, tile.samples, length);
        for (int i = 0; i < length; ++i) out.push_back(tile.frame(i)[0]), out.push_back(tile.frame(i)[1]);
        frames -= length;
        frame = (frame + length) % kSubBlockFrames;
        if (frame == 0) slot.sub_block_boundary();
      }
    };
    const auto reverb = [](float decay_s) {
      ReverbParams params;
      params.decay_s = decay_s;
      return EffectCoeffs(design(params, kRate));
    };
    for (EffectId id = 1; id <= 3; ++id) {
      slot.swap().offer(make_effect(reverb(0.3f), id, kRate));
      slot.set({.revision = id, .id = id, .coeffs = reverb(0.3f)});
      run(3001, true);
      slot.set({.revision = id, .id = id, .coeffs = reverb(0.2f)});
      run(12000, false);
      slot.set({.revision = id, .id = id, .coeffs = reverb(0.2f), .kills = id});
      run(500, true);
    }
    return out;
  };
  const std::vector<float> expected = show(64);
  CHECK(*std::max_element(expected.begin(), expected.end()) > 0.01f);
  for (const int block : {1, 7, 48}) {
    CAPTURE(block);
    CHECK(show(block) == expected);
  }
}

TEST_CASE("effect slot: nothing is allocated or freed on the audio side", "[engine][effect]") {
  EffectSlot slot(kRate);
  Tile in, out;
  std::fill_n(in.samples, kSubBlockFrames * kLanes, 0.5f);
  for (EffectId id = 1; id <= 4; ++id) {
    const EffectCoeffs coeffs = design(ReverbParams{}, kRate);
    slot.swap().offer(make_effect(coeffs, id, kRate));
    const EffectTargets targets{.revision = id, .id = id, .coeffs = coeffs};
    const test::AllocationGuard guard;
    slot.set(targets);
    for (int block = 0; block < 200; ++block)
      slot.process(in.samples, out.samples, kSubBlockFrames), slot.sub_block_boundary();
    const long heap_calls = guard.count();
    CHECK(heap_calls == 0);
    slot.swap().collect();
  }
}
