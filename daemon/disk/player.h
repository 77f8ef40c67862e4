// Plays a folder of multitrack files into the inputs of the desk, in place of JACK, looped: the virtual soundcheck.
//
// Files are streamed: 16 channels of 90 s are 276 MB as floats, and a soundcheck from last night's two hours would be
// 22 GB, so memory holds two seconds of each and the disk thread converts the rate on the way. All files loop together,
// at the length of the longest; shorter ones are silent until then. At the engine's own rate the seam is exact to the
// bit.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/disk/audio_file.h"
#include "daemon/disk/channel_files.h"
#include "daemon/disk/disk_thread.h"
#include "engine/crossing/flag.h"
#include "engine/crossing/latest.h"
#include "engine/crossing/ring.h"

namespace fohd {

struct PlayerStatus {
  std::int64_t loops = 0;  ///< times the disk thread went back to the beginning
  bool failed = false;     ///< a file broke while it played; its channels are silent from there on
  std::string message;     ///< which and why
  /// Sentences about files that go on playing, one for each such file.
  std::vector<std::string> warnings;
};

class Player : public DiskJob {
 public:
  /// [control] Opens everything and fills the rings, so that the first fill() has sound. Throws FileError.
  /// max_frames: the largest period that fill() will be asked for.
  Player(ChannelFiles files, int rate_hz, int max_frames = 8192);
  ~Player() override;

  /// [audio] Points inputs[channel - 1] of each channel it plays at its own buffers, valid until the next fill(); other
  /// pointers stay. frames 0..max_frames. If the disk was late all its channels are silent for this block (so that they
  /// stay together), which is counted.
  void fill(const float** inputs, int frames) noexcept;

  /// [any] Blocks that were silent because the disk was late.
  std::uint32_t underruns() const noexcept { return underruns_.count(); }
  /// [control, one thread]
  const PlayerStatus& status() noexcept { return status_.read(); }
  const ChannelFiles& files() const noexcept { return files_; }
  std::int64_t loop_frames() const noexcept { return loop_frames_; }  ///< at the engine's rate

  void service() noexcept override;

 private:
  struct Track;           ///< one file: its reader, and a ring per channel
  struct ChannelOutput {  ///< one channel, as the audio thread sees it
    Ring<float>* ring;
    int input;  ///< from 0
    std::vector<float> buffer;
  };
  bool produce_block();
  void produce(Track& track, std::int64_t frames, bool at_seam);
  void warn(Track& track);
  void publish();

  ChannelFiles files_;
  int max_frames_;
  std::int64_t loop_frames_ = 0, position_frames_ = 0;
  std::vector<std::unique_ptr<Track>> tracks_;
  std::vector<ChannelOutput> channel_outputs_;
  Flag underruns_;
  PlayerStatus now_;
  Latest<PlayerStatus> status_;
};

}  // namespace fohd
