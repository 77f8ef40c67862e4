#include "daemon/disk/audio_file.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <complex>
#include <fstream>
#include <iterator>
#include <limits>

#include "daemon/disk/audio_writer.h"
#include "daemon/disk/channel_files.h"
#include "tests/daemon/disk/audio_rig.h"
#include "tests/ogg_pages.h"

using namespace fohd;
using namespace fohd::test;
using Catch::Matchers::Contains;

TEST_CASE("audio file: every kind of file that people bring is read, mono and stereo", "[daemon][audio_file]") {
  const TemporaryFolder folder;
  struct Kind {
    const char* name;
    int format;
    double tolerance;  // two steps: writing truncates and scales by 2^n - 1; Ogg is lossy, a sine at half scale comes
                       // within some percent
  };
  const Kind kinds[] = {{"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2.0 / 32768},
                        {"b.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1e-7},
                        {"c.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 2.0 / 8388608},
                        {"d.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_24, 2.0 / 8388608},
                        {"e.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0.1},
                        {"f.rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_24, 2.0 / 8388608}};
  const auto wave = [](std::int64_t frame, int channel) { return 0.5 * sine(frame, channel == 0 ? 440 : 660, 48000); };
  for (const Kind& kind : kinds) {
    for (int channels : {1, 2}) {
      CAPTURE(kind.name, channels);
      write_audio(folder / kind.name, 48000, channels, 10'000, wave, kind.format);
      const AudioClip clip = read_audio_file(folder / kind.name, 48000);
      CHECK(clip.channels == channels);
      REQUIRE(clip.frames() == 10'000);
      double worst = 0;
      for (std::int64_t i = 0; i < clip.frames() * channels; ++i) {
        const double expected = wave(i / channels, static_cast<int>(i % channels));
        worst = std::max(worst, std::abs(static_cast<double>(clip.samples[static_cast<std::size_t>(i)]) - expected));
      }
      CHECK(worst <= kind.tolerance);
    }
  }
}

TEST_CASE("audio file: a header that claims more frames than anybody can record is refused", "[daemon][audio_file]") {
  const TemporaryFolder folder;
  // Long enough for two pages of sound: of one alone libsndfile counts the frames.
  const auto wave = [](std::int64_t frame, int) { return 0.2 * sine(frame, 440, 48000); };
  write_audio(folder / "a.ogg", 48000, 1, 200'000, wave, SF_FORMAT_OGG | SF_FORMAT_VORBIS);
  std::ifstream file(folder / "a.ogg", std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  std::size_t last = 0;
  for (std::size_t at = 0; at != std::string::npos; at = find_ogg_page(whole, at + 1)) last = at;
  // An Ogg file is as long as its last page says.
  for (const std::int64_t frames : {std::int64_t{2'000'000'000'000}, std::int64_t{4'000'000'000'000'000'000}}) {
    CAPTURE(frames);
    std::string claiming = whole;
    constexpr std::size_t kPosition = 6;
    for (std::size_t i = 0; i < 8; ++i) claiming[last + kPosition + i] = static_cast<char>(frames >> (8 * i) & 0xFF);
    repair_ogg_checksums(claiming);
    std::ofstream(folder / "b.ogg", std::ios::binary) << claiming;
    const auto open = [&] { AudioFileReader(folder / "b.ogg", 48000, ResampleQuality::live); };
    CHECK_THAT(message_of(open), Contains("b.ogg: damaged: claims to hold") && Contains("up to 1,000,000,000,000"));
  }
}

TEST_CASE("audio file: what would not fit in memory as a whole is refused before it is read", "[daemon][audio_file]") {
  const TemporaryFolder folder;
  write_audio(
      folder / "a.wav", 1000, 1, 210'000, [](auto, int) { return 0.0; }, SF_FORMAT_WAV | SF_FORMAT_PCM_U8);
  CHECK_THAT(
      message_of([&] { read_audio_file(folder / "a.wav", 192'000); }),
      Contains("a.wav: is too long to be taken as a whole: 40320000 frames at 192000 Hz; allowed: up to 40,000,000"));
  const AudioClip clip{1, std::vector<float>(160'000)};
  CHECK_THAT(message_of([&] { resample(clip, 256, ResampleQuality::live); }),
             Contains("40960000 frames; allowed: up to"));
}

TEST_CASE("audio file: a sine keeps frequency, level and phase at any pair of rates", "[daemon][audio_file]") {
  const TemporaryFolder folder;
  for (int from : {22050, 44100, 48000, 96000}) {
    for (int to : {44100, 48000, 96000}) {
      for (ResampleQuality quality : {ResampleQuality::best, ResampleQuality::live}) {
        CAPTURE(from, to, static_cast<int>(quality));
        write_audio(folder / "s.wav", from, 1, from, [&](auto frame, int) { return 0.5 * sine(frame, 1000, from); });
        const AudioClip clip = read_audio_file(folder / "s.wav", to, quality);
        CHECK(std::abs(clip.frames() - to) <= 1);
        double worst = 0;  // away from the ends, where the file's edge is within the filter's reach
        for (std::int64_t i = to / 10; i < to * 9 / 10; ++i) {
          const double expected = 0.5 * sine(i, 1000, to);
          worst = std::max(worst, std::abs(static_cast<double>(clip.samples[static_cast<std::size_t>(i)]) - expected));
        }
        CHECK(worst < 0.5 * 1e-4);  // -80 dB: far below, even live's 121 dB is in float and with a table of finite step
      }
    }
  }
}

TEST_CASE("audio file: read in any portions, and read again, it is the same sound", "[daemon][audio_file]") {
  const TemporaryFolder folder;
  write_audio(folder / "s.wav", 44100, 2, 20'000,
              [](auto frame, int channel) { return 0.3 * sine(frame, 300 + 100 * channel, 44100); });
  for (int rate_hz : {44100, 48000}) {
    const AudioClip whole = read_audio_file(folder / "s.wav", rate_hz, ResampleQuality::live);
    AudioFileReader reader(folder / "s.wav", rate_hz, ResampleQuality::live);
    for (int turn = 0; turn < 2; ++turn) {
      std::vector<float> portions(whole.samples.size() + 200), block(2 * 77);
      std::size_t filled = 0;
      for (std::int64_t got = 0; (got = reader.read(block)) > 0; filled += static_cast<std::size_t>(got) * 2) {
        std::copy_n(block.begin(), got * 2, portions.begin() + static_cast<std::ptrdiff_t>(filled));
      }
      portions.resize(filled);
      REQUIRE(portions.size() == whole.samples.size());
      double worst = 0;
      for (std::size_t i = 0; i < filled; ++i)
        worst = std::max(worst, std::abs(static_cast<double>(portions[i] - whole.samples[i])));
      CHECK(worst < 1e-6);  // libsamplerate accumulates its phase per call: a few steps of float
      reader.rewind();
    }
  }
}

TEST_CASE("audio file: a sample that is not a number is read as silence", "[daemon][audio_file]") {
  const TemporaryFolder folder;
  write_audio(folder / "n.wav", 48000, 1, 3,
              [](auto frame, int) { return frame == 1 ? std::numeric_limits<double>::quiet_NaN() : 0.25; });
  CHECK(read_audio_file(folder / "n.wav", 48000).samples == std::vector<float>{0.25f, 0.0f, 0.25f});
}

TEST_CASE("audio file: what is not finite or beyond +30 dBFS is silence, before and behind the resampler, and is told",
          "[daemon][audio_file]") {
  const TemporaryFolder folder;
  constexpr double kHuge = 3.4e38;  // the resampler's filter makes more than a float of it
  const double inf = std::numeric_limits<double>::infinity();
  const std::pair<const char*, double> faults[] = {{"huge", kHuge},      {"minus huge", -kHuge}, {"infinite", inf},
                                                   {"minus", -inf},      {"just beyond", 31.7},  {"a number", 1e30},
                                                   {"NaN", std::nan("")}};
  for (const auto& [name, value] : faults) {
    for (const int rate_hz : {48000, 44100, 96000, 8000}) {
      for (const int format :
           {SF_FORMAT_WAV | SF_FORMAT_FLOAT, SF_FORMAT_WAV | SF_FORMAT_DOUBLE, SF_FORMAT_AIFF | SF_FORMAT_FLOAT}) {
        CAPTURE(name, rate_hz, format);
        const auto path = folder / "fault.wav";
        write_audio(
            path, 48000, 2, 3000,
            [value = value](auto frame, int channel) { return frame % 7 == 3 && channel == 1 ? value : 0.25; }, format);
        AudioFileReader reader(path, rate_hz, ResampleQuality::live);
        CHECK(reader.warning().empty());
        std::vector<float> samples(static_cast<std::size_t>(reader.frames()) * 2);
        REQUIRE(reader.read(samples) > 0);
        // No filter makes more of samples up to 0.25 than the sum of its taps' amounts, far below 4 times that.
        const bool sane = std::all_of(samples.begin(), samples.end(), [](float x) { return std::abs(x) < 1.0f; });
        CHECK(sane);
        if (rate_hz == 48000) CHECK(samples[7] == 0);  // frame 3, channel 1
        CHECK_THAT(reader.warning(), Contains("fault.wav: ") && Contains("+30 dBFS") && Contains("silent"));
        CHECK(read_audio_file(path, rate_hz, ResampleQuality::live).warning == reader.warning());
      }
    }
  }
  write_audio(folder / "loud.wav", 48000, 1, 10, [](auto, int) { return 31.5; });
  const AudioClip loud = read_audio_file(folder / "loud.wav", 48000);
  CHECK(loud.samples == std::vector<float>(10, 31.5f));
  CHECK(loud.warning.empty());
}

TEST_CASE("audio file: a filter that swings beyond +30 dBFS does not hand that on", "[daemon][audio_file]") {
  const TemporaryFolder folder;
  // Steps between the largest that are allowed: a steep filter overshoots them by some 9 % (Gibbs).
  write_audio(folder / "steps.wav", 44100, 1, 4000, [](auto frame, int) { return frame / 50 % 2 == 0 ? 31.5 : -31.5; });
  const AudioClip clip = read_audio_file(folder / "steps.wav", 48000);
  CHECK(std::all_of(clip.samples.begin(), clip.samples.end(), [](float x) { return std::abs(x) <= 31.6f; }));
  CHECK_FALSE(clip.warning.empty());
  const AudioClip slower = resample(read_audio_file(folder / "steps.wav", 44100), 1.5);
  CHECK(std::all_of(slower.samples.begin(), slower.samples.end(), [](float x) { return std::abs(x) <= 31.6f; }));
}

TEST_CASE("audio file: bad files are refused with their name, the reason and what is allowed", "[daemon][audio_file]") {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& name) { return message_of([&] { inspect_audio_file(folder / name); }); };

  CHECK_THAT(message("none.wav"), Contains("none.wav") && Contains("no such audio file"));

  std::filesystem::create_directory(folder / "folder.wav");
  CHECK_THAT(message("folder.wav"),
             Contains("folder.wav") && Contains("is a folder") && Contains("allowed: WAV, FLAC"));

  write_text(folder / "text.wav", "this is a shopping list and no sound at all\n");
  CHECK_THAT(message("text.wav"),
             Contains("text.wav") && Contains("not an audio file") && Contains("allowed: WAV, FLAC"));

  write_text(folder / "zero.wav", "");
  CHECK_THAT(message("zero.wav"), Contains("zero.wav") && Contains("empty (0 bytes)"));

  write_audio(folder / "silent.wav", 48000, 1, 0, {});
  CHECK_THAT(message("silent.wav"), Contains("silent.wav") && Contains("0 frames"));

  write_audio(folder / "surround.wav", 48000, 6, 10, [](auto, int) { return 0.1; });
  CHECK_THAT(message("surround.wav"),
             Contains("surround.wav") && Contains("6 channels") && Contains("1 (mono) or 2 (stereo)"));
}

TEST_CASE("audio file: a FLAC that breaks off in the middle says so when the break is reached",
          "[daemon][audio_file]") {
  const TemporaryFolder folder;
  unsigned noise = 1;
  write_audio(
      folder / "whole.flac", 48000, 1, 48000,
      [&](auto, int) { return ((noise = noise * 1664525 + 1013904223) >> 8) / 16777216.0 - 0.5; },
      SF_FORMAT_FLAC | SF_FORMAT_PCM_24);
  std::filesystem::resize_file(folder / "whole.flac", std::filesystem::file_size(folder / "whole.flac") / 2);
  const std::string message = message_of([&] { read_audio_file(folder / "whole.flac", 48000); });
  CHECK_THAT(message, Contains("whole.flac") && Contains("damaged: breaks off after") && Contains("of 48000 frames"));
}

TEST_CASE("channel files: names say which channel and what it is called", "[daemon][channel_files]") {
  const auto is = [](const std::string& file, std::optional<int> number, const std::string& name) {
    const ChannelFileName parsed = parse_channel_file_name(file);
    CAPTURE(file, parsed.name, parsed.number.value_or(-1));
    CHECK((parsed.number == number && parsed.name == name));
  };
  is("03 snare.wav", 3, "snare");
  is("03_snare-top.wav", 3, "snare top");
  is("12.wav", 12, "");
  is("128-Overhead L.flac", 128, "Overhead L");
  is("vocal.wav", std::nullopt, "vocal");
  is("808 kick.wav", 808, "kick");
  is("4x4 loop.wav", std::nullopt, "4x4 loop");            // a number is followed by a blank, '_', '-' or '.'
  is("20260101 take.wav", std::nullopt, "20260101 take");  // a date is no channel
  is("07 - room . far.aiff", 7, "room far");
  // 32 bytes, and no half of a character: 31 letters and a two-byte one do not fit.
  is("01 abcdefghijklmnopqrstuvwxyzabcde\u00e9.wav", 1, "abcdefghijklmnopqrstuvwxyzabcde");
}

TEST_CASE("channel files: numbered files go to their channel, the others to the next free one",
          "[daemon][channel_files]") {
  const TemporaryFolder folder;
  const auto put = [&](const std::string& name, int channels) {
    write_audio(folder / name, 48000, channels, 8, [](auto, int) { return 0.1; });
  };
  put("02 snare.wav", 1);
  put("bass.wav", 1);   // 1, the first free
  put("keys.wav", 2);   // 3 and 4, the first free pair
  put("05_oh.wav", 2);  // 5 and 6
  put("voice.wav", 1);  // 7
  write_text(folder / "notes.txt", "not for us");
  write_text(folder / ".hidden.wav", "nor this");
  const ChannelFiles files = scan_channel_files(folder.path(), 8);
  std::string layout;
  for (const auto& file : files)
    layout += std::to_string(file.channel) + (file.stereo ? "s " : "m ") + file.name + ", ";
  CHECK(layout == "1m bass, 2m snare, 3s keys, 5s oh, 7m voice, ");
}

TEST_CASE("channel files: a folder that cannot be laid out is refused and the message names the file",
          "[daemon][channel_files]") {
  const TemporaryFolder folder;
  const auto put = [&](const std::string& name, int channels) {
    write_audio(folder / name, 48000, channels, 8, [](auto, int) { return 0.1; });
  };
  const auto message = [&] { return message_of([&] { scan_channel_files(folder.path(), 8); }); };
  CHECK_THAT(message(), Contains("no audio files in it") && Contains("one WAV, FLAC"));
  CHECK_THAT(message_of([&] { scan_channel_files(folder / "none", 8); }), Contains("none: no such folder"));

  SECTION("a file in place of the folder") {
    put("1.wav", 1);
    CHECK_THAT(message_of([&] { scan_channel_files(folder / "1.wav", 8); }), Contains("is a file; a folder"));
  }
  SECTION("a number that is neither a channel nor a date") {
    put("99999999999999999999 k.wav", 1);
    CHECK_THAT(message(), Contains("99999999999999999999 k.wav: the number") && Contains("channels 1 to 8"));
  }
  SECTION("two files for one channel") {
    put("03 a.wav", 1);
    put("3 b.wav", 1);
    CHECK_THAT(message(), Contains("3 b.wav: channel 3 is already taken by 03 a.wav"));
  }
  SECTION("a stereo file that reaches into a taken channel") {
    put("03 a.wav", 2);
    put("04 b.wav", 1);
    CHECK_THAT(message(), Contains("04 b.wav: channel 4 is already taken by 03 a.wav"));
  }
  SECTION("a stereo file on an even channel") {
    put("02 a.wav", 2);
    CHECK_THAT(message(), Contains("02 a.wav: a stereo file needs an odd channel") && Contains("2 is even"));
  }
  SECTION("a channel that the desk does not have") {
    put("09 a.wav", 1);
    CHECK_THAT(message(), Contains("09 a.wav: channel 9 does not exist") && Contains("1 to 8"));
  }
  SECTION("channel 0") {
    put("00 a.wav", 1);
    CHECK_THAT(message(), Contains("00 a.wav: channel 0 does not exist"));
  }
  SECTION("more files than channels") {
    for (char c = 'a'; c <= 'i'; ++c) put(std::string(1, c) + ".wav", 1);
    CHECK_THAT(message(), Contains("i.wav: no free channel is left"));
  }
  SECTION("one damaged file") {
    put("01 a.wav", 1);
    write_text(folder / "02 b.wav", "nonsense that is no sound");
    CHECK_THAT(message(), Contains("02 b.wav: damaged or not an audio file"));
  }
}

TEST_CASE("audio writer: dither makes a tone of a quarter step audible, free of distortion, noise as computed",
          "[daemon][audio_writer]") {
  const TemporaryFolder folder;
  constexpr int kFrames = 480'000;
  for (int rate_hz : {32'000, 48'000}) {  // white; shaped by the taps of engine/processors/dither.cpp
    CAPTURE(rate_hz);
    std::vector<double> response{1};
    if (rate_hz == 48'000) response = {1, -2.033, 2.165, -1.959, 1.590, -0.6149};
    const auto noise_gain = [&](double frequency_hz) {
      std::complex<double> sum = 0;
      for (std::size_t k = 0; k < response.size(); ++k) {
        sum += response[k] * std::polar(1.0, -2 * M_PI * frequency_hz * static_cast<double>(k) / rate_hz);
      }
      return std::abs(sum);
    };
    std::vector<float> tone(kFrames);
    for (int i = 0; i < kFrames; ++i)
      tone[static_cast<std::size_t>(i)] = static_cast<float>(0.25 / 32768 * sine(i, 1000, rate_hz));
    {
      AudioWriter writer(folder / "d.wav", rate_hz, 1, SampleFormat::int16);
      writer.write(tone);
      writer.close();
    }
    const PlainAudio read = read_plain(folder / "d.wav");
    REQUIRE(read.samples.size() == kFrames);
    const auto amplitude = [&](double frequency_hz) {
      double re = 0, im = 0;
      for (int i = 0; i < kFrames; ++i) {
        const double x = static_cast<double>(read.samples[static_cast<std::size_t>(i)]) * 32768;
        re += x * std::cos(2 * M_PI * frequency_hz * i / rate_hz);
        im += x * std::sin(2 * M_PI * frequency_hz * i / rate_hz);
      }
      return 2 * std::hypot(re, im) / kFrames;
    };
    double power = 0;
    for (float x : read.samples) power += std::pow(static_cast<double>(x) * 32768, 2) / kFrames;
    // Quantisation 1/12 and triangular dither 2/12 of a squared step, shaped; and the tone's own a^2/2.
    double shaped = 0;
    for (double h : response) shaped += h * h;
    CHECK(power == Approx(0.25 * shaped + 0.25 * 0.25 / 2).epsilon(0.01));
    // One bin of white noise: 2 sigma / sqrt(N) = 0.0014 steps rms; 4 times that is exceeded once in e^16 times.
    const double bin = 4 * 2 * 0.5 / std::sqrt(kFrames);
    CHECK(amplitude(1000) == Approx(0.25).margin(bin * noise_gain(1000)));
    CHECK(amplitude(2000) < bin * noise_gain(2000));
    CHECK(amplitude(3000) < bin * noise_gain(3000));
  }
}

TEST_CASE("audio writer: silence is written as silence, and sound on one side does not put noise on the other",
          "[daemon][audio_writer]") {
  const TemporaryFolder folder;
  for (SampleFormat format : {SampleFormat::int16, SampleFormat::int24}) {
    std::vector<float> stereo(2 * 100'000);
    for (std::size_t frame = 10'000; frame < 20'000; ++frame) stereo[2 * frame] = 0.1f;
    AudioWriter writer(folder / "s.wav", 48000, 2, format);
    writer.write(stereo);
    writer.close();
    const PlainAudio read = read_plain(folder / "s.wav");
    for (std::size_t frame = 0; frame < 100'000; ++frame) {
      REQUIRE(read.samples[2 * frame + 1] == 0);
      if (frame < 10'000 || frame >= 20'000 + 48'000) REQUIRE(read.samples[2 * frame] == 0);
      if (frame >= 10'000 && frame < 20'000) REQUIRE(read.samples[2 * frame] != 0);
    }
  }
}

TEST_CASE("audio writer: one sound on both sides gets two noises, the same in every run and however it is cut",
          "[daemon][audio_writer]") {
  const TemporaryFolder folder;
  for (SampleFormat format : {SampleFormat::int16, SampleFormat::int24}) {
    const std::vector<float> stereo(2 * 10'000, 0.1f);
    std::vector<std::vector<float>> runs;
    for (std::size_t frames : {1, 77, 10'000}) {
      AudioWriter writer(folder / "r.wav", 44100, 2, format);
      for (std::span<const float> rest = stereo; !rest.empty();) {
        const std::span<const float> now = rest.first(std::min(2 * frames, rest.size()));
        writer.write(now);
        rest = rest.subspan(now.size());
      }
      writer.close();
      runs.push_back(read_plain(folder / "r.wav").samples);
    }
    CHECK((runs[0] == runs[1]));
    CHECK((runs[0] == runs[2]));
    int differ = 0;
    for (std::size_t frame = 0; frame < 10'000; ++frame) differ += runs[0][2 * frame] != runs[0][2 * frame + 1];
    // 0.1f is 838,860.8125 steps of 24 bits: the triangle puts 0.236, 0.715 and 0.049 of all samples on the three steps
    // around, so two independent ones differ in 1 - sum p^2 = 0.431, 4,309 +- 50 of them. Shaped, in more.
    CHECK(differ > 4'000);
  }
}

TEST_CASE("audio writer: full scale clamps, and neither NaN nor infinity is written", "[daemon][audio_writer]") {
  const TemporaryFolder folder;
  const float bad = std::numeric_limits<float>::quiet_NaN(), endless = std::numeric_limits<float>::infinity();
  for (SampleFormat format : {SampleFormat::int16, SampleFormat::int24, SampleFormat::float32}) {
    AudioWriter writer(folder / "c.wav", 48000, 2, format);
    writer.write(std::vector<float>{3.0f, -3.0f, bad, endless});
    writer.close();
    const PlainAudio read = read_plain(folder / "c.wav");
    const bool fixed = format != SampleFormat::float32;
    // Shaped noise reaches 1.5 (1 + sum |taps|) = 14.05 steps of 16 bits.
    const double reach = 14.05 / 32768;
    CHECK(read.samples[0] == Approx(fixed ? 1.0 : 3.0).margin(reach));
    CHECK(read.samples[1] == Approx(fixed ? -1.0 : -3.0).margin(reach));
    CHECK(read.samples[2] == Approx(0).margin(reach));
    CHECK(read.samples[3] == Approx(0).margin(reach));
  }
}

TEST_CASE("audio writer: what cannot be written is refused by name and reason", "[daemon][audio_writer]") {
  const TemporaryFolder folder;
  const auto message = [](const std::filesystem::path& path, SampleFormat format = SampleFormat::int24) {
    return message_of([&] { AudioWriter(path, 48000, 2, format); });
  };
  CHECK_THAT(message(folder / "a.mp3"), Contains("a.mp3") && Contains("allowed endings: .wav and .flac"));
  CHECK_THAT(message(folder / "a.flac", SampleFormat::float32), Contains("a.flac") && Contains("FLAC has no float"));
  CHECK_THAT(message(folder / "none/a.wav"), Contains("a.wav") && Contains("none does not exist"));
  std::filesystem::create_directory(folder / "d.wav");
  CHECK_THAT(message(folder / "d.wav"), Contains("d.wav") && Contains("is a folder"));
  CHECK_THAT(message("/proc/a.wav"), Contains("/proc/a.wav") && Contains("cannot be written"));
  CHECK(message(folder / "UPPER.WAV").empty());
}

TEST_CASE("audio writer: a full disk is an error, not a shorter file", "[daemon][audio_writer]") {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("/dev/full", folder / "full.wav");
  const std::string message = message_of([&] {
    AudioWriter writer(folder / "full.wav", 48000, 2, SampleFormat::int24);
    const std::vector<float> block(8192, 0.1f);
    for (int i = 0; i < 16; ++i) writer.write(block);
    writer.close();
  });
  CHECK_THAT(message, Contains("full.wav") && Contains("No space left"));
}
