// The control loop's signals: the end, panic, and a configuration that is read again.
#include <spdlog/spdlog.h>
#include <termios.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/desk/control_loop.h"
#include "daemon/service/emergency.h"

namespace fohd {
namespace {

/// The kernel sends SIGHUP when the window was closed or the line was lost, after it has cut the terminal off: every
/// call on it fails with EIO from then on. A desk without its terminal would go on to hold the audio device and the
/// port. What never was a terminal (a file, a journal's socket) fails with ENOTTY.
bool terminal_is_gone() {
  const auto gone = [](int fd) {
    termios unused{};
    return ::tcgetattr(fd, &unused) != 0 && errno == EIO;
  };
  return gone(STDIN_FILENO) || gone(STDOUT_FILENO) || gone(STDERR_FILENO);
}

}  // namespace

void ControlLoop::watch_signals() {
  for (const int signal : kLoopSignals) signals_.add(signal);
  if (config_.panic_button.line >= 0) {
    panic_button_ = std::make_unique<PanicButton>(config_.panic_button, press_panic);
    if (!panic_button_->error().empty()) log_of(EventKind::outputs).error("Careful: {}", panic_button_->error());
  }
  struct Wait {
    ControlLoop& loop;
    void operator()(const boost::system::error_code& failure, int signal) const {
      if (failure) return;
      loop.signals_.async_wait(*this);  // whatever goes wrong below, the next one is obeyed
      loop.obey_signal(signal);
    }
  };
  signals_.async_wait(Wait{*this});
  struct Early {
    ControlLoop& loop;
    void operator()() const {
      for (const int signal : kLoopSignals) {
        if (take_early_signal(signal)) loop.obey_signal(signal);
      }
    }
  };
  boost::asio::post(io_, Early{*this});  // when all is there that an end takes down again
}

void ControlLoop::obey_signal(int signal) {
  if (signal != SIGHUP) {
    end_at_latest();  // first: whatever goes wrong below, this one is obeyed
    again_ = false;
    leave(std::string("Asked to end (SIG") + ::sigabbrev_np(signal) + ")");
  } else if (terminal_is_gone()) {
    leave("The terminal was closed (SIGHUP)");
  } else {
    config_reload_.request();
  }
}

/// Whichever client set it, and by whichever entry point.
void ControlLoop::tell_panic() {
  const bool panic = desk_.settings().global.panic;
  if (std::exchange(panic_told_, panic) == panic) return;
  spdlog::logger& log = log_of(EventKind::outputs);
  panic ? log.warn("Panic: all outputs are shut, until /panic is set to 0 (fohctl set /panic 0)")
        : log.info("Panic is over: the outputs come back in half a second");
}

/// The audio thread has shut the outputs already; here /panic is set, so that surfaces show it and it lasts.
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

void ControlLoop::reload_config() {
  if (auto result = config_reload_.poll()) take_config(std::move(*result));
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
  const bool other_rules = next.audio.connect != config_.audio.connect;
  if ((other_rules || next.audio.remember != config_.audio.remember) && next.geometry == config_.geometry) {
    jack_->follow_rules(expand(next.audio.connect, config_.geometry), next.audio.remember);
    if (other_rules) {
      log_of(EventKind::config).info("The connections that the configuration asks for now are made; others stay");
    } else {
      log_of(EventKind::config)
          .info("Connections made by hand are {}", next.audio.remember ? "remembered from now on" : "not remembered");
    }
  }
  config_.audio.connect = next.audio.connect;
  config_.audio.remember = next.audio.remember;
  config_.start = next.start;
  config_.metrics = next.metrics;
  watch_.configure(config_.metrics);
  if (next.access != config_.access) {
    config_.access = next.access;
    access_.configure(config_.access);
  }
  config_.osc = next.osc;
  doors_.configure(config_);
  log_of(EventKind::config).info("The configuration {} was read again", config_.file);
}

}  // namespace fohd
