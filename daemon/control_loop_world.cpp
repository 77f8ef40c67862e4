// The part of the control loop that deals with the world around the desk: the OSC port, signals, the reread
// configuration.
#include <spdlog/spdlog.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "daemon/clock.h"
#include "daemon/control_loop.h"
#include "daemon/log.h"
#include "daemon/net/addresses.h"
#include "daemon/service/emergency.h"

namespace fohd {
namespace {

/// The wall clock as an OSC time tag: seconds since 1900 and their fraction.
std::uint64_t ntp_now() {
  constexpr std::uint64_t kSecondsFrom1900To1970 = 2'208'988'800;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
  const auto nanos =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now - seconds).count());
  return (static_cast<std::uint64_t>(seconds.count()) + kSecondsFrom1900To1970) << 32 | (nanos << 32) / 1'000'000'000;
}

/// The kernel sends SIGHUP when the window was closed or the line was lost, after it has cut the terminal off: every
/// question about it fails with EIO from then on. A desk that nobody sees any more would hold the audio device and the
/// port. What never was a terminal (a file, a journal's socket) fails with ENOTTY.
bool terminal_is_gone() {
  const auto gone = [](int fd) {
    termios unused{};
    return ::tcgetattr(fd, &unused) != 0 && errno == EIO;
  };
  return gone(STDIN_FILENO) || gone(STDOUT_FILENO) || gone(STDERR_FILENO);
}

}  // namespace

void ControlLoop::open_osc() {
  UdpPort::Handlers handlers;
  handlers.hears = [this](UdpPort::Client client, std::uint32_t interface) {
    return access_.hears(client, interface, now_ms());
  };
  handlers.packet = [this](UdpPort::Client client, std::span<const std::byte> bytes) {
    osc_->receive(client, bytes, now_ms(), ntp_now());
  };
  handlers.known = [this](UdpPort::Client client) { return osc_->has_lease(client); };
  handlers.turn = [this] { turn(); };
  handlers.gone = [this](UdpPort::Client client) { osc_->drop_client(client); };
  handlers.state = [this](const std::string& error) {
    if (!error.empty()) {
      log_of(EventKind::osc).error("No OSC: {}. It is tried again every second; audio is not touched by this", error);
      return;
    }
    std::string where;
    for (const std::string& address : local_addresses()) where += (where.empty() ? "" : ", ") + address;
    log_of(EventKind::osc)
        .info("OSC is heard on UDP port {} of {} (receive buffer {} KiB)", config_.osc.port,
              config_.osc.address == "0.0.0.0" ? where : config_.osc.address, udp_->granted_receive_bytes() / 1024);
    if (udp_->granted_receive_bytes() < config_.osc.receive_buffer_bytes) {
      log_of(EventKind::osc)
          .warn(
              "The system grants a smaller receive buffer than asked for ({} KiB); sysctl net.core.rmem_max raises it",
              config_.osc.receive_buffer_bytes / 1024);
    }
  };
  udp_ = std::make_unique<UdpPort>(io_, config_.osc, std::move(handlers));
  udp_->open();
}

std::uint64_t ControlLoop::lost_datagrams() const {
  return udp_->counters().dropped_by_kernel + udp_->counters().given_way;
}

AccessDesk::House ControlLoop::access_house() {
  return {desk_,
          [this](ClientId client, const std::string& address, const std::string& text) {
            return osc_->tell(client, address, text);
          },
          [this](ClientId client, std::span<const std::byte> packet) { udp_->send(client, packet, false); },
          [this](const std::function<bool(std::uint64_t)>& refused) { osc_->drop_clients(refused); }};
}

DeskWatch::House ControlLoop::watch_house() {
  return {io_,
          desk_,
          status_,
          box_,
          [this] { return facts(); },
          [this](ClientId client, const std::string& address, std::span<const Value> values) {
            return osc_->tell(client, address, values);
          }};
}

DeskFacts ControlLoop::facts() {
  return {jack_->figures(),
          osc_->counters(),
          udp_->counters(),
          osc_->subscribers(),
          midi_->device_count(),
          media_.lost_blocks(),
          store_ ? std::optional(store_->failing()) : std::nullopt};
}

void ControlLoop::open_midi(const std::string& store_folder) {
  MidiDesk::House house{io_, desk_, status_, *this, {}, {}, {}};
  house.tell = [this](ClientId client, const std::string& address, const std::string& text) {
    return osc_->tell(client, address, text);
  };
  house.turn = [this] { turn(); };
  house.named = [this](std::uint64_t client, const std::string& name) { access_.name_midi(client, name); };
  midi_ = std::make_unique<MidiDesk>(std::move(house), config_, store_folder);
}

void ControlLoop::watch_signals() {
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.add(SIGHUP);
  if (config_.panic_button.line >= 0) {
    panic_button_ = std::make_unique<PanicButton>(config_.panic_button, press_panic);
    if (!panic_button_->error().empty()) log_of(EventKind::outputs).error("Careful: {}", panic_button_->error());
  }
  struct Wait {
    ControlLoop& loop;
    void operator()(const boost::system::error_code& failure, int signal) const {
      if (failure) return;
      if (signal != SIGHUP) {
        loop.leave(signal == SIGTERM ? "Asked to end (SIGTERM)" : "Asked to end (SIGINT)");
      } else if (terminal_is_gone()) {
        loop.leave("The terminal was closed (SIGHUP)");
      } else {
        loop.reread_config();
      }
      loop.signals_.async_wait(*this);
    }
  };
  signals_.async_wait(Wait{*this});
}

