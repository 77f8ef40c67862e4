#include "daemon/offline/render.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

#include "control/console/console.h"
#include "control/desk/desk.h"
#include "daemon/config/config.h"
#include "daemon/disk/channel_files.h"
#include "daemon/disk/name_channels.h"
#include "daemon/offline/loudness.h"
#include "daemon/offline/script.h"
#include "daemon/store/restore.h"
#include "daemon/store/state.h"
#include "engine/engine.h"

namespace fohd {
namespace {

constexpr int kBlockFrames = 1024;  // a multiple of the 64-frame grid, so that script steps fall between blocks

Config read_config(const std::filesystem::path& file) {
  if (file.empty()) return {};
  ConfigResult result = load_config(file);
  if (result.errors.empty()) return result.config;
  std::string all;
  for (const ConfigError& error : result.errors) all += (all.empty() ? "" : "\n") + error.to_string();
  throw FileError(all);
}

void check_paths(const RenderOptions& options) {
  std::error_code error;
  if (std::filesystem::is_directory(options.out, error)) {
    throw FileError(options.out.string() + ": is a folder; --out needs a file name ending in .wav or .flac");
  }
  const std::filesystem::path folder = options.out.has_parent_path() ? options.out.parent_path() : ".";
  if (std::filesystem::equivalent(folder, options.in, error)) {
    throw FileError(options.out.string() + ": would lie among the channels in " + options.in.string() +
                    " and be one of them next time; another folder is needed");
  }
  if (!options.state.empty() && !std::filesystem::exists(options.state, error)) {
    throw FileError(options.state.string() + ": no such state file or folder");
  }
}

void restore_state(Desk& desk, const std::filesystem::path& path) {
  if (path.empty()) return;
  const StoredState state = load_state(path.string());
  for (const std::string& warning : state.warnings) std::fprintf(stderr, "fohd render: %s\n", warning.c_str());
  if (!state.found) throw FileError(path.string() + ": holds no state that could be used");
  for (const std::string& warning : restore(desk, state).warnings) {
    std::fprintf(stderr, "fohd render: %s\n", warning.c_str());
  }
}

/// The inputs of the desk, from files.
class FileInputs {
 public:
  FileInputs(const ChannelFiles& files, int inputs, int rate_hz, int only)
      : pointers_(static_cast<std::size_t>(inputs)), interleaved_(2 * kBlockFrames) {
    for (const ChannelFile& file : files) {
      const int last = file.channel + (file.stereo ? 1 : 0);
      AudioFileReader reader(file.path, rate_hz, ResampleQuality::best);
      frames_ = std::max(frames_, reader.frames());  // of all files: --only is as long as the mix
      if (only != 0 && (only < file.channel || only > last)) continue;
      tracks_.push_back({std::move(reader), file.channel - 1, {}});
      tracks_.back().planar.resize(static_cast<std::size_t>(last - file.channel + 1) * kBlockFrames);
    }
    if (tracks_.empty()) throw FileError("--only " + std::to_string(only) + ": no file feeds this channel");
  }

  std::int64_t frames() const noexcept { return frames_; }
  /// What is to be said of files that were read.
  void print_warnings() const {
    for (const Track& track : tracks_) {
      if (const std::string text = track.reader.warning(); !text.empty()) {
        std::fprintf(stderr, "fohd render: %s\n", text.c_str());
      }
    }
  }
  /// One pointer per input, `frames` (at most kBlockFrames) samples each; null where no file plays.
  const float* const* next(int frames) {
    for (Track& track : tracks_) {
      const auto channels = static_cast<std::size_t>(track.reader.info().channels);
      const std::span<float> wanted = std::span(interleaved_).first(static_cast<std::size_t>(frames) * channels);
      const auto got = static_cast<std::size_t>(track.reader.read(wanted)) * channels;
      std::fill(wanted.begin() + static_cast<std::ptrdiff_t>(got), wanted.end(), 0.0f);
      for (std::size_t channel = 0; channel < channels; ++channel) {
        float* planar = track.planar.data() + channel * kBlockFrames;
        for (std::size_t i = 0; i * channels < wanted.size(); ++i) planar[i] = wanted[i * channels + channel];
        pointers_[static_cast<std::size_t>(track.first_input) + channel] = planar;
      }
    }
    return pointers_.data();
  }

 private:
  struct Track {
    AudioFileReader reader;
    int first_input;
    std::vector<float> planar;
  };
  std::vector<Track> tracks_;
  std::vector<const float*> pointers_;
  std::vector<float> interleaved_;
  std::int64_t frames_ = 0;
};

/// Writes under another name; the file gets its own only when it is whole.
class WholeFile {
 public:
  WholeFile(const std::filesystem::path& path, int rate_hz, SampleFormat format)
      : path_(path), part_(path.string() + ".part"), writer_(part_, rate_hz, 2, format, path) {}
  ~WholeFile() {
    std::error_code ignored;
    if (!done_) std::filesystem::remove(part_, ignored);
  }
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  void write(std::span<const float> interleaved) { writer_.write(interleaved); }
  void commit() {
    writer_.close();
    std::filesystem::rename(part_, path_);
    done_ = true;
  }

