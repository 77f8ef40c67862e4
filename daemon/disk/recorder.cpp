#include "daemon/disk/recorder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace fohd {
namespace {

constexpr int kChannels = 2;
constexpr int kRecordRingSeconds = 5;      // an SD card may pause for seconds while it erases
constexpr int kRefreshSeconds = 2;         // what a kill -9 or a power cut may cost
constexpr std::size_t kChunkFrames = 256;  // interleaved on the audio thread's stack: 2 KB
constexpr std::size_t kDrainFrames = 8192;

std::uint64_t free_bytes_at(const std::filesystem::path& path) {
  std::error_code error;
  const auto space = std::filesystem::space(path.has_parent_path() ? path.parent_path() : ".", error);
  if (error) throw FileError("how much room is left for " + path.string() + " cannot be found out: " + error.message());
  return space.available;
}

std::string megabytes(std::uint64_t bytes) { return std::to_string(bytes / 1'000'000) + " MB"; }

/// Last night's show is not overwritten: "mix.wav" becomes "mix-1.wav", or the next number that is free. Returns what
/// was done, for a person; "" if there was nothing in the way.
std::string keep_existing(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) == 0) return "";
  for (int number = 1;; ++number) {
    std::filesystem::path aside = path;
    aside.replace_filename(path.stem().string() + "-" + std::to_string(number) + path.extension().string());
    if (std::filesystem::exists(aside, error)) continue;
    std::filesystem::rename(path, aside, error);
    if (error) throw FileError(path.string() + ": exists and cannot be renamed: " + error.message());
    return "the earlier " + path.filename().string() + " is now " + aside.filename().string();
  }
}

