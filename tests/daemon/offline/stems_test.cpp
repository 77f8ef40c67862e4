#include "daemon/offline/stems.h"

#include <catch2/catch.hpp>

#include "daemon/disk/channel_files.h"
#include "tests/daemon/disk/audio_rig.h"

using namespace fohd;
using namespace fohd::test;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kHead = "tempo_bpm = 120\nrate_hz = 48000\nsamples = \".\"\n";
constexpr const char* kSections = "[[section]]\nname = \"a\"\nbars = 1\n[[section]]\nname = \"b\"\nbars = 2\n";

/// 120 beats a minute: a beat is 24,000 frames, a bar 96,000.
struct Studio {
  TemporaryFolder folder;
  Studio() {
    write_audio(folder / "click.wav", 48000, 1, 100, [](auto, int) { return 0.5; });
    write_audio(folder / "tone.wav", 48000, 1, 96000, [](auto frame, int) { return 0.5 * sine(frame, 1000, 48000); });
  }
  Band band(const std::string& channel) {
    write_text(folder / "s.toml",
               std::string(kHead) + kSections + "[[channel]]\nfile = \"01 x\"\npeak_db = 0\n" + channel);
    return load_band(folder / "s.toml");
  }
  std::string message(const std::string& text) {
    write_text(folder / "s.toml", text);
    return message_of([&] { load_band(folder / "s.toml"); });
  }
};

std::vector<std::int64_t> onsets(const AudioClip& clip) {
  std::vector<std::int64_t> frames;
  for (std::int64_t i = 0; i < clip.frames(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (clip.samples[at] != 0 && (i == 0 || clip.samples[at - 1] == 0)) frames.push_back(i);
  }
  return frames;
}

}  // namespace

TEST_CASE("stems: a pattern's steps divide its bar evenly, and the pattern repeats through its section",
          "[daemon][stems]") {
  Studio studio;
  const Band band =
      studio.band("[channel.hits]\nx = { sample = \"click.wav\" }\n[channel.play]\na = \"x..x\"\nb = \"..x.  ....\"\n");
  const AudioClip stem = arrange_channel(band, band.channels[0]);
  CHECK(stem.frames() == 3 * 96000);
  CHECK(onsets(stem) == std::vector<std::int64_t>{0, 72000, 96000 + 24000, 2 * 96000 + 24000});
  CHECK(stem.samples[50] == 1.0f);  // peak_db 0
}

TEST_CASE("stems: swing moves the second sixteenth only", "[daemon][stems]") {
  Studio studio;
  Band band =
      studio.band("[channel.hits]\nx = { sample = \"click.wav\" }\n[channel.play]\na = \"xxxx .... .... ....\"\n");
  band.swing = 2.0 / 3;
  // An eighth is 12,000 frames: its second half begins at two thirds.
  CHECK(onsets(arrange_channel(band, band.channels[0])) == std::vector<std::int64_t>{0, 8000, 12000, 20000});
}

TEST_CASE("stems: a loop is fitted to its beats and cut to the frame, a choked hit ends where the next begins",
          "[daemon][stems]") {
  Studio studio;
  const Band band = studio.band(
      "choke = true\n[channel.hits]\nl = { sample = \"tone.wav\", fit_beats = 8, beats = 1 }\n"
      "[channel.play]\na = \"l...\"\nb = \"ll.. | ....\"\n");
  const AudioClip stem = arrange_channel(band, band.channels[0]);
  // 96,000 frames over 8 beats of 24,000: twice as long, so 500 Hz; one beat of it, then silence.
  double re = 0, im = 0;
  for (std::int64_t i = 2400; i < 21600; ++i) {
    re += static_cast<double>(stem.samples[static_cast<std::size_t>(i)]) *
          std::cos(2 * M_PI * 500 * static_cast<double>(i) / 48000);
    im += static_cast<double>(stem.samples[static_cast<std::size_t>(i)]) *
          std::sin(2 * M_PI * 500 * static_cast<double>(i) / 48000);
  }
  CHECK(2 * std::hypot(re, im) / 19200 == Approx(1).epsilon(0.01));
  for (std::size_t i = 24000; i < 96000; ++i) REQUIRE(stem.samples[i] == 0.0f);
  CHECK(stem.samples[96000 + 48000 + 10] == 0.0f);
}

TEST_CASE("stems: semitones change the pitch by their ratio", "[daemon][stems]") {
  Studio studio;
  const Band band =
      studio.band("[channel.hits]\nx = { sample = \"tone.wav\", semitones = 12 }\n[channel.play]\na = \"x\"\n");
  const AudioClip stem = arrange_channel(band, band.channels[0]);
  CHECK(std::abs(stem.samples[47000]) > 0.0f);
  for (std::size_t i = 48001; i < 96000; ++i) REQUIRE(stem.samples[i] == 0.0f);  // an octave up: half as long
}

