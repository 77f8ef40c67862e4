// The control thread: one Asio loop that has the doors, keeps the desk, publishes targets, shows meters, saves the mix
// and handles signals. Nothing here waits for a disk or for JACK.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "control/commands/command_handlers.h"
#include "control/console/console.h"
#include "control/readouts/clip_latches.h"
#include "control/readouts/readouts.h"
#include "control/watches/fault_watch.h"
#include "control/watches/overload_watch.h"
#include "daemon/access/access_desk.h"
#include "daemon/blackbox/black_box.h"
#include "daemon/config/config.h"
#include "daemon/desk/config_reload.h"
#include "daemon/desk/desk_watch.h"
#include "daemon/desk/live_meter.h"
#include "daemon/desk/media.h"
#include "daemon/desk/run_options.h"
#include "daemon/doors/doors.h"
#include "daemon/jack/jack_supervisor.h"
#include "daemon/service/panic_button.h"
#include "daemon/service/service_manager.h"
#include "daemon/store/restore.h"
#include "daemon/store/store.h"

namespace fohd {

class ControlLoop {
 public:
  /// [main thread] `stored` is applied to the desk before anything opens. store_folder: where changes are kept; empty:
  /// nowhere.
  ControlLoop(Config config, RunOptions options, StoredState stored, const std::string& store_folder, BlackBox& box);
  ~ControlLoop();

  /// Returns when the desk has ramped out and the mix is saved.
  void run();

 private:
  /// A period takes 0.2 s at most, and a server pauses for a second or two when its card or its settings change.
  static constexpr int kStandsStill_s = 5;

  void register_commands();
  void release_outputs();
  bool kill_effect(int slot, std::string& error);

  void begin_mix();
  void begin_play_mix();
  void open_store(const std::string& folder);
  void start_jack();
  void hear_jack(JackNews news);
  void audio_opened(const JackNews& news);

  void turn();
  void keep_changes();
  void name_ports();

  void tick();
  void read_meters();
  const AudioCounters& read_counters();
  void watch_load();
  void every_second();
  template <class Work>
  void guarded(const Work& work) noexcept;
  void tell_fault(const char* what) noexcept;
  template <class Work>
  void repeat(boost::asio::steady_timer& timer, std::chrono::milliseconds period, Work work);

  void watch_signals();
  void obey_signal(int signal);
  void obey_panic_signal();
  void tell_panic();
  void watch_jack();
  void watch_silent_jack(int silent_s, bool stands_still);
  void reload_config();
  void tell_service_manager();
  void take_config(ConfigResult result);
  void make_doors(const std::string& store_folder);
  AccessDesk::Context access_context();
  DeskWatch::Context watch_context();
  DeskFacts facts();
  void leave_after(double seconds);
  void leave(const std::string& why);
  void finish_when_silent(int turns_left);
  void finish();

  void decide_hold(double rate_hz, const std::string& device);
  StateMeta meta() const;

  Config config_;
  RunOptions options_;
  StoredState stored_;
  Restored restored_;
  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_;
  boost::asio::steady_timer tick_timer_, meter_timer_, second_timer_, leave_timer_;

  Console console_;
  Desk& desk_ = console_.desk();
  Doors doors_;
  CommandHandlers commands_{desk_, doors_};
  DeskStatus status_;
  ClipLatches clip_latches_;
  FaultWatch fault_watch_;
  OverloadWatch overload_watch_;
  Observer unsaved_, names_;            ///< what the store does not have yet; what may be a name
  std::vector<AddressedValue> unkept_;  ///< taken from `unsaved_`, for the store
  Media media_;
  AccessDesk access_;  ///< the gate of the desk
  BlackBox& box_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<JackSupervisor> jack_;
  std::unique_ptr<LiveMeter> live_meter_;
  std::unique_ptr<PanicButton> panic_button_;
  ConfigReload config_reload_{config_.file};
  ServiceManager service_manager_;
  DeskWatch watch_;

  std::shared_ptr<AudioCore> core_;          ///< null while there is no audio
  std::shared_ptr<AudioCore> retired_core_;  ///< the one before, until the next
  bool running_ = false, ever_opened_ = false, heard_before_ = false, leaving_ = false, names_dirty_ = true;
  double last_rate_hz_ = 0;
  std::string device_, boot_id_, hold_reason_, absent_reason_;
  std::uint64_t frames_seen_ = 0;  ///< the engine's counter, from the last meters
  std::uint64_t frames_a_second_ago_ = 0;
  int waited_for_jack_s_ = 0, still_s_ = 0;  ///< no answer from a server; no callback from the one that we have
  bool again_ = false;                       ///< the process begins anew at its end
  bool panic_told_ = false;
  std::int64_t fault_told_ms_ = 0;
};

}  // namespace fohd
