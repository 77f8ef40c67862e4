#include "daemon/offline/render.h"

#include <catch2/catch.hpp>

#include "daemon/config/config.h"
#include "daemon/offline/script.h"
#include "daemon/store/restore.h"
#include "tests/daemon/disk/audio_rig.h"

using namespace fohd;
using namespace fohd::test;
using Catch::Matchers::Contains;

namespace {

/// What a call writes to a standard stream.
class Captured {
 public:
  explicit Captured(std::FILE* stream) : stream_(stream), file_(std::tmpfile()) {
    std::fflush(stream_);
    saved_ = ::dup(::fileno(stream_));
    ::dup2(::fileno(file_), ::fileno(stream_));
  }
  ~Captured() {
    ::close(saved_);
    std::fclose(file_);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  std::string text() {
    std::fflush(stream_);
    ::dup2(saved_, ::fileno(stream_));
    std::string text;
    std::rewind(file_);
    for (int c = 0; (c = std::fgetc(file_)) != EOF;) text += static_cast<char>(c);
    return text;
  }

 private:
  std::FILE* stream_;
  std::FILE* file_;
  int saved_;
};

struct Outcome {
  int exit_code;
  std::string out, error;
};
Outcome run(const RenderOptions& options) {
  Captured out(stdout), error(stderr);
  const int code = render(options);
  return {code, out.text(), error.text()};
}

/// A folder with a mono tone for channel 1 and a stereo one for 3 and 4, and a state that lets both be heard at 0 dB.
struct Show {
  TemporaryFolder folder;
  RenderOptions options;
  Show() {
    std::filesystem::create_directory(folder / "in");
    write_audio(folder / "in/01 tone.wav", 48000, 1, 48000,
                [](auto frame, int) { return 0.25 * sine(frame, 1000, 48000); });
    write_audio(folder / "in/03 keys.wav", 48000, 2, 24000,
                [](auto frame, int channel) { return 0.125 * sine(frame, channel == 0 ? 500 : 2000, 48000); });
    write_text(folder / "mix.json",
               R"({ "values": { "/ch/1/fader": 0, "/ch/1/pan": -100, "/ch/3/link": 1, "/ch/4/link": 1,
                                        "/ch/3/fader": 0, "/ch/4/fader": 0, "/main/fader": 0 } })");
    options.in = folder / "in";
    options.state = folder / "mix.json";
    options.out = folder / "mix.wav";
    options.format = SampleFormat::float32;
  }
};

/// Amplitude of a sine in one channel of a stereo file, over frames [from, to) (whole periods).
double amplitude(const PlainAudio& audio, int channel, double frequency_hz, std::int64_t from, std::int64_t to) {
  double re = 0, im = 0;
  for (std::int64_t i = from; i < to; ++i) {
    const double x = static_cast<double>(audio.samples[static_cast<std::size_t>(2 * i + channel)]);
    re += x * std::cos(2 * M_PI * frequency_hz * static_cast<double>(i) / audio.info.samplerate);
    im += x * std::sin(2 * M_PI * frequency_hz * static_cast<double>(i) / audio.info.samplerate);
  }
  return 2 * std::hypot(re, im) / static_cast<double>(to - from);
}

}  // namespace

TEST_CASE("render: files arrive on main at the level and place that the state says, from the first frame",
          "[daemon][render]") {
  Show show;
  const Outcome outcome = run(show.options);
  CAPTURE(outcome.error);
  REQUIRE(outcome.exit_code == 0);
  CHECK_THAT(outcome.out,
             Contains("1.00 s at 48000 Hz") && Contains("LUFS") && Contains("dBTP") && Contains("times real time"));
  const PlainAudio mix = read_plain(show.folder / "mix.wav");
  REQUIRE(mix.info.frames == 48000);
  REQUIRE(mix.info.channels == 2);
  // Hard left: constant power gives 1 there. A linked pair balanced in the middle: 0 dB each (docs/DESK.md, "Pan and
  // balance"). The margin, -80 dB, is for the flat strips' float arithmetic.
  CHECK(amplitude(mix, 0, 1000, 0, 480) == Approx(0.25).margin(1e-4));  // settled: no ramp at the start
  CHECK(amplitude(mix, 1, 1000, 0, 480) == Approx(0).margin(1e-4));
  CHECK(amplitude(mix, 0, 500, 0, 9600) == Approx(0.125).margin(1e-4));
  CHECK(amplitude(mix, 1, 500, 0, 9600) == Approx(0).margin(1e-4));
  CHECK(amplitude(mix, 1, 2000, 0, 9600) == Approx(0.125).margin(1e-4));
  CHECK(amplitude(mix, 1, 2000, 28800, 38400) == Approx(0).margin(1e-4));  // its file ended at 24,000
}

