// The control loop's audio session: from a JACK server that opens to one that is lost.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "control/parameters/owner_rows.h"
#include "daemon/base/log.h"
#include "daemon/desk/control_loop.h"
#include "daemon/jack/jack_leftovers.h"
#include "daemon/machine/realtime_resources.h"
#include "daemon/service/emergency.h"

namespace fohd {
namespace {

constexpr int kRemind_s = 60;
// A busy machine may need some seconds to make a large desk's ports; a lock of the dead is held for ever.
constexpr int kHopeless_s = 10;

}  // namespace

void ControlLoop::start_jack() {
  JackOptions jack;
  jack.client = {config_.audio.client, config_.audio.server_name(), config_.geometry,
                 [cpus = config_.audio.cpus] { settle_audio_thread(cpus); }};
  jack.connections = expand(config_.audio.connect, config_.geometry);
  jack.remember = config_.audio.remember;
  jack.open_others = [this] { doors_.open_on_jack(); };
  jack.close_others = [this] { doors_.close_on_jack(); };
  const auto make_core = [this](double rate_hz) {
    media_.prepare(rate_hz);
    auto core = std::make_shared<AudioCore>(config_.geometry, rate_hz, config_.limiter_look_ahead_ms);
    media_.connect(core->engine());
    return core;
  };
  jack_ = std::make_unique<JackSupervisor>(io_, std::move(jack), make_core,
                                           [this](JackNews news) { hear_jack(std::move(news)); });
}

void ControlLoop::hear_jack(JackNews news) {
  switch (news.kind) {
    case JackNews::Kind::absent:
      absent_reason_ = news.text;
      waited_for_jack_s_ = 0;
      log_of(EventKind::jack).warn("No audio: {}. It is tried again all the time; everything else works", news.text);
      break;
    case JackNews::Kind::opened:
      absent_reason_.clear();
      audio_opened(news);
      break;
    case JackNews::Kind::running:
      running_ = core_ != nullptr;
      status_.jack_connected = running_;
      doors_.set_jack_alive(running_);
      if (running_ && options_.seconds > 0 && !leaving_ && !heard_before_) leave_after(options_.seconds);  // of sound
      heard_before_ = heard_before_ || running_;
      log_of(EventKind::jack)
          .info("Audio runs: {:.0f} Hz, {} frames a period, {}{}", core_->rate_hz(), news.period_frames,
                counts_text(config_.geometry), news.realtime ? "" : "; JACK runs without real-time priority");
      break;
    case JackNews::Kind::lost:
      console_.end_audio();
      set_emergency_core(nullptr);
      retired_core_ = std::move(core_);  // a signal handler may be reading it
      fault_watch_.new_engine();
      overload_watch_.new_engine();
      watch_.new_core();
      absent_reason_.clear();  // until it is known why there is none
      running_ = status_.jack_connected = false;
      doors_.set_jack_alive(false);
      status_.rate_hz = 0;
      log_of(EventKind::jack).error("No audio: {}. The desk goes on and comes back with its connections", news.text);
      break;
  }
}

void ControlLoop::audio_opened(const JackNews& news) {
  if (leaving_) return;
  core_ = news.core;
  retired_core_.reset();
  const double rate_hz = core_->rate_hz();
  if (!ever_opened_) {
    if (status_.held || stored_.found) decide_hold(rate_hz, news.device);
    if (status_.held) {
      log_of(EventKind::outputs)
          .warn("The outputs are shut, because {}. Open them with `fohctl do /start/release`", hold_reason_);
    }
  } else if (rate_hz != last_rate_hz_ || news.device != device_) {
    log_of(EventKind::jack)
        .warn("JACK came back {}", rate_hz != last_rate_hz_ ? "at another sample rate" : "on another device");
  }
  ever_opened_ = true;
  last_rate_hz_ = rate_hz;
  device_ = news.device;
  status_.rate_hz = static_cast<float>(rate_hz);
  status_.main_latency_frames = core_->engine().latency_frames();
  if (store_) store_->submit_meta(meta());
  console_.set_hold(status_.held);
  console_.set_load_reduction(overload_watch_.load_reduction());
  console_.begin_audio(core_->engine(), core_->targets(), rate_hz);
  set_emergency_core(core_.get());
  names_dirty_ = true;
  name_ports();
  jack_->start();
}

/// Patch bays show in_N by the name of the channel it feeds.
void ControlLoop::name_ports() {
  for (ParameterId id : names_.dirty.ids()) {
    const std::string_view path = desk_.table()[id].row->path;
    names_dirty_ = names_dirty_ || path == "name" || path == "source";
  }
  names_.dirty.clear();
  if (!names_dirty_ || !jack_) return;
  names_dirty_ = false;
  std::vector<std::pair<std::string, std::string>> names;
  std::vector<std::string> inputs(config_.geometry.inputs);
  for (const ChannelSettings& channel : desk_.settings().channels) {
    if (channel.source < 1 || channel.source > config_.geometry.inputs) continue;
    std::string& name = inputs[channel.source - 1];
    if (name.empty()) name = channel.identity.name;
  }
  for (int i = 0; i < config_.geometry.inputs; ++i) names.emplace_back("in_" + std::to_string(i + 1), inputs[i]);
  for (int i = 0; i < config_.geometry.outputs(); ++i) {
    const LaneOwner owner = owner_of_output(i, config_.geometry);
    const auto identity = row_of(owner.strip.owner_kind).identity;
    std::string name = identity == nullptr ? "" : identity(desk_.settings(), owner.strip.owner)->name;
    if (!name.empty() && lanes_of(owner.strip.owner_kind) == 2) name += owner.lane == 0 ? " L" : " R";
    names.emplace_back(lane_word(owner, "_"), std::move(name));
  }
  jack_->set_pretty_names(std::move(names));
}

/// A server that hangs does not answer a request to open a client, and libjack waits for it; and one that hangs later
/// calls nobody any more.
void ControlLoop::watch_jack() {
  const bool called = std::exchange(frames_a_second_ago_, frames_seen_) != frames_seen_;
  const int before_s = std::exchange(still_s_, running_ && !called ? still_s_ + 1 : 0);
  if (before_s >= kStandsStill_s && still_s_ == 0 && running_) {
    log_of(EventKind::jack).info("Audio runs again: the JACK server goes on");
  }
  const int silent_s = jack_->silent_s();
  if (leaving_) return;
  watch_silent_jack(silent_s, still_s_ >= kStandsStill_s);
  waited_for_jack_s_ = running_ ? 0 : waited_for_jack_s_ + 1;
  const int waited_s = std::max(waited_for_jack_s_, still_s_);
  if (waited_s % kRemind_s != kStandsStill_s) return;
  if (!running_ && !absent_reason_.empty()) {
    // To have no server may be meant; one that runs and lets nobody in is not.
    if (waited_s < kRemind_s || jack_server_called({}, config_.audio.server_name(), ::geteuid()).id == 0) return;
    log_of(EventKind::jack).error("Still no audio: {}", absent_reason_);
    return;
  }
  log_of(EventKind::jack)
      .error(
          "No audio: the JACK server {}. If it stays so, it hangs: restart it (systemctl restart fohd-jack, or kill "
          "-KILL $(pidof jackd) and start it again)",
          running_ ? "stands still" : "does not answer");
}

/// libjack never gives up waiting for a lock in its database of port names whose holder was killed, nor does it let
/// this process open another client meanwhile. Once that database is gone, and with it the reason, only a new process
/// can have sound; there is none to lose. The mix must not be lost either: it begins with what the store has, so not
/// while the disk does not take it, and not where the command line names the state to begin with.
void ControlLoop::watch_silent_jack(int silent_s, bool stands_still) {
  if (silent_s < kHopeless_s || (running_ && !stands_still)) return;
  std::vector<std::string> removed;
  clear_jack_leftovers({}, ::geteuid(), removed);  // only where no server runs
  for (const std::string& what : removed) log_of(EventKind::jack).warn("Removed {}", what);
  if (!jack_->database_is_gone()) return;
  if (store_ == nullptr || store_->failing() || !options_.state.empty()) {
    if (silent_s % kRemind_s != kHopeless_s) return;
    log_of(EventKind::jack)
        .error(
            "JACK's library waits for the lock of a program that is dead: the desk must be started again to have "
            "sound, "
            "but its mix is not on the disk. Save it first, or end the desk and set it anew");
    return;
  }
  again_ = true;
  leave("JACK's library waits for the lock of a program that is dead, and the desk begins anew with the same mix");
}

}  // namespace fohd