 private:
  std::filesystem::path path_, part_;
  AudioWriter writer_;
  bool done_ = false;
};

/// Main left and right of one block, interleaved, every sample looked at.
void interleave(const float* left, const float* right, int frames, std::int64_t at, int rate_hz,
                std::vector<float>& interleaved) {
  interleaved.resize(static_cast<std::size_t>(frames) * 2);
  for (int i = 0; i < frames; ++i) {
    if (!std::isfinite(left[i]) || !std::isfinite(right[i])) {
      throw FileError("a value that is not a number left the desk at " +
                      std::to_string(static_cast<double>(at + i) / rate_hz) + " s; nothing is written");
    }
    interleaved[static_cast<std::size_t>(i) * 2] = left[i];
    interleaved[static_cast<std::size_t>(i) * 2 + 1] = right[i];
  }
}

void print_summary(const RenderOptions& options, std::int64_t frames, int rate_hz, const LoudnessMeter& meter,
                   double took_seconds) {
  const double seconds = static_cast<double>(frames) / rate_hz;
  std::printf("%s: %.2f s at %d Hz\n", options.out.c_str(), seconds, rate_hz);
  std::printf("integrated loudness %7.1f LUFS\n", meter.integrated_lufs());
  std::printf("true peak           %7.1f dBTP\n", meter.true_peak_db());
  std::printf("sample peak         %7.1f dBFS\n", meter.sample_peak_db());
  std::printf("rendered in %.2f s, %.0f times real time\n", took_seconds, seconds / std::max(took_seconds, 1e-9));
}

/// A console with an engine of its own, settled at the state of the first frame.
class OfflineDesk {
 public:
  OfflineDesk(Console& console, int rate_hz, double look_ahead_ms, std::vector<ScriptStep> script)
      : console_(console),
        script_(std::move(script)),
        rate_hz_(rate_hz),
        engine_(console.desk().geometry(), rate_hz, look_ahead_ms) {
    apply_steps(0);
    console_.begin_audio(engine_, rate_hz);
  }
  ~OfflineDesk() { console_.end_audio(); }
  OfflineDesk(const OfflineDesk&) = delete;
  OfflineDesk& operator=(const OfflineDesk&) = delete;

  /// [grid point] What the script says for this frame and before.
  void advance_to(std::int64_t frame) {
    const std::int64_t now_ms = frame * 1000 / rate_hz_;
    console_.set_time(now_ms);
    if (apply_steps(frame)) console_.turn(now_ms);
  }
  /// Frames until the script's next step, at most `limit`.
  int frames_until_step(std::int64_t frame, int limit) const {
    if (next_ == script_.size()) return limit;
    return static_cast<int>(std::min<std::int64_t>(limit, script_[next_].frame - frame));
  }
  Engine& engine() noexcept { return engine_; }

 private:
  bool apply_steps(std::int64_t frame) {
    const std::size_t before = next_;
    for (; next_ < script_.size() && script_[next_].frame <= frame; ++next_) {
      std::string error;
      if (!console_.desk().apply(Origin{}, script_[next_].changes, error)) throw FileError("script: " + error);
    }
    return next_ != before;
  }

  Console& console_;
  std::vector<ScriptStep> script_;
  std::size_t next_ = 0;
  int rate_hz_;
  Engine engine_;
};

void render_to_file(const RenderOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  const Config config = read_config(options.config);
  check_paths(options);
  const ChannelFiles files = scan_channel_files(options.in, config.geometry.inputs);
  int rate_hz = options.rate_hz != 0 ? options.rate_hz : config.render_rate_hz;
  if (rate_hz == 0) rate_hz = files.front().info.rate_hz;

  Console console(config.geometry);
  Desk& desk = console.desk();
  restore_state(desk, options.state);
  name_and_link_channels(desk, files);
  if (options.state.empty()) {
    const auto level_db = static_cast<double>(raise_faders(desk, files));
    std::fprintf(stderr, "fohd render: no --state: main is at 0 dB and every channel that has a file at %.0f dB\n",
                 level_db);
  } else if (options.script.empty() && !faders_let_through(desk, files)) {
    std::fprintf(stderr, "fohd render: nothing will be heard: in this state main or all the faders are off\n");
  }
  std::vector<ScriptStep> script;
  if (!options.script.empty()) script = load_script(options.script, desk.table(), rate_hz);
  OfflineDesk offline(console, rate_hz, config.limiter_look_ahead_ms, std::move(script));

  FileInputs inputs(files, config.geometry.inputs, rate_hz, options.only);
  const std::int64_t total = options.seconds > 0 ? std::llround(options.seconds * rate_hz) : inputs.frames();
  WholeFile file(options.out, rate_hz, options.format);
  LoudnessMeter meter(2, rate_hz);
  std::array<float, kBlockFrames> left{}, right{};
  std::vector<float*> outputs(static_cast<std::size_t>(config.geometry.outputs()));
  outputs[0] = left.data();
  outputs[1] = right.data();
  std::vector<float> interleaved;
  // Main is late by its limiter's look-ahead; the file is not: it lies on the files that went in.
  const int late = offline.engine().latency_frames();
  for (std::int64_t at = 0; at < total + late;) {
    offline.advance_to(at);
    const int block = static_cast<int>(std::min<std::int64_t>(kBlockFrames, total + late - at));
    const int frames = offline.frames_until_step(at, block);
    offline.engine().process(inputs.next(frames), outputs.data(), frames);
    const int early = static_cast<int>(std::clamp<std::int64_t>(late - at, 0, frames));
    interleave(left.data() + early, right.data() + early, frames - early, at + early - late, rate_hz, interleaved);
    file.write(interleaved);
    meter.add(interleaved);
    at += frames;
  }
  file.commit();
  inputs.print_warnings();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  print_summary(options, total, rate_hz, meter, took.count());
}

}  // namespace

int render(const RenderOptions& options) {
  try {
    render_to_file(options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fohd render: %s\n", error.what());
    return 1;
  }
}

}  // namespace fohd
