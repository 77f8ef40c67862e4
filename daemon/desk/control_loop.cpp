#include "daemon/desk/control_loop.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <exception>
#include <iterator>
#include <new>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/desk/run.h"
#include "daemon/desk/start_rules.h"
#include "daemon/disk/name_channels.h"
#include "daemon/service/become_anew.h"
#include "daemon/service/emergency.h"

namespace fohd {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 20ms;   // the longest a subscriber waits for an update that a batch did not bring
constexpr auto kMeter = 10ms;  // docs/DESIGN.md, "Threads"

}  // namespace

ControlLoop::ControlLoop(Config config, RunOptions options, StoredState stored, const std::string& store_folder,
                         BlackBox& box)
    : config_(std::move(config)),
      options_(std::move(options)),
      stored_(std::move(stored)),
      signals_(io_),
      tick_timer_(io_),
      meter_timer_(io_),
      second_timer_(io_),
      leave_timer_(io_),
      console_(config_.geometry),
      status_(config_.geometry),
      fault_watch_(config_.geometry),
      media_(config_, options_.play, options_.record),
      access_(access_context(), config_.access, store_folder),
      box_(box),
      watch_(watch_context()),
      boot_id_(current_boot_id()) {
  begin_mix();
  if (!store_folder.empty()) open_store(store_folder);
  make_doors(store_folder);
  register_commands();
  if (options_.meters)
    live_meter_ = std::make_unique<LiveMeter>(desk_, status_, config_, absent_reason_, recent_log_lines);
}

ControlLoop::~ControlLoop() {
  end_at_latest();  // also where the desk could not run
  desk_.detach(unsaved_);
  desk_.detach(names_);
}

// ---------------------------------------------------------------- the mix at the start

void ControlLoop::begin_mix() {
  for (const std::string& warning : stored_.warnings) log_of(EventKind::store).warn("{}", warning);
  if (stored_.found) {
    restored_ = restore(desk_, stored_);
    for (const std::string& warning : restored_.warnings) log_of(EventKind::store).warn("{}", warning);
    log_of(EventKind::store).info("The mix is the one of {}", stored_.source);
  }
  if (!media_.files().empty()) begin_play_mix();
  decide_hold(0, "");
  desk_.attach(unsaved_);
  desk_.attach(names_);
}

/// Names, pairs and levels by the played files. A loaded mix has precedence; one that was lost must not become loud.
void ControlLoop::begin_play_mix() {
  const ChannelFiles& files = media_.files();
  name_and_link_channels(desk_, files);
  if (!stored_.found && stored_.warnings.empty()) {
    const float level_db = raise_faders(desk_, files);
    spdlog::info("There is no mix yet: main begins at 0 dB and the channels that play at {:.0f} dB", level_db);
  } else if (!faders_let_through(desk_, files)) {
    spdlog::warn(
        "The files will not be heard: main or the faders of all their channels are off. Raise them with "
        "`fohctl set '/ch/*/fader' -12` and `fohctl set /main/fader 0`");
  }
}

void ControlLoop::decide_hold(double rate_hz, const std::string& device) {
  const StartSituation now{config_.geometry, rate_hz, device, boot_id_, start_mode(config_.start, options_)};
  hold_reason_ = reason_to_hold(stored_, now);
  status_.held = !hold_reason_.empty();
}

StateMeta ControlLoop::meta() const {
  StateMeta now;
  now.geometry = config_.geometry;
  now.geometry_counts = kAllCounts;
  now.rate_hz = ever_opened_ ? last_rate_hz_ : stored_.meta.rate_hz;
  now.device = ever_opened_ ? device_ : stored_.meta.device;
  now.boot_id = boot_id_;
  now.program_version = FOHD_VERSION;
  return meta_to_keep(stored_.meta, now, status_.held);
}

void ControlLoop::open_store(const std::string& folder) {
  std::vector<AddressedValue> values = Snapshot::take(desk_).values();
  values.insert(values.end(), restored_.foreign.begin(), restored_.foreign.end());
  store_ = std::make_unique<Store>(folder, meta(), std::move(values),
                                   [](const std::string& text) { log_of(EventKind::store).warn("{}", text); });
}

