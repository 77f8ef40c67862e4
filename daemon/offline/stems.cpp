#include "daemon/offline/stems.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>

#include "daemon/base/file_system.h"
#include "daemon/disk/audio_writer.h"

namespace fohd {
namespace {

/// Beside the stems lie the session that they were made from and the list of their files.
constexpr const char *kMadeFrom = "session.toml", *kList = "stems.txt";

constexpr double kEndFadeMs = 50;  // a tail that is still sounding where the session ends

/// One hit in time, in frames of the session.
struct Event {
  const BandHit* hit = nullptr;
  std::int64_t at = 0;
  std::int64_t end = 0;  ///< cut here, wherever the recording is
  double gain = 1;
};

/// The same band plays the same way each time: numbers from a generator with a fixed seed (xorshift32, Marsaglia 2003).
class Drummer {
 public:
  double up_to(double range) noexcept {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 17U;
    state_ ^= state_ << 5U;
    return range * (static_cast<double>(state_) * 0x1p-31 - 1);
  }

 private:
  std::uint32_t state_ = 2463534242U;
};

/// Beats to swung beats: within each half beat the middle moves to `swing`.
double swing_beat(double beat, double swing) {
  const double eighth = std::floor(beat * 2), within = beat * 2 - eighth;
  const double swung = within < 0.5 ? within * 2 * swing : swing + (within * 2 - 1) * (1 - swing);
  return (eighth + swung) / 2;
}

std::vector<Event> events_of(const Band& band, const BandChannel& channel) {
  std::vector<Event> events;
  Drummer drummer;
  const double beat_frames = band.beat_frames();
  const std::int64_t total = std::llround(band.bars() * band.beats_per_bar * beat_frames);
  int first_bar = 0;
  for (const BandSection& section : band.sections) {
    const auto play = channel.play.find(section.name);
    int pattern_bars = 1;
    std::vector<PatternHit> hits;
    if (play != channel.play.end()) hits = parse_pattern(play->second, band.beats_per_bar, pattern_bars);
    for (int bar = 0; bar < section.bars; ++bar) {
      for (const PatternHit& hit : hits) {
        if (hit.bar != bar % pattern_bars) continue;
        const BandHit& played = channel.hits.at(hit.hit);
        const double beat = (first_bar + bar) * band.beats_per_bar + swing_beat(hit.beat, band.swing);
        const double late_frames = drummer.up_to(channel.humanize_ms) * band.rate_hz / 1000;
        const std::int64_t at = std::max<std::int64_t>(0, std::llround(beat * beat_frames + late_frames));
        const std::int64_t length = played.beats > 0 ? std::llround(played.beats * beat_frames) : total;
        const double gain_db = played.gain_db + drummer.up_to(channel.humanize_db);
        events.push_back({&played, at, std::min(at + length, total), std::pow(10, gain_db / 20)});
      }
    }
    first_bar += section.bars;
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
  for (std::size_t i = 0; channel.choke && i + 1 < events.size(); ++i) {
    events[i].end = std::min(events[i].end, events[i + 1].at);
  }
  return events;
}

/// The recording of a hit at its speed.
AudioClip load_hit(const Band& band, const BandHit& hit) {
  const AudioFileInfo info = inspect_audio_file(band.samples / hit.sample);
  const AudioClip clip = read_audio_file(band.samples / hit.sample, info.rate_hz);
  double ratio = static_cast<double>(band.rate_hz) / info.rate_hz * std::pow(2, -hit.semitones / 12);
  if (hit.fit_beats > 0) ratio = hit.fit_beats * band.beat_frames() / static_cast<double>(clip.frames());
  return resample(clip, ratio, ResampleQuality::live);  // 121 dB: the recordings have 16 bits
}

/// Left and right gain of a hit; recordings of two channels are balanced, of one channel placed at constant power.
std::pair<double, double> pan_gains(double pan, bool balance) {
  if (balance) return {std::min(1.0, 1 - pan / 100), std::min(1.0, 1 + pan / 100)};
  const double angle = (pan / 100 + 1) * M_PI / 4;
  return {std::cos(angle), std::sin(angle)};
}

void mix_event(const Band& band, const AudioClip& clip, const Event& event, AudioClip& into) {
  const std::int64_t start = std::llround(event.hit->start_beats * band.beat_frames());
  const std::int64_t length = std::min({event.end - event.at, clip.frames() - start, into.frames() - event.at});
  const bool is_cut = length < clip.frames() - start;
  const double fade_ms = event.end >= into.frames() ? std::max(kEndFadeMs, event.hit->fade_ms) : event.hit->fade_ms;
  const double fade_frames = is_cut ? std::max(1.0, fade_ms * band.rate_hz / 1000) : 0;
  const auto [left, right] = pan_gains(event.hit->pan, clip.channels == 2);
  for (std::int64_t i = 0; i < length; ++i) {
    const double fade = is_cut ? std::min(1.0, static_cast<double>(length - i) / fade_frames) : 1;
    const float* from = clip.samples.data() + (start + i) * clip.channels;
    const double a = static_cast<double>(from[0]), b = static_cast<double>(from[clip.channels - 1]);
    float* to = into.samples.data() + (event.at + i) * into.channels;
    const double gain = event.gain * fade;
    if (into.channels == 2) {
      to[0] += static_cast<float>(gain * left * a);
      to[1] += static_cast<float>(gain * right * b);
    } else {
      to[0] += static_cast<float>(gain * (clip.channels == 2 ? 0.5 * (a + b) : a));
    }
  }
}

void write_stem(const std::filesystem::path& path, const Band& band, const AudioClip& clip) {
  std::filesystem::path part = path;
  part += ".part";
  AudioWriter writer(part, band.rate_hz, clip.channels, SampleFormat::int24, path);
  writer.write(clip.samples);
  writer.close();
  std::filesystem::rename(part, path);
}

/// "" where there is none that can be read.
std::string text_of_file(const std::filesystem::path& path) {
  std::string text;
  static_cast<void>(read_regular_file(path.string(), kSessionFile, text));  // then it is made anew
  return text;
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  if (const std::string why = FileSystem().write(path.string(), text); !why.empty()) throw FileError(why);
}

/// Stems that another session of ours left in the folder would be mixed with this one's.
void remove_earlier_stems(const std::filesystem::path& folder) {
  std::error_code error;
  std::istringstream list(text_of_file(folder / kList));
  for (std::string name; std::getline(list, name);) {
    if (name.find('/') == std::string::npos) std::filesystem::remove(folder / name, error);
  }
  std::filesystem::remove(folder / kMadeFrom, error);
}

bool up_to_date(const Band& band, const StemsOptions& options) {
  std::error_code error;
  for (const auto& channel : band.channels) {
    if (!std::filesystem::exists(options.out / (channel.file + ".flac"), error)) return false;
  }
  const std::filesystem::path made_from = options.out / kMadeFrom;
  return std::filesystem::exists(made_from, error) && text_of_file(made_from) == text_of_file(options.session_file);
}

}  // namespace

AudioClip arrange_channel(const Band& band, const BandChannel& channel) {
  const std::int64_t total = std::llround(band.bars() * band.beats_per_bar * band.beat_frames());
  AudioClip stem{channel.stereo ? 2 : 1, {}, ""};
  stem.samples.resize(static_cast<std::size_t>(total * stem.channels));
  std::map<const BandHit*, AudioClip> clips;
  for (const Event& event : events_of(band, channel)) {
    const auto [clip, is_new] = clips.try_emplace(event.hit);
    if (is_new) {
      clip->second = load_hit(band, *event.hit);
      const std::string& warning = clip->second.warning;
      if (!warning.empty() && stem.warning.find(warning) == std::string::npos) stem.warning += warning + "\n";
    }
    mix_event(band, clip->second, event, stem);
  }
  float peak = 0;
  for (const float x : stem.samples) peak = std::max(peak, std::abs(x));
  if (peak == 0) return stem;
  const float gain = static_cast<float>(std::pow(10, channel.peak_db / 20)) / peak;
  for (float& x : stem.samples) x *= gain;
  return stem;
}

int make_stems(const StemsOptions& options) {
  try {
    const Band band = load_band(options.session_file);
    if (!options.force && up_to_date(band, options)) {
      std::printf("%s: the stems are up to date\n", options.out.c_str());
      return 0;
    }
    std::error_code error;
    std::filesystem::create_directory(options.out, error);
    if (!std::filesystem::is_directory(options.out)) {
      throw FileError(options.out.string() + ": cannot be made a folder for the stems");
    }
    remove_earlier_stems(options.out);
    std::string list;
    for (const BandChannel& channel : band.channels) {
      const AudioClip stem = arrange_channel(band, channel);
      list += channel.file + ".flac\n";
      write_text(options.out / kList, list);  // at once: an interrupted run is cleared away, too
      write_stem(options.out / (channel.file + ".flac"), band, stem);
      std::fprintf(stderr, "%s", stem.warning.c_str());
      std::printf("%s.flac  %s  %.1f s\n", channel.file.c_str(), channel.stereo ? "stereo" : "mono  ",
                  static_cast<double>(stem.frames()) / band.rate_hz);
      std::fflush(stdout);
    }
    write_text(options.out / kMadeFrom, text_of_file(options.session_file));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fohd stems: %s\n", error.what());
    return 1;
  }
}

}  // namespace fohd