TEST_CASE("render: without a state the files are heard, at the level of one of them", "[daemon][render]") {
  Show show;
  show.options.state.clear();
  const Outcome outcome = run(show.options);
  REQUIRE(outcome.exit_code == 0);
  CHECK_THAT(outcome.error, Contains("no --state") && Contains("-3 dB"));
  const PlainAudio mix = read_plain(show.folder / "mix.wav");
  // Two files: -10 log10(2) is -3 dB in whole dB. A mono channel in the middle is 3.01 dB down on each side.
  const double fader = std::pow(10, -3 / 20.0);
  CHECK(amplitude(mix, 0, 1000, 0, 480) == Approx(0.25 * fader * M_SQRT1_2).margin(1e-4));
  CHECK(amplitude(mix, 0, 500, 0, 9600) == Approx(0.125 * fader).margin(1e-4));
  CHECK(amplitude(mix, 1, 2000, 0, 9600) == Approx(0.125 * fader).margin(1e-4));
}

TEST_CASE("render: a state whose faders are off is left as it is, and said to be silent", "[daemon][render]") {
  Show show;
  write_text(show.options.state, R"({ "values": { "/ch/1/fader": 0, "/ch/3/fader": 0 } })");  // main is off
  const Outcome outcome = run(show.options);
  REQUIRE(outcome.exit_code == 0);
  CHECK_THAT(outcome.error, Contains("nothing will be heard"));
  for (float x : read_plain(show.folder / "mix.wav").samples) REQUIRE(x == 0);
}

TEST_CASE("render: two renders of one show are the same file to the bit", "[daemon][render]") {
  Show show;
  write_text(show.folder / "show.osc",
             "0.1 /ch/1/fader -20\n0.3 /ch/1/pan 50\n0.5 /ch/3/mute 1\n0.7 /ch/1/eq/2/gain 9\n");
  show.options.script = show.folder / "show.osc";
  struct Kind {
    const char* name;
    SampleFormat format;
  };
  const Kind kinds[] = {{"mix.wav", SampleFormat::int24},
                        {"mix.flac", SampleFormat::int24},
                        {"mix 16.wav", SampleFormat::int16},
                        {"mix 16.flac", SampleFormat::int16}};
  for (const auto& [name, format] : kinds) {
    show.options.format = format;
    const auto bytes = [&](const std::string& path) {
      std::ifstream file(path, std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(file), {});
    };
    show.options.out = show.folder / ("first " + std::string(name));
    REQUIRE(run(show.options).exit_code == 0);
    const std::string first = bytes(show.options.out.string());
    show.options.out = show.folder / ("second " + std::string(name));
    REQUIRE(run(show.options).exit_code == 0);
    CHECK(first.size() > 10'000);
    CHECK((first == bytes(show.options.out.string())));
  }
}

TEST_CASE("render: --only plays the one file of that channel, both halves of a stereo one, for as long as the mix",
          "[daemon][render]") {
  Show show;
  show.options.only = 4;
  REQUIRE(run(show.options).exit_code == 0);
  const PlainAudio mix = read_plain(show.folder / "mix.wav");
  CHECK(mix.info.frames == 48000);
  CHECK(amplitude(mix, 0, 1000, 0, 9600) == Approx(0).margin(1e-6));
  CHECK(amplitude(mix, 0, 500, 0, 9600) == Approx(0.125).margin(1e-4));
  show.options.only = 2;
  const Outcome outcome = run(show.options);
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.error, Contains("--only 2: no file feeds this channel"));
}

TEST_CASE("render: a script's lines take effect at their time, rounded to the 64-frame grid", "[daemon][render]") {
  Show show;
  write_text(show.folder / "show.osc",
             "# a mute in the middle\n\n0.5 /ch/1/mute 1   # half a second\n0 /ch/{3,4}/fader -inf\n0.75 /ch/1/name "
             "\"lead vocal\"\n");
  show.options.script = show.folder / "show.osc";
  const Outcome outcome = run(show.options);
  CAPTURE(outcome.error);
  REQUIRE(outcome.exit_code == 0);
  const PlainAudio mix = read_plain(show.folder / "mix.wav");
  CHECK(amplitude(mix, 0, 500, 0, 9600) == Approx(0).margin(1e-6));
  constexpr std::int64_t kMute = 24000;  // 0.5 s is 375 x 64
  CHECK(amplitude(mix, 0, 1000, kMute - 480, kMute) == Approx(0.25).margin(1e-4));
  CHECK(amplitude(mix, 0, 1000, kMute + 480, kMute + 960) == Approx(0).margin(1e-6));  // the mute ramp is 10 ms
  CHECK(amplitude(mix, 0, 1000, kMute, kMute + 480) == Approx(0.125).margin(0.01));    // a linear ramp's mean
}

