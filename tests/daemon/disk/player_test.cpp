#include "daemon/disk/player.h"

#include <array>
#include <catch2/catch.hpp>

#include "daemon/audio/realtime_guard.h"
#include "tests/daemon/disk/audio_rig.h"

using namespace fohd;
using namespace fohd::test;
using Catch::Matchers::Contains;

namespace {

constexpr int kInputs = 8;

/// A stage of eight inputs whose microphones all give -1.
struct Stage {
  Stage() { microphone.fill(-1.0f); }
  std::array<float, 8192> microphone{};
  std::array<const float*, kInputs> inputs{};

  void fill(Player& player, int frames) {
    inputs.fill(microphone.data());
    player.fill(inputs.data(), frames);
  }
};

ChannelFiles scan(const TemporaryFolder& folder) { return scan_channel_files(folder.path(), kInputs); }

}  // namespace

TEST_CASE("player: a file with samples that are no sound plays on without them, and is told once", "[daemon][player]") {
  const TemporaryFolder folder;
  write_audio(folder / "01 good.wav", 44100, 1, 3000, [](auto, int) { return 0.5; });
  write_audio(folder / "02 bad.wav", 44100, 1, 3000, [](auto frame, int) { return frame % 100 == 9 ? 3.4e38 : 0.5; });
  Player player(scan(folder), 48000);
  Stage stage;
  float loudest = 0;
  for (int turn = 0; turn < 40; ++turn) {
    player.service();
    stage.fill(player, 512);
    for (int i = 0; i < 512; ++i)
      loudest = std::max({loudest, std::abs(stage.inputs[0][i]), std::abs(stage.inputs[1][i])});
  }
  CHECK(loudest < 1.5f);
  CHECK(player.status().loops > 2);
  CHECK_FALSE(player.status().failed);
  REQUIRE(player.status().warnings.size() == 1);
  CHECK_THAT(player.status().warnings[0], Contains("02 bad.wav"));
}

