#include "daemon/control_loop.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "daemon/clock.h"
#include "daemon/disk/name_channels.h"
#include "daemon/log.h"
#include "daemon/run.h"
#include "daemon/service/emergency.h"
#include "daemon/service/machine.h"
#include "daemon/start_rules.h"

namespace fohd {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 20ms;   // the longest a subscriber waits for an update that a batch did not bring
constexpr auto kMeter = 10ms;  // DESIGN section 4

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
      desk_(config_.geometry),
      status_(config_.geometry),
      fault_watch_(config_.geometry),
      media_(config_, options_.play, options_.record),
      access_(access_house(), config_.access, store_folder),
      box_(box),
      watch_(watch_house()),
      boot_id_(current_boot_id()) {
  begin_mix();
  if (!store_folder.empty()) open_store(store_folder);
  OscServerInfo info;
  info.name = config_.desk;
  info.version = FOHD_VERSION;
  info.client_address = UdpPort::client_text;
  info.client_host = [](ClientId client) { return client >> 16; };  // without the port
  osc_ = std::make_unique<OscServer>(desk_, status_, *this, info);
  open_midi(store_folder);
  if (options_.meters) live_meter_ = std::make_unique<LiveMeter>(desk_, status_, config_.osc, recent_log_lines);
}

ControlLoop::~ControlLoop() {
  designer_.reset();  // it observes the desk
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

/// What the played files tell the desk. A mix that was loaded knows better, and one that was lost must not become loud.
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
  now.geometry_known = true;
  now.rate_hz = ever_opened_ ? last_rate_hz_ : stored_.meta.rate_hz;
  now.device = ever_opened_ ? device_ : stored_.meta.device;
  now.boot_id = boot_id_;
  now.program_version = FOHD_VERSION;
  return meta_to_keep(stored_.meta, now, status_.held);
}

void ControlLoop::open_store(const std::string& folder) {
  std::vector<AddressedValue> values = stored_values(desk_);
  values.insert(values.end(), restored_.foreign.begin(), restored_.foreign.end());
  store_ = std::make_unique<Store>(folder, meta(), std::move(values),
                                   [](const std::string& text) { log_of(EventKind::store).warn("{}", text); });
}

// ---------------------------------------------------------------- run and leave

void ControlLoop::run() {
  watch_signals();
  open_osc();
  midi_->start();
  start_jack();
  repeat(tick_timer_, kTick, [this] { tick(); });
  repeat(meter_timer_, kMeter, [this] { read_meters(); });
  repeat(second_timer_, 1s, [this] { every_second(); });
  watch_.configure(config_.metrics);
  if (options_.seconds > 0) leave_after(options_.seconds);
  // Also without audio: whoever waits for us at boot waits for the desk, not for a sound card.
  service_manager_.ready();
  io_.run();
}

template <class Work>
void ControlLoop::repeat(boost::asio::steady_timer& timer, std::chrono::milliseconds period, Work work) {
  timer.expires_after(period);
  timer.async_wait([this, &timer, period, work](const boost::system::error_code& failure) {
    if (failure) return;
    work();
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
  service_manager_.stopping();
  spdlog::info("{}: the outputs ramp out and the mix is saved", why);
  leave_timer_.cancel();
  if (!running_) return finish();
  designer_->set_shutdown(true);
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
  udp_->close();
  watch_.stop();
  const bool midi_released = midi_->stop();
  set_emergency_core(nullptr);
  live_meter_.reset();
  // 50 ports take 0.1 s to close, on a machine that is busy ten times that.
  const bool released = jack_->stop(2000) && midi_released;
  store_.reset();
  access_.finish();
  media_.end_recording(1s);
  media_.report();
  if (!released) {
    log_of(EventKind::jack).error("JACK does not let go; leaving without it");
    finish_log();
    box_.end();
    std::_Exit(kExitCouldNotRun);  // destructors would wait for JACK's threads
  }
  io_.stop();
}

// ---------------------------------------------------------------- JACK

void ControlLoop::start_jack() {
  JackOptions jack;
  jack.client = {config_.audio.client, config_.audio.server_name(), config_.geometry,
                 [cpus = config_.audio.cpus] { settle_audio_thread(cpus); }};
  jack.connections = expand(config_.audio.connect, config_.geometry);
  jack.open_others = [this] { midi_->open_jack(); };
  jack.close_others = [this] { midi_->close_jack(); };
  const auto make_core = [this](double rate_hz) {
    media_.prepare(rate_hz);
    return std::make_shared<AudioCore>(config_.geometry, rate_hz, media_.input_tap(), media_.output_tap(),
                                       config_.limiter_look_ahead_ms);
  };
  jack_ = std::make_unique<JackSupervisor>(io_, std::move(jack), make_core,
                                           [this](JackNews news) { hear_jack(std::move(news)); });
}

void ControlLoop::hear_jack(JackNews news) {
  switch (news.kind) {
    case JackNews::Kind::absent:
      absent_reason_ = news.text;
      log_of(EventKind::jack).warn("No audio: {}. It is tried again all the time; everything else works", news.text);
      break;
    case JackNews::Kind::opened:
      absent_reason_.clear();
      audio_opened(news);
      break;
    case JackNews::Kind::running:
      running_ = core_ != nullptr;
      status_.jack_connected = running_;
      midi_->set_jack_alive(running_);
      if (running_ && options_.seconds > 0 && !leaving_ && !heard_before_) leave_after(options_.seconds);  // of sound
      heard_before_ = heard_before_ || running_;
      log_of(EventKind::jack)
          .info("Audio runs: {:.0f} Hz, {} frames a period, {} inputs, {} buses{}", core_->rate_hz(),
                news.period_frames, config_.geometry.inputs, config_.geometry.buses,
                news.realtime ? "" : "; JACK runs without real-time priority");
      break;
    case JackNews::Kind::lost:
      designer_.reset();
      set_emergency_core(nullptr);
      retired_core_ = std::move(core_);  // a handler of signals may be looking at it
      fault_watch_.new_engine();
      overload_watch_.new_engine();
      watch_.new_core();
      absent_reason_.clear();  // until it is known why there is none
      running_ = status_.jack_connected = false;
      midi_->set_jack_alive(false);
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
  designer_ = std::make_unique<TargetDesigner>(desk_, rate_hz);
  designer_->set_hold(status_.held);
  designer_->set_shed(overload_watch_.shed());
  designer_->update();
  designer_->publish(core_->engine(), core_->targets());
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
  for (int i = 0; i < config_.geometry.buses; ++i) {
    names.emplace_back("bus_" + std::to_string(i + 1), desk_.settings().buses[i].identity.name);
  }
  const std::string& main = desk_.settings().main.identity.name;
  names.emplace_back("main_l", main.empty() ? "" : main + " L");
  names.emplace_back("main_r", main.empty() ? "" : main + " R");
  jack_->set_pretty_names(std::move(names));
}

// ---------------------------------------------------------------- one turn

/// Once per batch of packets and at every tick, so that all that came together lands together.
void ControlLoop::turn() {
  publish_targets();
  tell_panic();
  midi_->turn(now_ms());
  keep_changes();
  name_ports();
  osc_->tick(now_ms());
  send_answers();
}

void ControlLoop::publish_targets() {
  if (!designer_) return;
  if (designer_->update(core_->targets().unread())) {
    designer_->publish(core_->engine(), core_->targets());
  } else {
    designer_->collect(core_->engine());
  }
}

void ControlLoop::keep_changes() {
  if (unsaved_.dirty.empty()) return;
  const std::vector<AddressedValue> changes = take_stored_changes(desk_, unsaved_);
  if (store_ && !changes.empty()) store_->submit(changes);
}

void ControlLoop::send_answers() {
  osc_->drain([this](const OutgoingPacket& packet) { return udp_->send(packet.to, packet.bytes, packet.known); });
}

void ControlLoop::tick() {
  obey_panic_signal();
  look_for_config();
  const std::int64_t now = now_ms();
  midi_->watch_audio(frames_seen_, now);
  service_manager_.turn(now, frames_seen_, running_);
  const JackFigures& figures = jack_->figures();
  status_.xruns = static_cast<std::int32_t>(figures.xruns);
  status_.period_frames = running_ ? figures.period_frames : 0;
  status_.load_percent = running_ ? figures.load_percent : 0;
  if (core_) status_.deadline_misses = static_cast<std::int32_t>(read_counters().deadline_misses);
  status_.lost_datagrams = static_cast<std::int32_t>(lost_datagrams());
  turn();
}

void ControlLoop::read_meters() {
  const std::int64_t now = now_ms();
  if (core_ && core_->meters().fresh()) {
    const MeterFrame& frame = core_->meters().read();
    frames_seen_ = frame.frames;
    osc_->meters(frame, now);
    midi_->meters(frame);
    for (const FaultWatch::Line& line : fault_watch_.take(frame, desk_.settings(), now)) {
      log_of(EventKind::outputs).log(line.alarm ? spdlog::level::err : spdlog::level::info, "{}", line.text);
    }
    send_answers();
    if (live_meter_) live_meter_->take(frame);
  }
  if (live_meter_) live_meter_->draw(now);
}

/// Every look at the counters, since a longest block is told once.
const AudioCounters& ControlLoop::read_counters() {
  const AudioCounters& counters = core_->counters().read();
  watch_.audio(counters, core_->rate_hz());
  return counters;
}

void ControlLoop::watch_load() {
  if (!core_ || !designer_) return;
  const Shed before = overload_watch_.shed();
  const Shed now = overload_watch_.take(read_counters().load_histogram, !core_->freewheel().raised());
  designer_->set_shed(now);
  status_.shed = static_cast<std::int32_t>(now);
  if (now == before) return;
  log_of(EventKind::load)
      .log(now > before ? spdlog::level::warn : spdlog::level::info, "The audio load is {}: {}",
           now > before ? "near its limit" : "lower again", kShedRows[static_cast<std::size_t>(now)].doc);
}

void ControlLoop::every_second() {
  watch_load();
  tell_silent_jack();
  if (store_) store_->submit({});
  media_.report();
  midi_->report();
  tell_service_manager();
  access_.report();
  if (const auto now = lost_datagrams(); now != drops_told_) {
    log_of(EventKind::osc)
        .warn("OSC: {} datagrams were lost because they came faster than they could be read ({} in all)",
              now - drops_told_, now);
    drops_told_ = now;
  }
  watch_.every_second(now_ms());
}

bool ControlLoop::execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
                          std::string& error) {
  // Every door has been asked already, as far as it can refuse before it begins; this holds for those to come.
  if (const Rights rights = desk_.rights_of(origin); !may_run(rights, call)) {
    desk_.note_refused(origin, address_of(call));
    error = explain_refusal(rights);
    return false;
  }
  switch (call.command) {
    case Command::login:
    case Command::logout:
    case Command::access_list:
    case Command::access_approve:
    case Command::access_revoke:
      return access_.execute(call, origin, arguments, now_ms(), error);
    case Command::log:
    case Command::metrics:
      return watch_.execute(call, origin, arguments, error);
    case Command::start_release:
      if (!status_.held) return true;
      status_.held = false;
      stored_.meta = meta();  // agreed to: audio that opens later finds no reason in it
      if (designer_) designer_->set_hold(false);
      if (store_) store_->submit_meta(meta());
      log_of(EventKind::outputs).info("The outputs are released");
      return true;
    case Command::clips_clear:
      osc_->clear_clips();
      return true;
    case Command::safety_mutes_clear:
      if (core_) core_->safety_mutes_clear().raise();
      return true;
    case Command::effect_kill:
      if (call.owner >= config_.geometry.effects()) {
        const int slots = config_.geometry.effects();
        error = slots == 0 ? "this desk has no effect slots"
                           : "this desk has the effect slots 1 to " + std::to_string(slots);
        return false;
      }
      if (designer_) designer_->kill_effect(call.owner);
      return true;
    default:
      return midi_->execute(call, origin, arguments, now_ms(), error);
  }
}

}  // namespace fohd