TEST_CASE("render: rate, length and depth are as asked for", "[daemon][render]") {
  Show show;
  show.options.rate_hz = 44100;
  show.options.seconds = 1.5;
  show.options.format = SampleFormat::int16;
  REQUIRE(run(show.options).exit_code == 0);
  const PlainAudio mix = read_plain(show.folder / "mix.wav");
  CHECK(mix.info.samplerate == 44100);
  CHECK(mix.info.frames == 66150);
  CHECK((mix.info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_PCM_16);
  CHECK(amplitude(mix, 0, 1000, 4410, 39690) == Approx(0.25).margin(1e-4));
  CHECK(amplitude(mix, 0, 1000, 48510, 66150) == Approx(0).margin(1e-4));  // behind the files: dither
}

TEST_CASE("render: at 16 bits the noise between 2 and 5 kHz is 18 dB softer than white dither's", "[daemon][render]") {
  Show show;
  show.options.format = SampleFormat::int16;
  for (int rate_hz : {44100, 48000}) {
    CAPTURE(rate_hz);
    show.options.rate_hz = rate_hz;
    REQUIRE(run(show.options).exit_code == 0);
    const PlainAudio mix = read_plain(show.folder / "mix.wav");
    // Second half: a tone of 1 kHz on the left, at its end. 1 s / 4 has whole periods of every 4 Hz.
    double power = 0;
    int bins = 0;
    const std::int64_t from = rate_hz / 2 + rate_hz / 10, to = from + rate_hz / 4;
    for (int hz = 2000 + 4; hz < 5000; hz += 4) {
      if (hz % 1000 == 0) continue;
      power += std::pow(amplitude(mix, 0, hz, from, to) * 32768, 2);
      ++bins;
    }
    // White: each bin's mean square is 4 x 0.25 / N. 749 bins: 0.16 dB; by the formula shaping takes 18.5 dB.
    const double white = 4 * 0.25 / static_cast<double>(to - from);
    CHECK(10 * std::log10(power / bins / white) == Approx(-18.5).margin(0.8));
  }
}

TEST_CASE("render: what cannot be rendered is refused with a plain message and no file", "[daemon][render]") {
  Show show;
  const auto refused = [&](const std::string& expected) {
    const Outcome outcome = run(show.options);
    CHECK(outcome.exit_code == 1);
    CHECK_THAT(outcome.error, Contains(expected));
    CHECK_FALSE(std::filesystem::exists(show.folder / "mix.wav"));
    CHECK_FALSE(std::filesystem::exists(show.folder / "mix.wav.part"));
  };
  SECTION("no input folder") {
    show.options.in = show.folder / "nowhere";
    refused("nowhere: no such folder");
  }
  SECTION("a folder in place of a channel's file") {
    std::filesystem::create_directory(show.folder / "in/05 bass.wav");
    refused("05 bass.wav: this is a folder");
  }
  SECTION("a damaged file, found only in the middle") {
    unsigned noise = 1;
    write_audio(
        show.folder / "in/05 bass.flac", 48000, 1, 48000,
        [&](auto, int) { return ((noise = noise * 1664525 + 1013904223) >> 8) / 16777216.0 - 0.5; },
        SF_FORMAT_FLAC | SF_FORMAT_PCM_24);
    std::filesystem::resize_file(show.folder / "in/05 bass.flac", 60'000);
    refused("05 bass.flac: damaged: breaks off after");
  }
  SECTION("no such state") {
    show.options.state = show.folder / "no.json";
    refused("no.json: no such state file or folder");
  }
  SECTION("a state that is none") {
    write_text(show.folder / "mix.json", "scribble");
    refused("mix.json: holds no state that could be used");
  }
  SECTION("a configuration that is none") {
    write_text(show.folder / "fohd.toml", "[osc]\nport = \"nine\"\n");
    show.options.config = show.folder / "fohd.toml";
    refused("fohd.toml:2");
  }
  SECTION("an output folder that does not exist") {
    show.options.out = show.folder / "none/mix.wav";
    refused("none does not exist");
  }
  SECTION("an unknown kind of output") {
    show.options.out = show.folder / "mix.mp3";
    refused("allowed endings: .wav and .flac");
  }
  SECTION("an output among the inputs") {
    show.options.out = show.folder / "in/mix.wav";
    refused("would lie among the channels");
  }
  SECTION("a folder as output") {
    std::filesystem::create_directory(show.folder / "folder.wav");
    show.options.out = show.folder / "folder.wav";
    refused("folder.wav: is a folder");
  }
}

TEST_CASE("render: an earlier mix stays whole when a new one fails half way", "[daemon][render]") {
  Show show;
  REQUIRE(run(show.options).exit_code == 0);
  const auto size = std::filesystem::file_size(show.folder / "mix.wav");
  unsigned noise = 1;
  write_audio(
      show.folder / "in/05 bass.flac", 48000, 1, 48000,
      [&](auto, int) { return ((noise = noise * 1664525 + 1013904223) >> 8) / 16777216.0 - 0.5; },
      SF_FORMAT_FLAC | SF_FORMAT_PCM_24);
  std::filesystem::resize_file(show.folder / "in/05 bass.flac", 60'000);
  CHECK(run(show.options).exit_code == 1);
  CHECK(std::filesystem::file_size(show.folder / "mix.wav") == size);
}

TEST_CASE("script: a bad line is refused by file and line, with what is allowed", "[daemon][render]") {
  const TemporaryFolder folder;
  const ParameterTable table{Geometry{}};
  const auto message = [&](const std::string& line) {
    write_text(folder / "show.osc", "# line 1\n1 /ch/1/mute 0\n" + line + "\n");
    return message_of([&] { load_script(folder / "show.osc", table, 48000); });
  };
  CHECK_THAT(message("soon /ch/1/mute 1"), Contains("show.osc:3: 'soon' is no time") && Contains("12.5"));
  CHECK_THAT(message("-1 /ch/1/mute 1"), Contains("show.osc:3: '-1' is no time"));
  CHECK_THAT(message("nan /ch/1/mute 1"), Contains("show.osc:3: 'nan' is no time"));
  CHECK_THAT(message("1 /ch/1/mute"), Contains("show.osc:3: a time, an address and one value are needed"));
  CHECK_THAT(message("1 /ch/99/mute 1"), Contains("show.osc:3:") && Contains("no address '/ch/99/mute'"));
  CHECK_THAT(message("1 /ch/*/cutlow 1"), Contains("show.osc:3:") && Contains("no address '/ch/*/cutlow'"));
  CHECK_THAT(message("1 /ch/1/fader loud"), Contains("show.osc:3:") && Contains("/ch/1/fader"));
  CHECK_THAT(message("1 /ch/1/fader nan"), Contains("show.osc:3:") && Contains("/ch/1/fader"));
  CHECK_THAT(message("1 /ch/1/name \"open"), Contains("show.osc:3: a quote is not closed"));
  CHECK_THAT(message_of([&] { load_script(folder / "none.osc", table, 48000); }),
             Contains("none.osc: there is no such script file"));
  CHECK_THAT(message_of([&] { load_script(folder.path(), table, 48000); }), Contains("this is a folder"));
}

TEST_CASE("script: lines are put in order of time, and those of one grid point are one change", "[daemon][render]") {
  const TemporaryFolder folder;
  const ParameterTable table{Geometry{}};
  write_text(folder / "show.osc", "2 /ch/1/mute 1\n1 /ch/1/mute 0\n1.0001 /ch/*/fader -6\n");
  const auto steps = load_script(folder / "show.osc", table, 48000);
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].frame == 48000);
  CHECK(steps[0].changes.size() == 33);
  CHECK(steps[1].frame == 96000);
}

TEST_CASE("demo: its configuration, mix and show fit the desk to the last address", "[daemon][render][demo]") {
  const std::string demo = std::string(FOHD_SOURCE_DIR) + "/configs/demo/";
  const ConfigResult config = load_config(demo + "fohd.toml");
  for (const ConfigError& error : config.errors) CHECK(error.to_string() == "");
  CHECK(config.config.start == StartMode::live);
  Desk desk(config.config.geometry);
  const StoredState state = load_state(demo + "state.json");
  REQUIRE(state.found);
  CHECK(state.values.size() > 300);
  const Restored restored = restore(desk, state);
  CHECK(restored.warnings == std::vector<std::string>{});
  // What was written is what the desk then holds: no value was clamped, no link copied over another.
  for (const auto& [address, value] : state.values) {
    std::string error;
    const auto id = desk.table().find(address);
    REQUIRE(id);
    CAPTURE(address);
    CHECK(desk.get(*id) == desk.table().coerce(*id, value, error));
  }
  const auto steps = load_script(demo + "show.osc", desk.table(), 48000);
  CHECK(steps.size() >= 15);
  CHECK(steps.back().frame <= 60 * 48000);
}