TEST_CASE("stems: a wrong session file is refused by file and line, with what is allowed", "[daemon][stems]") {
  Studio studio;
  const std::string head = kHead, sections = kSections;
  const std::string hits = "[channel.hits]\nx = { sample = \"click.wav\" }\n";
  const auto channel = [&](const std::string& rest) {
    return head + sections + "[[channel]]\nfile = \"01 x\"\n" + rest;
  };
  CHECK_THAT(message_of([&] { load_band(studio.folder / "none.toml"); }),
             Contains("none.toml: there is no such session file"));
  CHECK_THAT(studio.message("tempo_bpm = = 3"), Contains("s.toml:1:"));
  CHECK_THAT(studio.message("tempo_bpm = 1\nsamples = \".\"\n"),
             Contains("s.toml:1: tempo_bpm: a number from 20 to 400"));
  CHECK_THAT(studio.message("samples = \"nowhere\"\n"), Contains("there is no folder") && Contains("sonic-pi-samples"));
  CHECK_THAT(studio.message(head), Contains("at least one [[section]] is needed"));
  CHECK_THAT(studio.message(head + sections), Contains("at least one [[channel]] is needed"));
  std::string endless = head;
  for (int i = 0; i < 5; ++i) endless += "[[section]]\nname = \"a\"\nbars = 1000\n";
  CHECK_THAT(studio.message(endless), Contains("all bars together last 10000 s; allowed at 48000 Hz: up to 4166 s"));
  CHECK_THAT(studio.message("speed = 3\n" + channel(hits + "[channel.play]\na = \"x\"\n")),
             Contains("s.toml:1: unknown key 'speed'; allowed here: tempo_bpm"));
  CHECK_THAT(studio.message(channel(hits + "[channel.play]\nc = \"x\"\n")),
             Contains("s.toml:15: play: there is no section 'c'"));
  CHECK_THAT(studio.message(channel(hits + "[channel.play]\na = \"xy\"\n")),
             Contains("s.toml:15: play: 'y' is not among this channel's hits"));
  CHECK_THAT(studio.message(channel(hits + "[channel.play]\na = \"x | | x\"\n")),
             Contains("s.toml:15: play: a bar without steps"));
  CHECK_THAT(studio.message(channel("[channel.hits]\nx = { sample = \"no.wav\" }\n[channel.play]\n")),
             Contains("s.toml:13: sample: no file 'no.wav'"));
  CHECK_THAT(studio.message(channel(
                 "[channel.hits]\nx = { sample = \"click.wav\", fit_beats = 1, semitones = 2 }\n[channel.play]\n")),
             Contains("s.toml:13:") && Contains("one is allowed"));
  CHECK_THAT(studio.message(channel("[channel.hits]\nkick = { sample = \"click.wav\" }\n[channel.play]\n")),
             Contains("one letter and a table"));
}

TEST_CASE("stems: stems lie ready for the player, are kept while the session is the same, and old ones go",
          "[daemon][stems]") {
  Studio studio;
  studio.band("[channel.hits]\nx = { sample = \"click.wav\" }\n[channel.play]\na = \"x\"\n");
  const StemsOptions options{studio.folder / "s.toml", studio.folder / "stems", false};
  REQUIRE(make_stems(options) == 0);
  const ChannelFiles files = scan_channel_files(studio.folder / "stems", 8);
  REQUIRE(files.size() == 1);
  CHECK(files[0].channel == 1);
  CHECK(files[0].name == "x");
  CHECK(files[0].info.frames == 3 * 96000);
  const auto written = std::filesystem::last_write_time(files[0].path);
  REQUIRE(make_stems(options) == 0);
  CHECK(std::filesystem::last_write_time(files[0].path) == written);

  std::string text(4096, '\0');
  std::ifstream(studio.folder / "s.toml").read(text.data(), 4096);
  text.resize(text.find('\0'));
  text.replace(text.find("01 x"), 4, "02 y");
  write_text(studio.folder / "s.toml", text);
  REQUIRE(make_stems(options) == 0);
  CHECK(std::filesystem::exists(studio.folder / "stems/02 y.flac"));
  CHECK_FALSE(std::filesystem::exists(studio.folder / "stems/01 x.flac"));
  const StemsOptions nowhere{studio.folder / "s.toml", studio.folder / "no/stems", false};
  CHECK(make_stems(nowhere) == 1);
}

TEST_CASE("stems: the demo's session is whole: at least 12 channels, 60 to 90 seconds", "[daemon][stems]") {
  if (!std::filesystem::exists("/usr/share/sonic-pi/samples")) {
    WARN("sonic-pi-samples is not installed: the demo's session is not looked at");
    return;
  }
  const Band band = load_band(std::string(FOHD_SOURCE_DIR) + "/configs/demo/session.toml");
  CHECK(band.channels.size() >= 12);
  const double seconds = band.bars() * band.beats_per_bar * band.beat_frames() / band.rate_hz;
  CHECK(seconds >= 60);
  CHECK(seconds <= 90);
}