std::string counted(std::int64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

std::string recording_summary(const std::filesystem::path& file, int rate_hz, const RecorderStatus& status,
                              std::uint32_t lost_blocks) {
  if (status.frames == 0) return "Nothing was recorded: no audio came, and " + file.string() + " is empty";
  const std::int64_t seconds = status.frames / std::max(rate_hz, 1);
  std::array<char, 64> time, peak;
  std::snprintf(time.data(), time.size(), "%lld:%02d:%02d", static_cast<long long>(seconds / 3600),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  const double tenths_db = std::round(200 * std::log10(static_cast<double>(status.peak_lin)));
  std::snprintf(peak.data(), peak.size(), "peak %.1f dBFS", tenths_db / 10 + 0.0);  // no -0.0
  return "Recorded " + file.string() + ": " + time.data() + ", " + (status.peak_lin > 0 ? peak.data() : "silence") +
         ", " + counted(status.clips, "clipped sample") + ", " + counted(lost_blocks, "lost block");
}

Recorder::Recorder(RecorderOptions options)
    : options_(std::move(options)),
      ring_(static_cast<std::size_t>(options_.rate_hz) * kChannels * kRecordRingSeconds),
      block_(kDrainFrames * kChannels),
      status_(RecorderStatus{}) {
  if (!options_.free_bytes) options_.free_bytes = free_bytes_at;
  if (const std::string why = why_no_room(); !why.empty()) {
    throw FileError(options_.path.string() + ": cannot record: " + why);
  }
  if (const std::string kept = keep_existing(options_.path); !kept.empty()) {
    now_.message += (now_.message.empty() ? "" : "; ") + kept;
  }
  writer_ = std::make_unique<AudioWriter>(options_.path, options_.rate_hz, kChannels, options_.format);
  writer_->refresh_header();
  publish();
}

Recorder::~Recorder() {
  stop_.raise();
  service();
}

void Recorder::push(const float* left, const float* right, int frames) noexcept {
  const auto count = static_cast<std::size_t>(std::max(frames, 0));
  pay_silence(count);
  if (owed_frames_ > 0 || ring_.writable() < count * kChannels) {
    lost_blocks_.beat();
    owed_frames_ += static_cast<std::int64_t>(count);
    return;
  }
  std::array<float, kChunkFrames * kChannels> chunk;
  for (std::size_t done = 0; done < count;) {
    const std::size_t now = std::min(kChunkFrames, count - done);
    for (std::size_t i = 0; i < now; ++i) {
      chunk[i * kChannels] = left[done + i];
      chunk[i * kChannels + 1] = right[done + i];
    }
    ring_.write(std::span<const float>(chunk.data(), now * kChannels));
    done += now;
  }
}

/// [audio] Silence for blocks that were lost, before the next one goes in: all of what is owed, or a part per block, so
/// that a block's work stays bounded.
void Recorder::pay_silence(std::size_t block_frames) noexcept {
  static constexpr std::array<float, kChunkFrames * kChannels> kSilence{};
  constexpr int kChunksPerBlock = 64;  // 16,384 frames, 128 KB: well under a tenth of a period of that length
  for (int chunk = 0; chunk < kChunksPerBlock && owed_frames_ > 0; ++chunk) {
    const std::size_t now = std::min<std::size_t>(kChunkFrames, static_cast<std::size_t>(owed_frames_));
    if (ring_.writable() < (now + block_frames) * kChannels) return;
    ring_.write(std::span(kSilence).first(now * kChannels));
    owed_frames_ -= static_cast<std::int64_t>(now);
  }
}

/// Why there is no room; "" if there is, and where it cannot be found out: that is logged and recording goes on, since
/// a disk that is really full fails to write, which is logged too.
std::string Recorder::why_no_room() {
  std::uint64_t free_bytes = 0;
  try {
    free_bytes = options_.free_bytes(options_.path);
  } catch (const std::exception& error) {
    now_.message = std::string(error.what()) + "; it is recorded all the same";
    return "";
  }
  if (free_bytes >= options_.reserve_bytes) return "";
  return "the disk has only " + megabytes(free_bytes) + " left, " + megabytes(options_.reserve_bytes) +
         " are kept free for the desk";
}

void Recorder::drain() {
  const std::int64_t refresh_frames = std::int64_t{kRefreshSeconds} * options_.rate_hz;
  while (const std::size_t got = ring_.read(block_)) {
    writer_->write(std::span<const float>(block_).first(got));
    measure(std::span<const float>(block_).first(got));
    if (writer_->frames() - refreshed_at_frames_ < refresh_frames) continue;
    refreshed_at_frames_ = writer_->frames();
    writer_->refresh_header();
    writer_->sync();
    const std::string why = why_no_room();
    publish();
    if (!why.empty()) return finish(RecorderStatus::State::disk_full, "recording ended: " + why);
  }
}

void Recorder::measure(std::span<const float> samples) noexcept {
  for (const float sample : samples) {
    const float magnitude = std::abs(sample);
    if (magnitude > now_.peak_lin) now_.peak_lin = magnitude;
    now_.clips += magnitude >= 1.0f ? 1 : 0;
  }
}

void Recorder::service() noexcept {
  if (!writer_) return discard();
  const bool stopping = stop_.raised();  // before draining: what was pushed before the request is written
  try {
    drain();
    if (stopping && writer_) finish(RecorderStatus::State::stopped, now_.message);
  } catch (const std::exception& error) {
    finish(RecorderStatus::State::failed, error.what());
  }
}

/// Closes the file; what has been written stays and is playable.
void Recorder::finish(RecorderStatus::State state, const std::string& message) {
  now_.state = state;
  now_.message = message;
  try {
    now_.frames = writer_->frames();
    if (state != RecorderStatus::State::failed) {
      writer_->refresh_header();
      writer_->sync();
    }
    writer_->close();
  } catch (const FileError& error) {
    now_.state = RecorderStatus::State::failed;
    now_.message = error.what();
  }
  writer_.reset();
  publish();
}

/// After the end the audio thread may still push for a while; that is not a loss.
void Recorder::discard() {
  while (ring_.read(block_) > 0) continue;
}

void Recorder::publish() {
  if (writer_) now_.frames = writer_->frames();
  status_.back() = now_;
  status_.publish();
}

}  // namespace fohd