TEST_CASE("player: files loop together at the longest's length, exact to the bit across the seam", "[daemon][player]") {
  const TemporaryFolder folder;
  const auto count = [](std::int64_t frame, int channel) {
    return static_cast<double>(frame + 1) * 1e-5 + 0.5 * channel;
  };
  write_audio(folder / "02 long.wav", 48000, 1, 5000, count);
  write_audio(folder / "05 short.wav", 48000, 2, 1234, count);
  Player player(scan(folder), 48000);
  CHECK(player.loop_frames() == 5000);
  Stage stage;
  std::int64_t frame = 0, wrong = 0;
  for (int frames : {1, 7, 64, 100, 1024, 2048, 8192}) {
    for (int turn = 0; turn < 9; ++turn) {
      player.service();
      stage.fill(player, frames);
      for (int i = 0; i < frames; ++i, ++frame) {
        const std::int64_t at = frame % 5000;
        wrong += stage.inputs[1][i] != static_cast<float>(count(at, 0));
        for (int channel : {0, 1}) {
          wrong += stage.inputs[4 + channel][i] != (at < 1234 ? static_cast<float>(count(at, channel)) : 0.0f);
        }
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(player.underruns() == 0);
  CHECK(player.status().loops >= frame / 5000);
  for (int input : {0, 2, 3, 6, 7}) CHECK(stage.inputs[static_cast<std::size_t>(input)] == stage.microphone.data());
}

TEST_CASE("player: files of other rates come at the engine's rate and stay together over loops", "[daemon][player]") {
  const TemporaryFolder folder;
  for (int rate_hz : {44100, 48000, 96000}) {
    const auto tone = [&](auto frame, int) { return 0.5 * sine(frame, 1000, rate_hz); };
    write_audio(folder / (std::to_string(rate_hz / 44100 + rate_hz / 48000) + ".wav"), rate_hz, 1, rate_hz / 10, tone);
  }
  Player player(scan(folder), 48000);
  REQUIRE(player.files().size() == 3);
  REQUIRE(player.loop_frames() == 4800);  // 0.1 s, 100 whole periods of the tone
  Stage stage;
  double worst = 0;
  for (int frame = 0; frame < 4800 * 20; frame += 64) {
    player.service();
    stage.fill(player, 64);
    for (int i = 0; i < 64; ++i) {
      const int at = (frame + i) % 4800;
      if (at < 480 || at >= 4320) continue;  // the resampler meets silence at both ends of a file
      for (const auto& file : player.files()) {
        const double got = static_cast<double>(stage.inputs[static_cast<std::size_t>(file.channel - 1)][i]);
        worst = std::max(worst, std::abs(got - 0.5 * sine(at, 1000, 48000)));
      }
    }
  }
  CHECK(worst < 0.5 * 1e-4);
  CHECK(player.underruns() == 0);
}

TEST_CASE("player: when the disk is late all its channels are silent, counted, and go on where they were",
          "[daemon][player]") {
  const TemporaryFolder folder;
  const auto count = [](std::int64_t frame, int) { return static_cast<double>(frame + 1) * 1e-6; };
  write_audio(folder / "1.wav", 48000, 1, 400'000, count);
  write_audio(folder / "2.wav", 48000, 1, 400'000, count);
  Player player(scan(folder), 48000);
  Stage stage;
  std::int64_t frame = 0;
  while (player.underruns() == 0) {  // nobody serves it
    stage.fill(player, 1024);
    if (player.underruns() == 0) frame += 1024;
    REQUIRE(frame < 400'000);
  }
  for (std::size_t input : {0U, 1U}) {
    CHECK(std::all_of(stage.inputs[input], stage.inputs[input] + 1024, [](float x) { return x == 0.0f; }));
  }
  player.service();
  stage.fill(player, 64);
  CHECK(player.underruns() == 1);
  CHECK(stage.inputs[0][0] == static_cast<float>(count(frame, 0)));
  CHECK(stage.inputs[1][63] == static_cast<float>(count(frame + 63, 0)));
}

TEST_CASE("player: a file that breaks off while it plays goes silent, is named, and the others play on",
          "[daemon][player]") {
  const TemporaryFolder folder;
  unsigned noise = 1;
  const auto hiss = [&](auto, int) { return ((noise = noise * 1664525 + 1013904223) >> 8) / 16777216.0 - 0.5; };
  write_audio(folder / "1.flac", 48000, 1, 96'000, hiss, SF_FORMAT_FLAC | SF_FORMAT_PCM_24);
  write_audio(folder / "2.wav", 48000, 1, 96'000, [](auto, int) { return 0.25; });
  std::filesystem::resize_file(folder / "1.flac", std::filesystem::file_size(folder / "1.flac") / 2);
  Player player(scan(folder), 48000);
  Stage stage;
  for (int frame = 0; frame < 90'000; frame += 512) {
    player.service();
    stage.fill(player, 512);
  }
  CHECK(stage.inputs[0][100] == 0.0f);
  CHECK(stage.inputs[1][100] == 0.25f);
  CHECK(player.status().failed);
  CHECK_THAT(player.status().message, Contains("1.flac: damaged: breaks off"));
}

TEST_CASE("player: the audio side neither allocates nor depends on the disk thread's pace", "[daemon][player]") {
  const TemporaryFolder folder;
  write_audio(folder / "1.wav", 48000, 2, 48'000, [](auto frame, int) { return 0.5 * sine(frame, 440, 48000); });
  auto player = std::make_shared<Player>(scan(folder), 48000);
  DiskThread disk;
  disk.add(player);
  Stage stage;
  std::int64_t wrong = 0, frame = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (frame < 480'000 && std::chrono::steady_clock::now() < deadline) {  // ten loops, as fast as the rings allow
    const std::uint32_t before = player->underruns();
    {
      const RealtimeSection section;  // a debug build aborts inside it on an allocation or a lock
      stage.fill(*player, 256);
    }
    if (player->underruns() != before) {
      std::this_thread::yield();
      continue;
    }
    for (int i = 0; i < 256; ++i, ++frame)
      wrong += stage.inputs[1][i] != static_cast<float>(0.5 * sine(frame % 48'000, 440, 48000));
  }
  CHECK(frame >= 480'000);
  CHECK(wrong == 0);
}