// ---------------------------------------------------------------- run and leave

void ControlLoop::run() {
  watch_signals();
  doors_.open();
  obey_panic_signal();  // from before: the first sample obeys it
  start_jack();
  repeat(tick_timer_, kTick, [this] { tick(); });
  repeat(meter_timer_, kMeter, [this] { read_meters(); });
  repeat(second_timer_, 1s, [this] { every_second(); });
  watch_.configure(config_.metrics);
  if (options_.seconds > 0) leave_after(options_.seconds);
  // Also without audio: units that are ordered after this one at boot need the desk, not a sound card.
  service_manager_.ready();
  while (!io_.stopped()) {
    guarded([this] { io_.run(); });
  }
}

/// What a handler throws, mostly because memory ran out, costs what it was doing, and neither the sound nor the timers.
template <class Work>
void ControlLoop::guarded(const Work& work) noexcept {
  try {
    work();
  } catch (const std::bad_alloc&) {
    tell_fault("there is not enough memory");
  } catch (const std::exception& error) {
    tell_fault(error.what());
  }
}

void ControlLoop::tell_fault(const char* what) noexcept {
  constexpr std::int64_t kPause_ms = 1000;  // it may come 50 times a second
  const std::int64_t now = now_ms();
  if (fault_told_ms_ != 0 && now < fault_told_ms_ + kPause_ms) return;
  fault_told_ms_ = now;
  log_of(EventKind::desk).error("Something was left out: {}. The desk goes on", what);
}

template <class Work>
void ControlLoop::repeat(boost::asio::steady_timer& timer, std::chrono::milliseconds period, Work work) {
  timer.expires_after(period);
  timer.async_wait([this, &timer, period, work](const boost::system::error_code& failure) {
    if (failure) return;
    guarded(work);
    repeat(timer, period, work);
  });
}