/// Whoever set it, and wherever it came from.
void ControlLoop::tell_panic() {
  const bool panic = desk_.settings().global.panic;
  if (std::exchange(panic_told_, panic) == panic) return;
  spdlog::logger& log = log_of(EventKind::outputs);
  panic ? log.warn("Panic: all outputs are shut, until /panic is set to 0 (fohctl set /panic 0)")
        : log.info("Panic is over: the outputs come back in half a second");
}

/// A server that hangs answers nobody who wants to open a client, and libjack waits for it.
void ControlLoop::tell_silent_jack() {
  constexpr int kPatience_s = 5;
  if (running_ || !absent_reason_.empty() || leaving_) {
    waited_for_jack_s_ = 0;
  } else if (++waited_for_jack_s_ == kPatience_s) {
    log_of(EventKind::jack)
        .error(
            "No audio: the JACK server does not answer. If it stays so, it hangs: restart it (systemctl restart "
            "fohd-jack)");
  }
}

/// The audio thread has shut the outputs already; here the desk learns of it, so that surfaces show it and it lasts.
void ControlLoop::obey_panic_signal() {
  // Lowered first: a signal between these lines raises it again below.
  if (core_ && core_->panic().raised() && !desk_.settings().global.panic) core_->panic().lower();
  if (!take_panic_press()) return;
  if (core_) core_->panic().raise();
  log_of(EventKind::outputs).warn("The panic button or SIGUSR1 was pressed");
  std::string error;
  if (const auto id = desk_.table().find("/panic")) {
    desk_.apply({Origin::Side::desk, 0}, std::vector<Change>{{*id, Value(1)}}, error);
  }
}

void ControlLoop::tell_service_manager() {
  std::string text =
      running_ ? fmt::format("Audio runs: {:.0f} Hz, {} frames a period", status_.rate_hz, status_.period_frames)
               : "No audio: " + (absent_reason_.empty() ? "JACK is not open yet" : absent_reason_);
  if (desk_.settings().global.panic) text += "; PANIC, all outputs are shut";
  if (status_.held) text += "; the outputs are held shut until /start/release";
  service_manager_.status(text + "; " + std::to_string(osc_->subscriber_count()) + " OSC subscribers");
}

/// A disk may stand still. Neither this loop nor the end of the desk waits for it, so the thread that reads is left to
/// itself; tick() looks for what it found.
void ControlLoop::reread_config() {
  if (config_.file.empty()) {
    log_of(EventKind::config).info("SIGHUP: there is no configuration file to read again");
    return;
  }
  if (config_read_.valid()) {
    read_config_again_ = true;  // what is being read may be older than this signal
    return;
  }
  try {
    std::packaged_task<ConfigResult(std::string)> read(load_config);
    config_read_ = read.get_future();
    std::thread(std::move(read), config_.file).detach();
  } catch (const std::system_error& error) {
    config_read_ = {};
    log_of(EventKind::config).error("The configuration cannot be read now: {}", error.what());
  }
}

void ControlLoop::look_for_config() {
  if (!config_read_.valid() || config_read_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  try {
    take_config(config_read_.get());
  } catch (const std::exception& error) {
    log_of(EventKind::config).error("The configuration was not read again: {}", error.what());
  }
  if (std::exchange(read_config_again_, false)) reread_config();
}

void ControlLoop::take_config(ConfigResult result) {
  if (!result.errors.empty()) {
    for (const ConfigError& error : result.errors) log_of(EventKind::config).error("{}", error.to_string());
    log_of(EventKind::config).error("The configuration is wrong; the desk goes on with the one it has");
    return;
  }
  Config& next = result.config;
  if (options_.osc_port != 0) next.osc.port = options_.osc_port;
  if (!options_.jack_server.empty()) next.audio.server = options_.jack_server;
  const auto needs_restart = [](bool changed, const char* what) {
    if (changed) log_of(EventKind::config).warn("{} changes at the next start of fohd", what);
  };
  needs_restart(next.geometry != config_.geometry, "[geometry]");
  needs_restart(next.audio.client != config_.audio.client, "`client` in [audio]");
  needs_restart(next.audio.server != config_.audio.server, "`server` in [audio]");
  needs_restart(next.audio.cpus != config_.audio.cpus, "`cpus` in [audio]");
  needs_restart(next.panic_button != config_.panic_button, "[panic]");
  needs_restart(next.desk != config_.desk, "`name` in [desk]");
  needs_restart(next.limiter_look_ahead_ms != config_.limiter_look_ahead_ms, "[main]");
  needs_restart(next.state_folder != config_.state_folder, "[state]");
  needs_restart(next.recorder != config_.recorder, "[recorder]");
  needs_restart(next.midi != config_.midi, "[midi]");
  if (next.audio.connect != config_.audio.connect && next.geometry == config_.geometry) {
    jack_->add_connections(expand(next.audio.connect, config_.geometry));
    log_of(EventKind::config).info("The connections that the configuration asks for now are made; others stay");
  }
  config_.audio.connect = next.audio.connect;
  config_.start = next.start;
  config_.metrics = next.metrics;
  watch_.configure(config_.metrics);
  if (next.access != config_.access) {
    config_.access = next.access;
    access_.configure(config_.access);
  }
  if (next.osc != config_.osc) {
    config_.osc = next.osc;
    udp_->close();
    open_osc();
  }
  log_of(EventKind::config).info("The configuration {} was read again", config_.file);
}

}  // namespace fohd
