// The player and the recorder of the running desk, with the disk thread that serves them. Both belong to one sample
// rate, so both are made anew when JACK returns at another.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "daemon/audio/audio_core.h"
#include "daemon/config/config.h"
#include "daemon/disk/disk_thread.h"
#include "daemon/disk/player.h"
#include "daemon/disk/recorder.h"

namespace fohd {

class Media {
 public:
  /// [control, before the loop: it reads the disk] Empty names: no player, no recorder. Throws FileError on a folder
  /// that cannot be played or a place that cannot be recorded to.
  Media(const Config& config, const std::string& play_folder, const std::string& record_file);
  ~Media();
  Media(const Media&) = delete;
  Media& operator=(const Media&) = delete;

  /// [jack thread, while no core runs] Makes what this rate needs; trouble is logged, the desk goes on without.
  void prepare(double rate_hz);
  /// [jack thread, before it runs] The player feeds that engine, the recorder gets its main mix. The engine must have
  /// ended before this does.
  void connect(Engine& engine);

  /// [control] What is to be played: names for the channels.
  const ChannelFiles& files() const noexcept { return files_; }
  /// [control, at the end; no audio needed] Has the recording closed, as a whole file; report() tells of it then.
  /// False: the disk did not manage it in time; what it had written last is playable.
  bool end_recording(std::chrono::milliseconds patience);
  /// [control] Blocks that the recorder could not take, since the rate changed last; nothing: no recorder.
  std::optional<std::uint32_t> lost_blocks();
  /// [control, once a second] Logs what went wrong or ended since the last call.
  void report();

 private:
  struct PlayerSource : SourceProvider {
    void feed(std::span<const float*> sources, int frames) noexcept override;
    Player* player = nullptr;
  };
  struct RecorderTap : TapConsumer {
    void take(std::span<const float* const> main, int frames) noexcept override;
    Recorder* recorder = nullptr;
  };
  void make_player(int rate_hz);
  void make_recorder(int rate_hz);
  void report_recorder();

  RecorderConfig recorder_config_;
  std::string record_file_;
  ChannelFiles files_;
  int rate_hz_ = 0;
  DiskThread disk_;
  /// Two pointers: the JACK thread renews them, the control thread reads them. Held for as long as that takes, never
  /// over the disk.
  std::mutex mutex_;
  std::shared_ptr<Player> player_;
  std::shared_ptr<Recorder> recorder_;
  PlayerSource player_source_;
  RecorderTap recorder_tap_;
  std::uint32_t underruns_told_ = 0, lost_told_ = 0;
  std::string player_told_, recorder_told_;
  std::string recorder_refusal_;         ///< why the latest recording could not begin
  bool recording_told_ = false;          ///< what became of it
  std::set<std::string> warnings_told_;  ///< of the player
};

}  // namespace fohd