void ControlLoop::leave_after(double seconds) {
  leave_timer_.expires_after(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
  leave_timer_.async_wait([this](const boost::system::error_code& failure) {
    if (!failure) leave("The time is up");
  });
}

void ControlLoop::leave(const std::string& why) {
  if (leaving_) return;
  leaving_ = true;
  if (!again_) {
    end_at_latest();
    service_manager_.stopping();
  }
  spdlog::info("{}: the outputs ramp out and the mix is saved", why);
  leave_timer_.cancel();
  if (!running_) return finish();
  console_.set_shutdown(true);
  turn();
  // The shutter needs 20 ms and one period; half a second is ten times that with the longest period there is.
  finish_when_silent(50);
}

void ControlLoop::finish_when_silent(int turns_left) {
  leave_timer_.expires_after(10ms);
  leave_timer_.async_wait([this, turns_left](const boost::system::error_code& failure) {
    if (failure) return;
    const bool silent = core_ == nullptr || core_->meters().read().shutter_gain == 0;
    if (silent || turns_left == 0) return finish();
    finish_when_silent(turns_left - 1);
  });
}

void ControlLoop::finish() {
  turn();  // what came in meanwhile is saved too
  const bool doors_closed = doors_.close();
  watch_.stop();
  set_emergency_core(nullptr);
  live_meter_.reset();
  // 50 ports take 0.1 s to close, on a machine that is busy ten times that.
  const bool released = jack_->stop(again_ ? 0 : 2000) && doors_closed;
  const bool saved = store_ == nullptr || store_->finish(Store::kPatienceAtEnd);
  access_.finish();
  media_.end_recording(1s);
  media_.report();
  if (!saved) log_of(EventKind::store).error("The disk stands still; leaving without the latest changes of the mix");
  if (again_) {
    finish_log();
    box_.end();
    become_anew();
    std::_Exit(kExitCouldNotRun);  // as below
  }
  if (!released || !saved) {
    if (!released) log_of(EventKind::jack).error("JACK does not let go; leaving without it");
    finish_log();
    box_.end();
    std::_Exit(kExitCouldNotRun);  // destructors would wait for JACK's threads, or for the disk
  }
  io_.stop();
}

// ---------------------------------------------------------------- one turn

/// Once per batch of packets and at every tick, so that changes that came together take effect together.
void ControlLoop::turn() {
  console_.turn(now_ms());
  tell_panic();
  doors_.turn(now_ms());
  keep_changes();
  name_ports();
}

void ControlLoop::keep_changes() {
  // In two steps, each of which may run out of memory without a change being forgotten.
  if (!unsaved_.dirty.empty()) {
    std::vector<AddressedValue> changes = take_changes(desk_, unsaved_);
    if (unkept_.empty()) {
      unkept_ = std::move(changes);
    } else {
      unkept_.insert(unkept_.end(), std::make_move_iterator(changes.begin()), std::make_move_iterator(changes.end()));
    }
  }
  if (unkept_.empty()) return;
  if (store_) store_->submit(unkept_);
  unkept_.clear();
}

void ControlLoop::tick() {
  obey_panic_signal();
  reload_config();
  const std::int64_t now = now_ms();
  doors_.watch_audio(frames_seen_, now);
  service_manager_.turn(now, frames_seen_, core_ != nullptr && core_->is_busy());
  const JackFigures& figures = jack_->figures();
  status_.xruns = static_cast<std::int32_t>(figures.xruns);
  status_.period_frames = running_ ? figures.period_frames : 0;
  status_.load_percent = running_ ? figures.load_percent : 0;
  if (core_) status_.deadline_misses = static_cast<std::int32_t>(read_counters().deadline_misses);
  status_.lost_datagrams = static_cast<std::int32_t>(doors_.lost_packets());
  turn();
}

void ControlLoop::read_meters() {
  const std::int64_t now = now_ms();
  if (core_ && core_->meters().fresh()) {
    const MeterFrame& frame = core_->meters().read();
    frames_seen_ = frame.frames;
    console_.take(frame);
    clip_latches_.take(frame, status_);
    doors_.meters(frame, now);
    for (const FaultWatch::Line& line : fault_watch_.take(frame, desk_.settings(), now)) {
      log_of(EventKind::outputs).log(line.alarm ? spdlog::level::err : spdlog::level::info, "{}", line.text);
    }
    if (live_meter_) live_meter_->take(frame);
  }
  if (live_meter_) live_meter_->draw(now);
}

/// The only reader of the counters, since a longest block is reported once.
const AudioCounters& ControlLoop::read_counters() {
  const AudioCounters& counters = core_->counters().read();
  watch_.audio(counters, core_->rate_hz());
  return counters;
}

void ControlLoop::watch_load() {
  if (!core_ || !console_.has_audio()) return;
  const LoadReduction before = overload_watch_.load_reduction();
  const LoadReduction now = overload_watch_.take(read_counters().load_histogram, !core_->freewheel().raised());
  console_.set_load_reduction(now);
  status_.load_reduction = static_cast<std::int32_t>(now);
  if (now == before) return;
  log_of(EventKind::load)
      .log(now > before ? spdlog::level::warn : spdlog::level::info, "The audio load is {}: {}",
           now > before ? "near its limit" : "lower again", kLoadReductionRows[static_cast<std::size_t>(now)].doc);
}

void ControlLoop::every_second() {
  watch_load();
  watch_jack();
  if (store_) store_->submit({});
  media_.report();
  doors_.report();
  tell_service_manager();
  access_.report();
  watch_.every_second(now_ms());
}

void ControlLoop::tell_service_manager() {
  const bool stands_still = still_s_ >= kStandsStill_s;
  std::string text =
      running_ && stands_still ? "No audio: the JACK server stands still"
      : running_ ? fmt::format("Audio runs: {:.0f} Hz, {} frames a period", status_.rate_hz, status_.period_frames)
                 : "No audio: " + (absent_reason_.empty() ? "JACK is not open yet" : absent_reason_);
  if (desk_.settings().global.panic) text += "; PANIC, all outputs are shut";
  if (status_.held) text += "; the outputs are held shut until /start/release";
  service_manager_.status(text + "; " + doors_.status());
}

}  // namespace fohd
