#include "daemon/desk/media.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <thread>
#include <utility>

namespace fohd {
namespace {

SampleFormat sample_format(RecordFormat format) {
  switch (format) {
    case RecordFormat::int16:
      return SampleFormat::int16;
    case RecordFormat::int24:
      return SampleFormat::int24;
    case RecordFormat::float32:
      return SampleFormat::float32;
  }
  return SampleFormat::int24;
}

void check_record_file(const std::filesystem::path& file) {
  const std::string extension = file.extension().string();
  if (extension != ".wav" && extension != ".flac") {
    throw FileError(file.string() + ": a recording is called NAME.wav or NAME.flac");
  }
  std::error_code ignored;
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw FileError(file.string() + ": there is no folder " + folder.string() + " to record into");
  }
  if (std::filesystem::is_directory(file, ignored)) throw FileError(file.string() + ": this is a folder");
}

}  // namespace

Media::Media(const Config& config, const std::string& play_folder, const std::string& record_file)
    : recorder_config_(config.recorder), record_file_(record_file) {
  if (!play_folder.empty()) files_ = scan_channel_files(play_folder, config.geometry.inputs);
  if (!record_file.empty()) check_record_file(record_file);
}

Media::~Media() {
  if (player_) disk_.remove(player_);
  if (recorder_) disk_.remove(recorder_);
}

/// In place of the JACK inputs.
void Media::PlayerSource::feed(std::span<const float*> sources, int frames) noexcept {
  if (player != nullptr) player->fill(sources.data(), frames);
}

void Media::RecorderTap::take(std::span<const float* const> main, int frames) noexcept {
  if (recorder != nullptr) recorder->push(main[0], main[1], frames);
}

void Media::connect(Engine& engine) {
  if (!files_.empty()) {
    auto sources = std::make_unique<SourceSet>();
    sources->providers.push_back(&player_source_);
    engine.source_swap().offer(std::move(sources));
  }
  if (record_file_.empty()) return;
  const int main = engine.geometry().first_output(StripKind::main);
  const TapRequest request{&recorder_tap_, {TapPoint::of_output(main), TapPoint::of_output(main + 1)}};
  engine.tap_swap().offer(std::make_unique<TapSet>(engine.geometry(), std::vector{request}, kMaxTapFrames));
}

void Media::prepare(double rate_hz) {
  const int rate = static_cast<int>(rate_hz);
  if (rate == rate_hz_) return;
  rate_hz_ = rate;
  if (!files_.empty()) make_player(rate);
  if (!record_file_.empty()) make_recorder(rate);
}

void Media::make_player(int rate_hz) {
  std::shared_ptr<Player> player;
  try {
    player = std::make_shared<Player>(files_, rate_hz, kMaxTapFrames);
    disk_.add(player);
  } catch (const std::exception& error) {
    spdlog::error("Nothing plays: {}", error.what());
  }
  {
    const std::lock_guard lock(mutex_);
    player_.swap(player);
    player_source_.player = player_.get();
  }
  if (player) disk_.remove(player);  // the old one ends here, while no thread waits for the lock
}

void Media::make_recorder(int rate_hz) {
  std::shared_ptr<Recorder> old;
  bool told = false;
  {
    const std::lock_guard lock(mutex_);
    recorder_tap_.recorder = nullptr;
    old.swap(recorder_);
    told = std::exchange(recording_told_, false);
    recorder_told_.clear();
    lost_told_ = 0;
  }
  if (old) {
    disk_.remove(old);
    old->request_stop();
    old->service();  // closes its file, which the next one renames and keeps; the disk may take its time for that
    if (!told) {
      spdlog::info("{}", recording_summary(record_file_, old->rate_hz(), old->status(), old->lost_blocks()));
    }
  }
  old.reset();
  std::string refusal;
  std::shared_ptr<Recorder> recorder;
  try {
    RecorderOptions options;
    options.path = record_file_;
    options.rate_hz = rate_hz;
    options.format = sample_format(recorder_config_.format);
    options.reserve_bytes = static_cast<std::uint64_t>(recorder_config_.reserve_bytes);
    recorder = std::make_shared<Recorder>(options);
    disk_.add(recorder);
    spdlog::info("Recording the main mix to {}", record_file_);
  } catch (const std::exception& error) {
    refusal = error.what();
    spdlog::error("Nothing is recorded: {}", refusal);
  }
  const std::lock_guard lock(mutex_);
  recorder_refusal_ = refusal;
  recorder_ = recorder;
  recorder_tap_.recorder = recorder_.get();
}

bool Media::end_recording(std::chrono::milliseconds patience) {
  std::shared_ptr<Recorder> recorder;
  std::string refusal;
  {
    const std::lock_guard lock(mutex_);
    recorder = recorder_;
    refusal = recorder_refusal_;
  }
  if (!recorder) {
    if (!record_file_.empty()) {
      spdlog::warn("Nothing was recorded, since {}", refusal.empty() ? "there was no audio" : refusal);
    }
    return true;
  }
  recorder->request_stop();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (recorder->status().state == RecorderStatus::State::recording) {
    if (std::chrono::steady_clock::now() >= deadline) {
      spdlog::warn("The disk is too slow to close {}: it plays up to what was written last", record_file_);
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the disk thread's own pace
  }
  return true;
}

std::optional<std::uint32_t> Media::lost_blocks() {
  const std::lock_guard lock(mutex_);
  return recorder_ ? std::optional(recorder_->lost_blocks()) : std::nullopt;
}

void Media::report() {
  const std::lock_guard lock(mutex_);
  if (player_) {
    if (const auto now = player_->underruns(); now != underruns_told_) {
      spdlog::warn("The disk was too late for the player {} times so far", now);
      underruns_told_ = now;
    }
    const PlayerStatus& status = player_->status();
    if (status.message != player_told_) {
      player_told_ = status.message;
      if (!player_told_.empty()) spdlog::error("Player: {}", player_told_);
    }
    // Once for each file, also where another sample rate brings another player.
    for (const std::string& warning : status.warnings) {
      if (warnings_told_.insert(warning).second) spdlog::warn("Player: {}", warning);
    }
  }
  if (recorder_) report_recorder();
}

void Media::report_recorder() {
  if (const auto now = recorder_->lost_blocks(); now != lost_told_) {
    spdlog::warn("The disk was too late for the recorder: {} blocks are silent in the recording so far", now);
    lost_told_ = now;
  }
  const RecorderStatus& status = recorder_->status();
  if (status.message != recorder_told_) {
    recorder_told_ = status.message;
    const bool bad = status.state == RecorderStatus::State::failed || status.state == RecorderStatus::State::disk_full;
    if (!recorder_told_.empty())
      spdlog::log(bad ? spdlog::level::err : spdlog::level::info, "Recorder: {}", recorder_told_);
  }
  if (status.state == RecorderStatus::State::recording || recording_told_) return;
  recording_told_ = true;
  spdlog::info("{}", recording_summary(record_file_, recorder_->rate_hz(), status, recorder_->lost_blocks()));
}

}  // namespace fohd
