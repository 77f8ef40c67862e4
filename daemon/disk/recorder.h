// Records the main mix to a file that survives whatever happens: every 2 s the header is updated and all of it is
// forced onto the disk, so a killed process or a pulled plug leaves a playable file that lacks 2 s and the disk's own
// time at most; and recording ends by itself before the disk is full.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/disk/audio_writer.h"
#include "daemon/disk/disk_thread.h"
#include "engine/crossing/flag.h"
#include "engine/crossing/latest.h"
#include "engine/crossing/ring.h"

namespace fohd {

/// Others on this machine (the state of the mix, the system's log) need room when a recording has filled the rest.
inline constexpr std::uint64_t kRecorderReserveBytes = 200'000'000;

struct RecorderOptions {
  std::filesystem::path path;  ///< .wav or .flac; a file of this name is kept: it is renamed to "mix-1.wav" first
  int rate_hz = 48000;
  SampleFormat format = SampleFormat::int24;
  std::uint64_t reserve_bytes = kRecorderReserveBytes;
  /// Bytes free where the path is; throws if that cannot be found out. Tests replace it.
  std::function<std::uint64_t(const std::filesystem::path&)> free_bytes;
};

struct RecorderStatus {
  enum class State { recording, stopped, disk_full, failed };
  State state = State::recording;
  std::int64_t frames = 0;  ///< written to the file
  float peak_lin = 0;       ///< the largest of its samples
  std::int64_t clips = 0;   ///< samples at or above 0 dBFS, of both channels
  std::string message;      ///< why it ended, what was renamed, what cannot be watched; for a person
};

/// [any] What became of a recording, for a person: "Recorded mix.wav: 1:02:03, peak -3.2 dBFS, 0 clipped samples, 0
/// lost blocks". The time is in h:mm:ss, whole seconds.
std::string recording_summary(const std::filesystem::path& file, int rate_hz, const RecorderStatus& status,
                              std::uint32_t lost_blocks);

class Recorder : public DiskJob {
 public:
  /// [control] Creates the file. Throws FileError: folder missing or not writable, unknown extension, disk nearly full.
  explicit Recorder(RecorderOptions options);
  ~Recorder() override;  ///< writes what is in the ring and closes. Remove it from its DiskThread before

  /// [audio] Takes one block of the main mix, any length. If the disk is more than 5 s late the block is lost,
  /// which is counted, and silence of its length takes its place, so that the recording keeps time.
  void push(const float* left, const float* right, int frames) noexcept;

  int rate_hz() const noexcept { return options_.rate_hz; }  ///< [any]
  /// [any] Blocks that could not be taken.
  std::uint32_t lost_blocks() const noexcept { return lost_blocks_.count(); }
  /// [any thread] Asks for the end: the disk thread writes what was pushed, closes the file and reports `stopped`.
  void request_stop() noexcept { stop_.raise(); }
  /// [control, one thread]
  const RecorderStatus& status() noexcept { return status_.read(); }

  void service() noexcept override;

 private:
  void pay_silence(std::size_t block_frames) noexcept;
  std::string why_no_room();
  void drain();
  void measure(std::span<const float> samples) noexcept;
  void discard();
  void finish(RecorderStatus::State state, const std::string& message);
  void publish();

  RecorderOptions options_;
  Ring<float> ring_;  ///< left, right, left, right ...
  std::unique_ptr<AudioWriter> writer_;
  std::vector<float> block_;
  std::int64_t owed_frames_ = 0;  ///< [audio] silence to put in place of lost blocks
  std::int64_t refreshed_at_frames_ = 0;
  Flag lost_blocks_, stop_;
  RecorderStatus now_;
  Latest<RecorderStatus> status_;
};

}  // namespace fohd
